"""Cluster: the neighbour graph of vectors beside faiss, a full run, and a day's new members into what is there.

`python -m bench cluster` takes 100,000 members; `python -m bench.cluster --members 1000000 --width 1280` others. The
peer comes with `.venv/bin/uv sync --inexact --group bench`. Figures are seconds of CPU of one thread in this process,
so that they say the same on a busy machine; give it `OPENBLAS_NUM_THREADS=1`. faiss compares all with all, on one
thread, for a share of the members, and its seconds are taken for all of them.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.cluster import ClusterKind
from infra.index import joining, vectors
from infra.index.nearest import Rows, exact, spread
from infra.index.vectors import VectorIndex, followed
from tasks.clustering import keeping
from tasks.clustering.keeping import Population

LEAST = 0.9
SAMPLE = 512
NEW = 100
"""One in so many is new in a day."""

KINDS = ("scattered", "spectrum", "narrow")
"""How the middles of the groups lie: anywhere; in few directions more than in others, about a common one, as vectors of
networks do; or in a space of eight dimensions, where everything has neighbours."""

Numbers = NDArray[np.float32]


def drawn(members: int, width: int, kind: str, seed: int = 1) -> NDArray[np.float16]:
    """Draw vectors: noisy copies of middles, near and far, in groups of sizes with a heavy tail; shuffled."""
    rng = np.random.default_rng(seed)
    sizes = np.minimum(rng.pareto(1.1, members) + 1, members // 50 + 1).astype(np.int64)
    of = np.repeat(np.arange(members), sizes)[:members]
    middles = _middles(rng, int(of[-1]) + 1, width, kind)
    found = np.empty((members, width), np.float16)
    order = rng.permutation(members)
    for start in range(0, members, 16_384):
        some = order[start : start + 16_384]
        noise = _unit(rng.standard_normal((len(some), width), np.float32))
        found[some] = _unit(middles[of[some]] + rng.uniform(0.05, 0.6, (len(some), 1)).astype(np.float32) * noise)
    return found[rng.permutation(members)]


def _middles(rng: np.random.Generator, count: int, width: int, kind: str) -> Numbers:
    if kind == "narrow":
        basis = np.linalg.qr(rng.standard_normal((width, 8), np.float32))[0]
        return _unit(rng.standard_normal((count, 8), np.float32) @ basis.T)
    middles = rng.standard_normal((count, width), np.float32)
    if kind == "scattered":
        return _unit(middles)
    falling = (np.arange(1, width + 1) ** -0.7).astype(np.float32)
    return _unit(_unit(middles * falling) + 0.8 * _unit(np.abs(rng.standard_normal((1, width), np.float32))))


def _unit(rows: Numbers) -> Numbers:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class Clock:
    """Seconds of CPU and on the wall since it was made."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.monotonic()

    @property
    def cpu(self) -> float:
        """Give the seconds of CPU of this process."""
        return time.process_time() - self._cpu

    def __str__(self) -> str:
        return f"{self.cpu:>10.1f} s   ({time.monotonic() - self._wall:.1f} s on the wall)"


def found(index: VectorIndex, pairs: Rows) -> tuple[float, float]:
    """Tell which share of pairs was compared, and of which share the two are connected."""
    looks = [vectors._looked_up(index, pairs[:, side], index.ways).reshape(len(pairs), -1) for side in (0, 1)]  # noqa: SLF001
    own = index.cells[pairs]
    compared = (looks[0] == own[:, 1:]).any(axis=1) | (looks[1] == own[:, :1]).any(axis=1)
    return float(compared.mean()), float((index.labels[pairs[:, 0]] == index.labels[pairs[:, 1]]).mean())


