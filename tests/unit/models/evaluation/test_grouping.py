"""Groups beside the truth, pair by pair and item by item, as the definitions say it one by one."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.grouping import Agreement, b_cubed, pairwise

groups = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 4)), max_size=15)


def mean(numbers):
    numbers = list(numbers)
    return sum(numbers) / len(numbers) if numbers else None


@given(groups)
def test_pairs_are_counted_as_one_by_one(groups):
    pairs = list(combinations(groups, 2))
    true = [one[1] == other[1] for one, other in pairs if one[0] == other[0]]
    told = [one[0] == other[0] for one, other in pairs if one[1] == other[1]]
    assert pairwise(groups) == Agreement(mean(told), mean(true), len(true), len(told))


@given(groups)
def test_b_cubed_is_what_its_authors_define_item_by_item(groups):
    """For each item: of those it was put with, the share that belong with it; of those, the share put with it."""
    put = [[one for one in groups if one[1] == item[1]] for item in groups]
    of = [[one for one in groups if one[0] == item[0]] for item in groups]
    precision = mean(
        sum(one[0] == item[0] for one in with_it) / len(with_it) for item, with_it in zip(groups, put, strict=True)
    )
    recall = mean(
        sum(one[1] == item[1] for one in with_it) / len(with_it) for item, with_it in zip(groups, of, strict=True)
    )
    found = b_cubed(groups)
    assert (found.precision, found.recall) == (pytest.approx(precision), pytest.approx(recall))


def test_what_is_grouped_as_it_belongs_is_whole_and_one_heap_is_not_precise():
    right = [("a", 1), ("a", 1), ("b", 2)]
    assert pairwise(right) == Agreement(1.0, 1.0, 1, 1)
    assert b_cubed(right) == Agreement(1.0, 1.0, 3, 3)
    heap = [(of, 0) for of, _ in right]
    assert pairwise(heap) == Agreement(1 / 3, 1.0, 1, 3)
    assert b_cubed(heap).precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3) / 3)


def test_the_example_of_the_paper():
    """Bagga and Baldwin's figure 2: chains of 5, 2 and 5, of which the two of 5, or the 2 and a 5, are made one."""
    chains = ["a"] * 5 + ["b"] * 2 + ["c"] * 5
    first = b_cubed(list(zip(chains, [0] * 5 + [1] * 7, strict=True)))
    second = b_cubed(list(zip(chains, [0] * 5 + [1] * 2 + [0] * 5, strict=True)))
    assert (round(first.precision, 2), round(second.precision, 2)) == (0.76, 0.58)
    assert first.recall == second.recall == 1
