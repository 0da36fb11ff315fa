"""Growth is stated by each reading of "year over year"."""

import pandas as pd
import pytest

from tasks.measuring.growth import COLUMNS, growth


def monthly(counts, start="2015-01-01"):
    return pd.Series(counts, index=pd.date_range(start, periods=len(counts), freq="MS"))


def rows(counts, start="2015-01-01"):
    frame = growth({"reports": monthly(counts, start)})
    assert list(frame.columns) == list(COLUMNS)
    return {row["basis"]: row for row in frame.to_dict("records")}


def test_a_count_that_doubles_every_year_grows_by_one_on_every_basis():
    found = rows([3] * 12 + [6] * 12 + [12] * 12)
    assert found["calendar year"]["pairs"] == 2
    assert found["calendar year"]["median"] == found["calendar year"]["latest"] == 1
    assert found["same month"]["pairs"] == 24
    assert found["same month"]["mean"] == 1
    assert found["rolling year"]["pairs"] == 13
    assert found["rolling year"]["latest"] == 1


def test_the_median_is_not_the_mean():
    found = rows([1] * 12 + [2] * 12 + [2] * 12 + [20] * 12)["calendar year"]
    assert (found["median"], found["mean"]) == pytest.approx((1, 10 / 3))


def test_a_part_of_a_year_is_no_calendar_year():
    assert "calendar year" not in rows([5] * 23, start="2015-03-01")


def test_a_year_after_nothing_is_not_compared():
    found = rows([0] * 12 + [4] * 12 + [8] * 12)
    assert found["calendar year"]["pairs"] == 1
    assert found["same month"]["pairs"] == 12


def test_less_than_a_year_has_no_growth():
    assert rows([7] * 12) == {}
