"""Outboxes: a folder, an SFTP server and a bucket alike show a package whole or not at all, once under its name."""

import secrets

import asyncssh
import pytest
from servers.sftp import running_sftp

from domain.errors import InvalidSettings
from infra.blobs.s3 import PART, s3_client
from infra.failures import AWAY
from infra.outboxes import is_outbox, open_outbox
from infra.settings import Settings
from infra.stack.ports import free_ports
from infra.stack.s3 import ACCESS_KEY, REGION


@pytest.fixture(scope="module")
def sftp(tmp_path_factory):
    with running_sftp(tmp_path_factory.mktemp("sftp")) as server:
        yield server


@pytest.fixture(params=["folder", "sftp", "seaweedfs"])
def outbox(request, tmp_path):
    """Give an outbox, and what reads and lists it from outside."""
    if request.param == "sftp":
        server = request.getfixturevalue("sftp")
        name = secrets.token_hex(4)
        (server.shown / name).mkdir()
        settings = Settings(sftp_key=server.key, sftp_hosts=server.hosts)
        yield (
            open_outbox(server.url(f"/{name}/"), settings),
            lambda: {file.name: file.read_bytes() for file in (server.shown / name).iterdir()},
        )
        return
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


def test_a_server_that_was_not_verified_or_does_not_know_us_is_told_by_its_setting(sftp, tmp_path):
    with pytest.raises(InvalidSettings, match="set BREAKWATER_SFTP_KEY and BREAKWATER_SFTP_HOSTS"):
        open_outbox(sftp.url("/"), Settings())
    other = asyncssh.generate_private_key("ssh-ed25519")
    other.write_private_key(tmp_path / "other")
    unknown, changed = tmp_path / "unknown", tmp_path / "changed"
    unknown.touch()
    changed.write_text(f"[127.0.0.1]:{sftp.port} {other.export_public_key().decode()}")
    for key, hosts, why in (
        (sftp.key, unknown, "BREAKWATER_SFTP_HOSTS has no key of"),
        (sftp.key, changed, "another key than BREAKWATER_SFTP_HOSTS has"),
        (tmp_path / "other", sftp.hosts, "does not take the key in BREAKWATER_SFTP_KEY"),
    ):
        box = open_outbox(sftp.url("/"), Settings(sftp_key=key, sftp_hosts=hosts))
        with pytest.raises(InvalidSettings, match=why):
            box.deliver("a.bwp", [b"a"])
    assert not (sftp.shown / "a.bwp").exists()


def test_a_server_that_is_away_is_a_failure_of_the_world(sftp):
    (port,) = free_ports(0)
    box = open_outbox(f"sftp://us@127.0.0.1:{port}/", Settings(sftp_key=sftp.key, sftp_hosts=sftp.hosts))
    with pytest.raises(AWAY) as away:
        box.holds("a.bwp")
    assert not isinstance(away.value, InvalidSettings)


@pytest.mark.parametrize(
    "url", ["sftp://host/x", "sftp://us:secret@host/x", "sftp://us@host", "ftp://us@host/x", "file:relative", ""]
)
def test_what_is_no_outbox(url):
    assert not is_outbox(url)


def test_a_bucket_without_keys_or_with_wrong_ones_is_told_by_the_outboxes_own_settings(request):
    with pytest.raises(InvalidSettings, match="BREAKWATER_OUTBOX_ACCESS_KEY"):
        open_outbox("s3+http://127.0.0.1:9/bucket/here", Settings())
    server = request.getfixturevalue("seaweedfs")
    settings = Settings(outbox_access_key=ACCESS_KEY, outbox_secret_key="wrong" * 8, blobs_region=REGION)
    box = open_outbox(f"s3+http://{server.endpoint}/bucket", settings)
    with pytest.raises(InvalidSettings, match="BREAKWATER_OUTBOX_SECRET_KEY") as refused:
        box.deliver("a.bwp", [b"a"])
    assert "wrongwrong" not in str(refused.value)
