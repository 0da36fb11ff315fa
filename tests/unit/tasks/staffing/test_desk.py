"""The desk: waits as queueing theory has them, and every order as a brute force has it."""

import heapq
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from tasks.staffing.desk import RANKS, Arrival, Order, Shift, waits

ALWAYS = 24.0
SERVICE, ANALYSTS = 1.0, 3
"""Looks an hour that an analyst does, and how many analysts there are."""


def erlang_c(offered, analysts):
    """Give the probability that an arrival of M/M/c waits (Erlang 1917)."""
    first = sum(offered**k / math.factorial(k) for k in range(analysts))
    last = offered**analysts / math.factorial(analysts) * analysts / (analysts - offered)
    return last / (first + last)


def poisson(rng, per_hour, number, **told):
    moments = np.cumsum(rng.exponential(1 / per_hour, number)).tolist()
    return [
        Arrival(at, float(took), **told) for at, took in zip(moments, rng.exponential(SERVICE, number), strict=True)
    ]


def interval(values):
    """Give the interval that holds the mean of what independent runs told, with 99.9 % confidence (Student's t)."""
    half = t.ppf(0.9995, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values))
    return np.mean(values) - half, np.mean(values) + half


def after(waited, warm=400):
    return waited[warm:]


@pytest.mark.parametrize("per_hour", [1.5, 2.4])
def test_first_come_first_served_waits_as_erlang_says(per_hour):
    runs = []
    for seed in range(12):
        arrivals = poisson(np.random.default_rng(seed), per_hour, 2400)
        runs.append(after(waits(arrivals, [Shift(0, 24, ANALYSTS)], Order.FIRST, math.inf)))
    waiting = erlang_c(per_hour / SERVICE, ANALYSTS)
    low, high = interval([np.mean(run > 0) for run in runs])
    assert low < waiting < high
    low, high = interval([np.mean(run) for run in runs])
    assert low < waiting / (ANALYSTS * SERVICE - per_hour) < high


def test_each_band_waits_as_cobham_says():
    """Cobham 1954: with priorities and no preemption, W_k = W0 / ((1 - s_{k-1}) (1 - s_k)), W0 = C / (c mu)."""
    rates = {3.0: 0.6, 2.0: 0.9, 1.0: 0.9}
    total, found = sum(rates.values()), {score: [] for score in rates}
    for seed in range(12):
        rng = np.random.default_rng(100 + seed)
        arrivals = [one for score, rate in rates.items() for one in poisson(rng, rate, round(1000 * rate), score=score)]
        waited = waits(arrivals, [Shift(0, 24, ANALYSTS)], Order.POLICY, math.inf)
        steady = np.array([100 < one.at < 950 for one in arrivals])
        scores = np.array([one.score for one in arrivals])
        for score, runs in found.items():
            runs.append(np.mean(waited[steady & (scores == score)]))
    at_once, above = erlang_c(total / SERVICE, ANALYSTS) / (ANALYSTS * SERVICE), 0.0
    for score, rate in rates.items():
        load = above + rate / (ANALYSTS * SERVICE)
        low, high = interval(found[score])
        assert low < at_once / ((1 - above) * (1 - load)) < high
        above = load


arrivals = st.lists(
    st.builds(
        Arrival, at=st.integers(0, 40).map(lambda n: n / 4 + 0.001), hours=st.sampled_from([0.3, 0.7, 1.1, 2.9]),
        score=st.integers(0, 3).map(float), flat=st.integers(0, 2).map(float),
    ),
    max_size=14,
)  # fmt: skip


def brute(some, analysts, order):
    """Look by look: whoever is free first takes what ranks first of what has come."""
    waited, free, left = [0.0] * len(some), [0.0] * analysts, set(range(len(some)))
    while left:
        now = max(heapq.heappop(free), min(some[n].at for n in left))
        come = [n for n in left if some[n].at <= now]
        chosen = min(come, key=lambda n: (RANKS[order](some[n]), some[n].at, n))
        waited[chosen] = now - some[chosen].at
        left.remove(chosen)
        heapq.heappush(free, now + some[chosen].hours)
    return waited


@given(arrivals, st.integers(1, 3), st.sampled_from(Order))
def test_who_is_looked_at_when_is_as_a_brute_force_has_it(some, analysts, order):
    apart = [
        Arrival(one.at + n * 1e-4, one.hours, one.score, one.band, one.flat) for n, one in enumerate(some)
    ]  # no two events at one moment: who is first then is nobody's business
    assert waits(apart, [Shift(0, 24, analysts)], order, 1e4) == pytest.approx(brute(apart, analysts, order), abs=1e-6)


@given(arrivals)
def test_where_all_looks_take_the_same_time_an_order_only_moves_waits_about(some):
    alike = [Arrival(one.at, 0.5, one.score, one.band, one.flat) for one in some]
    looked = [
        sorted(np.array([one.at for one in alike]) + waits(alike, [Shift(0, 24, 2)], order, 1e4)) for order in Order
    ]
    for other in looked[1:]:
        assert other == pytest.approx(looked[0])


def test_what_comes_at_night_waits_for_the_morning_and_what_is_begun_is_ended():
    some = [Arrival(3.0, 1.0), Arrival(15.5, 2.0), Arrival(15.6, 1.0), Arrival(30.0, 1.0)]
    assert waits(some, [Shift(8, 16, 1)], Order.FIRST, 100).tolist() == pytest.approx([5.0, 0.0, 16.4, 3.0])


def test_a_shift_may_go_over_midnight_and_several_follow_one_another():
    some = [Arrival(12.0, 0.5), Arrival(23.0, 0.5), Arrival(25.0, 0.5), Arrival(29.9, 0.5), Arrival(30.5, 0.5)]
    assert waits(some, [Shift(22, 6, 1)], Order.FIRST, 100).tolist() == pytest.approx([10, 0, 0, 0, 15.5])
    assert waits(some, [Shift(22, 6, 1), Shift(6, 22, 2)], Order.FIRST, 100).tolist() == pytest.approx([0] * 5)


def test_what_nobody_looked_at_by_the_end_waits_for_ever():
    assert waits([Arrival(1.0, 5.0), Arrival(2.0, 1.0)], [Shift(0, 24, 1)], Order.FIRST, 6.0).tolist() == [0, math.inf]


def test_nobody_waits_where_nothing_comes():
    assert waits([], [Shift(8, 16, 1)], Order.POLICY, 100).tolist() == []
