"""Media: the distance of two hashes is a metric, and the authors' rule decides what is matched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.media import BITS, MATCH_QUALITY, Fingerprint, hamming

hashes = st.binary(min_size=BITS // 8, max_size=BITS // 8)


@given(hashes, hashes)
def test_the_distance_counts_the_places_where_the_bits_differ(one, other):
    bits = [f"{int.from_bytes(each):0{BITS}b}" for each in (one, other)]
    assert hamming(one, other) == sum(a != b for a, b in zip(*bits, strict=True))


@given(hashes, hashes)
def test_the_distance_is_the_same_both_ways_and_none_only_from_itself(one, other):
    assert hamming(one, other) == hamming(other, one)
    assert hamming(one, one) == 0
    assert (hamming(one, other) == 0) == (one == other)


@given(hashes, hashes, hashes)
def test_no_detour_is_shorter(one, other, between):
    assert hamming(one, other) <= hamming(one, between) + hamming(between, other)


@given(hashes)
def test_a_hash_is_farthest_from_its_opposite(one):
    assert hamming(one, bytes(255 - byte for byte in one)) == BITS


@pytest.mark.parametrize(("quality", "matchable"), [(0, False), (49, False), (50, True), (100, True)])
def test_a_hash_of_quality_49_or_less_is_never_matched(quality, matchable):
    assert Fingerprint(bytes(BITS), quality).matchable is matchable
    assert MATCH_QUALITY == 50
