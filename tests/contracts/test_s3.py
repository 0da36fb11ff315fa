"""What an S3 server asks for beyond the contract: keys and a bucket; and how settings choose a store."""

import secrets

import pytest

from domain.errors import InvalidSettings
from infra.blobs.directory import DirectoryObjects
from infra.blobs.opening import open_objects
from infra.blobs.s3 import S3Objects, s3_client
from infra.settings import Settings
from infra.stack.s3 import ACCESS_KEY, REGION

NAME = "ab" * 32


@pytest.fixture(params=["seaweedfs", "minio"])
def server(request):
    return request.getfixturevalue(request.param)


def open_bucket(server, bucket, secret_key=None):
    client = s3_client(server.endpoint, ACCESS_KEY, secret_key or server.secret_key, REGION, secure=False)
    return S3Objects(client, bucket)


def test_a_bucket_is_made_once(server):
    objects = open_bucket(server, f"test-{secrets.token_hex(4)}")
    objects.make_bucket()
    objects.make_bucket()
    assert list(objects.objects()) == []


@pytest.mark.parametrize("operation", ["make_bucket", "holds", "pieces", "put", "incoming", "objects"])
def test_a_wrong_secret_is_told_clearly_and_not_shown(server, operation):
    open_bucket(server, "guarded").make_bucket()
    objects = open_bucket(server, "guarded", secret_key="wrong" * 8)

    def upload():
        incoming = objects.incoming()
        incoming.write(b"x")
        incoming.publish(NAME)

    operations = {
        "make_bucket": objects.make_bucket,
        "holds": lambda: objects.holds(NAME),
        "pieces": lambda: list(objects.pieces(NAME)),
        "put": lambda: objects.put(NAME, b"x"),
        "incoming": upload,
        "objects": lambda: list(objects.objects()),
    }
    with pytest.raises(InvalidSettings, match="BREAKWATER_BLOBS_SECRET_KEY") as refused:
        operations[operation]()
    assert "wrong" not in str(refused.value)


def test_a_bucket_that_is_not_there_is_told_clearly(server):
    objects = open_bucket(server, "absent")
    with pytest.raises(InvalidSettings, match="no bucket absent"):
        objects.put(NAME, b"x")


def test_settings_open_a_bucket(server):
    open_bucket(server, "by-settings").make_bucket()
    objects = open_objects(
        Settings(
            blobs=f"s3+http://{server.endpoint}/by-settings",
            blobs_access_key=ACCESS_KEY,
            blobs_secret_key=server.secret_key,
        )
    )
    objects.put(NAME, b"x")
    assert b"".join(objects.pieces(NAME)) == b"x"


def test_settings_open_a_directory_whose_name_is_no_clean_url(tmp_path):
    objects = open_objects(Settings(data=tmp_path / "50% of #1?"))
    assert isinstance(objects, DirectoryObjects)
    assert objects.root == (tmp_path / "50% of #1?").resolve() / "blobs"


@pytest.mark.parametrize(
    "url", ["blobs", "file://here", "http://host/bucket", "s3+http://host", "s3+http://host/a/b",
            "s3+http://key:secret@host/bucket"],
)  # fmt: skip
def test_other_urls_are_refused_with_those_that_are_accepted(url):
    with pytest.raises(InvalidSettings, match=r"file:///DIR, s3\+http://HOST:PORT/BUCKET") as refused:
        open_objects(Settings(blobs=url, blobs_access_key="key", blobs_secret_key="secret"))
    assert "secret" not in str(refused.value)


def test_a_bucket_without_keys_is_refused():
    with pytest.raises(InvalidSettings, match="BREAKWATER_BLOBS_ACCESS_KEY"):
        open_objects(Settings(blobs="s3+http://127.0.0.1:9/bucket"))
