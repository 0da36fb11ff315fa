"""Nearest vectors: every pair that is near, and of too many the nearest."""

from itertools import combinations

import numpy as np
import pytest

from infra.index import nearest as module
from infra.index.nearest import nearest


def unit(seed, members, width=8):
    rows = np.random.default_rng(seed).normal(size=(members, width))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("members", [0, 1, 2, 70])
def test_every_pair_that_is_near_is_found_once(members, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 16)
    vectors = unit(1, members)
    near = [(a, b) for a, b in combinations(range(members), 2) if float(vectors[a] @ vectors[b]) >= 0.4]
    assert nearest(vectors, 0.4) == near
    assert len(near) > 5 or members < 70


def test_of_too_many_the_nearest_are_told_and_a_pair_counts_that_is_near_for_one():
    vectors = unit(2, 40, width=3)
    cosines = (vectors @ vectors.T).astype(float)
    np.fill_diagonal(cosines, -2)
    expected = set()
    for one, row in enumerate(cosines):
        order = sorted(range(40), key=lambda other: -row[other])
        expected |= {(min(one, other), max(one, other)) for other in order[:3] if row[other] >= 0.2}
    assert set(nearest(vectors, 0.2, most=3)) == expected
