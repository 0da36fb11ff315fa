"""Inboxes: a bucket's prefix is taken in as a folder is, exactly once, and nothing is written to disk on the way."""

import io
import pickle
import secrets
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cybertips import write_drop
from sqlalchemy import select

from domain.errors import InvalidSettings
from domain.report import FileFault
from infra.blobs.s3 import s3_client
from infra.cluster import running
from infra.inboxes import BucketPath, files_under, mark, place_at, within
from infra.ledger import schema
from infra.ledger.engine import reading
from infra.stack.s3 import ACCESS_KEY, REGION
from infra.world import world
from tasks.reports.drops import SIMULATED
from tasks.reports.intake import entries_of, intake_reports

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


class Bucket:
    """A bucket of a running server, written to as a sender would."""

    def __init__(self, server):
        self.name = f"inbox-{secrets.token_hex(4)}"
        self.url = f"s3+http://{server.endpoint}/{self.name}"
        self.client = s3_client(server.endpoint, ACCESS_KEY, server.secret_key, REGION, secure=False)
        self.client.make_bucket(self.name)

    def put(self, key, content):
        self.client.put_object(self.name, key, io.BytesIO(content), len(content))

    def copy(self, folder, prefix):
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                self.put(f"{prefix}/{file.relative_to(folder)}", file.read_bytes())


@pytest.fixture(params=["seaweedfs", "minio"])
def bucket(request, data, monkeypatch):
    server = request.getfixturevalue(request.param)
    monkeypatch.setenv("BREAKWATER_INBOX_ACCESS_KEY", ACCESS_KEY)
    monkeypatch.setenv("BREAKWATER_INBOX_SECRET_KEY", server.secret_key)
    world.cache_clear()
    return Bucket(server)


@pytest.fixture(params=["folder", "seaweedfs", "minio"])
def place(request, tmp_path):
    """Give a folder, or a prefix, with one file in it and one deeper, beside a neighbour of a like name."""
    files = {"in/a.bin": bytes(range(256)) * 9000, "in/deep/b.bin": b"b", "in-other/c.bin": b"c"}
    if request.param == "folder":
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
        return tmp_path / "in"
    request.getfixturevalue("data")
    server = request.getfixturevalue(request.param)
    patch = request.getfixturevalue("monkeypatch")
    patch.setenv("BREAKWATER_BLOBS_ACCESS_KEY", ACCESS_KEY)
    patch.setenv("BREAKWATER_BLOBS_SECRET_KEY", server.secret_key)
    world.cache_clear()
    made = Bucket(server)
    for name, content in files.items():
        made.put(name, content)
    return place_at(f"{made.url}/in")


def test_a_place_lists_what_lies_in_it_and_nothing_else(place):
    assert place.is_dir()
    assert not place.is_file()
    assert sorted(each.name for each in place.iterdir()) == ["a.bin", "deep"]
    assert [name for name, _ in files_under(place)] == ["a.bin", "deep/b.bin"]
    assert {each.name: each.is_dir() for each in place.iterdir()} == {"a.bin": False, "deep": True}


def test_a_file_of_a_place_is_read_from_anywhere_in_it(place):
    content = bytes(range(256)) * 9000
    file = place / "a.bin"
    assert (file.name, file.suffix, file.is_file(), file.exists(), file.is_dir()) == (
        "a.bin",
        ".bin",
        True,
        True,
        False,
    )
    assert file.read_bytes() == content
    assert file.stat().st_size == len(content)
    assert abs(datetime.fromtimestamp(file.stat().st_mtime, UTC).timestamp() - datetime.now(UTC).timestamp()) < 600
    with file.open("rb") as opened:
        opened.seek(-300, io.SEEK_END)
        assert opened.read() == content[-300:]
        opened.seek(1_500_000)
        assert (opened.read(10), opened.tell()) == (content[1_500_000:1_500_010], 1_500_010)
        opened.seek(0)
        assert sum(len(piece) for piece in iter(lambda: opened.read(70_001), b"")) == len(content)
        assert opened.read() == b""


def test_what_is_not_there_is_told_as_the_system_tells_it(place):
    nothing = place / "absent"
    assert not nothing.exists()
    assert not nothing.is_dir()
    with pytest.raises(FileNotFoundError):
        nothing.open("rb")
    with pytest.raises(FileNotFoundError):
        nothing.stat()


@pytest.mark.parametrize("name", ["../in-other/c.bin", "deep/../../in-other/c.bin", "/etc/passwd", "a\0.bin", ""])
def test_a_name_never_leads_out_of_a_place(place, name):
    assert within(place, name) is None


