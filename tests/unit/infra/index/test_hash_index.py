"""The index: every hash within the radius and no other, whatever was added, withdrawn, lost or going on beside it."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from many_hashes import compared, photographic, triples, turned, uniform

from domain.errors import IndexDamaged
from infra.index import hash_index
from infra.index.hash_index import HashIndex, words
from infra.index.kernels import LANES

NUMBER = 2500


def filled(ids, hashes, folder=None):
    index = HashIndex(folder)
    assert index.add(ids, hashes) == len(ids)
    return index


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize(
    ("drawn", "radius"),
    [
        *((uniform, radius) for radius in range(32)),
        *((photographic, radius) for radius in (0, 7, 15, 16, 17, 24, 30, 31)),
    ],
)
def test_what_is_found_is_what_comparing_every_pair_finds(drawn, radius):
    hashes = drawn(NUMBER, radius)
    ids = np.random.default_rng(radius).permutation(NUMBER) - 1000
    queries = np.concatenate([hashes[::10], drawn(100, 77)])
    unique = len(np.unique(np.column_stack([ids.view(np.uint64), hashes]), axis=0))
    index = HashIndex()
    assert index.add(ids, hashes) == unique
    pairs = triples(index.within(queries, radius))
    assert pairs == compared(queries, ids, hashes, radius)
    assert len(pairs) >= 250


chunks = st.sampled_from([0, 1, 2, 3, 0x8000, 0xFFFF, 0x1234, 0x1235])
close = st.lists(st.lists(chunks, min_size=16, max_size=16), max_size=8).map(
    lambda rows: np.array(rows, np.uint16).reshape(-1, 16).view(np.uint64)
)


@settings(max_examples=40, deadline=None)
@given(close, close, st.integers(0, 31))
def test_hashes_that_share_chunks_are_found_as_by_comparing(queries, hashes, radius):
    hashes = np.unique(hashes, axis=0)
    queries = np.concatenate([queries, hashes])
    ids = np.arange(len(hashes))
    assert triples(filled(ids, hashes).within(queries, radius)) == compared(queries, ids, hashes, radius)


@pytest.mark.parametrize("place", range(16))
def test_bits_that_differ_anywhere_on_the_ring_are_found_up_to_31_of_them(place):
    rng = np.random.default_rng(place)
    query = uniform(1, place)
    spread = np.repeat(query, 3, axis=0)
    for at in range(31):  # all on few neighbouring chunks, evenly over all, and over every other
        for row, bit in enumerate(
            (16 * place + at, 16 * (place + at // 2) + at % 2, 16 * (place + 2 * (at // 4)) + at % 4)
        ):
            spread[row, bit % 256 // 64] ^= np.uint64(1 << bit % 64)
    beyond = turned(query, rng.integers(32, 33, 1), rng)
    index = filled(np.arange(4), np.concatenate([spread, beyond]))
    assert triples(index.within(query)) == [(0, 0, 31), (0, 1, 31), (0, 2, 31)]


@pytest.mark.parametrize("radius", [-1, 32])
def test_another_radius_is_refused_before_anything_is_searched(radius):
    with pytest.raises(ValueError, match="0 to 31"):
        HashIndex().within(uniform(1, 1), radius)


def test_nothing_finds_nothing():
    none = words([])
    assert triples(HashIndex().within(uniform(3, 1))) == []
    assert HashIndex().add(np.empty(0, np.int64), none) == 0
    assert triples(filled(np.arange(3), uniform(3, 1)).within(none)) == []
    assert HashIndex().withdraw(np.arange(3)) == 0
    with pytest.raises(ValueError, match="2 ids for 3 hashes"):
        HashIndex().add(np.arange(2), uniform(3, 1))


def test_hashes_in_a_row_are_as_many_hashes():
    assert words([bytes(64), bytes(32)]).shape == (3, 4)


def test_an_id_may_bear_several_hashes_and_a_hash_several_ids():
    one, other = uniform(2, 5)
    index = filled(np.array([7, 7, 8]), np.array([one, other, one]))
    assert triples(index.within(one[None], 0)) == [(0, 7, 0), (0, 8, 0)]
    assert index.add(np.array([8, 7, 8, 8]), np.array([one, one, other, other])) == 1
    assert index.withdraw(np.array([7, 7])) == 2
    assert triples(index.within(np.array([one, other]), 0)) == [(0, 8, 0), (1, 8, 0)]


changes = st.lists(
    st.tuples(st.sampled_from(["add", "withdraw", "compact", "reopen"]), st.integers(0, 59), st.integers(1, 30)),
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(changes)
def test_whatever_was_added_and_withdrawn_it_finds_what_is_there(tmp_path_factory, changes):
    hashes = photographic(60, 4)
    folder = tmp_path_factory.mktemp("index")
    index, there = HashIndex(folder), set()
    for what, first, count in changes:
        ids = np.arange(first, min(60, first + count))
        if what == "add":
            assert index.add(ids, hashes[ids]) == len(set(ids.tolist()) - there)
            there |= set(ids.tolist())
        elif what == "withdraw":
            assert index.withdraw(ids) == len(there & set(ids.tolist()))
            there -= set(ids.tolist())
        elif what == "compact":
            index.compact()
        else:
            index = HashIndex(folder)
    left = np.array(sorted(there), np.int64)
    assert len(index) == len(left)
    assert triples(index.within(hashes)) == compared(hashes, left, hashes[left], 31)
    again = tmp_path_factory.mktemp("again")
    HashIndex(again).add(left[::-1], hashes[left[::-1]])
    index.compact()
    assert contents(folder) == contents(again) or not there


def test_what_is_built_again_from_the_same_is_the_same_byte_for_byte(tmp_path):
    hashes, ids = photographic(NUMBER, 2), np.arange(NUMBER)
    order = np.random.default_rng(1).permutation(NUMBER)
    filled(ids, hashes, tmp_path / "one")
    filled(ids[order], hashes[order], tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_small_segments_are_merged_and_a_large_one_is_left_alone():
    index = filled(np.arange(4000), uniform(4000, 1))
    large = index._segments[0]
    for start in range(4000, 4900, 100):
        index.add(np.arange(start, start + 100), uniform(100, start))
    assert index._segments[0] is large
    assert len(index._segments) <= 3


def test_a_segment_is_written_anew_when_half_of_it_is_withdrawn():
    index = filled(np.arange(1000), uniform(1000, 1))
    index.withdraw(np.arange(499))
    assert (len(index), len(index._segments[0])) == (501, 1000)
    index.withdraw(np.arange(500))
    assert (len(index), len(index._segments[0])) == (500, 500)
    index.withdraw(np.arange(1000))
    assert (len(index), index._segments) == (0, ())


def test_a_flood_of_one_hash_is_found_whole_in_bounded_pieces(monkeypatch):
    monkeypatch.setattr(hash_index, "PIECE", 5000)
    flood = np.repeat(uniform(1, 3), 9000, axis=0)
    index = filled(np.arange(9000), flood)
    sizes, ids = [], []
    for _, found, distances in index.within(np.concatenate([flood[:2], uniform(2, 4)])):
        sizes.append(len(found))
        ids += found.tolist()
        assert not distances.any()
    assert max(sizes) <= 5000 + LANES
    assert sorted(ids) == sorted([*range(9000), *range(9000)])


def test_a_reader_keeps_its_state_until_it_looks_again(tmp_path):
    hashes = uniform(600, 6)
    writer = filled(np.arange(300), hashes[:300], tmp_path)
    reader = HashIndex(tmp_path)
    arriving = reader.within(hashes)
    writer.add(np.arange(300, 600), hashes[300:])
    writer.withdraw(np.arange(100))
    writer.compact()
    assert triples(arriving) == compared(hashes, np.arange(300), hashes[:300], 31)
    reader.refresh()
    assert triples(reader.within(hashes)) == compared(hashes, np.arange(100, 600), hashes[100:], 31)


def keep_searching(folder, hashes, stop, faults):
    index = HashIndex(folder)
    while not stop.is_set():
        index.refresh()
        found = {one for one, other, bits in triples(index.within(hashes, 0)) if (one, bits) == (other, 0)}
        if len(found) % 50 or len(found) != len(index):
            faults.put(len(found))


def test_processes_may_search_while_another_writes(tmp_path):
    context = multiprocessing.get_context("spawn")
    hashes = uniform(500, 8)
    hashes = hashes[np.sort(np.unique(hashes, axis=0, return_index=True)[1])]
    stop, faults = context.Event(), context.Queue()
    readers = [context.Process(target=keep_searching, args=(tmp_path, hashes, stop, faults)) for _ in range(2)]
    for reader in readers:
        reader.start()
    index = HashIndex(tmp_path)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for start in range(0, 450, 50):
            index.add(np.arange(start, start + 50), hashes[start : start + 50])
        index.withdraw(np.arange(0, 400))
        index.withdraw(np.arange(400, 450))
    stop.set()
    for reader in readers:
        reader.join(30)
        assert reader.exitcode == 0
    assert faults.empty()


WRITER = """
import sys
from pathlib import Path
import numpy as np
from infra.index.hash_index import HashIndex
hashes = np.random.default_rng(1).integers(0, 2**64, (100_000, 4), dtype=np.uint64)
index = HashIndex(Path(sys.argv[1]))
print("ready", flush=True)
for start in range(0, 100_000, 1000):
    index.add(np.arange(start, start + 1000), hashes[start:start + 1000])
