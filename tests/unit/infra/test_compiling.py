"""Compiling: what is compiled does what it says, wherever its machine code can or cannot be kept."""

import subprocess
import sys

import numpy as np

from infra.compiling import compiled, compiled_to_reorder

SUM = """
def total(numbers):
    found = 0.0
    for number in numbers:
        found += number
    return found
"""


def test_a_function_without_a_file_is_compiled_for_this_process_alone():
    place = {}
    exec(SUM, place)
    for compile_ in (compiled, compiled_to_reorder):
        function = compile_(place["total"])
        assert function(np.arange(5.0)) == 10.0
        assert function.nopython_signatures


KEEP = f"from infra.compiling import compiled\nimport numpy\n@compiled{SUM}\nprint(total(numpy.arange(5.0)))\n"
KEEP += "print(sum(total.stats.cache_hits.values()))\n"


def test_machine_code_is_kept_for_the_next_process(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "kept.py").write_text(KEEP)
    runs = [
        subprocess.run([sys.executable, tmp_path / "kept.py"], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert [run.stdout.split() for run in runs] == [["10.0", "0"], ["10.0", "1"]]
