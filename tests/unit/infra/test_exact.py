"""The exact index: every pair within the radius and no other, whatever the radius."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.media import hamming
from infra.index import exact
from infra.index.exact import within, words

hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=12)


def near(one, bits, rng):
    """Turn over this many bits of a hash."""
    number = int.from_bytes(one)
    for place in rng.sample(range(256), bits):
        number ^= 1 << place
    return number.to_bytes(32)


def found(queries, stored, radius):
    pieces = within(words(queries), words(stored), radius)
    return [pair for piece in pieces for pair in zip(*(column.tolist() for column in piece), strict=True)]


def compared(queries, stored, radius):
    pairs = [(at, other, hamming(one, two)) for at, one in enumerate(queries) for other, two in enumerate(stored)]
    return [pair for pair in pairs if pair[2] <= radius]


@pytest.mark.parametrize("radius", range(32))
def test_near_and_far_hashes_are_told_apart_at_every_radius(radius):
    rng = random.Random(radius)
    centres = [rng.randbytes(32) for _ in range(6)]
    stored = [near(centre, bits, rng) for centre in centres for bits in (0, 1, radius, radius + 1, 40)]
    pairs = found(centres, stored, radius)
    assert pairs == compared(centres, stored, radius)
    assert len(pairs) >= 12


@given(hashes, hashes, st.integers(0, 256))
def test_the_search_finds_what_comparing_every_pair_finds(queries, stored, radius):
    assert found(queries, stored, radius) == compared(queries, stored, radius)


def test_a_hash_is_found_by_itself_and_its_opposite_only_at_the_very_end():
    one = bytes(range(32))
    opposite = bytes(255 - byte for byte in one)
    assert found([one], [one, opposite], 0) == [(0, 0, 0)]
    assert found([one], [opposite], 255) == []
    assert found([one], [opposite], 256) == [(0, 0, 256)]


def test_large_searches_come_in_pieces_and_lose_nothing(monkeypatch):
    monkeypatch.setattr(exact, "_PAIRS_AT_ONCE", 50)
    rng = random.Random(1)
    stored = [rng.randbytes(32) for _ in range(20)]
    queries = [near(one, 5, rng) for one in stored]
    pieces = list(within(words(queries), words(stored), 31))
    assert len(pieces) == 10
    assert found(queries, stored, 31) == [(at, at, 5) for at in range(20)]


@pytest.mark.parametrize(("queries", "stored"), [([], []), ([bytes(32)], []), ([], [bytes(32)])])
def test_nothing_finds_nothing(queries, stored):
    assert found(queries, stored, 31) == []


def test_hashes_in_a_row_are_as_many_hashes():
    assert words([bytes(64), bytes(32)]).shape == (3, 4)
