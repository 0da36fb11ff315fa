"""Tables of outcomes: taken once, attached to the revision that stood then, and refused line by line."""

from dataclasses import replace
from datetime import timedelta

import pytest
from listed import rows
from taken_in import MOMENT, key, record, taken
from typer.testing import CliRunner

from apps.cli import app
from domain.errors import InvalidSettings
from domain.referral import COLUMNS, OutcomeFault
from infra.ledger import schema
from infra.world import world
from tasks.reports.outcomes import Refused, intake_outcomes, take_outcomes
from tasks.reports.taking import pseudonym

HEAD = ",".join(COLUMNS)
GOOD = (
    "esp-01,r1,look,2016-05-03T12:00:00Z,,,,",
    "esp-01,r1,look,2016-05-03T13:30:00+02:00,,,,",
    "esp-01,r1,referral,2016-05-04T12:00:00Z,icac,actionable,,",
    "esp-01,r1,referral,2016-05-04T12:00:00Z,federal,informational,,",
    "esp-01,r1,feedback,2016-06-04T12:00:00Z,icac,,arrest,useful",
    "esp-01,r1,feedback,2016-06-05T12:00:00Z,icac,,closed,",
)


@pytest.fixture
def report(data):
    """Have a report of esp-01, received on 3 May 2016 at ten."""
    with world().ledger.begin() as connection:
        record(connection, sent("r1"))
    return data


def sent(name, number="r1", **said):
    return replace(taken(number, **said), report_id=key(name), drop=key(f"d {name}"), pseudonym=pseudonym("esp-01"))


def table(folder, *lines, head=HEAD):
    file = folder / "table.csv"
    file.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    return file


def test_what_became_of_a_report_is_taken_once(report):
    file = table(report, *GOOD)
    assert take_outcomes(file)[0] == {"outcomes_read": 6, "outcomes_new": 6, "outcomes_refused": 0}
    before = [rows(each) for each in (schema.look, schema.referral, schema.feedback)]
    assert take_outcomes(file) == ({"outcomes_read": 6, "outcomes_new": 0, "outcomes_refused": 0}, [])
    assert [rows(each) for each in (schema.look, schema.referral, schema.feedback)] == before
    assert [len(each) for each in before] == [2, 2, 2]
    assert {row[4] for row in before[2]} == {"useful", "unsaid"}


REFUSED = {
    "esp-01,r1,look": OutcomeFault.INCOMPLETE,
    "esp-01,r1,look,2016-05-03T12:00:00Z,,,,,": OutcomeFault.INCOMPLETE,
    ",r1,look,2016-05-03T12:00:00Z,,,,": OutcomeFault.INCOMPLETE,
    "esp-01,,look,2016-05-03T12:00:00Z,,,,": OutcomeFault.INCOMPLETE,
    "esp-01,r1,glance,2016-05-03T12:00:00Z,,,,": OutcomeFault.UNKNOWN_CODE,
    "esp-01,r1,referral,2016-05-03T12:00:00Z,Officer Example,actionable,,": OutcomeFault.UNKNOWN_CODE,
    "esp-01,r1,referral,2016-05-03T12:00:00Z,icac,,,": OutcomeFault.UNKNOWN_CODE,
    "esp-01,r1,feedback,2016-05-03T12:00:00Z,icac,,,useful": OutcomeFault.UNKNOWN_CODE,
    "esp-01,r1,feedback,2016-05-03T12:00:00Z,icac,,arrest,very": OutcomeFault.UNKNOWN_CODE,
    "esp-01,r1,look,2016-05-03T12:00:00,,,,": OutcomeFault.IMPOSSIBLE_DATE,
    "esp-01,r1,look,3 May 2016,,,,": OutcomeFault.IMPOSSIBLE_DATE,
    "esp-01,r1,look,0001-01-01T00:00:00+14:00,,,,": OutcomeFault.IMPOSSIBLE_DATE,
    "esp-01,r1,look,9999-01-01T00:00:00Z,,,,": OutcomeFault.IMPOSSIBLE_DATE,
    "esp-01,r2,look,2016-05-03T12:00:00Z,,,,": OutcomeFault.UNKNOWN_REPORT,
    "esp-02,r1,look,2016-05-03T12:00:00Z,,,,": OutcomeFault.UNKNOWN_REPORT,
    "esp-01,r1,look,2016-05-03T09:59:59Z,,,,": OutcomeFault.BEFORE_RECEIPT,
}


