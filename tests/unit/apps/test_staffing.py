"""The command that simulates a queue, as people type it."""

import pytest
from typer.testing import CliRunner

from apps.cli import app
from apps.staffing import read_shifts
from tasks.staffing.desk import Shift


def run(*words):
    return CliRunner().invoke(app, ["simulate", "queue", *map(str, words)], env={"COLUMNS": "160"})


def test_a_staffing_is_tried_out_by_shares(data):
    told = run("--analysts", 2, "--arrivals", 200, "--days", 3, "--shares", "immediate=1,routine=9")
    assert told.exit_code == 0, told.output
    assert "newest first  routine" in told.output
    assert (data / "staffing.html").read_text().startswith("<!doctype html>")
    assert told.output == run(
        "--analysts", 2, "--arrivals", 200, "--days", 3, "--shares", "immediate=1,routine=9"
    ).output  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--shares", "immediate"], "--shares"),
        (["--shares", "immediate=1"], "--arrivals"),
        (["--shares", "immediate=1", "--arrivals", 1, "--shifts", "8-8"], "--shifts"),
        (["--shares", "immediate=1", "--arrivals", 1, "--shifts", "morning"], "--shifts"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_option(data, words, told):
    result = run(*words)
    assert result.exit_code == 2
    assert told in result.output


def test_shifts_are_read_as_people_write_them():
    assert read_shifts("8-16,16-24:2,22-6:1", 5) == (Shift(8, 16, 5), Shift(16, 24, 2), Shift(22, 6, 1))
