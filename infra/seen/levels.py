"""Levels: what was seen, on disk: sorted files that are mapped into memory and never change.

A level on top of others holds what has changed since: of a file in several the uppermost tells, with all that came
before added in; one that no report names any more stands there with none. So a night writes what it brings, and now and
then two levels become one. All of it can be lost: the archive has the same.

A file of a level is rows, and behind them of each block of rows the first key and a checksum. These are checked when
the file is opened, a block when it is looked into, and all blocks before the file becomes part of another.
"""

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from domain.errors import IndexDamaged
from infra import durable
from infra.seen.kernels import WIDTH, Numbers, blocks_of, checksum, find
from infra.seen.totals import Totals, joined, never, replaced

SUFFIX = ".seen"

MOST_ROWS = 2**20
"""Rows of a part, so that two of them are merged in little memory."""

_OF_BLOCK = 3
"""Numbers of 64 bits that stand for a block."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a level: its rows, and the checksum of what it says of its blocks, which names it."""

    rows: int
    checksum: int

    @property
    def name(self) -> str:
        """Give the file's name: the same rows have the same."""
        return f"{self.checksum:016x}{SUFFIX}"


Level = tuple[Part, ...]
"""Parts whose keys ascend, from one part to the next too; keys that agree in their greater half share a part."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A part in memory: rows of what was seen, and of each block of them the first key, in two halves, and a checksum.

    Only `blocks` are known to be what was written.
    """

    rows: Numbers
    blocks: Numbers


def write_level(folder: Path, totals: Totals) -> Level:
    """Write totals durably, as parts; of nothing there is no part."""
    heads, cuts = totals.rows[:, 0], [0]
    while cuts[-1] < len(totals):
        wanted = min(cuts[-1] + MOST_ROWS, len(totals))
        last = heads[wanted - 1]
        cuts.append(int(np.searchsorted(heads, last, side="right")))
    return tuple(_write(folder, totals.part(slice(*cut))) for cut in pairwise(cuts))


def _write(folder: Path, totals: Totals) -> Part:
    blocks = blocks_of(totals.rows)
    part = Part(len(totals), int(checksum(blocks.reshape(-1))))
    durable.write(folder / part.name, b"".join((totals.rows.data, blocks.data)))
    return part


def map_part(folder: Path, part: Part) -> Mapped:
    """Map a part into memory.

    Raises:
        IndexDamaged: it is missing, cut off, or says something else of its blocks than what was written.
    """
    try:
        with (folder / part.name).open("rb") as content:
            words = np.frombuffer(mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ), np.uint64)
    except (FileNotFoundError, ValueError):  # an empty file cannot be mapped, nor one that ends within a number
        raise IndexDamaged(f"a part of what was seen is missing in {folder}") from None
    rows, blocks = words[: WIDTH * part.rows], words[WIDTH * part.rows :]
    if len(rows) < WIDTH * part.rows or int(checksum(blocks)) != part.checksum:
        raise IndexDamaged(f"a part of what was seen has changed in {folder}")
    return Mapped(rows.reshape(-1, WIDTH), blocks.reshape(-1, _OF_BLOCK))


class Levels:
    """The levels of a folder, the lowest first; each part is mapped when it is first read."""

    def __init__(self, folder: Path, levels: Sequence[Level] = ()) -> None:
        self.folder = folder
        self.levels = tuple(level for level in levels if level)
        self._mapped: dict[str, Mapped] = {}

    def find(self, wanted: Totals) -> Totals:
        """Give what is held of the files `wanted`, in their order.

        Raises:
            IndexDamaged: a part is missing, or not what was written where it was looked into.
        """
        held = never(wanted)
        for level in self.levels:
            for part, cut in _shared_out(wanted, self._map(level)):
                if not find(part.rows, part.blocks, wanted.rows[cut], held.rows[cut]):
                    raise self._changed()
        return held

    def put_on(self, totals: Totals) -> "Levels":
        """Write a level on top."""
        return self._with((*self.levels, write_level(self.folder, totals)))

    def compacted(self) -> "Levels":
        """Merge levels until each has less than half the rows of the one below it.

        Raises:
            IndexDamaged: a part is missing, or not what was written.
        """
        levels = list(self.levels)
        while place := _crowded(levels):
            levels[place - 1 : place + 1] = [self._merged(*levels[place - 1 : place + 1])]
        return self if tuple(levels) == self.levels else self._with(levels)

    def _merged(self, lower: Level, upper: Level) -> Level:
        new = joined([self._whole(part) for part in self._map(upper)])
        pieces = (replaced(self._whole(old), new.part(cut)) for old, cut in _shared_out(new, self._map(lower)))
        return tuple(part for piece in pieces for part in write_level(self.folder, piece))

    def _map(self, level: Level) -> list[Mapped]:
        for part in level:
            if part.name not in self._mapped:
                self._mapped[part.name] = map_part(self.folder, part)
        return [self._mapped[part.name] for part in level]

    def _whole(self, part: Mapped) -> Totals:
        if not np.array_equal(blocks_of(part.rows), part.blocks):
            raise self._changed()
        return Totals(part.rows)

    def _changed(self) -> IndexDamaged:
        return IndexDamaged(f"a part of what was seen has changed in {self.folder}")

    def _with(self, levels: Sequence[Level]) -> "Levels":
        more = Levels(self.folder, levels)
        more._mapped = self._mapped
        return more


def _crowded(levels: Sequence[Level]) -> int:
    """Give the uppermost level with half as many rows as the one below it, or more; 0: there is none."""
    places = range(len(levels) - 1, 0, -1)
    return next((each for each in places if 2 * _rows(levels[each]) >= _rows(levels[each - 1])), 0)


def _rows(level: Level) -> int:
    return sum(part.rows for part in level)


def _shared_out(wanted: Totals, parts: Sequence[Mapped]) -> Iterator[tuple[Mapped, slice]]:
    """Give each part, and which of the files `wanted` belong to it."""
    heads = [part.blocks[0, 0] for part in parts[1:]]
    cuts = [0, *np.searchsorted(wanted.rows[:, 0], np.array(heads, np.uint64)).tolist(), len(wanted)]
    for part, cut in zip(parts, pairwise(cuts), strict=True):
        yield part, slice(*cut)


def tidy(folder: Path, levels: Levels) -> None:
    """Remove the files of parts that no level has any more, and what is left of some that were never finished."""
    needed = {part.name for level in levels.levels for part in level}
    for file in folder.glob(f"*{SUFFIX}*"):
        if file.name not in needed:
            file.unlink()
