"""What is compiled: on any processor, where nothing can be kept, and by several processes at once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]

CHECK = """
import numpy as np
from infra.index.graph import components
from infra.index.hash_index import HashIndex
from many_hashes import compared, distances, triples, uniform
hashes, ids = uniform(800, 1), np.arange(800)
index = HashIndex()
index.add(ids, hashes)
assert triples(index.within(hashes[:200])) == compared(hashes[:200], ids, hashes, 31)
near = distances(hashes, hashes) <= 31
assert (components(hashes)[np.nonzero(near)[0]] == components(hashes)[np.nonzero(near)[1]]).all()
"""


def start(root=ROOT, **environment):
    paths = os.pathsep.join([str(root), str(ROOT / "tests")])
    return subprocess.Popen(
        [sys.executable, "-P", "-c", CHECK], env={**os.environ, "PYTHONPATH": paths, **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def ended(process):
    told, _ = process.communicate(timeout=200)
    assert process.returncode == 0, told


def test_several_processes_may_start_at_once_without_wide_vectors_and_nothing_compiled_yet(tmp_path):
    for process in [start(NUMBA_CPU_NAME="haswell", NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2)]:
        ended(process)
    assert list(tmp_path.rglob("*.nbc"))


def test_where_nothing_can_be_written_it_compiles_for_itself(tmp_path):
    for package in ("infra", "domain", "tasks"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("infra/index/__pycache__", "nobody"):
        (tmp_path / folder).write_text("a file where numba would make its folder")
    nobody = str(tmp_path / "nobody")
    ended(start(tmp_path, HOME=nobody, XDG_CACHE_HOME=nobody, PREFECT_HOME=str(tmp_path / "prefect")))
    assert not list(tmp_path.rglob("*.nbc"))