"""


def test_a_writer_that_is_killed_leaves_what_it_had_finished(tmp_path):
    hashes = np.random.default_rng(1).integers(0, 2**64, (100_000, 4), dtype=np.uint64)
    for delay in (0.1, 0.6):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE)
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(delay)
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
        index = HashIndex(tmp_path)
        assert len(index) % 1000 == 0
        found = triples(index.within(hashes[: len(index) + 50], 0))
        assert found == [(at, at, 0) for at in range(len(index))]
    assert index.add(np.arange(1000), hashes[:1000]) in {0, 1000}
    segments = len(index._segments)
    assert len(list(tmp_path.iterdir())) == segments + 2


@pytest.mark.parametrize("fault", ["cut", "gone", "other", "nonsense", "marks"])
def test_files_that_are_not_whole_are_told(tmp_path, fault):
    index = filled(np.arange(500), uniform(500, 1), tmp_path)
    index.withdraw(np.arange(3))
    (segment,) = [file for file in tmp_path.iterdir() if len(file.name) == 64]
    if fault == "cut":
        segment.write_bytes(segment.read_bytes()[:-1])
    elif fault == "gone":
        segment.unlink()
    elif fault == "other":
        segment.write_bytes(bytes(segment.stat().st_size))
    elif fault == "marks":
        next(tmp_path.glob("withdrawn-*")).write_bytes(bytes(8))
    else:
        (tmp_path / "index.json").write_text('{"what": 1}')
    with pytest.raises(IndexDamaged, match="built again from the ledger"):
        HashIndex(tmp_path)
