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
