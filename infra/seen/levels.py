"""Levels: what was seen, on disk: sorted files that are mapped into memory and never change.

A level on top of others holds what has changed since: of a file in several the uppermost tells, with all that came
before added in. So a night writes what it brings, and now and then two levels become one. All of it can be lost: the
archive has the same.
"""

import mmap
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from domain.errors import IndexDamaged
from infra.seen.kernels import checksum
from infra.seen.totals import Totals, joined, replaced

SUFFIX = ".seen"

MOST_ROWS = 2**20
"""Rows of a part, so that two of them are merged in little memory."""

_NUMBERS = 5
"""Numbers of 64 bits in a row: the halves of the key, two moments, and a count."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a level: its name, its rows, and a sum over its content."""

    name: str
    rows: int
    checksum: int


Level = tuple[Part, ...]
"""Parts whose keys ascend, from one part to the next too; keys that agree in their greater half share a part."""


def write_level(folder: Path, totals: Totals) -> Level:
    """Write totals durably, as parts under names of their own; of nothing there is no part."""
    heads, cuts = totals.keys[0], [0]
    while cuts[-1] < len(totals):
        wanted = min(cuts[-1] + MOST_ROWS, len(totals))
        last = heads[wanted - 1]
        cuts.append(int(np.searchsorted(heads, last, side="right")))
    return tuple(_write(folder, totals.part(slice(*cut))) for cut in pairwise(cuts))


def _write(folder: Path, totals: Totals) -> Part:
    words = np.empty((_NUMBERS, len(totals)), np.uint64)
    words[:2], words[2], words[3], words[4] = totals.keys, totals.firsts, totals.lasts, totals.reports
    part = Part(secrets.token_hex(8) + SUFFIX, len(totals), int(checksum(words.reshape(-1))))
    with (folder / part.name).open("xb") as out:
        out.write(words.data)
        out.flush()
        os.fsync(out.fileno())
    return part


def read_part(folder: Path, part: Part) -> Totals:
    """Map a part into memory.

    Raises:
        IndexDamaged: it is missing, or not what was written.
    """
    try:
        with (folder / part.name).open("rb") as content:
            words = np.frombuffer(mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ), np.uint64)
    except (FileNotFoundError, ValueError):  # an empty file cannot be mapped, nor one that ends within a number
        raise IndexDamaged(f"a part of what was seen is missing in {folder}") from None
    if words.size != part.rows * _NUMBERS or int(checksum(words)) != part.checksum:
        raise IndexDamaged(f"a part of what was seen has changed in {folder}")
    rows = words.reshape(_NUMBERS, part.rows)
    return Totals(rows[:2], rows[2], rows[3], rows[4])


class Levels:
    """The levels of a folder, the lowest first; each part is checked and mapped when it is first read."""

    def __init__(self, folder: Path, levels: Sequence[Level] = ()) -> None:
        self.folder = folder
        self.levels = tuple(level for level in levels if level)
        self._read: dict[str, Totals] = {}

    def read(self, level: Level) -> list[Totals]:
        """Give the totals of a level's parts.

        Raises:
            IndexDamaged: a part is missing, or not what was written.
        """
        for part in level:
            if part.name not in self._read:
                self._read[part.name] = read_part(self.folder, part)
        return [self._read[part.name] for part in level]

    def find(self, wanted: Totals) -> tuple[Totals, NDArray[np.bool_]]:
        """Give what is held of the files `wanted`, and which of them are; what is given of others means nothing.

        Raises:
            IndexDamaged: a part is missing, or not what was written.
        """
        seen = np.zeros(len(wanted), np.bool_)
        held = Totals(wanted.keys, wanted.firsts.copy(), wanted.lasts.copy(), np.zeros(len(wanted), np.uint64))
        for level in reversed(self.levels):
            for part, cut in _shared_out(wanted, self.read(level)):
                at = part.find(wanted.part(cut))
                at[seen[cut]] = -1
                found, at = cut.start + np.flatnonzero(at >= 0), at[at >= 0]
                held.firsts[found], held.lasts[found] = part.firsts[at], part.lasts[at]
                held.reports[found], seen[found] = part.reports[at], True
        return held, seen

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
        new = joined(self.read(upper))
        pieces = (replaced(old, new.part(cut)) for old, cut in _shared_out(new, self.read(lower)))
        return tuple(part for piece in pieces for part in write_level(self.folder, piece))

    def _with(self, levels: Sequence[Level]) -> "Levels":
        more = Levels(self.folder, levels)
        more._read = self._read
        return more


def _crowded(levels: Sequence[Level]) -> int:
    """Give the uppermost level with half as many rows as the one below it, or more; 0: there is none."""
    places = range(len(levels) - 1, 0, -1)
    return next((each for each in places if 2 * _rows(levels[each]) >= _rows(levels[each - 1])), 0)


def _rows(level: Level) -> int:
    return sum(part.rows for part in level)


def _shared_out(wanted: Totals, parts: Sequence[Totals]) -> Iterator[tuple[Totals, slice]]:
    """Give each part, and which of the files `wanted` belong to it."""
    heads = [part.keys[0, 0] for part in parts[1:]]
    cuts = [0, *np.searchsorted(wanted.keys[0], np.array(heads, np.uint64)).tolist(), len(wanted)]
    for part, cut in zip(parts, pairwise(cuts), strict=True):
        yield part, slice(*cut)


def tidy(folder: Path, levels: Levels) -> None:
    """Remove the files of parts that no level has any more."""
    needed = {part.name for level in levels.levels for part in level}
    for file in folder.glob(f"*{SUFFIX}"):
        if file.name not in needed:
            file.unlink()
