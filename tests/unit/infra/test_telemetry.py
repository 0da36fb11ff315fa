"""Telemetry: every switch is off, and progress reaches whoever watches, and nobody else."""

import os
import subprocess
import sys

import pytest

from infra.telemetry import SWITCHED_OFF, Progress, report_progress, switch_off, watching


def test_switching_off_sets_every_switch_here_and_in_children(monkeypatch):
    for name in SWITCHED_OFF:
        monkeypatch.setenv(name, "as it was")
    switch_off()
    assert {name: os.environ[name] for name in SWITCHED_OFF} == SWITCHED_OFF
    asked = "import os; print(os.environ['DO_NOT_TRACK'])"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "true"


@pytest.mark.parametrize("name", ["DO_NOT_TRACK", "MLFLOW_DISABLE_TELEMETRY", "PREFECT_SERVER_ANALYTICS_ENABLED"])
def test_what_would_call_out_is_among_the_switches(name):
    assert name in SWITCHED_OFF


def test_prefect_reads_its_switch():
    asked = (
        "from infra.telemetry import switch_off; switch_off(); "
        "from prefect.settings import get_current_settings; print(get_current_settings().server.analytics_enabled)"
    )
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_a_watcher_is_told_until_its_block_ends():
    outer, inner = [], []
    report_progress(Progress("before"))
    with watching(outer.append):
        report_progress(Progress("intake", 1, 3))
        with watching(inner.append):
            report_progress(Progress("intake", 2, 3))
        report_progress(Progress("intake", ended=True))
    report_progress(Progress("after"))
    assert outer == [Progress("intake", 1, 3), Progress("intake", 2, 3), Progress("intake", ended=True)]
    assert inner == [Progress("intake", 2, 3)]


def test_a_watcher_is_gone_after_a_failure_too():
    seen = []
    with pytest.raises(KeyError), watching(seen.append):
        raise KeyError
    report_progress(Progress("after"))
    assert seen == []
