"""What every blob store keeps, whatever it stands on."""

import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import BlobCorrupt, BlobMissing
from infra.blobs.directory import DirectoryObjects
from infra.blobs.sealed import IN_MEMORY

LARGE = IN_MEMORY + 3 * 2**20 + 7


def stored(blobs, book, content):
    one = blobs.store(BytesIO(content))
    blobs.flush()
    book.record(one)
    return one


def held(objects):
    """Everything that the disk or the bucket holds, by its own listing: names and contents."""
    if isinstance(objects, DirectoryObjects):
        files = [file for file in objects.root.rglob("*") if file.is_file()]
        return {str(file.relative_to(objects.root)): file.read_bytes() for file in files}
    names = [found.object_name for found in objects.client.list_objects(objects.bucket, recursive=True)]
    return {name: objects.client.get_object(objects.bucket, name).read() for name in names}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=4096))
def test_what_is_stored_is_read_back(blobs, book, content):
    one = stored(blobs, book, content)
    assert blobs.read(one.blob) == content
    assert blobs.holds(one.blob)
    assert one.digests.sha256 == hashlib.sha256(content).hexdigest()
    assert one.digests.md5 == hashlib.md5(content).hexdigest()
    assert one.digests.size == len(content)
    assert one.head == content[:4096]


@pytest.mark.parametrize("size", [2**20 - 1, 2**20, 2**20 + 1, LARGE])
def test_a_file_of_many_chunks_is_read_back(blobs, book, size):
    content = secrets.token_bytes(size)
    one = stored(blobs, book, content)
    assert b"".join(blobs.pieces(one.blob)) == content


@pytest.mark.parametrize("size", [1000, LARGE])
def test_nothing_of_a_file_leaves_the_process_in_the_clear(blobs, objects, book, size):
    content = b"a canary in a coal mine " * (size // 24 + 1)
    stored(blobs, book, content)
    (sealed,) = held(objects).values()
    assert len(sealed) > len(content)
    assert b"canary" not in sealed


@pytest.mark.parametrize("size", [5, LARGE])
def test_a_file_stored_twice_is_one_object(blobs, objects, book, size):
    content = bytes(size)
    assert [stored(blobs, book, content).sealed is None for _ in range(2)] == [False, True]
    assert len(held(objects)) == 1


def test_two_writers_at_once_never_spoil_one_anothers_object(blobs, objects, book):
    first, second = (blobs.store(BytesIO(b"the same")) for _ in range(2))
    blobs.flush()
    for one in (second, first):
        book.record(one)
    assert len(held(objects)) == 2
    assert blobs.read(first.blob) == b"the same"
    objects.discard(first.sealed.object)  # the one that nobody names
    assert blobs.read(first.blob) == b"the same"


@pytest.mark.parametrize("size", [5, LARGE])
def test_a_draft_that_is_not_stored_leaves_nothing(blobs, objects, size):
    with blobs.draft() as draft:
        draft.write(bytes(size))
    blobs.flush()
    assert held(objects) == {}


def test_a_file_is_opened_before_its_key_is_recorded(blobs):
    one = blobs.store(BytesIO(b"just come"))
    blobs.flush()
    assert blobs.unseal(one.blob, one.sealed) == b"just come"
    with pytest.raises(BlobMissing, match=one.blob):
        blobs.read(one.blob)


def test_every_object_is_listed_once_with_its_time(blobs, book):
    names = {stored(blobs, book, f"file {number}".encode()).sealed.object for number in range(20)}
    listed = list(blobs.objects())
    assert sorted(name for name, _ in listed) == sorted(names)
    assert all(written.tzinfo for _, written in listed)


def test_a_flipped_bit_is_noticed(blobs, objects, book):
    one = stored(blobs, book, b"a picture")
    (sealed,) = held(objects).values()
    objects.put(one.sealed.object, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    objects.flush()
    with pytest.raises(BlobCorrupt, match=one.blob):
        blobs.read(one.blob)


def test_an_object_of_another_file_is_noticed(blobs, objects, book):
    one, other = (stored(blobs, book, content) for content in (b"one", b"two"))
    objects.put(one.sealed.object, b"".join(objects.pieces(other.sealed.object)))
    objects.flush()
    with pytest.raises(BlobCorrupt):
        blobs.read(one.blob)


def test_a_file_whose_key_is_deleted_is_gone_and_may_be_stored_again(blobs, book):
    one = stored(blobs, book, b"short-lived")
    book.clear()
    assert not blobs.holds(one.blob)
    with pytest.raises(BlobMissing, match=one.blob):
        blobs.read(one.blob)
    assert blobs.read(stored(blobs, book, b"short-lived").blob) == b"short-lived"


def test_a_lost_object_is_missing_and_may_be_discarded_again(blobs, book):
    one = stored(blobs, book, b"lost")
    for _ in range(2):
        blobs.discard(one.sealed.object)
    assert not blobs.holds(one.blob)
    with pytest.raises(BlobMissing):
        blobs.read(one.blob)


def test_no_name_tells_a_files_own_digest(blobs, objects, book):
    content = b"known to others"
    one = stored(blobs, book, content)
    for name in held(objects):
        assert one.digests.sha256 not in name
        assert one.digests.md5 not in name
        assert one.blob not in name


def test_threads_store_and_read_at_once(blobs, book):
    contents = [f"file {number}".encode() * 1000 for number in range(40)]

    def store(content):
        one = blobs.store(BytesIO(content))
        blobs.flush()
        assert blobs.unseal(one.blob, one.sealed) == content
        return one

    with ThreadPoolExecutor(8) as pool:
        everything = list(pool.map(store, contents))
        for one in everything:
            book.record(one)
        assert list(pool.map(blobs.read, [one.blob for one in everything])) == contents
