"""Referring as people type it, and when the process is killed half way."""

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from referred import MEDIA, forget, packages, rows, take_report, write_desks
from typer.testing import CliRunner

from apps.cli import app
from domain.errors import CaseRefused
from infra.ledger import schema

KILLED = """
import os, signal
from infra.ledger import cases
cases.send = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from tasks.referring.sending import send_referrals
send_referrals.fn()
"""


def told(*words, code=0):
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def report(data, monkeypatch, scene):
    """Have a report, and give California's desk an outbox; its key is a file."""
    (public,) = told("refer", "make-key", str(data / "desk.key")).split()
    write_desks(data, monkeypatch, us_icac_ca={**MEDIA, "key": public})
    return take_report(data, scene)


def python(program):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_a_report_goes_its_way_by_the_commands(report, data):
    assert "Nobody decided to refer a report yet" in told("refer")
    assert told("refer", "route", report).splitlines() == [
        "de  National desk of Germany (name yours)  place victim DE",
        "us-icac-ca  ICAC task force of California (name yours)  place suspect US-CA",
    ]
    assert "place suspect US-CA" in told("refer", "decide", report, "--as", "actionable", "--analyst", "7")
    listed = told("refer").splitlines()
    assert [line.split()[:4] for line in listed] == [
        [report, "de", "-", "actionable"], [report, "us-icac-ca", "-", "actionable"],
    ]  # fmt: skip
    assert ["has no address" in line for line in listed] == [True, False]
    assert "goes to 1 desks" in told("refer", "address", report, "--to", "us-icac-ca", "--analyst", "7")
    assert told("refer", "send").strip() == "1 packages sent, 8 files enclosed"
    assert told("refer", "send").strip() == "nothing waits"
    (package,) = packages(data, "us-icac-ca")
    (sender,) = told("refer", "key").split()
    opening = ("--key", str(data / "desk.key"), "--sender", sender, "--into", str(data / "case"))
    assert f"package {package.stem} for us-icac-ca, simulated: 12 files verified" in told(
        "refer", "open-package", str(package), *opening
    )
    assert (data / "case" / "summary.html").exists()
    told("refer", "acknowledge", package.stem)
    assert f"acknowledged {datetime.now(UTC):%Y-%m-%d}" in told("refer")
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds")
    (data / "a.csv").write_text(f"package,at,status\n{package.stem},{later},arrest\nnone,{later},arrest\n")
    assert told("refer", "feedback", str(data / "a.csv"), code=1).splitlines() == [
        "line 3: unknown_package", "2 feedback read, 1 feedback new, 1 feedback unmatched",
    ]  # fmt: skip
    assert "recalled" in told("refer", "recall", package.stem)
    assert "feedback without a package: 1 unknown_package" in told("refer")


def test_what_is_wrong_is_told_in_a_line(report):
    result = CliRunner().invoke(app, ["refer", "acknowledge", "0" * 32])
    assert isinstance(result.exception, CaseRefused)
    assert "--as" in told("refer", "decide", report, "--as", "urgent", "--analyst", "7", code=2)


def test_a_process_that_is_killed_before_it_records_has_sent_once(report, data):
    told("refer", "decide", report, "--as", "actionable", "--analyst", "7", "--to", "us-icac-ca")
    assert python(KILLED).returncode == -signal.SIGKILL
    (left,) = [(file.name, file.read_bytes()) for file in packages(data, "us-icac-ca")]
    assert rows(schema.referral) == []
    forget()
    assert "1 packages sent" in told("refer", "send")
    assert [(file.name, file.read_bytes()) for file in packages(data, "us-icac-ca")] == [left]
    assert len(rows(schema.referral)) == 1
