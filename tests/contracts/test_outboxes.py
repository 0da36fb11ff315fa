"""Outboxes: a folder and a bucket alike show a package whole or not at all, once under its name."""

import secrets

import pytest

from domain.errors import InvalidSettings
from infra.blobs.s3 import PART, s3_client
from infra.outboxes import open_outbox
from infra.settings import Settings
from infra.stack.s3 import ACCESS_KEY, REGION


@pytest.fixture(params=["folder", "seaweedfs"])
def outbox(request, tmp_path):
    """Give an outbox, and what reads and lists it from outside."""
    if request.param == "folder":
        place = tmp_path / "out" / "desk"
        yield (
            open_outbox(f"file://{place}", Settings()),
            lambda: {file.name: file.read_bytes() for file in place.glob("[!.]*")},
        )
        return
    server = request.getfixturevalue("seaweedfs")
    client = s3_client(server.endpoint, ACCESS_KEY, server.secret_key, REGION, secure=False)
    bucket = f"out-{secrets.token_hex(4)}"
    client.make_bucket(bucket)
    settings = Settings(outbox_access_key=ACCESS_KEY, outbox_secret_key=server.secret_key, blobs_region=REGION)

    def read():
        names = [each.object_name for each in client.list_objects(bucket, "to/desk/", recursive=True)]
        return {name.rpartition("/")[2]: client.get_object(bucket, name).read() for name in names}

    yield open_outbox(f"s3+http://{server.endpoint}/{bucket}/to/desk", settings), read


def test_what_is_delivered_lies_there_until_it_is_removed(outbox):
    box, read = outbox
    assert not box.holds("a.bwp")
    box.deliver("a.bwp", [b"one ", b"", b"two"])
    box.deliver("b.bwp", [])
    assert read() == {"a.bwp": b"one two", "b.bwp": b""}
    assert box.holds("a.bwp")
    box.deliver("a.bwp", [b"again"])
    for _ in range(2):
        box.remove("b.bwp")
    assert read() == {"a.bwp": b"again"}


def test_what_takes_several_parts_arrives_whole(outbox):
    box, read = outbox
    piece = secrets.token_bytes(2**20)
    box.deliver("large.bwp", iter([piece] * (PART // 2**20 + 3)))
    assert read()["large.bwp"] == piece * (PART // 2**20 + 3)


def test_what_fails_half_way_does_not_show(outbox):
    box, read = outbox

    def failing():
        yield secrets.token_bytes(2**20)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        box.deliver("a.bwp", failing())
    assert read() == {}
    assert not box.holds("a.bwp")


def test_a_bucket_without_keys_or_with_wrong_ones_is_told_by_the_outboxes_own_settings(request):
    with pytest.raises(InvalidSettings, match="BREAKWATER_OUTBOX_ACCESS_KEY"):
        open_outbox("s3+http://127.0.0.1:9/bucket/here", Settings())
    server = request.getfixturevalue("seaweedfs")
    settings = Settings(outbox_access_key=ACCESS_KEY, outbox_secret_key="wrong" * 8, blobs_region=REGION)
    box = open_outbox(f"s3+http://{server.endpoint}/bucket", settings)
    with pytest.raises(InvalidSettings, match="BREAKWATER_OUTBOX_SECRET_KEY") as refused:
        box.deliver("a.bwp", [b"a"])
    assert "wrongwrong" not in str(refused.value)
