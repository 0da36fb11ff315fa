"""Tallies add up like counters."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasks.measuring.cube import months
from tasks.measuring.tally import tally, total

cells = st.lists(st.integers(-5, 5) | st.integers(-(2**60), 2**60), max_size=30)


def counted(some):
    assert (np.diff(some.cells) > 0).all()
    assert (some.counts != 0).all()
    return dict(zip(some.cells.tolist(), some.counts.tolist(), strict=True))


@given(cells, cells)
def test_tallies_add_up_and_take_away_as_counters_do(one, other):
    first, second = (tally(np.array(each, np.int64)) for each in (one, other))
    assert counted(first) == Counter(one)
    assert counted(total([first, second])) == Counter(one + other)
    taken = Counter(one)
    taken.subtract(other)
    assert counted(first - second) == {cell: count for cell, count in taken.items() if count}


@given(cells, st.integers(-6, 6), st.integers(-6, 6))
def test_a_part_of_a_tally_has_the_cells_from_one_to_another(some, low, high):
    part = tally(np.array(some, np.int64)).between(low, high)
    assert counted(part) == Counter(cell for cell in some if low <= cell < high)


def test_nothing_adds_up_to_nothing():
    assert counted(total([])) == {}


@given(st.lists(st.datetimes(), min_size=1, max_size=5))
def test_months_are_those_of_the_calendar(moments):
    numbers = months(np.array(moments, "datetime64[us]").astype(np.int64))
    assert numbers.tolist() == [(moment.year - 1970) * 12 + moment.month - 1 for moment in moments]
