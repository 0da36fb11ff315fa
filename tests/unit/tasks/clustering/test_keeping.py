"""Keeping: over days, in whatever order members come, groups are those of a full run; rulings hold in both."""

import tempfile
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from domain.cluster import ClusterKind, Ruling
from infra.index import vectors as vectors_module
from infra.world import world
from tasks.clustering import keeping as module
from tasks.clustering.grouping import alike, compared
from tasks.clustering.keeping import Population, grouped

LEAST = 0.8


@pytest.fixture
def corpus(data, monkeypatch):
    """Have an index of all but the fewest members, and vectors by name."""
    monkeypatch.setattr(module, "EXACT", 10)
    looks_everywhere(monkeypatch)
    return drawn(1)


def looks_everywhere(patch):
    """Have every vector look into every cell, so that nothing is missed."""
    measured = vectors_module.measured

    def whole(vectors, centres, least):
        return replace(measured(vectors, centres, least), both=len(centres), alone=len(centres))

    patch.setattr(vectors_module, "measured", whole)


def drawn(seed, members=70, width=12):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(9, width))[rng.integers(0, 9, members)] + 0.35 * rng.normal(size=(members, width))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16).astype(np.float32)
    return dict(zip([f"{each:03}" for each in rng.permutation(members).tolist()], rows, strict=True))


def population(vectors, members, rulings=()):
    def fetch(names):
        return np.stack([vectors[name] for name in names])

    return Population(ClusterKind.SCENES, "m-1", sorted(members), fetch, LEAST, rulings)


class Standing:
    """Groups as the ledger would have them: those that were touched are replaced."""

    def __init__(self):
        self.groups = []

    def follow(self, those, **said):
        found = grouped(those, **said)
        touched = set(those.members if found.touched is None else found.touched)
        kept = [group for group in self.groups if not touched & set(group)]
        self.groups = sorted(sorted(group) for group in [*kept, *(names for names, _ in found.groups)])
        found.settle(those.kind)
        return found


def exactly(those):
    near = compared(those.members, those.fetch(those.members), LEAST)
    return sorted(sorted(those.members[at] for at in group.members) for group in alike(near, those.rulings))


def test_every_day_the_groups_are_those_of_a_full_run(corpus):
    rng, names, standing = np.random.default_rng(2), sorted(corpus), Standing()
    rng.shuffle(names)
    for end in range(40, 71, 10):
        those = population(corpus, names[:end])
        found = standing.follow(those)
        assert standing.groups == exactly(those)
    assert found.touched is not None
    assert len(found.touched) < 70


@settings(max_examples=10, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(
    st.permutations(range(70)), st.lists(st.tuples(st.integers(0, 69), st.integers(0, 69), st.booleans()), max_size=5)
)
def test_in_any_order_of_arrival_with_rulings_that_come_between(order, said):
    vectors, standing = drawn(3), Standing()
    names = [sorted(vectors)[at] for at in order]
    ends = {(min(each[:2]), max(each[:2])): each[2] for each in said if each[0] != each[1]}
    rulings = [Ruling(names[one], names[other], same) for (one, other), same in ends.items()]
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(module, "EXACT", 10)
        looks_everywhere(patch)
        patch.setenv("BREAKWATER_DATA", folder)
        world.cache_clear()
        for day, end in enumerate((40, 55, 70)):
            those = population(vectors, names[:end], rulings[: 2 * day])
            standing.follow(those)
            assert standing.groups == exactly(those)
        before = standing.groups
        standing.follow(those, anew=True)
        assert standing.groups == before
        world.cache_clear()


def test_who_leaves_is_in_no_group_and_those_left_are_grouped_again(corpus):
    standing, names = Standing(), sorted(corpus)
    standing.follow(population(corpus, names))
    left = set(max(standing.groups, key=len)[::2])
    those = population(corpus, set(names) - left)
    standing.follow(those)
    groups = [[name for name in group if name not in left] for group in standing.groups]
    assert [group for group in groups if len(group) > 1] == exactly(those)


def test_a_day_that_died_before_it_was_written_is_made_up_for(corpus):
    standing, names = Standing(), sorted(corpus)
    standing.follow(population(corpus, names[:60]))
    grouped(population(corpus, names))
    standing.follow(population(corpus, names))
    assert standing.groups == exactly(population(corpus, names))


def test_what_people_ruled_survives_a_rebuild_by_night(corpus):
    standing, names = Standing(), sorted(corpus)
    standing.follow(population(corpus, names))
    group = max(standing.groups, key=len)
    rulings = [Ruling(group[0], group[1], same=False)]
    for anew in (False, True, False):
        standing.follow(population(corpus, names, rulings), anew=anew)
        assert not any({group[0], group[1]} <= set(each) for each in standing.groups)
        assert standing.groups == exactly(population(corpus, names, rulings))


def test_by_day_large_parts_keep_their_groups_and_the_night_has_those_of_a_full_run(corpus, monkeypatch):
    for each in (module, vectors_module):
        monkeypatch.setattr(each, "SMALL", 3)
    standing, names = Standing(), sorted(corpus)
    np.random.default_rng(5).shuffle(names)
    for end in (40, 55, 70):
        standing.follow(population(corpus, names[:end]))
    by_day = pairs(standing.groups)
    standing.follow(population(corpus, names), anew=True)
    full = exactly(population(corpus, names))
    assert standing.groups == full
    assert len(by_day & pairs(full)) >= 0.8 * len(by_day | pairs(full))


def test_by_day_large_parts_lose_who_left_and_keep_to_what_people_ruled(corpus, monkeypatch):
    for each in (module, vectors_module):
        monkeypatch.setattr(each, "SMALL", 3)
    standing, names = Standing(), sorted(corpus)
    standing.follow(population(corpus, names))
    largest, second = sorted(standing.groups, key=len)[-1:-3:-1]
    rulings = [Ruling(largest[0], largest[1], same=False), Ruling(largest[2], second[0], same=True)]
    left = set(second[2:])
    standing.follow(population(corpus, set(names) - left, rulings))
    groups = [sorted(set(group) - left) for group in standing.groups]
    assert not any({largest[0], largest[1]} <= set(group) for group in groups)
    assert any({largest[2], second[0]} <= set(group) for group in groups)
    assert {name for group in groups for name in group if len(group) > 1}.isdisjoint(left)
    assert all(len(group) > 1 for group in standing.groups)


def pairs(groups):
    return {pair for group in groups for pair in combinations(group, 2)}


def test_few_members_need_no_index_and_an_older_models_is_removed(corpus):
    folder = world().settings.root / "index"
    (folder / "scenes-older-1").mkdir(parents=True)
    grouped(population(corpus, sorted(corpus)))
    assert [each.name for each in folder.iterdir()] == ["scenes-m-1"]
    few = population(corpus, sorted(corpus)[:10])
    assert grouped(few).index is None
    assert list(folder.iterdir()) == []


def test_how_much_is_found_is_told_of_each_kind_by_itself(corpus):
    found = grouped(population(corpus, sorted(corpus)))
    counts = found.settle(ClusterKind.SCENES) + found.settle(ClusterKind.FACES)
    for name in ("scenes_recall_permille", "faces_recall_permille"):
        assert 980 <= counts[name] <= 1000
