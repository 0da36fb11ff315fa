"""The gateway's service, in this process: what goes wrong is told in the protocol's own words."""

import asyncio
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import uvicorn
from cybertips import report_xml
from gateway_client import Client

from apps.gateway import app as service
from apps.gateway.access import add_reporter
from apps.gateway.app import Gateway, make_app
from domain.report import Source
from infra.ledger import schema
from infra.ledger.engine import migrate
from infra.world import world

LONG_AGO = datetime(2016, 1, 1, tzinfo=UTC)
REFUSAL = (
    b'<?xml version="1.0"?><Error><Code>%s</Code><Message>m</Message><Resource>/</Resource>'
    b"<RequestId>1</RequestId></Error>"
)


@contextmanager
def speaking():
    """Serve this process's world, and speak to it."""
    password = add_reporter("esp-01", Source.ESP)
    server = uvicorn.Server(uvicorn.Config(make_app(), port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    client = Client(f"http://127.0.0.1:{port}", "esp-01", password)
    yield client
    client.http.close()
    server.should_exit = True
    thread.join()


@pytest.fixture
def client(data):
    with speaking() as client:
        yield client


@pytest.fixture
def refusing_server():
    """Serve S3 that refuses whatever is asked for, as a full one does."""

    class Refusing(BaseHTTPRequestHandler):
        def refuse(self):
            self.rfile.read(int(self.headers.get("content-length", 0)))
            body = REFUSAL % b"XMinioStorageFull"
            self.send_response(507)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_GET = do_POST = do_DELETE = refuse  # noqa: N815 (names of the library)

        def log_message(self, *_arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_store_that_refuses_is_a_server_error_to_be_tried_again(tmp_path, monkeypatch, refusing_server):
    settings = {"data": str(tmp_path), "blobs": f"s3+http://{refusing_server}/bucket", "blobs_access_key": "key",
                "blobs_secret_key": "secret"}  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(f"BREAKWATER_{name.upper()}", value)
    world.cache_clear()
    migrate(world().ledger)
    with speaking() as client:
        told = client.submit(report_xml())
    assert (told.status, told.code) == (503, 1000)
    assert told.headers["retry-after"]
    world().ledger.dispose()
    world.cache_clear()


def test_a_ledger_that_is_away_for_a_while_does_not_end_the_expiry(data, monkeypatch):
    monkeypatch.setattr(service, "EXPIRY_SECONDS", 0.05)
    ledger = world().ledger

    async def expiring():
        gateway = Gateway()
        expiry = asyncio.create_task(gateway.expire())
        with ledger.begin() as connection:
            schema.draft_part.drop(connection)
            schema.draft.drop(connection)
        await asyncio.sleep(0.3)
        with ledger.begin() as connection:
            schema.metadata.create_all(connection)
            connection.execute(schema.draft.insert().values(ended_draft()))
        for _ in range(100):
            await asyncio.sleep(0.05)
            with ledger.begin() as connection:
                if connection.execute(schema.draft.select()).first() is None:
                    break
        else:
            pytest.fail("the draft is still there")
        expiry.cancel()
        gateway.writer.close()

    asyncio.run(expiring())


def ended_draft():
    return {"number": 1, "reporter": "r", "opened_at": LONG_AGO, "changed_at": LONG_AGO, "state": "open"}
