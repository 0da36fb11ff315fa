"""A new model goes from its folder to shadow, to champion, and back, by the commands of the docs' page."""

import re
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from apps.cli import app
from domain.errors import InvalidSettings, PromotionRefused
from domain.model import Alias, Role
from infra.cluster import running
from infra.ledger import schema
from infra.ledger.engine import reading
from infra.world import world

BREAKWATER = str(Path(sys.executable).with_name("breakwater"))
PAGE = Path(__file__).parents[2] / "docs" / "data-scientist.md"
FILES = 160


def told(*words, code=0):
    """Run a command as it is typed, in this process; `code` None lets what it raises come through."""
    result = CliRunner().invoke(app, list(words), catch_exceptions=code is not None)
    assert result.exit_code == (code or 0), result.output
    return " ".join(result.output.split())


def run(*words):
    """Run a command in a process of its own, as one that starts Prefect must be."""
    done = subprocess.run([BREAKWATER, *words], capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def trial(data, monkeypatch):
    """Have some reports taken in, and a trial: an evaluation set, a good model, a fair one."""
    monkeypatch.setenv("BREAKWATER_WORKERS", "1")
    world.cache_clear()
    told("simulate", "inbox", "--reports", "12", "--seed", "5")
    run("intake", str(data / "inbox"))
    told("simulate", "models", str(data / "trial"), "--files", f"{FILES}")
    return data / "trial"


def rows(table):
    with reading(world().ledger) as connection:
        return connection.execute(select(table)).mappings().all()


def champion():
    return world().registry.find(Role.CLASSIFIER)


def versions(table=schema.inference):
    return {row["version"] for row in rows(table) if row["model"].startswith("classifier/")}


@pytest.mark.timeout(900)
def test_from_a_folder_to_the_champion_and_back(trial):
    with running():  # one cluster for all commands of this process
        assert "is good" in told("model", "check", str(trial / "good"))
        assert f"{FILES} files" in told("model", "evaluation", "import", "marks", "classifier", str(trial / "marks"))
        first = told("model", "register", str(trial / "fair"), "--as", "champion")
        assert "classifier/marked_fair v1 is champion: evaluated beside no other: average precision 0." in first
        assert "is challenger" in told("model", "register", str(trial / "good"), "--as", "challenger")

        run("classify")
        assert (versions(), versions(schema.shadow)) == ({1}, {2})
        assert re.search(
            r"v2 beside classifier/marked_fair v1, \d+ files: marked", told("model", "compare", "classifier")
        )

        better = told("model", "promote", "classifier", "2")
        assert "classifier/marked v2 is champion: better than classifier/marked_fair v1 on marks" in better
        with pytest.raises(PromotionRefused, match=r"marked_fair v1 is worse than classifier/marked v2 on marks"):
            told("model", "promote", "classifier", "1", code=None)
        assert champion().version == 2

        run("classify")
        seen = {row["blob_id"]: set() for row in rows(schema.inference)}
        for row in rows(schema.score):
            seen[row["blob_id"]].add((row["model"], row["version"]))
        assert {frozenset(each) for each in seen.values()} == {
            frozenset({("classifier/marked_fair", 1), ("classifier/marked", 2)})
        }
        assert rows(schema.shadow) == []

        kept = told("model", "promote", "classifier", "1", "--reason", "the set has no pictures taken at night")
        assert "v1 is champion: the set has no pictures taken at night" in kept
        assert "is worse than" not in kept
        why = "it finds marks on every map"
        assert f"v2 is champion: {why}" in told("model", "rollback", "classifier", "--reason", why)
        assert champion().version == 2
        assert "classifier/marked v2" in told("model", "list")
        listed = {each.model.version: each for each in world().registry.versions(Role.CLASSIFIER)}
        assert (listed[2].aliases, listed[2].reason) == ((Alias.CHAMPION,), why)
        assert (listed[1].aliases, listed[1].headline[:20]) == ((Alias.PREVIOUS,), "average precision 0.")
        assert "v1: worse than classifier/marked v2" in told("model", "evaluate", "classifier", "1")
    client = mlflow.MlflowClient()
    names = {each.experiment_id: each.name for each in client.search_experiments()}
    runs = client.search_runs(list(names))
    assert {names[each.info.experiment_id] for each in runs} == {"evaluations", "comparisons"}
    evaluated = [each.data.tags["verdict"] for each in runs if names[each.info.experiment_id] == "evaluations"]
    assert sorted(evaluated) == ["", "better", "worse", "worse", "worse"]


def test_the_page_types_commands_that_are_there():
    typed = re.findall(r"^\$ breakwater ((?:[a-z]+ )*[a-z]+)", PAGE.read_text(), re.MULTILINE)
    assert len(typed) > 12
    for words in typed:
        assert CliRunner().invoke(app, [*_command(words.split()), "--help"]).exit_code == 0, words


def _command(words):
    """Leave the words that name a command: the longest beginning that is one."""
    groups = {"model", "evaluation", "simulate"}
    kept = []
    for word in words:
        kept.append(word)
        if word not in groups:
            break
    return kept


def test_a_trial_is_the_same_for_the_same_seed_and_overwrites_nothing(tmp_path):
    for name in ("one", "other"):
        told("simulate", "models", str(tmp_path / name), "--files", "6", "--seed", "4")
    files = {
        name: {file.relative_to(tmp_path / name): file.read_bytes() for file in (tmp_path / name).rglob("*.*")}
        for name in ("one", "other")
    }
    assert files["one"] == files["other"]
    assert len(files["one"]) == 6 + 1 + 3 + 3
    with pytest.raises(InvalidSettings, match="is not empty"):
        told("simulate", "models", str(tmp_path / "one"), code=None)