def test_bad_lines_are_refused_by_number_and_reason_and_the_others_are_taken(report):
    lines = [line for each in zip(REFUSED, [GOOD[0]] * len(REFUSED), strict=True) for line in each]
    counts, refused = take_outcomes(table(report, *lines))
    assert refused == [Refused(2 * place + 2, reason) for place, reason in enumerate(REFUSED.values())]
    assert counts == {"outcomes_read": len(lines), "outcomes_new": 1, "outcomes_refused": len(REFUSED)}
    assert set(REFUSED.values()) == set(OutcomeFault)


@pytest.mark.parametrize(
    "head",
    [f"{HEAD},note", HEAD.replace("reporter", "who"), f"{HEAD},useful", "", "reporter,external_id,outcome"],
)
def test_a_table_with_other_columns_is_refused_whole(report, head):
    with pytest.raises(InvalidSettings, match="other columns") as refused:
        take_outcomes(table(report, *GOOD, head=head))
    assert "note" not in str(refused.value)
    assert rows(schema.look) == []


def test_columns_stand_in_any_order_and_those_that_nothing_needs_may_be_missing(report):
    assert (
        take_outcomes(table(report, "look,r1,2016-05-03T12:00:00Z,esp-01", head="outcome,external_id,at,reporter"))[0][
            "outcomes_new"
        ]
        == 1
    )
    refused = take_outcomes(
        table(report, "referral,r1,2016-05-03T12:00:00Z,esp-01", head="outcome,external_id,at,reporter")
    )[1]
    assert refused == [Refused(2, OutcomeFault.INCOMPLETE)]


def test_each_is_attached_to_the_revision_that_had_come_by_then(report):
    with world().ledger.begin() as connection:
        record(connection, sent("r1 again", received_at=MOMENT + timedelta(days=1)))
    take_outcomes(table(report, GOOD[0], GOOD[2]))
    assert [row[0] for row in rows(schema.look)] == [key("r1")]
    assert [row[0] for row in rows(schema.referral)] == [key("r1 again")]


def test_a_large_table_is_taken_in_pieces(report):
    lines = [f"esp-01,r1,look,2016-06-{day:02}T{hour:02}:{minute:02}:00Z,,,," for day in range(1, 29)
             for hour in range(24) for minute in (0, 30)]  # fmt: skip
    assert take_outcomes(table(report, *lines))[0]["outcomes_new"] == len(lines) > 1000


def test_what_is_no_text_is_refused_and_crashes_nothing(report):
    file = table(report)
    file.write_bytes(HEAD.encode() + b"\n\xff\x00\xfe,r1,look,2016-05-03T12:00:00Z,,,,\n" + b'"' + b"x" * 200_000)
    with pytest.raises(InvalidSettings):
        take_outcomes(file)


def test_the_command_names_refused_lines_and_ends_with_1_if_there_are_any(report):
    run = CliRunner().invoke(app, ["outcomes", str(table(report, *GOOD, *REFUSED)), "--data", str(report)])
    assert run.exit_code == 1
    assert f"line 8: {OutcomeFault.INCOMPLETE}" in run.stdout
    assert f"{len(GOOD) + len(REFUSED)} lines, 6 new, {len(REFUSED)} refused" in run.stdout
    assert "Officer" not in run.stdout
    run = CliRunner().invoke(app, ["outcomes", str(table(report, *GOOD)), "--data", str(report)])
    assert (run.exit_code, run.stdout) == (0, "6 lines, 0 new, 0 refused\n")


def test_a_folder_without_a_table_has_nothing_to_take(report):
    assert intake_outcomes.fn(report / "outcomes.csv") == {}
    assert intake_outcomes.fn(table(report, *GOOD))["outcomes_new"] == 6
    assert intake_outcomes.fn(table(report, head="note")) == {"outcome_tables_refused": 1}
