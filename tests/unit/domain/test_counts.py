"""Counts: adding them up in any order or grouping gives the same."""

import pickle

from hypothesis import given
from hypothesis import strategies as st

from domain.counts import Counts

names = st.sampled_from(["received", "accepted", "rejected", "files_named"])
counts = st.dictionaries(names, st.integers(-(10**9), 10**9)).map(lambda numbers: Counts(**numbers))


@given(counts, counts)
def test_the_order_of_adding_does_not_matter(one, other):
    assert one + other == other + one


@given(counts, counts, counts)
def test_the_grouping_of_adding_does_not_matter(one, two, three):
    assert (one + two) + three == one + (two + three)


@given(counts)
def test_adding_nothing_changes_nothing(some):
    assert some + Counts() == some == Counts() + some
    assert sum([some], Counts()) == some


@given(counts, counts, names)
def test_each_name_adds_up_on_its_own(one, other, name):
    assert (one + other)[name] == one[name] + other[name]


def test_an_absent_name_counts_nothing_and_is_not_in_it():
    some = Counts(received=3)
    assert some["rejected"] == 0
    assert "rejected" not in some
    assert "received" in some
    assert dict(some) == {"received": 3}


def test_adding_leaves_both_sides_as_they_were():
    one, other = Counts(received=1), Counts(received=2)
    assert (one + other)["received"] == 3
    assert (one["received"], other["received"]) == (1, 2)


@given(counts)
def test_counts_travel_between_processes(some):
    assert pickle.loads(pickle.dumps(some)) == some
