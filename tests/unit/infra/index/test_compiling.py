"""What is compiled: on any processor, where nothing can be kept, and by several processes at once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]

CHECK = """
import numpy as np
from infra.index.graph import components
from infra.index.hash_index import HashIndex
from many_hashes import compared, distances, photographic, triples
hashes, ids = photographic(800, 1), np.arange(800)
index = HashIndex()
index.add(ids, hashes)
assert triples(index.within(hashes[:200])) == compared(hashes[:200], ids, hashes, 31)
near = distances(hashes, hashes) <= 31
assert (components(hashes)[np.nonzero(near)[0]] == components(hashes)[np.nonzero(near)[1]]).all()
"""


def start(**environment):
    paths = os.pathsep.join([str(environment.pop("root", ROOT)), str(ROOT / "tests")])
    return subprocess.Popen(
        [sys.executable, "-P", "-c", CHECK], env={**os.environ, "PYTHONPATH": paths, **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def ended(process):
    told, _ = process.communicate(timeout=200)
    assert process.returncode == 0, told
    assert told == ""


def test_without_wide_vectors_it_finds_the_same(tmp_path):
    ended(start(NUMBA_CPU_NAME="haswell", NUMBA_CACHE_DIR=str(tmp_path)))
    assert list(tmp_path.rglob("*.nbc"))


def test_several_processes_may_start_at_once_with_nothing_compiled_yet(tmp_path):
    for process in [start(NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(3)]:
        ended(process)
    ended(start(NUMBA_CACHE_DIR=str(tmp_path)))


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no users here")
def test_where_nothing_can_be_written_it_compiles_for_itself(tmp_path):
    for package in ("infra", "domain", "tasks"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in [tmp_path / "infra" / "index", tmp_path]:
        (folder / "__pycache__").write_text("a file where numba would make its folder")
    ended(start(root=tmp_path, HOME=str(tmp_path / "none"), XDG_CACHE_HOME=str(tmp_path / "__pycache__")))
