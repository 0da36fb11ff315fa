"""Calibration: shares as a brute force counts them, weights as the simulation drew the outcomes by."""

import random
from dataclasses import replace

import numpy as np
import pytest

from domain.priority import Band, Factor, Policy, prioritize, units
from tasks.learning.calibration import FEW, Became, Report, calibrate, share
from tasks.learning.page import lines, page_of, render_page

TRUE = {"escalated": 40.0, "located": 12.0, "identifiers": 6.0, "new": 15.0, "viral": -25.0}
POLICY = Policy(
    "ours",
    "v" * 64,
    tuple(
        Factor(f"the factor {name}", name, points, 4 if name == "identifiers" else 1) for name, points in TRUE.items()
    ),
    floors=(),
    caps=(),
    bands=(Band("urgent", 40, 1), Band("routine", 0, 9)),
)
PER_LOG_ODDS = 15.0
"""Points of the simulation for each of log-odds."""


def drawn(number, policy=POLICY, seed=1, answered=0):
    """Draw reports that help as the true points say, and weigh them by a policy; some of a hundred were answered."""
    rng = np.random.default_rng(seed)
    for place in range(number):
        evidence = {name: float(rng.random() < 0.3) for name in TRUE} | {"identifiers": float(rng.integers(0, 6))}
        odds = sum(
            TRUE[factor.evidence] * got for factor, got in zip(POLICY.factors, units(evidence, POLICY), strict=True)
        )
        good = bool(rng.random() < 1 / (1 + np.exp(1.5 - odds / PER_LOG_ODDS)))
        ranked = prioritize(evidence, policy)
        helped = good if place % 100 < answered else None
        yield Became(ranked.score, ranked.band, units(evidence, policy), actionable=good, helped=helped)


def off(**points):
    """Give the policy with other points for some evidence."""
    return replace(
        POLICY, factors=tuple(replace(one, points=points.get(one.evidence, one.points)) for one in POLICY.factors)
    )


def test_shares_are_as_a_brute_force_counts_them():
    every = list(drawn(400, answered=66))
    helped, actionable = calibrate(every, POLICY)
    assert (helped.every.reports, actionable.every.reports) == (264, 400)
    for found, some in ((helped, [(e, e.helped) for e in every if e.helped is not None]),
                        (actionable, [(e, e.actionable) for e in every])):  # fmt: skip
        for band in found.bands:
            inside = [good for one, good in some if one.band == band.what]
            assert (band.reports, band.good) == (len(inside), sum(inside))
            assert band.low <= band.good / band.reports <= band.high
        for ten, each in zip(reversed(range(10)), found.scores, strict=True):
            inside = [good for one, good in some if min(int(one.score) // 10, 9) == ten]
            assert (each.reports, each.good) == (len(inside), sum(inside))
            assert each.few == (len(inside) < FEW)
        for place, factor in enumerate(found.factors):
            having = [good for one, good in some if one.units[place] > 0]
            assert (factor.having.reports, factor.having.good) == (len(having), sum(having))
            assert factor.without.good == sum(good for _, good in some) - sum(having)
        pairs = [(a.score, b.score) for a, good in some if good for b, other in some if not other]
        wins = sum(1.0 if one > other else 0.5 if one == other else 0 for one, other in pairs)
        assert found.area.points == pytest.approx(wins / len(pairs))
        assert found.area.low < found.area.points < found.area.high


def test_wilsons_interval_is_that_of_the_formula():
    found = share("some", np.array([True] * 3 + [False] * 17))
    z, n, p = 1.959963984540054, 20, 0.15
    centre, half = (
        (p + z * z / (2 * n)) / (1 + z * z / n),
        z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5 / (1 + z * z / n),
    )
    assert (found.low, found.high) == pytest.approx((centre - half, centre + half))


def test_known_weights_are_recovered_within_their_intervals():
    inside = wide = 0
    for seed in range(4, 7):
        _, found = calibrate(list(drawn(1200, seed=seed)), POLICY)
        for factor in found.factors:
            assert factor.weight.points * TRUE[factor.evidence] > 0
            inside += factor.weight.low <= TRUE[factor.evidence] <= factor.weight.high
            wide += factor.weight.high - factor.weight.low > 25
    assert inside >= 13  # of 15
    assert not wide


def test_a_policy_that_is_wrong_of_one_factor_is_told_so_of_that_one():
    policy = off(escalated=5.0)
    _, found = calibrate(list(drawn(3000, policy)), policy)
    told = {factor.evidence: factor.told for factor in found.factors}
    assert told["escalated"] == "the policy has it lower"
    assert found.area.high < calibrate(list(drawn(3000)), POLICY)[1].area.low


def test_chance_alone_is_held_for_nothing():
    rng = random.Random(5)
    every = [replace(one, actionable=rng.random() < 0.4) for one in drawn(1500)]
    _, found = calibrate(every, POLICY)
    assert found.area.low < 0.5 < found.area.high
    assert sum(factor.weight.low > 0 or factor.weight.high < 0 for factor in found.factors) <= 1


def test_small_numbers_say_nothing():
    helped, actionable = calibrate(list(drawn(2 * FEW)), POLICY)
    assert (helped.every.reports, helped.factors) == (0, ())
    assert np.isnan(helped.area.points)
    assert all(factor.told == "too few" for factor in actionable.factors if factor.having.reports < FEW)
    rare = [replace(one, actionable=place < FEW - 1) for place, one in enumerate(drawn(300))]
    _, found = calibrate(rare, POLICY)
    assert {factor.told for factor in found.factors} == {"too few"}
    assert np.isnan(found.area.points)


def test_what_is_viral_counts_for_nothing_beside_what_is_novel():
    both = {"viral": 1.0, "new": 1.0, "identifiers": 9.0}
    assert units(both, POLICY) == (0, 0, 4, 1, 0)
    assert units({"viral": 1.0}, POLICY) == (0, 0, 0, 0, 1)


def test_the_page_and_the_lines_are_the_same_again_and_say_what_they_are_biased_by():
    told = calibrate(list(drawn(600, off(escalated=5.0))), off(escalated=5.0))
    found = Report(POLICY, 900, 600, 400, 7, told)
    pages = [(render_page(page_of(found)), "\n".join(lines(found))) for _ in range(2)]
    assert pages[0] == pages[1]
    page, text = pages[0]
    assert "<svg" in page
    for told in (page, text):
        assert "Only what was referred can be answered" in told
        assert "Small numbers say nothing" in told
    assert "escalated +5: the policy has it lower" in text


def test_a_page_of_nothing_can_be_read():
    found = Report(POLICY, 3, 0, 0, 0, calibrate([], POLICY))
    assert "helped, of those answered: 0 of 0" in "\n".join(lines(found))
    assert "<svg" not in render_page(page_of(found))


def test_shares_do_not_depend_on_the_order():
    every = list(drawn(300))
    shares = [calibrate(some, POLICY)[1] for some in (every, every[::-1])]
    assert shares[0].bands == shares[1].bands
    assert [one.weight for one in shares[0].factors] == [one.weight for one in shares[1].factors]
