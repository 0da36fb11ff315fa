"""The neighbour graph: each near pair once, and components as comparing every pair connects them."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from many_hashes import distances, photographic, triples, turned, uniform
from scipy.sparse.csgraph import connected_components

from infra.index import graph
from infra.index.graph import components, neighbours
from infra.index.kernels import LANES


def connected(hashes, radius):
    """Give each hash the smallest place of what it is connected with."""
    _, labels = connected_components(distances(hashes, hashes) <= radius)
    first = {}
    for place, label in enumerate(labels.tolist()):
        first.setdefault(label, place)
    return [first[label] for label in labels.tolist()]


@pytest.mark.parametrize("radius", [0, 1, 15, 16, 17, 24, 30, 31])
@pytest.mark.parametrize("drawn", [uniform, photographic])
def test_pairs_and_components_are_those_of_comparing_every_pair(drawn, radius):
    hashes = drawn(1500, radius)
    bits = distances(hashes, hashes)
    ones, others = np.nonzero(np.triu(bits <= radius, 1))
    expected = sorted(zip(ones.tolist(), others.tolist(), bits[ones, others].tolist(), strict=True))
    assert triples(neighbours(hashes, radius)) == expected
    assert components(hashes, radius).tolist() == connected(hashes, radius)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 40), st.integers(0, 31))
def test_the_order_of_hashes_changes_no_component(seed, number, radius):
    hashes = photographic(number, 3)
    order = np.random.default_rng(seed).permutation(number)
    there, then = components(hashes, radius), components(hashes[order], radius)
    together = there[:, None] == there[None, :]
    assert np.array_equal(then[:, None] == then[None, :], together[np.ix_(order, order)])


def test_a_chain_is_one_component_though_its_ends_are_far_apart():
    rng = np.random.default_rng(5)
    chain = [uniform(1, 9)]
    for _ in range(30):
        chain.append(turned(chain[-1], [31], rng))
    hashes = np.concatenate(chain)
    assert distances(hashes[:1], hashes[-1:])[0, 0] > 60
    order = rng.permutation(31)
    assert not components(hashes[order]).any()


def test_a_flood_of_one_hash_costs_no_more_than_the_hash():
    flood = np.concatenate([np.repeat(uniform(1, 3), 200_000, axis=0), uniform(1000, 4)])
    components(flood[-100:])
    began = time.process_time()
    labels = components(flood)
    assert time.process_time() - began < 5
    assert not labels[:200_000].any()
    assert (labels[200_000:] - 200_000).tolist() == connected(flood[200_000:], 31)


def test_pairs_come_in_bounded_pieces_and_none_is_lost(monkeypatch):
    monkeypatch.setattr(graph, "PIECE", 3000)
    flood = np.repeat(uniform(1, 3), 200, axis=0)
    pieces = list(neighbours(flood))
    assert max(len(piece[0]) for piece in pieces) <= 3000 + LANES
    assert triples(pieces) == [(one, other, 0) for one in range(200) for other in range(one + 1, 200)]


def test_nothing_is_connected_with_nothing():
    none = uniform(0, 1)
    assert triples(neighbours(none)) == []
    assert components(none).tolist() == []
    with pytest.raises(ValueError, match="0 to 31"):
        components(uniform(2, 1), 32)