def test_a_name_may_lead_into_a_place(place):
    found = within(place, "deep/../deep/./b.bin")
    assert found.resolve().read_bytes() == b"b"


def test_a_place_travels_to_workers_with_what_is_known_of_it(place):
    for _, file in files_under(place):
        sent = pickle.loads(pickle.dumps(file))
        assert sent == file
        assert mark(sent) == mark(file)


def test_a_bucket_gives_the_same_reports_as_a_folder_and_each_once(bucket, data):
    bucket.copy(SAMPLES, "samples")
    with running():
        from_bucket = intake_reports.fn(place_at(f"{bucket.url}/samples"))
        again = intake_reports.fn(place_at(f"{bucket.url}/samples/"))
    assert (from_bucket["new_drops"], from_bucket["accepted"], from_bucket["files_stored"]) == (4, 15, 3)
    assert (again["new_drops"], again["received"], again["blocks_held"]) == (0, 0, 3)
    with reading(world().ledger) as connection:
        faults = list(connection.scalars(select(schema.sighting.c.fault).where(schema.sighting.c.file_id == "3")))
    assert FileFault.UNSAFE_NAME in faults
    tree = (SAMPLES / "tree.png").read_bytes()
    assert not any(tree in file.read_bytes() for file in data.rglob("*") if file.is_file())


def test_a_drop_in_a_bucket_is_taken_once_until_it_changes(bucket, tmp_path):
    drop = write_drop(tmp_path / "made", "r1", [PNG])
    bucket.put(f"here/{SIMULATED}", b"")
    bucket.copy(drop, "here/r1")
    inbox = place_at(f"{bucket.url}/here")
    with running():
        first, again = intake_reports.fn(inbox), intake_reports.fn(inbox)
        bucket.put("here/r1/0000000000000000.bin", PNG[:-1] + b"\1")  # as long as before, in the same second
        changed = intake_reports.fn(inbox)
    assert [(each["new_drops"], each["accepted"]) for each in (first, again, changed)] == [(1, 1), (0, 0), (1, 1)]


def test_one_file_of_a_bucket_can_be_named(bucket):
    bucket.put(f"all/{SIMULATED}", b"")
    bucket.put("all/tip.json", (SAMPLES / "tip.json").read_bytes())
    with running():
        assert intake_reports.fn(place_at(f"{bucket.url}/all/tip.json"))["accepted"] == 1


def test_a_bucket_that_is_not_marked_as_simulated_is_refused(bucket):
    bucket.put("real/r1/receipt.json", b"{}")
    with pytest.raises(InvalidSettings, match="BREAKWATER_AUTHORITY"):
        entries_of(place_at(f"{bucket.url}/real"), "")
    assert [each.name for each in entries_of(place_at(f"{bucket.url}/real"), "a test")] == ["r1"]


def test_a_prefix_with_nothing_in_it_is_refused(bucket):
    with pytest.raises(InvalidSettings, match="name another as the inbox"):
        entries_of(place_at(f"{bucket.url}/absent"), "a test")


def test_a_bucket_that_is_not_there_or_keys_that_do_not_fit_are_told_clearly(bucket, monkeypatch):
    with pytest.raises(InvalidSettings, match="no bucket absent"):
        place_at(bucket.url.rpartition("/")[0] + "/absent/here")
    monkeypatch.setenv("BREAKWATER_INBOX_SECRET_KEY", "wrong" * 8)
    world.cache_clear()
    with pytest.raises(InvalidSettings, match="BREAKWATER_INBOX_SECRET_KEY") as refused:
        place_at(f"{bucket.url}/here")
    assert "wrong" not in str(refused.value)


@pytest.mark.parametrize("url", ["s3://bucket/here", "http://127.0.0.1/x", "s3+http://key:secret@127.0.0.1/x"])
def test_other_urls_are_refused_with_what_is_accepted(url):
    with pytest.raises(InvalidSettings, match="s3\\+http://HOST:PORT/BUCKET/PREFIX") as refused:
        place_at(url)
    assert "secret" not in str(refused.value)


def test_a_bucket_without_keys_is_refused(data):
    with pytest.raises(InvalidSettings, match="BREAKWATER_INBOX_ACCESS_KEY"):
        place_at("s3+http://127.0.0.1:9/bucket/here")


def test_a_path_or_a_file_url_is_a_folder_of_this_machine(tmp_path):
    assert place_at(str(tmp_path)) == place_at(f"file://{tmp_path}") == tmp_path
    assert isinstance(BucketPath("s3+http://h/b", "a/b").parent, BucketPath)
