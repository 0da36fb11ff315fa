"""The measures of the desk are, on every database, what reading every row in Python gives."""

import math
from collections import Counter
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from taken_in import MOMENT, key, record, taken
from told_ledger import archive, become, fill, in_force, rows

from domain.referral import Detail, Look, Recipient
from infra.ledger import desk, schema
from infra.ledger.engine import migrate, reading
from infra.ledger.moments import utc
from tasks.measuring.desk import first_look, outcomes, recipients
from tasks.measuring.kept import read_kept


@pytest.fixture
def told(ledger):
    """Fill a ledger; give a connection that reads it, and its reports in force by year."""
    migrate(ledger)
    with ledger.begin() as connection:
        fill(connection, 1, reports=150)
        become(connection, 1)
    with reading(ledger) as connection:
        yield connection, in_force(connection)


def yearly(reports):
    counts = Counter(moment.year for moment in reports.values())
    return pd.DataFrame({"year": sorted(counts), "reports": [counts[year] for year in sorted(counts)]})


def test_what_became_of_reports(told):
    connection, reports = told
    kept = read_kept(connection)
    found = outcomes(yearly(reports), kept.looks, kept.referred, kept.made, kept.fed_back).set_index("year")
    looked = {row.report_id for row in rows(connection, schema.look)}
    made = {(row.report_id, row.recipient, row.detail) for row in rows(connection, schema.referral)}
    said = {(row.report_id, row.useful) for row in rows(connection, schema.feedback)}
    for year, row in found.iterrows():
        here = {report for report, moment in reports.items() if moment.year == year}
        referred = here & {report for report, _, _ in made}
        answered = here & {report for report, _ in said}
        expected = {
            "reports": len(here),
            "looked_at": len(here & looked),
            "referred": len(referred),
            "actionable": len(here & {report for report, _, detail in made if detail == Detail.ACTIONABLE}),
            "recipients": len({(report, to) for report, to, _ in made if report in here}),
            "feedback": len(answered),
            "useful": len(here & {report for report, useful in said if useful == "useful"}),
        }
        expected["informational"] = expected["referred"] - expected["actionable"]
        assert row[list(expected)].to_dict() == expected
        assert row["feedback_of_referred"] == pytest.approx(len(answered & referred) / len(referred))
        assert row["feedback_of_all"] == pytest.approx(len(answered) / len(here))


def test_to_whom_reports_were_referred(told):
    connection, reports = told
    found = recipients(desk.made(connection)).set_index(["year", "recipient"])
    assert set(found.index.get_level_values("recipient")) == set(Recipient)
    for (year, recipient), row in found.iterrows():
        details = {}
        for each in rows(connection, schema.referral):
            if each.recipient == recipient and each.report_id in reports and reports[each.report_id].year == year:
                details.setdefault(each.report_id, set()).add(each.detail)
        actionable = sum(Detail.ACTIONABLE in each for each in details.values())
        assert (row["actionable"], row["informational"]) == (actionable, len(details) - actionable)


def test_how_soon_reports_were_looked_at(told):
    connection, reports = told
    found = first_look(yearly(reports), desk.looks(connection), desk.ranked(connection)).set_index(["year", "band"])
    first = {}
    for row in rows(connection, schema.look):
        first[row.report_id] = min(first.get(row.report_id, utc(row.at)), utc(row.at))
    bands = {row.report_id: row.band for row in rows(connection, schema.priority) if row.current}
    groups = {}
    for report, moment in reports.items():
        for band in (bands.get(report, "not ranked"), "all"):
            groups.setdefault((moment.year, band), []).append(report)
    assert set(groups) == set(found.index)
    for group, members in groups.items():
        waited = sorted(
            math.ceil((first[report] - reports[report]).total_seconds() / 360) / 10
            for report in members if report in first
        )  # fmt: skip
        row = found.loc[group]
        assert (row["reports"], row["looked_at"]) == (len(members), len(waited))
        for name, share in (("median_hours", 0.5), ("p90_hours", 0.9)):
            expected = waited[math.ceil(share * len(waited)) - 1] if waited else math.nan
            assert row[name] == pytest.approx(expected, nan_ok=True)


def test_a_year_ends_at_midnight_in_utc_whatever_the_session_says(ledger):
    migrate(ledger)
    eve = datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
    with ledger.begin() as connection:
        for number, moment in enumerate((eve, eve + timedelta(seconds=1))):
            record(connection, taken(f"r{number}", received_at=moment))
            desk.record(connection, [(key(f"r{number}"), Look(moment + timedelta(seconds=359)))])
        archive(connection)
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TIME ZONE 'Asia/Tokyo'")
        assert [each[:3] for each in desk.looks(connection)] == [(2016, "", 1), (2017, "", 1)]


def test_what_happened_is_noted_once(ledger):
    migrate(ledger)
    with ledger.begin() as connection:
        record(connection, taken("r"))
        archive(connection)
        looked = [(key("r"), Look(MOMENT + timedelta(hours=hours))) for hours in (2, 1, 1)]
        assert [desk.record(connection, looked) for _ in range(2)] == [2, 0]
        assert desk.looks(connection) == [(2016, "", 10, 1)]


def test_what_no_batch_holds_yet_is_not_measured_beside_what_is(ledger):
    migrate(ledger)
    with ledger.begin() as connection:
        record(connection, taken("r"))
        desk.record(connection, [(key("r"), Look(MOMENT + timedelta(hours=1)))])
        assert desk.looks(connection) == []
