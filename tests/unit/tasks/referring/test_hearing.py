"""Feedback: matched with the package it answers; what finds none is kept with the reason, and found again later."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from referred import MEDIA, rows, take_report, write_desks

from domain.errors import InvalidSettings
from domain.referral import ANSWERS, AnswerFault, CaseStatus, CloseReason, Detail, Feedback
from infra.ledger import schema
from tasks.referring.deciding import decide
from tasks.referring.hearing import read, said_of, take_feedback
from tasks.referring.sending import recall, send_referrals

LATER = (datetime.now(UTC) + timedelta(hours=2)).isoformat(timespec="seconds")
HEAD = ",".join(ANSWERS)


@pytest.fixture
def number(data, monkeypatch, scene):
    """Send a package; returns its number."""
    write_desks(data, monkeypatch, us_icac_ca=MEDIA)
    decide(take_report(data, scene), Detail.ACTIONABLE, "7", ["us-icac-ca"])
    send_referrals.fn()
    return next(row["number"] for row in rows(schema.dispatch) if row["sent_at"])


def table(data, *lines, head=HEAD):
    file = data / "answers.csv"
    file.write_text("\n".join([head, *lines, ""]))
    return file


def test_what_a_desk_says_stands_with_the_report_and_acknowledges_the_package(data, number):
    file = table(data, f"{number},{LATER},closed,limited,not_located,no,,yes")
    counts, unmatched = take_feedback(file)
    assert (counts, unmatched) == ({"feedback_read": 1, "feedback_new": 1, "feedback_unmatched": 0}, [])
    (found,) = rows(schema.feedback)
    assert {name: found[name] for name in ("recipient", "status", "useful", "close_reason", "number")} == {
        "recipient": "icac", "status": "closed", "useful": "limited", "close_reason": "not_located", "number": number,
    }  # fmt: skip
    assert (found["child_identified"], found["more_victims"], found["self_production"]) == (False, None, True)
    assert found["report_id"] == rows(schema.decision)[0]["report_id"]
    assert [row["acknowledged_at"] is not None for row in rows(schema.dispatch) if row["sent_at"]] == [True]
    before = [rows(each) for each in (schema.feedback, schema.dispatch, schema.audit)]
    assert take_feedback(file)[0]["feedback_new"] == 0
    assert [rows(each) for each in (schema.feedback, schema.dispatch, schema.audit)] == before


def test_json_says_the_same(data, number):
    file = data / "answers.json"
    told = {"package": number, "at": LATER, "status": "arrest", "child_identified": True, "more_victims": None}
    file.write_text(json.dumps([told]))
    assert take_feedback(file)[0]["feedback_new"] == 1
    (found,) = rows(schema.feedback)
    assert (found["status"], found["useful"], found["child_identified"], found["more_victims"]) == (
        "arrest", "unsaid", True, None,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["\\udc00", "\\u0000", "'"])
def test_a_number_that_is_none_finds_no_package_whatever_it_is_made_of(data, number, name):
    file = data / "answers.json"
    file.write_text(f'[{{"package": "{name}", "at": "{LATER}", "status": "arrest"}}]')
    assert take_feedback(file)[1] == [(1, AnswerFault.UNKNOWN_PACKAGE)]


def test_blanks_around_a_number_are_none_of_it(data, number):
    assert take_feedback(table(data, f" {number} ,{LATER},arrest,,,,,"))[0]["feedback_new"] == 1


def test_a_recalled_package_is_answered_all_the_same(data, number):
    recall(number)
    assert take_feedback(table(data, f"{number},{LATER},ongoing,,,,,"))[0]["feedback_new"] == 1


def test_what_finds_no_package_is_kept_with_the_reason_and_without_a_place_in_the_open(data, number):
    lines = [
        f"{'0' * 32},{LATER},arrest,,,,,",
        f"{number},2016-01-01T00:00:00Z,arrest,,,,,",
        f"{number},{LATER},arrested,,,,,",
        f"{number},{LATER},closed,,because,,,",
        f"{number},{LATER},closed,,,perhaps,,",
        f"{number},{LATER},ongoing,,no_crime,,,",
        f"{number},tomorrow,arrest,,,,,",
        f"{number},{LATER},,,,,,",
        f"{number},{LATER},arrest",
    ]
    expected = [
        AnswerFault.UNKNOWN_PACKAGE, AnswerFault.BEFORE_REFERRAL, AnswerFault.UNKNOWN_CODE, AnswerFault.UNKNOWN_CODE,
        AnswerFault.UNKNOWN_CODE, AnswerFault.NOT_CLOSED, AnswerFault.IMPOSSIBLE_DATE, AnswerFault.INCOMPLETE,
        AnswerFault.INCOMPLETE,
    ]  # fmt: skip
    assert set(expected) == set(AnswerFault)
    file = table(data, *lines)
    for _ in range(2):
        counts, unmatched = take_feedback(file)
        assert counts == {"feedback_read": 9, "feedback_new": 0, "feedback_unmatched": 9}
        assert unmatched == list(enumerate(expected, 2))
        assert [(row["place"], row["reason"]) for row in rows(schema.unmatched_feedback)] == unmatched
        assert [row["content"] for row in rows(schema.unmatched_feedback)] == lines
    assert rows(schema.feedback) == []
    assert schema.unmatched_feedback.info["restricted"]


def test_what_came_before_its_package_is_matched_when_it_is_taken_again(data, monkeypatch, scene):
    write_desks(data, monkeypatch, us_icac_ca=MEDIA)
    decide(take_report(data, scene), Detail.ACTIONABLE, "7", ["us-icac-ca"])
    send_referrals.fn()
    number = next(row["number"] for row in rows(schema.dispatch) if row["sent_at"])
    file = table(data, f"{number},{LATER},arrest,,,,,")
    from sqlalchemy import update

    from infra.world import world

    sent_at = next(row["sent_at"] for row in rows(schema.dispatch) if row["sent_at"])
    for moment, expected in ((None, 1), (sent_at, 0)):
        with world().ledger.begin() as connection:
            here = update(schema.dispatch).where(schema.dispatch.c.number == number)
            connection.execute(here.values(sent_at=moment))
        assert take_feedback(file)[0]["feedback_unmatched"] == expected
        assert len(rows(schema.unmatched_feedback)) == expected


@pytest.mark.parametrize(
    "text", ["package,at\n1,2\n", f"{HEAD},words\n", f"{HEAD},at\n", "[1]", '[{"package": "1"}]', "[", ""]
)
def test_other_columns_are_refused_whole(data, text):
    file = data / "answers.csv"
    file.write_text(text)
    with pytest.raises(InvalidSettings, match=r"answers\.csv has other columns than package"):
        take_feedback(file)


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from([*ANSWERS, None]), st.one_of(st.text(max_size=8), st.none(), st.booleans(), st.integers())
    )
)
def test_reading_a_line_never_fails(row):
    assert isinstance(said_of(row), Feedback | AnswerFault)


@given(st.binary(max_size=200).map(lambda content: HEAD.encode() + b"\n" + content))
def test_reading_a_table_fails_by_intention_alone(content):
    try:
        for line in read(content, "a"):
            assert isinstance(line.said, Feedback | AnswerFault)
    except InvalidSettings:
        pass


def test_every_code_of_the_form_can_be_said(data, number):
    lines = [f"{number},{LATER},{status},,,,," for status in CaseStatus]
    lines += [
        f"{number},{LATER[:14]}{minute:02}:00+00:00,closed,other,{why},,," for minute, why in enumerate(CloseReason)
    ]
    counts, unmatched = take_feedback(table(data, *lines))
    assert (counts["feedback_new"], unmatched) == (len(lines), [])
