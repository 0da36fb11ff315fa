"""A forecast tells what comes if things go on as they did, says how sure it is, and is silent where it cannot know."""

import math

import numpy as np
import pandas as pd
import pytest

from tasks.measuring.forecasts import COLUMNS, forecast, predicted, since_last_gap


def monthly(counts, start="2015-01-01"):
    return pd.Series(np.rint(counts).astype(np.int64), index=pd.date_range(start, periods=len(counts), freq="MS"))


def grown(months, rate=0.02, season=0.0, noise=0.0, seed=1):
    """Make counts that grow by a rate a month, with a season and with chance."""
    time = np.arange(months)
    chance = np.random.default_rng(seed).normal(size=months)
    return 1000 * np.exp(rate * time + season * np.sin(2 * math.pi * time / 12) + noise * chance)


def test_twelve_months_are_told_and_the_last_month_is_the_first_of_them():
    told = forecast({"reports": monthly([*grown(37), 5])})
    assert list(told.columns) == list(COLUMNS)
    assert told["month"].tolist() == list(pd.date_range("2018-02-01", periods=12, freq="MS"))
    assert set(told["subject"]) == {"reports"}
    assert set(told["basis"]) == {"log, damped trend; 37 months"}
    assert told["expected"].iloc[0] == pytest.approx(grown(38)[-1], rel=0.02)


def test_a_wide_interval_holds_a_narrow_one_and_both_the_expected_count():
    told = forecast({"reports": monthly(grown(40, noise=0.2))})
    bounds = told[["low_95", "low_80", "expected", "high_80", "high_95"]].to_numpy()
    assert (np.diff(bounds, axis=1) > 0).all()
    assert (np.diff(told["high_95"] / told["low_95"]) > 0).all()


def test_a_season_is_followed_where_there_are_months_enough():
    true = grown(84, rate=0.01, season=0.5, noise=0.03)
    told = forecast({"reports": monthly(true[:73])})
    assert set(told["basis"]) == {"log, damped trend, season; 72 months"}
    assert told["expected"].to_numpy() == pytest.approx(true[72:], rel=0.15)


def test_too_little_history_has_no_rows():
    assert len(forecast({"reports": monthly(grown(24))})) == 0
    assert len(forecast({"reports": monthly(grown(25))})) == 12
    assert len(forecast({"reports": monthly([*grown(30), 0, *grown(20)])})) == 0
    assert len(forecast({"sightings": monthly([])})) == 0


def test_months_before_a_gap_are_not_used():
    assert since_last_gap(np.array([4, 0, 0, 7, 8])).tolist() == [7, 8]
    assert since_last_gap(np.array([4, 5])).tolist() == [4, 5]
    assert since_last_gap(np.array([4, 0])).tolist() == []


def test_the_same_counts_give_the_same_forecast_to_the_last_bit():
    counts = {"reports": monthly(grown(60, noise=0.3)), "sightings": monthly(grown(30, noise=0.3, seed=2))}
    pd.testing.assert_frame_equal(forecast(counts), forecast(counts), check_exact=True)


def test_intervals_hold_about_as_often_as_they_say_where_the_future_is_like_the_past():
    held = []
    for seed in range(12):
        true = grown(72, rate=0.01, noise=0.15, seed=seed).astype(np.int64)
        told = predicted(true[:60], 12, season=12)
        held.append(((told["low_80"] <= true[60:]) & (true[60:] <= told["high_80"])).mean())
    assert 0.7 <= np.mean(held) <= 0.97


def test_misses_in_the_past_widen_the_intervals():
    calm, broken = grown(60, noise=0.05), grown(60, noise=0.05)
    broken[40:] *= 5
    width = [np.log(predicted(np.rint(each).astype(np.int64), 12, 12)["high_80"]).iloc[0] for each in (calm, broken)]
    low = [np.log(predicted(np.rint(each).astype(np.int64), 12, 12)["low_80"]).iloc[0] for each in (calm, broken)]
    assert width[1] - low[1] > 1.5 * (width[0] - low[0])
