"""The commands for those who keep an installation, as they type them."""

import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from cybertips import write_drop
from taken_in import key, record, sighted, taken
from typer.testing import CliRunner

from apps.cli import app
from domain.errors import AuditBroken, InvalidSettings
from domain.media import Kind
from infra.ledger import films, schema
from infra.ledger.engine import reading
from infra.ledger.films import Pair
from infra.retention import SHIPPED
from infra.world import world
from tasks.reports.drops import drops_in
from tasks.reports.intake import _record, intake_reports, take_batch

BREAKWATER = str(Path(sys.executable).with_name("breakwater"))
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def told(*words, code=0):
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def reports(data, monkeypatch):
    """Have three reports of the same file."""
    monkeypatch.setenv("BREAKWATER_BUNDLE_REPORTS", "3")
    world.cache_clear()
    for number in range(3):
        write_drop(data / "inbox", str(number), [PNG], reporter=f"esp-{number}")
    everything = take_batch(drops_in(data / "inbox", "test"))
    _record(everything)
    return everything


def test_keys_are_rotated_and_old_ones_forgotten(reports, data):
    assert "start every process anew" in told("keys", "rotate")
    assert len((data / "keys" / "sealing.key").read_text().split()) == 2
    assert told("keys", "forget-old").startswith("0 keys were still to be wrapped anew")
    assert len((data / "keys" / "sealing.key").read_text().split()) == 1
    world.cache_clear()
    assert world().blobs.read(reports[0].files[0].content.blob) == PNG


def test_the_measures_of_a_span_are_written_and_said(tmp_path):
    words = ("--data", str(tmp_path))
    told("simulate", "history", "--reports", "10000", "--seed", "3", *words)
    for command in (
        ["intake", str(tmp_path / "history/inbox")],
        ["measure", "--since", "2015-01", "--until", "2016-06"],
    ):
        done = subprocess.run([BREAKWATER, *command, *words], capture_output=True, text=True, timeout=200, check=False)
        assert done.returncode == 0, done.stderr
    folder = tmp_path / "measures" / "2015-01_2016-06"
    assert f"{folder / 'index.html'}" in done.stdout.replace("\n", "")
    monthly = pd.read_parquet(folder / "monthly.parquet")
    assert [f"{monthly['month'].iloc[place]:%Y-%m}" for place in (0, -1)] == ["2015-01", "2016-06"]
    assert f"{monthly['reports'].sum():,}" in done.stdout
    assert not (tmp_path / "measures" / "index.html").exists()
    assert "the span ends before it begins" in told("measure", "--since", "2016-01", "--until", "2015-01", code=2)


def test_a_simulated_history_goes_through_intake_once(data):
    words = ("simulate", "history", "--reports", "10000", "--seed", "2")
    assert "10000 reports written to" in told(*words)
    assert "10000 reports stand already in" in told(*words)
    inbox = data / "history" / "inbox"
    counts = intake_reports.fn(inbox)
    assert (counts["accepted"], counts["rejected"], counts["blocks"]) == (10_000, 0, 20)
    assert intake_reports.fn(inbox)["blocks_held"] == 20


def test_a_history_that_is_too_small_is_refused_in_words(data):
    with pytest.raises(InvalidSettings, match="10,000"):
        CliRunner().invoke(app, ["simulate", "history", "--reports", "9"], catch_exceptions=False)
    assert not (data / "history").exists()


def test_sweeping_says_what_it_left(reports):
    assert told("sweep").startswith("0 objects removed")


def test_a_bundle_is_listed_and_taken_apart(reports):
    from tasks.reports.bundling import bundle_floods

    bundle_floods.fn()
    listed = told("bundles", "list")
    assert "3 reports" in listed
    assert told("bundles", "undo", listed.split()[0]).startswith("3 reports stand by themselves")
    assert told("bundles", "list") == ""


def test_an_annotation_is_kept(reports):
    assert "vector is forum, sms" in told("annotate", reports[0].report_id, "vector", "sms", "forum", "--analyst", "7")
    told("annotate", reports[0].report_id, "kind", "video", "--file", "0", "--analyst", "7")
    with reading(world().ledger) as connection:
        fields = connection.scalars(schema.revised.select().with_only_columns(schema.revised.c.field)).all()
    assert sorted(fields) == ["kind", "vector"]


