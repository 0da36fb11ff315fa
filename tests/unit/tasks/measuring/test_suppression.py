"""No count that is withheld can be told from the others, and few are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.optimize import linprog

from tasks.measuring.suppression import small, with_sums, withheld

shapes = array_shapes(min_dims=2, max_dims=2, max_side=5)
tables = arrays(np.int64, shapes, elements=st.sampled_from([0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 30, 200]))


def hide(inner, k):
    table = with_sums(inner)
    return table, withheld(table, table, small(table, k), np.zeros(table.shape, np.bool_), k)


def possible(table, hidden, row, column):
    """Give the least and greatest number that a cell can be; the system is of whole numbers wherever it has corners."""
    rows, columns = table.shape
    cells = np.arange(table.size).reshape(table.shape)
    system = np.zeros((rows + columns, table.size))
    for each in range(rows):
        system[each, cells[each]] = [1] * (columns - 1) + [-1]
    for each in range(columns):
        system[rows + each, cells[:, each]] = [1] * (rows - 1) + [-1]
    limits = [(1, 10**6) if hides else (count, count) for count, hides in zip(table.flat, hidden.flat, strict=True)]
    goal = np.zeros(table.size)
    goal[cells[row, column]] = 1
    said = [linprog(sign * goal, A_eq=system, b_eq=np.zeros(rows + columns), bounds=limits) for sign in (1, -1)]
    assert all(each.success for each in said)
    return round(said[0].fun), round(-said[1].fun)


@settings(max_examples=60, deadline=None)
@given(tables, st.integers(3, 12))
def test_for_each_withheld_count_at_least_k_numbers_are_possible(inner, k):
    table, hidden = hide(inner, k)
    assert hidden[small(table, k)].all()
    assert not hidden[table == 0].any()
    for row, column in np.argwhere(hidden):
        low, high = possible(table, hidden, row, column)
        assert low <= table[row, column] <= high
        assert high - low >= k - 1


@settings(deadline=None)
@given(tables, st.integers(3, 12))
def test_a_small_count_costs_three_others_at_most(inner, k):
    table, hidden = hide(inner, k)
    assert hidden.sum() <= 4 * small(table, k).sum()


def test_one_small_count_among_large_ones_takes_the_least_rectangle_along_and_no_sum():
    table, hidden = hide(np.array([[100, 4, 50], [300, 20, 60], [90, 30, 70]]), 10)
    assert np.argwhere(hidden).tolist() == [[0, 1], [0, 2], [1, 1], [1, 2]]
    assert possible(table, hidden, 0, 1) == (1, 23)


def test_where_nothing_else_is_large_enough_sums_are_withheld():
    table, hidden = hide(np.array([[4, 3], [2, 1]]), 10)
    assert hidden.tolist() == [[True, True, True], [True, True, True], [True, True, False]] or hidden.all()
    assert possible(table, hidden, 0, 0)[1] >= 10


@pytest.mark.parametrize("k", [3, 10])
def test_zeros_are_told(k):
    _, hidden = hide(np.array([[0, 0], [0, 100]]), k)
    assert not hidden.any()
