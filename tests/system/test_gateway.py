"""The gateway takes in what a client of the protocol sends, durably, and nothing else."""

import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cybertips import details_xml, report_xml, write_drop
from gateway_client import Client
from servers.postgres import running_postgres
from sqlalchemy import select, update

from domain.draft import IDLE
from infra.ledger import schema
from infra.ledger.engine import reading
from infra.settings import Settings
from infra.world import World

BREAKWATER = str(Path(sys.executable).with_name("breakwater"))
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
CANARY = b"a canary in a coal mine "


class Gateway:
    """A gateway in a process of its own, over a folder."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.environment = {
            **os.environ, "BREAKWATER_DATA": str(folder), "TMPDIR": str(folder / "tmp"),
            **{f"BREAKWATER_{name.upper()}": value for name, value in settings.items()},
        }  # fmt: skip
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        self.world = World(Settings(data=folder, **settings))
        self.process = None
        self.passwords = {}
        self.clients = []

    def start(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        command = [BREAKWATER, "gateway", "run", "--port", str(port)]
        with (self.folder / "gateway.log").open("a") as log:
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        for _ in range(300):
            try:
                httpx.get(f"{self.base}/ispws/status")
            except httpx.ConnectError:
                assert self.process.poll() is None, (self.folder / "gateway.log").read_text()
                time.sleep(0.1)
            else:
                return self
        raise TimeoutError

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(30)
        for client in self.clients:
            client.http.close()

    def run(self, *words):
        told = subprocess.run([BREAKWATER, *words], env=self.environment, capture_output=True, text=True, check=True)
        return told.stdout.strip()

    def client(self, name="esp-01"):
        if name not in self.passwords:
            self.passwords[name] = self.run("gateway", "add-reporter", name)
        return self.known(Client(self.base, name, self.passwords[name]))

    def known(self, client):
        self.clients.append(client)
        return client

    def rows(self, table):
        with reading(self.world.ledger) as connection:
            return connection.execute(select(table)).all()


@pytest.fixture(scope="module")
def postgres():
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def gateway(request, tmp_path_factory):
    settings = {"max_upload_bytes": str(24 * 2**20)}
    if request.param == "postgresql":
        server, name = request.getfixturevalue("postgres"), f"gateway_{secrets.token_hex(4)}"
        server.make_databases(name)
        settings["ledger"] = server.url(name)
    gateway = Gateway(tmp_path_factory.mktemp("gateway"), **settings)
    gateway.start()
    yield gateway
    gateway.stop()
    gateway.world.ledger.dispose()


@pytest.fixture
def client(gateway):
    return gateway.client()


def new_report():
    """Write a report that nobody sent before."""
    return report_xml(summary=f"<platform>{secrets.token_hex(8)}</platform>")


def test_a_client_of_the_protocol_completes_a_report_as_a_drop_would(gateway, client, tmp_path):
    assert client.status().code == 0
    document, contents = new_report(), [PNG + secrets.token_bytes(9), secrets.token_bytes(5000)]
    number = client.submit(document).said["reportId"]
    ids = []
    for content in contents:
        told = client.upload(number, content)
        assert (told.code, told.said["reportId"]) == (0, number)
        assert told.said["hash"] == hashlib.md5(content).hexdigest()
        ids.append(told.said["fileId"])
    details = details_xml(
        ids[0], md5=hashlib.md5(contents[0]).hexdigest(), more="<fileViewedByEsp>true</fileViewedByEsp>"
    )
    details = details.replace(b"<reportId>1<", f"<reportId>{number}<".encode())
    assert client.fileinfo(details).code == 0
    told = client.finish(number)
    assert (told.status, told.code, told.said["reportId"], told.files) == (200, 0, number, sorted(ids))

    write_drop(tmp_path, number, [], report=document)
    for file_id, content in zip(ids, contents, strict=True):
        (tmp_path / number / f"{file_id}.bin").write_bytes(content)
    (tmp_path / number / f"{ids[0]}.xml").write_bytes(details)
    (tmp_path / ".simulated").touch()
    code = (
        "import sys, pathlib\nfrom tasks.reports.intake import take_batch\n"
        "print(take_batch([pathlib.Path(sys.argv[1])])[0].report_id)"
    )
    dropped = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / number)], env=gateway.environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    (row,) = [row for row in gateway.rows(schema.report) if row.external_id == number]
    assert row.id == dropped.stdout.strip()  # the same report: intake of that drop would find it held already
    assert row.rejection is None
    sightings = [each for each in gateway.rows(schema.sighting) if each.report_id == row.id]
    assert {(each.file_id, each.fault, each.viewed_by_reporter) for each in sightings} == {
        (ids[0], None, True), (ids[1], None, None),
    }  # fmt: skip
    blobs = {each.file_id: gateway.world.blobs.read(each.blob_id) for each in sightings}
    assert blobs == dict(zip(ids, contents, strict=True))


def test_what_is_out_of_order_or_no_xml_is_answered_with_the_protocols_codes_and_kept(gateway, client):
    before = {row.id for row in gateway.rows(schema.report)}
    swapped = report_xml().replace(b"<reporter>", b"<additionalInfo>x</additionalInfo><reporter>")
    cases = [(swapped, 400, 4100), (report_xml()[:90], 400, 4110), (b"<!DOCTYPE r>" + report_xml(), 400, 4110),
             (report_xml().replace(b"2016-05-03", b"2999-05-03"), 400, 4100),
             (b"<report>" + b"<a/>" * 150_000 + b"</report>", 413, 4000)]  # fmt: skip
    for document, status, code in cases:
        told = client.submit(document)
        assert (told.status, told.code) == (status, code), told
    assert client.submit(swapped).code == 4100  # again: it is held already
    rejected = [row for row in gateway.rows(schema.report) if row.id not in before]
    assert len(cases) == len([row for row in rejected if row.rejection and row.external_id.startswith("refused")])
    documents = {
        row.blob_id for row in gateway.rows(schema.report_document) if row.report_id in {r.id for r in rejected}
    }
    assert {gateway.world.blobs.read(blob) for blob in documents} == {document for document, _, _ in cases}


def test_a_document_over_the_bound_is_refused(client):
    assert client.submit(b" " * (5 * 2**20)).status == 413
    assert client.submit(b"").code == 4110


def test_only_the_reporter_sees_a_draft_and_only_who_has_the_password(gateway, client):
    number = client.submit(new_report()).said["reportId"]
    other = gateway.client("esp-02")
    for told in (other.upload(number, PNG), other.finish(number), other.retract(number)):
        assert (told.status, told.code) == (404, 5001)
    for stranger in (gateway.known(Client(gateway.base, *who)) for who in (("esp-01", "guess"), ("nobody", ""))):
        told = stranger.status()
        assert (told.status, told.code) == (401, 2000)
        assert told.headers["www-authenticate"].startswith("Basic")
    bare = httpx.post(f"{gateway.base}/ispws/finish", data={"id": number})
    assert bare.status_code == 401


def test_what_is_not_there_is_told(client):
    assert client.finish("123").code == client.finish("no number").code == client.finish("").code == 5001
    number = client.submit(new_report()).said["reportId"]
    details = details_xml("f" * 32).replace(b"<reportId>1<", f"<reportId>{number}<".encode())
    assert client.fileinfo(details).code == 5002


def test_a_retracted_report_is_gone_and_a_finished_one_stays(gateway, client):
    number = client.submit(new_report()).said["reportId"]
    client.upload(number, PNG)
    assert client.retract(number).code == 0
    assert client.retract(number).code == client.finish(number).code == client.upload(number, PNG).code == 5101
    assert number not in {row.external_id for row in gateway.rows(schema.report)}
    assert not [row for row in gateway.rows(schema.draft_part) if str(row.number) == number]
    number = client.submit(new_report()).said["reportId"]
    client.finish(number)
    assert client.retract(number).code == client.upload(number, PNG).code == 5102


def test_a_client_that_tries_again_changes_nothing(gateway, client):
    document = new_report()
    number = client.submit(document).said["reportId"]
    assert client.submit(document).said["reportId"] == number
    file_id = client.upload(number, PNG).said["fileId"]
    assert client.upload(number, PNG).said["fileId"] == file_id
    another = client.submit(document).said["reportId"]
    assert another != number  # the first has a file by now: these words are another report
    first, again = client.finish(number), client.finish(number)
    assert (first.said, first.files) == (again.said, again.files) == ({"reportId": number, "files": ""}, [file_id])
    key = secrets.token_hex(8)
    named = [client.submit(document, key=key).said["reportId"] for _ in range(2)]
    assert named[0] == named[1]
    assert named[0] not in {number, another}
    told = client.submit(new_report(), key=key)
    assert (told.status, told.code) == (400, 4000)
    assert "Idempotency-Key" in told.said["responseDescription"]
    assert [row.external_id for row in gateway.rows(schema.report)].count(number) == 1


def test_a_draft_that_is_left_open_ends(gateway, client):
    number = client.submit(new_report()).said["reportId"]
    with gateway.world.ledger.begin() as connection:
        long_ago = datetime.now(UTC) - IDLE - timedelta(minutes=1)
        connection.execute(update(schema.draft).where(schema.draft.c.number == int(number)).values(changed_at=long_ago))
    assert client.upload(number, PNG).code == client.finish(number).code == 5001


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b"hello"),
        ("multipart/form-data", b"hello"),
        ("multipart/form-data; boundary=x", b"hello"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\ncut off"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A" * 9000 + b": b\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=id\r\n\r\n" + b"1" * 9000),
    ],
)
def test_a_body_that_is_no_upload_is_malformed(client, kind, body):
    told = Client.answered(client.http.post("/ispws/upload", content=body, headers={"Content-Type": kind}))
    assert (told.status, told.code) == (400, 4200)


def test_a_large_upload_is_streamed_and_one_over_the_bound_refused(gateway, client):
    number = client.submit(new_report()).said["reportId"]
    content = (CANARY * (20 * 2**20 // len(CANARY)))[: 20 * 2**20]
    assert client.upload(number, content).said["hash"] == hashlib.md5(content).hexdigest()
    assert client.upload(number, bytes(25 * 2**20)).status == 413
    assert client.finish(number).code == 0
    for file in (file for file in gateway.folder.rglob("*") if file.is_file()):
        assert CANARY not in file.read_bytes(), file
    log = (gateway.folder / "gateway.log").read_text()
    assert "esp-01" not in log
    assert number not in log


def test_nobody_is_let_in_whose_name_cannot_be_one(gateway):
    for name in ("", "a:b", "x" * 200):
        with pytest.raises(subprocess.CalledProcessError):
            gateway.run("gateway", "add-reporter", name)


def test_without_authority_it_listens_on_loopback_alone(gateway):
    told = subprocess.run(
        [BREAKWATER, "gateway", "run", "--host", "0.0.0.0"], env=gateway.environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert "BREAKWATER_AUTHORITY" in told.stderr


@pytest.fixture
def own(tmp_path):
    """Give a gateway that a test may kill."""
    gateway = Gateway(tmp_path, gateway_rate="20")
    gateway.start()
    yield gateway
    if gateway.process.poll() is None:
        gateway.stop()
    gateway.world.ledger.dispose()


def test_what_was_answered_before_a_kill_is_there_after_it(own):
    client, document = own.client(), new_report()
    number = client.submit(document).said["reportId"]
    file_id = client.upload(number, PNG).said["fileId"]
    with socket.create_connection(("127.0.0.1", int(own.base.rpartition(":")[2]))) as half:  # an upload that never ends
        authorization = client.http.auth._auth_header
        half.sendall(
            f"POST /ispws/upload HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nContent-Length: 90000000\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: form-data; name=file; "
            "filename=a\r\n\r\n".encode()
            + bytes(12 * 2**20)
        )
        time.sleep(0.5)
        own.stop(signal.SIGKILL)
    own.start()
    client = own.client()
    assert client.submit(document).said["reportId"] != number  # its draft has a file already
    assert client.upload(number, PNG).said["fileId"] == file_id
    assert client.finish(number).files == [file_id]
    own.stop(signal.SIGKILL)
    own.start()
    assert own.client().finish(number).files == [file_id]
    assert [row.external_id for row in own.rows(schema.report)] == [number]
    stored = {row.object for table in (schema.blob_key, schema.draft_part) for row in own.rows(table)}
    left = {name for name, _ in own.world.blobs.objects()} - stored
    assert any(name.startswith("incoming/") for name in left)  # what the cut-off upload left: sealed, and swept later


def test_who_calls_too_often_is_asked_to_wait(own):
    client = own.client()
    told = [client.status() for _ in range(60)]
    assert told[0].code == 0
    held_back = [each for each in told if each.status == 429]
    assert held_back
    assert held_back[0].headers["retry-after"] == "1"
    time.sleep(1)
    assert client.status().code == 0


def test_who_is_removed_reports_no_more(own):
    client = own.client("esp-09")
    own.run("gateway", "remove-reporter", "esp-09")
    assert client.status().status == 401
    assert "esp-09" not in own.run("gateway", "reporters")
