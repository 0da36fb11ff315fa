"""Grouping: by linkage within what is connected, which is that of all against all, keeping to what people ruled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cluster import Ruling
from tasks.clustering.grouping import Near, alike, compared
from tasks.clustering.linkage import linked


def pointing(*degrees):
    return np.array([[np.cos(np.radians(each)), np.sin(np.radians(each))] for each in degrees], np.float32)


def scattered(seed, members=40, width=6):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(6, width))[rng.integers(0, 6, members)] + 0.6 * rng.normal(size=(members, width))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def by_name(those, *said):
    return sorted(sorted(those.names[place] for place in group.members) for group in alike(those, *said))


def test_members_are_grouped_by_where_their_vectors_point():
    assert by_name(compared("abcde", pointing(0, 90, 5, 93, 45), 0.9)) == [["a", "c"], ["b", "d"]]


def test_what_people_ruled_holds_and_rulings_of_others_are_passed_over():
    rulings = [Ruling("a", "c", same=False), Ruling("d", "e", same=True), Ruling("x", "a", same=True)]
    assert by_name(compared("abcde", pointing(0, 90, 5, 93, 45), 0.9), rulings) == [["d", "e"]]


def test_what_is_known_to_be_apart_is_in_no_group_together():
    def neighbours(names):
        return [(at, at + 1) for at in range(len(names) - 1)]

    assert by_name(compared("dabc", pointing(3, 0, 1, 2), 0.9), (), neighbours) == [["a", "c"], ["b", "d"]]


@given(st.integers(0, 500), st.permutations(range(40)))
def test_the_groups_are_those_of_all_against_all_in_any_order(seed, order):
    vectors, names = scattered(seed), [f"{each:02}" for each in range(40)]
    expected = [[names[at] for at in group] for group in linked(vectors, 0.8)]
    assert by_name(compared([names[at] for at in order], vectors[order], 0.8)) == expected


@given(st.integers(0, 500), st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39), st.booleans()), max_size=6))
def test_rulings_hold_within_what_is_connected_and_across(seed, said):
    vectors, names = scattered(seed), [f"{each:02}" for each in range(40)]
    said = [each for each in said if each[0] != each[1]]
    rulings = [Ruling(names[one], names[other], same) for one, other, same in said]
    together, parted = ([each[:2] for each in said if each[2] is same] for same in (True, False))
    expected = [[names[at] for at in group] for group in linked(vectors, 0.8, together, parted)]
    assert by_name(compared(names, vectors, 0.8), rulings) == expected


def test_groups_that_stay_are_joined_and_grow_and_are_never_parted_unless_by_a_ruling_of_their_members():
    vectors, rows = pointing(0, 10, 20, 30, 40), np.arange(5)
    groups = np.array([-1, 1, 1, 1, -1])
    assert by_name(Near("abcde", vectors, rows, np.zeros(5, np.int64), 0.85, groups)) == [["a", "b", "c", "d", "e"]]
    assert by_name(Near("abcde", vectors, rows, np.zeros(5, np.int64), 0.98, groups)) == [["b", "c", "d"]]
    assert by_name(compared("abcde", vectors, 0.98)) != [["b", "c", "d"]]


@pytest.mark.parametrize("members", [0, 1])
def test_one_alone_is_in_no_group(members):
    assert alike(compared("a"[:members], pointing(*[0] * members), 0.5)) == []


def test_a_group_has_the_average_cosine_of_its_pairs():
    (group,) = alike(compared("abc", pointing(0, 10, 30), 0.8))
    assert group.cosine == pytest.approx(np.cos(np.radians([10, 20, 30])).mean(), abs=1e-6)
