"""The gateway's service, in this process: what goes wrong is told in the protocol's own words."""

import asyncio
import logging
import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import uvicorn
from cybertips import report_xml
from gateway_client import Client
from sqlalchemy import select

from apps.gateway import app as service
from apps.gateway.access import add_reporter
from apps.gateway.app import Gateway, make_app
from domain.draft import IDLE
from domain.report import Source
from infra.ledger import schema
from infra.ledger.engine import migrate, reading
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
    try:
        yield client
    finally:
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


def objects():
    return list(world().blobs.objects())


def form(number, *, size, file_first=False):
    """Write the body of an upload, its parts in either order."""
    parts = [
        b'--b\r\nContent-Disposition: form-data; name="id"\r\n\r\n%s\r\n' % number.encode(),
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n%s\r\n' % bytes(size),
    ]
    return b"".join(reversed(parts) if file_first else parts) + b"--b--\r\n"


def sent(client, call, body):
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    return client.answered(client.http.post(f"/ispws/{call}", content=body, headers=headers))


@pytest.mark.parametrize("file_first", [False, True])
@pytest.mark.parametrize("size", [1000, 3 * 2**20, 10 * 2**20])
@pytest.mark.parametrize("number", ["5", "none"])
def test_nothing_is_kept_of_an_upload_to_no_report(client, size, file_first, number):
    told = sent(client, "upload", form(number, size=size, file_first=file_first))
    assert (told.status, told.code) == (404, 5001)
    assert objects() == []


def test_an_upload_to_no_report_is_answered_while_it_comes(client):
    with socket.create_connection(("127.0.0.1", client.http.base_url.port)) as half:
        head = (
            f"POST /ispws/upload HTTP/1.1\r\nHost: x\r\nAuthorization: {client.http.auth._auth_header}\r\n"
            "Content-Length: 90000000\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n"
        )
        half.sendall(head.encode() + form("5", size=2 * 2**20)[:-100])
        half.settimeout(20)
        told = b""
        while b"</reportResponse>" not in told:
            told += half.recv(4096) or pytest.fail("it hung up")
    assert told.startswith(b"HTTP/1.1 404 ")
    assert b"5001" in told


def test_a_file_that_is_long_on_its_way_keeps_its_draft_open(client):
    number = client.submit(report_xml()).said["reportId"]
    body, almost = form(number, size=4 * 2**20), datetime.now(UTC) - IDLE + timedelta(minutes=1)
    with world().ledger.begin() as connection:
        connection.execute(schema.draft.update().values(changed_at=almost))

    def changed_at():
        with reading(world().ledger) as connection:
            return connection.scalar(select(schema.draft.c.changed_at)).replace(tzinfo=UTC)

    def slowly():
        yield body[: 2 * 2**20]
        for _ in range(200):
            if changed_at() > almost:
                break
            time.sleep(0.02)
        assert changed_at() > almost
        yield body[2 * 2**20 :]

    assert sent(client, "upload", slowly()).code == 0


def test_a_key_names_one_document_and_one_report_while_that_is_there(client):
    document, other = report_xml(), report_xml(summary="<platform>another</platform>")
    long = "k" * 300
    number = client.submit(document, key=long).said["reportId"]
    assert client.submit(document, key=long).said["reportId"] == number
    assert client.submit(other, key=long).code == 4000
    assert client.submit(other, key=f"{long}2").said["reportId"] != number
    client.finish(number)
    assert client.submit(document, key=long).said["reportId"] == number
    assert client.submit(other, key=long).code == 4000

    retracted = client.submit(document, key="second").said["reportId"]
    client.retract(retracted)
    assert client.submit(document, key="second").code == 5101
    assert client.submit(document, key="third").said["reportId"] not in {number, retracted}

    ended = client.submit(document, key="fourth").said["reportId"]
    with world().ledger.begin() as connection:
        connection.execute(schema.draft.update().values(changed_at=LONG_AGO))
    assert client.submit(other, key="fourth").said["reportId"] != ended


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'--b\r\nContent-Disposition: form-data; name="id"\r\n\r\n1\r\n' * 50 + b"--b--\r\n", 4200),
        (form("1", size=1) + bytes(2**20), 4000),
    ],
    ids=["many parts", "a long end"],
)
def test_a_form_is_bounded(client, body, code):
    assert sent(client, "finish", body).code == code


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/", 404, 1210), ("POST", "/ispws/none", 404, 1210), ("GET", "/ispws/submit", 405, 4000)],
)
def test_a_call_that_the_protocol_does_not_have_is_answered_in_its_words(client, method, path, status, code):
    told = client.answered(client.http.request(method, path))
    assert (told.status, told.code) == (status, code)


def test_a_fault_is_answered_in_the_protocols_words_and_logged_without_content(client, data, caplog):
    number = client.submit(report_xml()).said["reportId"]
    (document,) = (data / "blobs").rglob("??/??/*")
    document.write_bytes(document.read_bytes()[:-1] + b"?")
    told = client.finish(number)
    assert (told.status, told.code) == (500, 1000)
    for _ in range(100):
        told = [each for each in caplog.records if each.name == "uvicorn.error" and each.levelname == "ERROR"]
        if told:
            break
        time.sleep(0.05)  # it is told after it was answered
    (record,) = told
    logged = logging.Formatter().format(record)
    assert "BlobCorrupt" in logged
    assert "drafts.py" in logged
    assert "not what was sealed" not in logged


def ended_draft():
    return {"number": 1, "reporter": "r", "opened_at": LONG_AGO, "changed_at": LONG_AGO, "state": "open"}
