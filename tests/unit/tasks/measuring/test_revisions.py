"""What changes of an old month leaves a dated record, once; what has not changed leaves none."""

import hashlib
import random
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from taken_in import record, taken

from domain.report import Vector
from infra.ledger import measured
from infra.ledger.engine import reading
from infra.ledger.measured import said
from infra.world import world
from tasks.measuring.publication import FOLDER, STANDING, measure_history, read_history, say, series_of_span
from tasks.measuring.revisions import revisions
from tasks.reports.annotating import annotate
from tasks.reports.intake import archive_reports

MAY, JUNE, JULY = (datetime(2016, month, 3, 10, tzinfo=UTC) for month in (5, 6, 7))
ABOUT_MAY = {
    "reports": 2, "reports, esp": 2, "incidents": 2, "vector, url": 2,
}  # fmt: skip


def key(name):
    """Give a report's key as the archive takes it."""
    return hashlib.sha256(name.encode()).hexdigest()


def sent(name, moment, number=None, **details):
    """Take a report in, and archive it; `number` is that of the report it revises."""
    with world().ledger.begin() as connection:
        one = taken(number or name, received_at=moment, vectors=frozenset({Vector.URL}), **details)
        record(connection, replace(one, report_id=key(name), drop=key(f"drop of {name}")))
    archive_reports.fn()


def changed():
    """Say what there is to say, and give what was said otherwise than before, by month and number."""
    say(read_history())
    table = series_of_span(read_history()).revisions
    rows = {(str(row.month.date())[:7], row.what): (row.before, row.after) for row in table.itertuples()}
    assert len(rows) == len(table)
    return rows, sorted(table["said_at"].unique())


@pytest.fixture
def months(data):
    """Give a history of three months whose first two are closed, as said."""
    for name, moment in (("m1", MAY), ("m2", MAY), ("n1", JUNE), ("l1", JULY)):
        sent(name, moment)
    assert changed() == ({}, [])


def test_closed_months_are_said_once_and_the_last_not_at_all(months):
    with reading(world().ledger) as connection:
        told = said(connection)
    assert {each.month for each in told} == {date(2016, 5, 1), date(2016, 6, 1)}
    assert {each.what: each.number for each in told if each.month == date(2016, 5, 1)} == ABOUT_MAY
    assert say(read_history()) == 0
    sent("l2", JULY)
    assert say(read_history()) == 0


def test_a_late_report_leaves_one_dated_record_of_each_number_that_it_changes(months):
    sent("late", MAY)
    rows, moments = changed()
    assert rows == {("2016-05", what): (2, 3) for what in ABOUT_MAY}
    assert len(moments) == 1
    assert changed() == (rows, moments)


def test_a_revision_of_a_report_leaves_one_dated_record_of_each_number_that_it_changes(months):
    sent("again", JULY, number="m1")
    rows, moments = changed()
    assert rows == {("2016-05", what): (2, 1) for what in ABOUT_MAY}
    assert len(moments) == 1
    assert changed() == (rows, moments)


def test_an_annotation_leaves_one_dated_record_of_each_number_that_it_changes(months):
    annotate(key("n1"), "vector", ["sms"], "7")
    rows, moments = changed()
    assert rows == {("2016-06", "vector, url"): (1, 0), ("2016-06", "vector, sms"): (0, 1)}
    assert len(moments) == 1
    annotate(key("n1"), "vector", ["url"], "8")
    with reading(world().ledger) as connection:
        before = said(connection)
    say(read_history())
    with reading(world().ledger) as connection:
        after = said(connection)
    new = sorted(set(after) - set(before))
    assert [(each.what, each.number) for each in new] == [("vector, sms", 0), ("vector, url", 1)]
    assert len({each.said_at for each in new}) == 1
    assert min(each.said_at for each in new) > max(each.said_at for each in before)


def test_a_month_without_reports_is_said_too_and_one_before_all_others_is_no_revision(data):
    sent("m1", MAY)
    sent("l1", JULY)
    assert changed() == ({}, [])
    sent("n1", JUNE)
    sent("a1", MAY - timedelta(days=40))
    rows, _ = changed()
    assert rows == {("2016-06", what): (0, 1) for what in ABOUT_MAY}


def test_what_the_ledger_tells_is_of_all_history_whichever_months_are_asked_for(months):
    sent("late", MAY)
    say(read_history())
    series = series_of_span(read_history(), since=JULY.date())
    assert series.monthly["reports"].sum() == 1
    assert series.outcomes["reports"].to_list() == [5]
    assert len(series.revisions) == len(ABOUT_MAY)


def test_a_month_that_was_said_stays_closed(months):
    sent("again", MAY + timedelta(days=1), number="l1")
    sent("more", JUNE)
    rows, _ = changed()
    assert {key: value for key, value in rows.items() if key[1] == "reports"} == {
        ("2016-05", "reports"): (2, 3), ("2016-06", "reports"): (1, 2),
    }  # fmt: skip


def test_the_same_history_measured_twice_gives_the_same_bytes_and_says_nothing_new(months):
    sent("late", MAY)
    assert measure_history.fn()["numbers_said"] == len(ABOUT_MAY)
    files = written()
    time.sleep(1.1)
    assert measure_history.fn()["numbers_said"] == 0
    assert written() == files
    assert b"2016-05-01,reports" in files["revisions.csv"]


def written():
    folder = world().settings.root / FOLDER
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file() and STANDING not in each.parts}


def test_every_change_between_two_sayings_is_there_and_no_other(data):
    rng, month_of = random.Random(4), [date(2016, number, 1) for number in range(1, 7)]
    numbers = {(month, "reports"): 5 for month in month_of}
    told, expected = set(), []
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    before = {}
    for turn in range(20):
        for _ in range(3):
            numbers[rng.choice(month_of), rng.choice(("reports", "a", "b"))] = rng.randrange(4)
        open_from = rng.choice(month_of)
        now = {key: count for key, count in numbers.items() if count or key[1] == "reports"}
        with world().ledger.begin() as connection:
            measured.record(connection, now, open_from, moment + timedelta(hours=turn % 7))
        for month, what in numbers:
            after = now.get((month, what), 0)
            if month in told and before.get((month, what), 0) != after:
                expected.append((turn, month, what, before.get((month, what), 0), after))
        told |= {month for month in month_of if month < open_from}
        before |= {key: now.get(key, 0) for key in numbers if key[0] in told}
    with reading(world().ledger) as connection:
        table = revisions(said(connection))
    found = [(row.month.date(), row.what, row.before, row.after) for row in table.itertuples()]
    assert sorted(found) == sorted(each[1:] for each in expected)
    assert table["said_at"].is_monotonic_increasing
    assert len(found) >= 30
