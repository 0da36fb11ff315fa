"""The self-join of vectors: what is connected by pairs that are near, cell by cell, on the run's workers or here.

No pair is kept: each worker gives what its cells connect, so that the room is that of a few numbers for each member,
however many pairs there are. What is near enough to the pivot of a cell is connected by it, and is not compared with
the rest that is: a flood of vectors that are all but the same costs no more than looking at each.
"""

import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from infra.cluster import fan_out, running
from infra.index.graph import rooted, unite
from infra.index.nearest import Rows, Stored, Vectors, Ways, cells, floats, near

WORKERS_FROM = 500_000
"""Members from which on workers are asked; fewer are done before a cluster has started."""

_ROWS = 8192
_PIECES = 64
"""Pieces of about as many cells each, in which the join is handed out."""


class Asked(NamedTuple):
    """What a worker is asked: to look up the cells of rows from `first` to `last`, or to join those cells.

    Attributes:
        vectors: the file of vectors, as float16; `shape` of what is in force of it.
        folder: where the pivots are, and, for a join, who looks into which cell.
        ways: cells that each vector looks into.
        least: cosine from which on two are near.
    """

    number: int
    vectors: Path
    shape: tuple[int, int]
    folder: Path
    first: int
    last: int
    ways: int
    least: float


Cells = tuple[NDArray[np.int32], NDArray[np.bool_]]
"""The nearest cells of rows [N, ways], and whether their pivots are near."""

Found = TypeVar("Found", Cells, Rows)
Step = Callable[[Sequence[Asked]], list[tuple[int, Found | None]]]
"""Answers by the number of what was asked; None where a worker does not reach the files."""


def mapped(file: Path, shape: tuple[int, int]) -> Stored:
    """Map vectors in a file; pages come and go as the machine has room."""
    return np.memmap(file, "<f2", "r", shape=shape)


def look_up(questions: Sequence[Asked]) -> list[tuple[int, Cells | None]]:
    """Find the nearest cells of rows, and whether their pivots are near. A Dask worker runs this."""
    return [(asked.number, _looked_up(asked) if asked.folder.exists() else None) for asked in questions]


def _looked_up(asked: Asked) -> Cells:
    vectors, centres = mapped(asked.vectors, asked.shape), np.load(asked.folder / "centres.npy")
    found, tied = [], []
    for start in range(asked.first, asked.last, _ROWS // 2):
        rows = np.arange(start, min(start + _ROWS // 2, asked.last))
        nearest, cosines = cells(floats(vectors, rows), centres, asked.ways)
        found.append(nearest)
        tied.append(cosines >= asked.least)
    return np.concatenate(found), np.concatenate(tied)


def join(questions: Sequence[Asked]) -> list[tuple[int, Rows | None]]:
    """Join cells: pairs [N, 2] that connect whatever is near in them. A Dask worker runs this."""
    return [(asked.number, _joined(asked) if asked.folder.exists() else None) for asked in questions]


def _joined(asked: Asked) -> Rows:
    vectors = mapped(asked.vectors, asked.shape)
    order, tied = (np.load(asked.folder / f"{name}.npy", mmap_mode="r") for name in ("order", "tied"))
    starts = np.load(asked.folder / "starts.npy")
    parents = np.arange(asked.shape[0])
    for cell in range(asked.first, asked.last):
        inside = slice(int(starts[cell]), int(starts[cell + 1]))
        asking, own = np.divmod(np.asarray(order[inside]), asked.ways)
        bound, here = np.asarray(tied[inside]), own == 0
        for found in near(vectors, asking[~bound], asking[here], asked.least):
            unite(parents, found)
        for found in near(vectors, asking[bound], asking[here & ~bound], asked.least):
            unite(parents, found)
    moved = np.flatnonzero(parents != np.arange(len(parents)))
    return np.stack([moved, parents[moved]], axis=1)


def components(
    file: Path, shape: tuple[int, int], chosen: Rows, ways: Ways, least: float
) -> tuple[NDArray[np.int32], Rows]:
    """Give each vector's cell, and the smallest row of what it is connected with.

    Args:
        file: the vectors, as float16.
        shape: members and width.
        chosen: rows of the pivots.
        ways: cells that each vector looks into.
        least: cosine from which on two are near.
    """
    folder = file.parent / f"join-{secrets.token_hex(4)}"
    folder.mkdir()
    try:
        with running() if shape[0] >= WORKERS_FROM else nullcontext():
            return _components(folder, file, shape, chosen, ways, least)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _components(
    folder: Path, file: Path, shape: tuple[int, int], chosen: Rows, ways: Ways, least: float
) -> tuple[NDArray[np.int32], Rows]:
    centres: Vectors = floats(mapped(file, shape), chosen)
    np.save(folder / "centres.npy", centres)
    each = Asked(0, file, shape, folder, 0, 0, min(ways.both, len(chosen)), least)
    looked = dict(_asked(look_up, each, shape[0], _ROWS))
    found, tied = (np.concatenate([looked[number][side] for number in sorted(looked)]) for side in (0, 1))
    parents = np.arange(shape[0])
    unite(parents, np.stack([np.nonzero(tied)[0], chosen[found[tied]]], axis=1))
    order = np.argsort(found.ravel(), kind="stable")
    np.save(folder / "order.npy", order)
    np.save(folder / "tied.npy", tied.ravel()[order])
    np.save(folder / "starts.npy", np.searchsorted(found.ravel()[order], np.arange(len(chosen) + 1)))
    for _, pairs in _asked(join, each, len(chosen), 1 + len(chosen) // _PIECES):
        unite(parents, pairs)
    return found[:, 0].copy(), rooted(parents)


def _asked(step: Step[Found], each: Asked, end: int, size: int) -> Iterator[tuple[int, Found]]:
    """Ask workers, of many members, and answer here what they do not reach."""
    todo = [
        each._replace(number=number, first=first, last=min(first + size, end))
        for number, first in enumerate(range(0, end, size))
    ]
    if each.shape[0] < WORKERS_FROM:
        yield from _here(step, todo)
        return
    for number, found in chain.from_iterable(fan_out(step, todo, batch=1, name="vectors")):
        if found is None:
            yield from _here(step, [todo[number]])
        else:
            yield number, found


def _here(step: Step[Found], todo: Sequence[Asked]) -> Iterator[tuple[int, Found]]:
    for number, found in chain.from_iterable(step([each]) for each in todo):
        assert found is not None
        yield number, found
