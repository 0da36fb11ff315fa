"""Clusters: the same groups whatever the order, under names that stay while a cluster lives."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cluster import components, named

members = st.sampled_from("abcdefghij")
edges = st.lists(st.tuples(members, members), max_size=20)


def partitions():
    """Draw groups of two and more members that have no member in common."""

    def grouped(places):
        groups = {}
        for member, place in zip("abcdefghij", places, strict=True):
            groups.setdefault(place, []).append(member)
        return [group for place, group in groups.items() if place and len(group) > 1]

    return st.lists(st.integers(0, 4), min_size=10, max_size=10).map(grouped)


def found(seed):
    return f"cluster of {seed}"


def merged_by_hand(edges):
    """Merge groups that share a member until none do."""
    groups = [set(edge) for edge in edges]
    while True:
        pair = next(
            ((a, b) for a in range(len(groups)) for b in range(a) if groups[a] & groups[b]),
            None,
        )
        if pair is None:
            return sorted(sorted(group) for group in groups if len(group) > 1)
        groups[pair[1]] |= groups.pop(pair[0])


@given(edges)
def test_what_edges_connect_is_one_group(edges):
    assert components(edges) == merged_by_hand(edges)


@given(edges, st.randoms())
def test_neither_the_order_nor_the_direction_of_edges_matters(edges, random):
    shuffled = [edge if random.random() < 0.5 else edge[::-1] for edge in edges]
    random.shuffle(shuffled)
    assert components(shuffled) == components(edges)


def test_a_long_chain_is_one_group():
    names = [f"{number:05}" for number in range(5000)]
    assert components(pairwise(names)) == [names]


def test_members_connected_to_themselves_alone_are_in_no_group():
    assert components([("a", "a")]) == []


@given(partitions())
def test_a_rerun_keeps_every_name(groups):
    first = named(groups, {}, found)
    assert named(groups, first, found) == first


def test_a_cluster_that_grows_keeps_its_name():
    before = named([["b", "c"]], {}, found)
    after = named([["a", "b", "c", "d"]], before, found)
    assert set(after.values()) == set(before.values()) == {"cluster of b"}


def test_when_clusters_merge_the_larger_keeps_its_name():
    before = named([["a", "b"], ["c", "d", "e"]], {}, found)
    assert set(named([list("abcde")], before, found).values()) == {before["c"]}


def test_when_clusters_of_one_size_merge_the_smaller_name_stays():
    assert set(named([list("abcd")], {"a": "y", "b": "y", "c": "x", "d": "x"}, found).values()) == {"x"}


def test_when_a_cluster_splits_the_larger_part_keeps_its_name_and_the_other_founds_one():
    before = named([list("abcde")], {}, found)
    after = named([["a", "b"], ["c", "d", "e"]], before, found)
    assert after["c"] == before["c"] == "cluster of a"
    assert after["a"] == "cluster of b"


def test_a_name_stays_with_the_largest_share_though_a_larger_group_has_a_part_of_it():
    before = dict.fromkeys("abcde", "x") | dict.fromkeys("fghijk", "x") | {"l": "y"} | dict.fromkeys("mno", "y")
    after = named([list("abcdel"), list("fghijk"), list("mno")], before, found)
    assert (after["f"], after["m"]) == ("x", "y")
    assert after["a"] not in {"x", "y"}


def test_a_new_name_is_never_one_that_another_group_keeps():
    before = {"a": "z", "b": "z", "c": "z", "d": "z", "e": "z", "g": "cluster of a", "h": "cluster of a"}
    after = named([["a", "b"], ["c", "d", "e"], ["g", "h"]], before, found)
    assert (after["c"], after["g"], after["a"]) == ("z", "cluster of a", "cluster of b")


def test_a_group_whose_members_names_are_all_kept_elsewhere_founds_another():
    before = dict.fromkeys("cd", "cluster of a") | dict.fromkeys("ef", "cluster of b")
    after = named([["a", "b"], ["c", "d"], ["e", "f"]], before, found)
    assert (after["c"], after["e"]) == ("cluster of a", "cluster of b")
    assert len(set(after.values())) == 3


@given(st.lists(partitions(), min_size=1, max_size=5), st.randoms())
def test_through_any_history_every_group_has_one_name_of_its_own(history, random):
    names = {}
    for groups in history:
        shuffled = [random.sample(group, len(group)) for group in groups]
        random.shuffle(shuffled)
        after = named(groups, names, found)
        assert named(shuffled, names, found) == after
        assert [len({after[member] for member in group}) for group in groups] == [1] * len(groups)
        assert len(set(after.values())) == len(groups)
        assert set(after) == {member for group in groups for member in group}
        names = after


@given(partitions(), st.dictionaries(members, st.sampled_from(["x", "y", "cluster of a", "cluster of c"])))
def test_a_name_is_only_lost_to_a_group_with_no_smaller_share_of_it(groups, before):
    after = named(groups, before, found)
    keeper = {after[group[0]]: group for group in groups}
    for group in groups:
        shares = Counter(before[member] for member in group if member in before)
        for name, share in shares.items():
            if shares.get(after[group[0]], 0) < share:
                holders = sum(before.get(member) == name for member in keeper[name])
                assert holders >= share


@pytest.mark.parametrize("existing", [{}, {"a": "x"}])
def test_no_groups_have_no_names(existing):
    assert named([], existing, found) == {}
