"""Outlook: what the arrivals are drawn from, how waits are summed up, and a page that is the same for a seed."""

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from taken_in import MOMENT

from domain.errors import InvalidSettings
from domain.priority import Band
from infra.ledger.facts import ReportFacts
from infra.policy import load_policy
from tasks.staffing.arrivals import Demand, Sort, drawn, like, load, of_shares
from tasks.staffing.desk import Arrival, Order, Shift
from tasks.staffing.outlook import by_band, outlook
from tasks.staffing.page import hours, page_of, render_page, share

POLICY = load_policy(None)
DEMAND = Demand((Sort(90, "immediate", 3), Sort(5, "routine", 4)), per_day=240, minutes=10)


def test_reports_come_as_often_as_said_and_looks_take_as_long():
    for variation in (0.3, 1.0, 2.0):
        some = drawn(Demand(DEMAND.sorts, 500, 12, variation), 40, seed=3)
        assert len(some) == pytest.approx(20_000, rel=0.03)
        took = np.array([one.hours for one in some])
        assert took.mean() == pytest.approx(0.2, rel=0.05)
        assert took.std() / took.mean() == pytest.approx(variation, rel=0.05)
    assert [one.at for one in some] == sorted(one.at for one in some)


def test_the_same_seed_draws_the_same_and_another_does_not():
    assert drawn(DEMAND, 2, 1) == drawn(DEMAND, 2, 1)
    assert drawn(DEMAND, 2, 1) != drawn(DEMAND, 2, 2)


def test_bands_come_by_their_shares():
    sorts = of_shares({"immediate": 1, "routine": 3}, POLICY)
    some = drawn(Demand(sorts, 1000, 1), 10, seed=1)
    assert np.mean([one.band == "routine" for one in some]) == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize("shares", [{"none": 1}, {"routine": -1, "urgent": 2}, {"routine": 0}])
def test_shares_that_say_nothing_are_refused(shares):
    with pytest.raises(InvalidSettings):
        of_shares(shares, POLICY)


def test_reports_like_those_of_the_ledger_are_drawn():
    one = ReportFacts(
        "r1", "esp-01", MOMENT, "possession", escalated=False, batched=False, located=False, annotations=(),
        identifiers=(),
    )  # fmt: skip
    two = replace(one, id="r2", escalated=True, received_at=MOMENT + timedelta(days=4))
    sorts, per_day = like([one, two], {}, POLICY, MOMENT.date())
    assert {(sort.score, sort.band, sort.flat) for sort in sorts} == {(5, "routine", 1), (60, "urgent", 2)}
    assert per_day == 0.5
    with pytest.raises(InvalidSettings, match="--shares"):
        like([], {}, POLICY, MOMENT.date())


def test_load_is_the_share_of_the_hours_that_are_needed():
    assert load(DEMAND, 48) == pytest.approx(40 / 48)


def test_waits_are_summed_up_by_band_and_what_could_not_be_late_yet_is_not_in_time():
    policy = POLICY
    some = [Arrival(at, 1, 90, "immediate") for at in (1, 2, 3, 9.5)] + [Arrival(1, 1, 0, "routine")]
    waited = np.array([0.5, 1.0, 2.0, math.inf, 4.0])
    first, last = by_band(policy, some, waited, Order.POLICY, until=10.0)
    assert (first.band, first.reports, first.median, first.nine_of_ten) == ("immediate", 4, 1.0, math.inf)
    assert (first.in_time, first.waiting) == (pytest.approx(2 / 3), 1)
    assert (last.band, math.isnan(last.in_time)) == ("routine", True)


def test_the_policy_serves_the_urgent_first_and_more_people_serve_everyone():
    found = outlook(POLICY, DEMAND, [Shift(0, 24, 2)], days=10, seed=1)
    by = {(one.order, one.band): one for one in found.waits}
    assert by[Order.POLICY, "immediate"].nine_of_ten < by[Order.FIRST, "immediate"].nine_of_ten
    assert by[Order.POLICY, "immediate"].nine_of_ten < by[Order.FLAT, "immediate"].nine_of_ten
    assert [shifts[0].analysts for shifts, _ in found.staffed] == [1, 2, 3, 4, 5]
    routine = [waits[-1].nine_of_ten for _, waits in found.staffed]
    assert routine == sorted(routine, reverse=True)


def test_where_every_report_is_alike_to_a_flat_score_it_is_left_out():
    demand = Demand(of_shares({band.name: 1 for band in POLICY.bands}, POLICY), 50, 10)
    assert Order.FLAT not in outlook(POLICY, demand, [Shift(0, 24, 2)], 2, 1).waited


def test_the_page_is_the_same_for_a_seed_and_tells_the_load():
    pages = [render_page(page_of(outlook(POLICY, DEMAND, [Shift(8, 16, 4)], 5, seed))) for seed in (1, 1, 2)]
    assert pages[0] == pages[1] != pages[2]
    assert "125.0%" in pages[0]
    assert pages[0].count("<svg") == 2


@pytest.mark.parametrize(("wait", "told"), [(0.25, "15 min"), (3, "3.0 h"), (72, "3.0 d"), (math.inf, "never")])
def test_waits_are_put_into_words(wait, told):
    assert hours(wait) == told
    assert share(math.nan) == "–"


def test_a_band_that_no_report_is_in_has_no_row():
    assert by_band(POLICY, [Arrival(0, 1, band="urgent")], np.zeros(1), Order.FIRST, 99)[0].band == "urgent"
    assert Band("urgent", 60, 24) in POLICY.bands
