"""A case's states are types: what a state does not allow does not type-check, and does not run."""

import textwrap
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest
from mypy import api

from domain.case import Acknowledged, Decided, Open, Recalled, Referred
from domain.referral import Detail, Recipient
from domain.routing import Desk

AT = datetime(2026, 1, 1, tzinfo=UTC)
DESK = Desk("de", Recipient.INTERNATIONAL, "Germany")
PROGRAM = """
from datetime import datetime
from domain.case import Acknowledged, Decided, Open, Recalled, Referred
from domain.referral import Detail
from domain.routing import Desk

def legal(case: Open, desk: Desk, at: datetime) -> Recalled:
    return case.decide(Detail.ACTIONABLE, "7", at).refer(desk, "1", at).acknowledge(at).recall(at)

def illegal(a: Open, b: Decided, c: Referred, d: Acknowledged, e: Recalled, desk: Desk, at: datetime) -> None:
    a.refer(desk, "1", at)
    a.recall(at)
    b.decide(Detail.ACTIONABLE, "7", at)
    b.acknowledge(at)
    c.refer(desk, "1", at)
    d.acknowledge(at)
    d.refer(desk, "1", at)
    e.recall(at)
    e.acknowledge(at)
    e.decide(Detail.ACTIONABLE, "7", at)
"""


def test_the_way_of_a_case():
    decided = Open("r").decide(Detail.ACTIONABLE, "7", AT)
    referred = decided.refer(DESK, "1", AT)
    assert (referred.case, referred.desk, referred.recipient, referred.number) == (decided, "de", DESK.recipient, "1")
    assert referred.acknowledge(AT).recall(AT) == referred.recall(AT) == Recalled(referred, AT)
    with pytest.raises(FrozenInstanceError):
        referred.number = "2"


def test_an_illegal_call_does_not_run():
    verbs = {"decide", "refer", "acknowledge", "recall"}
    allowed = {
        state: {verb for verb in verbs if hasattr(state, verb)}
        for state in (Open, Decided, Referred, Acknowledged, Recalled)
    }
    assert allowed == {
        Open: {"decide"},
        Decided: {"refer"},
        Referred: {"acknowledge", "recall"},
        Acknowledged: {"recall"},
        Recalled: set(),
    }


def test_an_illegal_call_does_not_type_check(tmp_path):
    file = tmp_path / "program.py"
    file.write_text(textwrap.dedent(PROGRAM))
    told, _, status = api.run(["--config-file", "", "--strict", "--cache-dir", str(tmp_path / "cache"), str(file)])
    wrong = {int(line.split(":")[1]) for line in told.splitlines() if "attr-defined" in line}
    lines = PROGRAM.splitlines()
    illegal = {number for number, line in enumerate(lines, 1) if line.startswith("    ") and "return" not in line}
    assert (status, wrong) == (1, illegal), told
