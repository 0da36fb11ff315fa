"""Replay: two policies side by side, as a brute force has it, and a page that tells ids and counts alone."""

import math
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from taken_in import MOMENT

from domain.errors import InvalidSettings
from infra.ledger.facts import FileFacts, ReportFacts
from infra.policy import load_policy
from tasks.backtesting.page import lines, page_of, render_page
from tasks.backtesting.replay import Staffing, compare, told
from tasks.staffing.desk import Shift

OLD = load_policy(None)
STAFFING = Staffing(0, 10.0, (Shift(0, 24, 2),), days=4)


def reraised(**points):
    """Give the shipped policy with other points for some evidence."""
    names = {name.replace("_", "."): value for name, value in points.items()}
    factors = tuple(replace(one, points=names.get(one.evidence, one.points)) for one in OLD.factors)
    return replace(OLD, version="n" * 64, name="new", factors=factors, floors=())


def reports(number=40):
    rng = random.Random(1)
    made = [
        ReportFacts(
            f"{n:02}".ljust(32, "r"), f"esp-{n % 3}", MOMENT + timedelta(hours=rng.randrange(900)),
            rng.choice(("possession", "possession", "enticement")), escalated=rng.random() < 0.2, batched=False,
            located=rng.random() < 0.5, annotations=(), identifiers=("email",) if rng.random() < 0.5 else (),
        )
        for n in range(number)
    ]  # fmt: skip
    files = {
        one.id: [FileFacts(f"f{rng.randrange(9)}", faulty=False, looked_at=True, classification=None, annotations=(),
                           categories=(), name="x")]
        for one in made
    }  # fmt: skip
    return made, files


def some(new, became=None):
    made, files = reports()
    return told(made, files, became or {}, OLD, new, MOMENT.date())


def test_a_policy_beside_itself_moves_nothing():
    found = compare(OLD, OLD, some(OLD), STAFFING)
    assert found.agreement == pytest.approx(1.0)
    assert found.overlap == ((10, 10),)
    assert (found.risen, found.fallen) == ((), ())
    assert all(old == new for old, new in found.bands)
    assert {(group.score, group.places) for group in found.groups} == {(0, 0)}
    assert found.waits[0] == found.waits[1]


def test_who_gains_and_who_loses_is_as_a_brute_force_has_it():
    new = reraised(escalated=0.1, incident_enticement=60)
    every = some(new)
    found = compare(OLD, new, every, STAFFING)
    orders = [
        sorted(every, key=lambda one: (-getattr(one, way).score, one.received_at, one.report)) for way in ("old", "new")
    ]
    places = [{one.report: place for place, one in enumerate(order, 1)} for order in orders]
    assert found.overlap == ((10, len({o.report for o in orders[0][:10]} & {n.report for n in orders[1][:10]})),)
    for group in found.groups:
        members = [one for one in every if group.what in one.groups]
        rise = [(places[0][one.report] - places[1][one.report]) / 40 for one in members]
        assert group.places == pytest.approx(sum(rise) / len(members))
        assert group.reports == len(members)
        assert group.score == pytest.approx(sum(one.new.score - one.old.score for one in members) / len(members))
    by_name = {group.what: group for group in found.groups}
    assert by_name["incident.enticement"].places > 0 > by_name["escalated"].places
    assert by_name["escalated"].wait[1] > by_name["escalated"].wait[0]
    assert found.groups[0].places == max(group.places for group in found.groups)
    first = found.risen[0]
    assert first.places == (places[0][first.report], places[1][first.report])
    assert found.fallen[0].why == "The reporter escalated it -39.9"
    assert sum(found.bands.values()) == 40


def test_what_became_of_reports_is_a_group_too():
    became = {one.id: frozenset({"arrest or conviction"}) for one in reports()[0][:5]}
    found = compare(OLD, OLD, some(OLD, became), STAFFING)
    assert {group.what: group.reports for group in found.groups}["arrest or conviction"] == 5


def test_nothing_to_rank_is_told():
    with pytest.raises(InvalidSettings, match="no report"):
        compare(OLD, OLD, [], STAFFING)


def test_a_policy_that_tells_no_reports_apart_agrees_with_any():
    nothing = replace(OLD, factors=(), floors=(), caps=())
    assert not math.isnan(compare(OLD, nothing, some(nothing), STAFFING).agreement)


def test_the_page_and_the_lines_are_the_same_again_and_name_no_reporter():
    new = reraised(escalated=0.1)
    pages = [render_page(page_of(compare(OLD, new, some(new), STAFFING))) for _ in range(2)]
    assert pages[0] == pages[1]
    assert "esp-" not in pages[0]
    assert "<svg" in pages[0]
    text = "\n".join(lines(compare(OLD, new, some(new), STAFFING)))
    assert "later by" in text
    assert "reports with escalated" in text
