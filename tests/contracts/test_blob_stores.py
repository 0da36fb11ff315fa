"""What every blob store keeps, whatever it stands on."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import BlobCorrupt, BlobMissing
from infra.blobs.directory import DirectoryBlobs
from infra.blobs.naming import sharded


def digest(content):
    return hashlib.sha256(content).hexdigest()


def stored(blobs, content):
    key = blobs.key(digest(content))
    new = blobs.write(key, BytesIO(content), len(content))
    blobs.flush()
    return key, new


def names(blobs):
    """Everything that the disk or the bucket holds, by its own listing."""
    if isinstance(blobs, DirectoryBlobs):
        return [str(file.relative_to(blobs._root)) for file in blobs._root.rglob("*") if file.is_file()]
    return [found.object_name for found in blobs._client.list_objects(blobs._bucket, recursive=True)]


def overwrite(blobs, key, content):
    """Put other bytes under a name, as a fault of the disk or an intruder would."""
    if isinstance(blobs, DirectoryBlobs):
        (blobs._root / sharded(key)).write_bytes(content)
    else:
        blobs._client.put_object(blobs._bucket, sharded(key), BytesIO(content), len(content))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=4096))
def test_what_is_written_is_read_back(blobs, content):
    key, _ = stored(blobs, content)
    assert blobs.read(key) == content
    assert blobs.holds(key)


def test_a_file_of_many_parts_is_read_back(blobs):
    content = bytes(range(256)) * (48 * 1024)  # 12 MiB: more than the 5 MiB of one part
    key, _ = stored(blobs, content)
    assert blobs.read(key) == content


def test_a_file_written_twice_is_one_object(blobs):
    assert [stored(blobs, b"twice")[1] for _ in range(2)] == [True, False]
    assert len(names(blobs)) == 1


def test_every_key_is_listed_once(blobs):
    keys = {stored(blobs, f"file {number}".encode())[0] for number in range(20)}
    assert sorted(blobs.keys()) == sorted(keys)


def test_a_flipped_byte_is_noticed(blobs):
    key, _ = stored(blobs, b"a picture")
    overwrite(blobs, key, b"a pictuse")
    with pytest.raises(BlobCorrupt):
        blobs.read(key)


def test_what_is_not_there_is_missing(blobs):
    key = blobs.key(digest(b"never written"))
    assert not blobs.holds(key)
    with pytest.raises(BlobMissing, match=key):
        blobs.read(key)


def test_what_is_deleted_is_gone_and_deleting_again_is_harmless(blobs):
    key, _ = stored(blobs, b"short-lived")
    for _ in range(2):
        blobs.delete(key)
        assert not blobs.holds(key)
    assert stored(blobs, b"short-lived")[1]


def test_no_name_tells_a_files_own_digest(blobs):
    content = b"known to others"
    stored(blobs, content)
    for listed in names(blobs):
        assert digest(content) not in listed
        assert hashlib.md5(content).hexdigest() not in listed


@pytest.mark.parametrize("announced", [3, 5])
def test_other_than_the_announced_size_is_refused_and_not_held(blobs, announced):
    key = blobs.key(digest(b"four"))
    with pytest.raises(OSError, match="bytes"):
        blobs.write(key, BytesIO(b"four"), announced)
    blobs.flush()
    assert not blobs.holds(key)


def test_threads_write_and_read_at_once(blobs):
    contents = [f"file {number}".encode() * 1000 for number in range(40)]
    keys = [blobs.key(digest(content)) for content in contents]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(blobs.write, keys, map(BytesIO, contents), map(len, contents)))
        blobs.flush()
        assert list(pool.map(blobs.read, keys)) == contents
