"""Groups of what is linked densely: as the rule says it, pair by pair; no chains, no bridges; rulings hold."""

from itertools import combinations, pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rulings import assert_kept, drawn

from domain.cluster import components
from tasks.clustering.density import LEAST_SHARE, WHOLE, dense

members = st.sampled_from("abcdefghij")
pairs = st.tuples(members, members).filter(lambda pair: pair[0] < pair[1])
links = st.dictionaries(pairs, st.integers(1, 8).map(lambda eighths: eighths * WHOLE // 8), max_size=25)
rulings = drawn(members, 4)


def by_hand(links, rulings=()):
    """Join, again and again, the two groups whose members are nearest on average."""
    names = {name for pair in links for name in pair} | {name for each in rulings for name in (each.one, each.other)}
    groups = components((each.one, each.other) for each in rulings if each.same)
    groups += [[name] for name in names - {name for group in groups for name in group}]
    apart = {frozenset((each.one, each.other)) for each in rulings if not each.same}
    same = {frozenset(pair) for group in groups for pair in combinations(group, 2)}

    def near(one, other):
        if any(frozenset(pair) in apart - same for pair in product(one, other)):
            return 0
        between = (links.get((min(pair), max(pair)), 0) for pair in product(one, other))
        return sum(between) / (len(one) * len(other))

    while True:
        found = [(-near(*pair), *sorted(group[0] for group in pair), pair) for pair in combinations(groups, 2)]
        best = min(found, default=(0, "", "", ()), key=lambda each: each[:3])
        if -best[0] < LEAST_SHARE * WHOLE:
            return sorted(group for group in groups if len(group) > 1)
        groups = [group for group in groups if group not in best[3]] + [sorted(best[3][0] + best[3][1])]


@given(links, rulings)
def test_groups_are_those_that_the_rule_gives_pair_by_pair(links, rulings):
    assert dense(links, rulings) == by_hand(links, rulings)


@given(links, rulings, st.randoms(use_true_random=False))
def test_no_order_of_links_or_rulings_matters(links, rulings, chance):
    shuffled, ruled = list(links.items()), list(rulings)
    chance.shuffle(shuffled)
    chance.shuffle(ruled)
    assert dense(dict(shuffled), ruled) == dense(links, rulings)


@given(links)
def test_every_group_is_as_dense_as_the_rule_says(links):
    for group in dense(links):
        weights = [links.get(pair, 0) for pair in combinations(group, 2)]
        assert sum(weights) >= LEAST_SHARE * WHOLE * len(weights)


@given(links, rulings)
def test_what_people_ruled_holds_unless_it_contradicts_itself(links, rulings):
    assert_kept(rulings, dense(links, rulings))


def crowd(first, size):
    return [f"{first}{number:04}" for number in range(size)]


def all_of(names):
    return dict.fromkeys(combinations(names, 2), WHOLE)


@pytest.mark.parametrize("length", [10, 3000])
def test_a_chain_falls_into_short_pieces(length):
    groups = dense(dict.fromkeys(pairwise(crowd("a", length)), WHOLE))
    assert max(map(len, groups)) <= 5


def test_a_star_is_a_group_of_few():
    centre, *points = crowd("a", 500)
    assert max(map(len, dense({(centre, point): WHOLE for point in points}))) <= 4


def test_a_bridge_joins_no_two_crowds():
    left, right = crowd("a", 20), crowd("b", 20)
    assert dense(all_of(left) | all_of(right) | {(left[0], right[0]): WHOLE}) == [left, right]


def test_a_ring_of_crowds_stays_in_crowds():
    crowds = [crowd(first, 5) for first in "abcdefgh"]
    links = {pair: weight for each in crowds for pair, weight in all_of(each).items()}
    bridges = ((one[-1], other[0]) for one, other in pairwise([*crowds, crowds[0]]))
    assert dense(links | {(min(pair), max(pair)): WHOLE for pair in bridges}) == crowds


def test_a_doubtful_link_joins_nothing_by_itself():
    assert dense({("a", "b"): round(0.29 * WHOLE)}) == []
    assert dense({("a", "b"): round(0.31 * WHOLE)}) == [["a", "b"]]
