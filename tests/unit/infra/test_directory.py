"""A folder of objects on a disk that fails: the error reaches who brought the bytes, and nothing else is lost."""

import errno
import os
import sys

import pytest

from infra.blobs.directory import DirectoryObjects

NAMES = [f"{number:02x}" * 32 for number in range(8)]


@pytest.fixture
def objects(tmp_path):
    return DirectoryObjects(tmp_path / "blobs")


@pytest.fixture
def failing(monkeypatch):
    """Have a system call fail, the n-th time it is made from now on, and once."""

    def fail(name, nth):
        original, calls = getattr(os, name), []

        def once(*arguments, **options):
            calls.append(arguments)
            if len(calls) == nth:
                raise OSError(errno.ENOSPC, "No space left on device")
            return original(*arguments, **options)

        monkeypatch.setattr(os, name, once)

    return fail


def read(objects, name):
    return b"".join(objects.pieces(name))


def test_bytes_that_do_not_reach_the_disk_are_their_writers_error_alone(objects, failing):
    objects.put(NAMES[0], b"before")
    failing("fsync", 1)
    with pytest.raises(OSError, match="No space"):
        objects.put(NAMES[1], b"lost")
    objects.put(NAMES[2], b"after")
    objects.flush()
    assert [objects.holds(name) for name in NAMES[:3]] == [True, False, True]
    assert list((objects.root / "incoming").iterdir()) == []


@pytest.mark.parametrize("call", ["fsync", "replace", "mkdir"])
@pytest.mark.parametrize("nth", [1, 2, 5, 8])
def test_a_flush_that_fails_half_way_is_done_by_the_next(objects, failing, call, nth):
    for name in NAMES:
        objects.put(name, name.encode())
    failing(call, nth)
    with pytest.raises(OSError, match="No space"):
        objects.flush()
    objects.put("ff" * 32, b"later")
    objects.flush()
    assert [read(objects, name) for name in NAMES] == [name.encode() for name in NAMES]
    assert read(objects, "ff" * 32) == b"later"
    assert list((objects.root / "incoming").iterdir()) == []


def test_what_is_discarded_before_a_flush_does_not_come_back(objects, failing):
    failing("fsync", 3)
    for name in NAMES[:2]:
        objects.put(name, b"x")
    with pytest.raises(OSError, match="No space"):
        objects.flush()
    for name in NAMES[:2]:
        objects.discard(name)
    objects.flush()
    assert list(objects.objects()) == []


def test_names_of_objects_leave_nothing_in_memory(objects, monkeypatch):
    """What is interned is kept for good by Python 3.12."""
    interned = []
    monkeypatch.setattr(sys, "intern", lambda text: interned.append(text) or text)
    objects.put(NAMES[0], b"x")
    objects.flush()
    assert (read(objects, NAMES[0]), objects.holds(NAMES[0])) == (b"x", True)
    objects.discard(NAMES[0])
    assert interned == []
