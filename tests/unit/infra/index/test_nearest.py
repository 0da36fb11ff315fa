"""Nearest vectors: every pair that is near, exactly; and of many vectors, by cells, as many as are asked for."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cluster import components
from infra.index import nearest as module
from infra.index.nearest import cells, connected, exact, measured, near, pivots, spread, widened


def unit(seed, members, width=8):
    rows = np.random.default_rng(seed).normal(size=(members, width))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def all_near(vectors, least):
    return [(a, b) for a, b in combinations(range(len(vectors)), 2) if float(vectors[a] @ vectors[b]) >= least]


@pytest.mark.parametrize("members", [0, 1, 2, 70])
def test_every_pair_that_is_near_is_found_once_for_each_that_asks(members, monkeypatch):
    monkeypatch.setattr(module, "_ASKED", 16)
    monkeypatch.setattr(module, "_HELD", 24)
    vectors = unit(1, members)
    rows = np.arange(members)
    found = [tuple(pair) for pairs in near(vectors, rows, rows, 0.4) for pair in pairs.tolist()]
    assert sorted(pair for pair in found if pair[0] < pair[1]) == all_near(vectors, 0.4)
    assert len(found) == len(set(found)) == members + 2 * len(all_near(vectors, 0.4))
    assert len(found) > 100 or members < 70


@given(st.integers(0, 300))
def test_the_connected_are_the_components_of_all_pairs_that_are_near(seed):
    vectors = unit(seed, 30)
    labels = connected(vectors, 0.7)
    parts = [np.flatnonzero(labels == label).tolist() for label in np.unique(labels)]
    assert sorted(part for part in parts if len(part) > 1) == components(all_near(vectors, 0.7))
    assert all(part[0] == labels[part[0]] for part in parts)


def test_of_too_many_the_nearest_are_told():
    vectors = unit(2, 40, width=3)
    cosines = (vectors @ vectors.T).astype(float)
    np.fill_diagonal(cosines, -2)
    expected = [
        (one, other)
        for one in (3, 7)
        for other in sorted(range(40), key=lambda other: -cosines[one, other])[:3]
        if cosines[one, other] >= 0.2
    ]
    assert list(map(tuple, exact(vectors, np.array([3, 7]), 0.2, most=3).tolist())) == expected


def test_of_a_crowd_one_is_a_pivot_and_pivots_are_members_far_from_each_other():
    vectors = unit(3, 500)
    vectors[100:400] = vectors[100]
    chosen = pivots(vectors, 0.9)
    assert len(set(chosen.tolist()) & set(range(100, 400))) == 1
    assert all_near(vectors[chosen], 0.9) == []


def test_the_nearest_cells_come_in_order_and_one_is_the_first_of_many():
    vectors, centres = unit(4, 50), unit(5, 12)
    nearest, cosines = cells(vectors, centres, 4)
    every = vectors @ centres.T
    assert nearest.tolist() == np.argsort(-every, axis=1)[:, :4].tolist()
    np.testing.assert_array_equal(cosines, np.take_along_axis(every, nearest, axis=1))
    assert cells(vectors, centres, 1)[0][:, 0].tolist() == nearest[:, 0].tolist()
    assert cells(vectors, centres, 12)[0].shape == (50, 12)


@pytest.mark.parametrize("least", [0.6, 0.8])
def test_as_many_cells_are_looked_into_as_the_recall_takes_and_no_more(least):
    vectors = unit(6, 3000)
    centres = vectors[pivots(vectors, least)]
    ways = measured(vectors, centres, least, sample=3000)
    pairs = exact(vectors, np.arange(3000), least)

    def found(number):
        looks = cells(vectors, centres, number)[0]
        own = cells(vectors, centres, 1)[0][:, 0]
        one, other = pairs.T
        alone = (looks[one] == own[other, None]).any(axis=1)
        return (alone | (looks[other] == own[one, None]).any(axis=1)).mean(), alone.mean()

    assert found(ways.both)[0] == pytest.approx(ways.recall)
    assert found(ways.alone)[1] == pytest.approx(ways.recall_alone)
    assert min(ways.recall, ways.recall_alone) >= 0.98 > found(ways.both - 1)[0] - 0.005
    assert ways.both < ways.alone < len(centres)


def test_without_any_pair_nothing_is_claimed():
    vectors = np.eye(20, dtype=np.float32)
    ways = measured(vectors, vectors[:5], 0.9)
    assert (np.isnan(ways.recall), np.isnan(ways.recall_alone)) == (True, True)


def test_places_are_spread_over_all_members():
    assert spread(10, 3).tolist() == [0, 4, 9]
    assert spread(3, 10).tolist() == [0, 1, 2]


def test_every_finite_half_is_widened_to_the_same_number():
    halves = np.arange(2**16).astype(np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    np.testing.assert_array_equal(widened(halves).view(np.int32), halves.astype(np.float32).view(np.int32))
