"""Tallies: how many of each, as numbers that add up."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

_ROOM = 2**17
"""Places of a table that is always worth its making."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by cell; what a cell means is its maker's business.

    Attributes:
        cells: cells that are not empty, ascending.
        counts: how many there are in each; below 0 in a tally that takes away.
    """

    cells: Numbers
    counts: Numbers

    def __sub__(self, other: "Tally") -> "Tally":
        return total([self, Tally(other.cells, -other.counts)])

    def between(self, low: int, high: int) -> "Tally":
        """Keep the cells from `low` up to but not including `high`."""
        cut = slice(*np.searchsorted(self.cells, [low, high]))
        return Tally(self.cells[cut], self.counts[cut])


def tally(cells: Numbers, weights: Numbers | None = None) -> Tally:
    """Count each cell of a list, in any order, once or `weights` times; exact below 2^53."""
    if not len(cells):
        return Tally(np.empty(0, np.int64), np.empty(0, np.int64))
    low, high = int(cells.min()), int(cells.max())
    if high - low < 4 * len(cells) + _ROOM:
        counts = np.bincount(cells - low, weights)
        found = np.flatnonzero(counts)
        return Tally(found + low, counts[found].astype(np.int64))
    found, where = np.unique(cells, return_inverse=True)
    counts = np.bincount(where, weights).astype(np.int64)
    kept = counts != 0
    return Tally(found[kept], counts[kept])


def total(tallies: Iterable[Tally]) -> Tally:
    """Add tallies up; cells that come to nothing are left out."""
    several = list(tallies)
    if not several:
        return tally(np.empty(0, np.int64))
    cells, counts = (np.concatenate([getattr(each, name) for each in several]) for name in ("cells", "counts"))
    return tally(cells, counts)
