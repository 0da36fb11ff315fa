"""Linkage: the groups of average linkage of all against all, in any order, without chains, as people ruled."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage

from tasks.clustering import linkage as module
from tasks.clustering.linkage import linked


def unit(rows):
    rows = np.asarray(rows, float)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def scattered(seed, members=40, width=6, spread=0.5):
    """Scatter vectors about a few directions."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(5, width))
    return unit(centres[rng.integers(0, 5, members)] + spread * rng.normal(size=(members, width)))


def by_scipy(vectors, least):
    """Group by average linkage of the whole matrix of distances."""
    wide = vectors.astype(float)
    distances = np.array([1 - wide[one] @ wide[other] for one, other in combinations(range(len(wide)), 2)])
    names = fcluster(linkage(np.maximum(distances, 0), "average"), 1 - least, "distance")
    groups = {}
    for place, name in enumerate(names):
        groups.setdefault(name, []).append(place)
    return sorted(group for group in groups.values() if len(group) > 1)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("least", [0.3, 0.6, 0.9])
def test_the_groups_are_those_of_all_against_all(seed, least):
    vectors = scattered(seed, spread=0.2 + seed / 40)
    assert linked(vectors, least) == by_scipy(vectors, least)


@settings(max_examples=50)
@given(st.integers(0, 500), st.randoms(use_true_random=False))
def test_the_order_of_members_changes_no_group(seed, chance):
    vectors = scattered(seed, members=20)
    order = list(range(20))
    chance.shuffle(order)
    moved = linked(vectors[order], 0.5)
    assert sorted(sorted(order[place] for place in group) for group in moved) == linked(vectors, 0.5)


def test_a_chain_of_which_each_is_like_the_next_is_no_giant():
    angles = np.linspace(0, np.pi, 200)
    vectors = unit(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    assert min(float(vectors[a] @ vectors[b]) for a, b in pairwise(range(200))) > 0.999
    groups = linked(vectors, 0.9)
    assert max(len(group) for group in groups) < 70
    for group in groups:
        assert (vectors[group] @ vectors[group].T).min() > 0.5


def test_a_bridge_does_not_join_two_crowds():
    left, right = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
    rng = np.random.default_rng(1)
    crowds = [each + 0.05 * rng.normal(size=(30, 3)) for each in (left, right)]
    vectors = unit(np.concatenate([*crowds, [left + right]]))
    groups = linked(vectors, 0.6)
    assert not any(0 in group and 30 in group for group in groups)


def pairs(members):
    return st.lists(st.tuples(st.integers(0, members - 1), st.integers(0, members - 1)).filter(lambda p: p[0] != p[1]),
                    max_size=5)  # fmt: skip


@given(st.integers(0, 500), pairs(15), pairs(15))
def test_what_people_ruled_holds_whatever_the_vectors_say(seed, together, apart):
    vectors = scattered(seed, members=15)
    groups = linked(vectors, 0.4, together, apart)
    of = {member: place for place, group in enumerate(groups) for member in group}
    assert all(of[one] == of[other] for one, other in together)
    same = {frozenset(pair) for group in linked(vectors, 2, together) for pair in combinations(group, 2)}
    for one, other in apart:
        if frozenset((one, other)) not in same:
            assert of.get(one, -1) != of.get(other, -2)


def test_those_that_are_far_from_each_other_are_in_no_group():
    assert linked(np.eye(4, dtype=np.float32), 0.5) == []
    assert linked(np.empty((0, 4), np.float32), 0.5) == []


@given(st.integers(0, 300), pairs(30), pairs(30))
def test_of_too_many_halves_are_grouped_first_and_what_is_joined_is_near_enough(seed, together, apart):
    vectors = scattered(seed, members=30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LARGEST", 8)
        groups = linked(vectors, 0.5, together, apart)
        alone = linked(vectors, 0.5)
    of = {member: place for place, group in enumerate(groups) for member in group}
    assert all(of[one] == of[other] for one, other in together)
    assert sorted(member for group in groups for member in group) == sorted(of)
    for group in alone:
        cosines = (vectors[group].astype(float) @ vectors[group].T).sum() - len(group)
        assert cosines / (len(group) * (len(group) - 1)) >= 0.49


def test_a_crowd_of_all_but_the_same_is_one_group_however_it_is_halved(monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 64)
    assert linked(scattered(1, members=1000, width=40, spread=0.0), 0.9) == by_scipy_of_centres(1000)


def by_scipy_of_centres(members):
    """Group the members of `scattered` by the direction that they are scattered about."""
    rng = np.random.default_rng(1)
    rng.normal(size=(5, 40))
    of = rng.integers(0, 5, members)
    return sorted(np.flatnonzero(of == each).tolist() for each in range(5))