@pytest.mark.parametrize("words", [["intake", ".", "--format", "papyrus"], ["gateway", "run", "--port", "0"]])
def test_what_a_command_does_not_know_is_told(data, words):
    told(*words, code=2)


def known(folder):
    try:
        with closing(sqlite3.connect(f"file:{folder}/ledger.db?mode=ro", uri=True)) as ledger:
            return ledger.execute("SELECT count(*) FROM report").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def wait_for(folder, number):
    until = time.monotonic() + 60
    while known(folder) < number and time.monotonic() < until:
        time.sleep(0.2)
    assert known(folder) == number


@pytest.mark.timeout(180)
def test_a_watched_inbox_is_taken_in_as_it_fills_each_report_once(tmp_path):
    inbox = tmp_path / "inbox"
    write_drop(inbox, "1", [PNG])
    (inbox / ".simulated").touch()
    command = [BREAKWATER, "intake", str(inbox), "--watch", "1", "--data", str(tmp_path / "data")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        wait_for(tmp_path / "data", 1)
        write_drop(tmp_path / "apart", "2", [PNG + b"x"])
        (tmp_path / "apart" / "2").rename(inbox / "2")
        wait_for(tmp_path / "data", 2)
        time.sleep(5)
        watching.send_signal(signal.SIGINT)
        said, _ = watching.communicate(timeout=60)
    assert known(tmp_path / "data") == 2
    assert said.count("received") == 2
    assert watching.returncode == 0, said


def test_films_are_listed_with_their_offset(data):
    with world().ledger.begin() as connection:
        record(connection, taken("r", *(sighted(name, Kind.VIDEO) for name in "abc")))
        pairs = [Pair(key("a"), key("b"), 0.9, 0.6, 2, 3), Pair(key("a"), key("c"), 0.2, 1.0, -7, 3)]
        films.record(connection, key("a"), 1, pairs)
    lines = [line.replace(".", "") for line in told("films").splitlines()]
    assert lines == [
        "a  copy of  b  90% and 60% of their frames, from +2 s",
        "c  clip of  a  100% of its frames, from +7 s",
    ]


def test_the_record_of_what_was_done_is_listed_and_verified(reports, data):
    told("annotate", reports[0].report_id, "vector", "sms", "--analyst", "7")
    told("gateway", "add-reporter", "esp-09")
    told("gateway", "remove-reporter", "esp-09")
    lines = [line.split("  ") for line in told("audit", "list").splitlines()]
    assert [line[3] for line in lines] == ["annotated", "reporter_let_in", "reporter_shut_out"]
    assert lines[0][4] == reports[0].report_id
    assert '"codes":["sms"]' in lines[0][5]
    assert told("audit", "list", "--since", "2999-01-01") == ""
    assert re.search(r"whole: 3 rows, the last of hash [0-9a-f]{64}", told("audit", "verify"))
    assert not (data / "audit.heads").exists()
    with world().ledger.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_refuses_delete")
        connection.exec_driver_sql("DELETE FROM audit WHERE number = 2")
    with pytest.raises(AuditBroken, match="row 2 is missing"):
        CliRunner().invoke(app, ["audit", "verify"], catch_exceptions=False)


def test_what_is_past_its_retention_is_shown_and_a_hold_keeps_it(reports, data, monkeypatch):
    (data / "short.toml").write_text(SHIPPED.read_text().replace("days = 3650", "days = 1"))
    monkeypatch.setenv("BREAKWATER_RETENTION", str(data / "short.toml"))
    monkeypatch.setenv("COLUMNS", "200")
    world.cache_clear()
    shown = {line.split("  ")[0].strip(): line.split() for line in told("retention").splitlines()}
    assert shown["files of reports"][-7:] == ["received", "1", "1", "2016-05-03", "0", "0", "0"]
    assert "everything of the report is kept" in told("retention", "hold", reports[0].report_id, "--basis", "a letter")
    shown = {line.split("  ")[0].strip(): line.split() for line in told("retention").splitlines()}
    assert shown["files of reports"][-7:] == ["received", "1", "0", "–", "0", "1", "0"]
    assert "1 holds lifted" in told("retention", "lift", reports[0].report_id)
    with pytest.raises(InvalidSettings, match="say who asks"):
        CliRunner().invoke(app, ["retention", "hold", reports[0].report_id, "--basis", " "], catch_exceptions=False)
