"""Whatever the bytes are, a parser of ours refuses them with a reason of the closed list, within time and memory."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("atheris", reason="atheris has no wheel for this Python; the property tests run all the same")

DRIVER = Path(__file__).parents[1] / "fuzz" / "parsers.py"
PARSERS = sorted(folder.name for folder in (DRIVER.parent / "corpus").iterdir())
SECONDS = 3


@pytest.mark.timeout(120)
@pytest.mark.parametrize("parser", PARSERS)
def test_fuzzing_finds_nothing(parser, tmp_path):
    (tmp_path / "found").mkdir()
    command = [sys.executable, str(DRIVER), parser, str(SECONDS), str(tmp_path / "found")]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-4000:]
    assert "stat::number_of_executed_units" in ended.stderr
    assert not list(tmp_path.glob("crash-*"))
