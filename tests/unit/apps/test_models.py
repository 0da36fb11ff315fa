"""`breakwater model check` tells what to mend, in a table and as JSON, and by its exit status."""

import json

import model_folders
import pytest
from typer.testing import CliRunner

from apps.cli import app
from domain.model import Alias, ModelVersion
from tasks import promoting
from tasks.promoting import Promoted

MODEL = ModelVersion("classifier/colours", 1, "c" * 64)

EXAMPLES = '\n```examples\n{"picture": {"flat": [0, 255, 0]}, "expect": {"green": [0.9, 1]}}\n```\n'


@pytest.fixture
def folder(tmp_path):
    folder = model_folders.write(tmp_path / "colours")
    with (folder / "card.md").open("a") as card:
        card.write(EXAMPLES)
    return folder


def run(*arguments):
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["model", "check", *map(str, arguments)])


def test_a_good_folder_is_told_and_the_status_is_0(folder):
    told = run(folder)
    assert told.exit_code == 0
    assert "colours is good" in told.output
    assert "✗" not in told.output


def test_a_broken_folder_is_told_with_what_to_mend_and_the_status_is_1(folder):
    (folder / "model.onnx").write_bytes(b"")
    told = run(folder)
    assert told.exit_code == 1
    assert "to mend: export the network again" in told.output
    assert "colours: 1 to mend" in told.output


def test_as_json_every_finding_has_the_same_fields(folder):
    found = json.loads(run(folder, "--json").output)
    assert {tuple(each) for each in found} == {("what", "ok", "detail", "mend")}
    assert all(each["ok"] for each in found)


def test_a_path_that_is_no_folder_is_told_in_words(tmp_path):
    told = run(tmp_path / "nowhere")
    assert told.exit_code == 1
    assert "model.onnx is missing" in told.output


def test_the_reason_of_a_challenger_is_kept_too(folder, data, monkeypatch):
    given = []
    monkeypatch.setattr(promoting, "register", lambda *told: given.append(told) or Promoted(MODEL))
    told = ["model", "register", str(folder), "--as", "challenger", "--reason", "fewer maps", "--data", str(data)]
    assert CliRunner().invoke(app, told).exit_code == 0
    assert given == [(folder, Alias.CHALLENGER, "fewer maps")]
