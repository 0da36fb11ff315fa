"""A stranger's network is examined where it can harm nothing: it has so much time and memory, and no more."""

import time

import model_folders
import pytest

from domain.errors import UnusableModel
from models.checking import folder as examination
from tasks import checking, promoting


def failures(folder):
    return [finding for finding in checking.check(folder) if not finding.ok]


def test_a_good_folder_is_told_as_it_is_where_its_network_runs_unbounded(tmp_path):
    folder = model_folders.write(tmp_path / "good")
    told, here = checking.check(folder), examination.check(folder)
    assert [(each.what, each.ok, each.mend) for each in told] == [(each.what, each.ok, each.mend) for each in here]


def test_an_endless_network_is_refused_in_time_with_all_that_was_found_before(tmp_path, monkeypatch):
    monkeypatch.setenv("BREAKWATER_MAX_MODEL_SECONDS", "1.5")
    folder = model_folders.write(tmp_path / "endless", graph=model_folders.endless())
    began = time.monotonic()
    told = checking.check(folder)
    assert time.monotonic() - began < 30
    assert [each.what for each in told if not each.ok] == [checking.TIME]
    assert told[-2].what == examination.OPENS
    assert (told[-1].detail, "BREAKWATER_MAX_MODEL_SECONDS" in told[-1].mend) == (
        "it was not done in 1.5 seconds",
        True,
    )


def test_a_network_that_asks_for_memory_without_end_is_refused(data, tmp_path):
    folder = model_folders.write(tmp_path / "insatiable", graph=model_folders.insatiable())
    (finding,) = failures(folder)
    assert (finding.what, "BREAKWATER_WORKER_MEMORY" in finding.mend) == ("memory", True)
    with pytest.raises(UnusableModel, match="insatiable is not registered: memory: it asks for more memory"):
        promoting.register(folder)


def test_a_network_that_ends_its_process_is_refused_and_a_fault_of_ours_is_no_fault_of_the_network(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(checking, "_CHILD", "import os; os.abort()")
    (finding,) = failures(tmp_path)
    assert (finding.what, "SIGABRT" in finding.detail, bool(finding.mend)) == (checking.SURVIVAL, True, True)
    monkeypatch.setattr(checking, "_CHILD", "raise ValueError('a bug')")
    with pytest.raises(ChildProcessError, match="a bug"):
        checking.check(tmp_path)


def test_what_lies_where_the_command_is_typed_is_not_imported(tmp_path, monkeypatch):
    folder = model_folders.write(tmp_path / "good")
    for name in ("tasks", "onnx", "json"):
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'mark')!r}, 'w')\n")
    monkeypatch.chdir(folder)
    assert failures(folder) == []
    assert not (tmp_path / "mark").exists()
