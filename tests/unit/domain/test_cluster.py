"""Clusters: the same groups whatever the order, under names that stay while a cluster lives."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rulings import assert_kept, drawn

from domain.cluster import Change, Event, Ruling, changes, components, grouped, named

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


rulings = drawn(members, 6)


@given(edges, rulings.map(lambda some: [each for each in some if each.same]))
def test_what_people_ruled_the_same_is_as_if_an_edge_connected_it(edges, rulings):
    ruled = [(each.one, each.other) for each in rulings]
    assert grouped(edges, rulings) == components([*edges, *ruled])


@given(edges, rulings, st.randoms(use_true_random=False))
def test_no_order_of_edges_or_rulings_matters(edges, rulings, chance):
    turned = [edge if chance.random() < 0.5 else edge[::-1] for edge in edges]
    others = list(rulings)
    chance.shuffle(turned)
    chance.shuffle(others)
    assert grouped(turned, others) == grouped(edges, rulings)


@given(edges, rulings)
def test_every_ruling_holds_unless_another_contradicts_it(edges, rulings):
    assert_kept(rulings, grouped(edges, rulings))


@given(edges, rulings)
def test_a_ruling_never_groups_what_nothing_connects(edges, rulings):
    everything = components([*edges, *((each.one, each.other) for each in rulings if each.same)])
    of = {member: place for place, group in enumerate(everything) for member in group}
    for group in grouped(edges, rulings):
        assert len({of[member] for member in group}) == 1


def test_only_what_the_ruling_is_of_is_parted():
    chain = [("a", "b"), ("b", "c"), ("c", "d")]
    assert grouped(chain, [Ruling("a", "d", same=False)]) == [["a", "b", "c"]]


def test_what_becomes_of_clusters_is_told():
    before = {"a": "x", "b": "x", "c": "y", "d": "y", "e": "z", "f": "z", "g": "w", "h": "v", "i": "v", "j": "v"}
    after = {
        "a": "x",
        "b": "x",
        "c": "x",
        "d": "x",
        "e": "z",
        "f": "new",
        "k": "fresh",
        "l": "fresh",
        "h": "v",
        "i": "z",
        "m": "v",
    }
    assert changes(before, after) == [
        Change("fresh", Event.FOUNDED, "", 2),
        Change("new", Event.SPLIT, "z", 1),
        Change("w", Event.ENDED, "", 1),
        Change("x", Event.MERGED, "y", 2),
        Change("z", Event.MOVED, "v", 1),
    ]


@given(partitions(), partitions())
def test_every_member_that_changes_clusters_is_told_once_and_a_rerun_tells_nothing(one, other):
    before = named(one, {}, found)
    after = named(other, before, found)
    told = changes(before, after)
    moved = [member for member in before if member in after and before[member] != after[member]]
    assert sum(each.members for each in told if each.other) == len(moved)
    assert {each.cluster for each in told if each.event is Event.SPLIT}.isdisjoint(before.values())
    assert {each.other for each in told if each.event is Event.MERGED}.isdisjoint(after.values())
    assert changes(after, after) == []