def flat(stored: NDArray[np.float16]) -> Iterator[tuple[str, float]]:
    """Measure faiss: the 64 nearest of a sample among all, in seconds for all."""
    if find_spec("faiss") is None:
        print("  faiss is not installed, so nothing is measured beside it")
        return
    import faiss  # noqa: PLC0415 (a peer need not be there)

    faiss.omp_set_num_threads(1)
    index: Any = faiss.IndexFlatIP(stored.shape[1])
    for start in range(0, len(stored), 65_536):
        index.add(stored[start : start + 65_536].astype(np.float32))
    asked = stored[spread(len(stored), 4 * SAMPLE)].astype(np.float32)
    clock = Clock()
    index.search(asked, 64)
    yield "Flat", clock.cpu * len(stored) / len(asked)


def measure(members: int, width: int, kind: str) -> None:
    """Print the figures of one kind of vectors."""
    print(f"{kind}, {members:,} vectors of {width}, near from {LEAST}")
    stored = drawn(members + members // NEW, width, kind)
    names = [f"{number:064x}" for number in np.random.default_rng(3).permutation(len(stored)).tolist()]
    place = {name: at for at, name in enumerate(names)}
    with tempfile.TemporaryDirectory() as folder:

        def fetch(some: Sequence[str]) -> Numbers:
            return stored[[place[name] for name in some]].astype(np.float32)

        old = sorted(names[:members])
        clock = Clock()
        index = followed(Path(folder), old, fetch, LEAST)
        graph = clock.cpu
        print(f"{'  neighbour graph':<44} {clock}")
        pairs = exact(index.vectors, spread(members - 7, SAMPLE) + 7, LEAST)
        shares = found(index, pairs)
        print(
            f"{'  of a sample, pairs there, compared, connected':<44} {len(pairs):,}, {shares[0]:.4f}, {shares[1]:.4f}"
        )
        print(f"  cells {len(index.centres):,}, of which each looks into {index.ways}, new ones into {index.alone}")
        for name, seconds in flat(stored[:members]):
            print(f"{f'  faiss {name}':<44} {seconds:>10.1f} s   ratio {seconds / graph:.0f}")
        clock = Clock()
        first = keeping._touched(index, Population(ClusterKind.SCENES, "", old, fetch, LEAST))  # noqa: SLF001
        first.settle()
        what = f"  {len(first.groups):,} groups of them, the largest {max(len(names) for names, _ in first.groups):,}"
        print(f"{what:<44} {clock}")
        print(f"{'  largest connected part':<44} {np.bincount(index.labels).max():>10,}")
        whole = graph + clock.cpu
        names.sort()
        clock = Clock()
        index = followed(Path(folder), names, fetch, LEAST)
        day = keeping._touched(index, Population(ClusterKind.SCENES, "", names, fetch, LEAST))  # noqa: SLF001
        day.settle()
        print(f"{f'  a day: {members // NEW:,} more, {len(day.touched or ()):,} touched':<44} {clock}")
        print(f"{'  a day, of a full run':<44} {100 * clock.cpu / whole:>10.1f} %")


def run(members: int = 100_000, width: int = 128, kinds: tuple[str, ...] = KINDS) -> None:
    """Print the tables."""
    print(f"\ncluster: {members:,} vectors, CPU of one thread")
    joining.WORKERS_FROM = 10**12
    warm = drawn(20_000, 16, "scattered")
    with tempfile.TemporaryDirectory() as folder:
        names = sorted(f"{at:08}" for at in range(len(warm)))

        def fetch(some: Sequence[str]) -> Numbers:
            return warm[[int(one) for one in some]].astype(np.float32)

        index = followed(Path(folder), names, fetch, LEAST)
        keeping._touched(index, Population(ClusterKind.SCENES, "", names, fetch, LEAST)).settle()  # noqa: SLF001
    for kind in kinds:
        measure(members, width, kind)
    print(
        f"{'peak memory of this process':<44} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:>10.1f} GiB"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--kinds", nargs="+", default=KINDS)
    told = parser.parse_args()
    run(told.members, told.width, tuple(told.kinds))
