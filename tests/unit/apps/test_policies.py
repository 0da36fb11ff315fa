"""The commands for the policy, as people type them."""

import pytest
from taken_in import MOMENT, key, record, sighted, taken
from typer.testing import CliRunner

from apps.cli import app
from domain.errors import InvalidSettings
from domain.referral import CaseStatus, Detail, Feedback, Recipient, Referral, Usefulness
from infra.ledger import desk
from infra.policy import SHIPPED
from infra.world import world
from tasks.learning.telling import tell_outcomes


def told(*words):
    result = CliRunner().invoke(app, ["policy", *map(str, words)], env={"COLUMNS": "200"}, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def ours(data):
    file = data / "ours.toml"
    file.write_text(SHIPPED.read_text().replace("raises = 40", "raises = 30").replace('"default"', '"ours"'))
    return file


def test_a_slip_is_told_with_its_line(ours):
    assert told("check", ours).startswith("ours ")
    slipped = ours.read_text().replace('evidence = "escalated"', 'evidence = "escalates"', 1)
    ours.write_text(slipped)
    line = next(n for n, text in enumerate(slipped.splitlines(), 1) if "escalates" in text)
    with pytest.raises(InvalidSettings, match=rf"line {line}, factor\.0\.evidence: .*did you mean “escalated”"):
        told("check", ours)


def test_a_policy_is_proposed_by_one_person_and_approved_by_another(ours):
    version = told("check", ours).split()[1].rstrip(":")
    assert f"approve {version}" in told("propose", ours, "--by", "7", "--reason", "fewer of them escalate")
    assert "in force: default" in told("list")
    with pytest.raises(InvalidSettings, match="second person"):
        told("approve", version, "--by", "7")
    assert f"in force: ours {version}" in told("approve", version, "--by", "8")
    shown = told("list")
    assert f"in force: ours {version}" in shown
    assert ": fewer of them escalate" in shown
    assert "by 7," not in shown


def test_a_policy_is_tried_on_the_ledgers_past(ours, data):
    with world().ledger.begin() as connection:
        record(connection, *(taken(f"r{n}", sighted(f"f{n}"), escalated=n < 4) for n in range(12)))
        happened = Feedback(MOMENT, Recipient.LOCAL, CaseStatus.ARREST, Usefulness.USEFUL)
        referred = Referral(MOMENT, Recipient.LOCAL, Detail.ACTIONABLE)
        desk.record(connection, [(key(f"r{n}"), each) for n in range(3) for each in (happened, referred)])
        assert desk.became(connection)[key("r1")] == {"referred as actionable", "found useful", "arrest or conviction"}
        assert key("r7") not in desk.became(connection)
    shown = told("backtest", "in-force", ours, "--analysts", 1)
    assert shown.startswith("12 reports; agreement of the orders 1.00")
    assert "arrest or conviction" in (data / "backtest.html").read_text()


def test_what_became_of_reports_is_held_against_a_policy(ours, data):
    with world().ledger.begin() as connection:
        record(connection, *(taken(f"r{n}", sighted(f"f{n}"), escalated=n < 4) for n in range(12)))
        went = [
            (n, Referral(MOMENT, Recipient.LOCAL, Detail.ACTIONABLE if n < 5 else Detail.INFORMATIONAL))
            for n in range(9)
        ]
        said = [(0, CaseStatus.ARREST, Usefulness.UNSAID, None), (1, CaseStatus.ONGOING, Usefulness.UNSAID, None),
                (1, CaseStatus.CLOSED, Usefulness.STALE, None), (2, CaseStatus.ONGOING, Usefulness.UNSAID, None),
                (3, CaseStatus.CLOSED, Usefulness.UNSAID, True)]  # fmt: skip
        fed_back = [(n, Feedback(MOMENT, Recipient.LOCAL, status, useful, child_identified=child))
                    for n, status, useful, child in said]  # fmt: skip
        desk.record(connection, [(key(f"r{n}"), each) for n, each in (*went, *fed_back)])
        assert [each.status for each in desk.answers(connection)[key("r1")]] == [CaseStatus.CLOSED, CaseStatus.ONGOING]
        assert desk.answers(connection)[key("r3")] == [fed_back[-1][1]]
    for words in ((), (ours,)):
        shown = told("report", *words)
        assert shown.startswith("12 reports, 9 of them referred and 4 answered; feedback on 1 decides nothing")
        assert "helped, of those answered: 2 of 3" in shown
        assert "actionable, of those referred: 5 of 9" in shown
        assert "urgent: 4 of 4, 100.0%" in shown
    assert tell_outcomes("in-force") == {"reports_referred": 9, "reports_answered": 4}
    page = (data / "policy-report.html").read_text()
    assert "default" in page
    assert key("r0")[:2] + "." not in page
