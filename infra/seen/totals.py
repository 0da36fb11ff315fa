"""Totals: of many files the first sighting, the last one, and how many reports named each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from infra.seen.kernels import WIDTH, Numbers, add_up, blocks_of, find, merge

TAG_BITS = 4
"""A moment is microseconds since 1970 (UTC) and, in its last bits, a tag of the sighting (0 to 15): the earlier moment
is the lesser one, and of two at once the one with the lesser tag."""

NEVER = np.uint64(2**64 - 1)
"""The first moment of a file that no report names; its last is 0."""

_IN_BUCKET = 4
"""Sightings of a bucket, at most as a rule."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Files in the order of their keys, each once.

    Attributes:
        rows: (files, 5): the key's greater half and its lesser one, the moments of the first and of the last sighting,
            and how many distinct reports named the file, which may be none.
    """

    rows: Numbers

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def firsts(self) -> Numbers:
        """Give the moments of the first sightings."""
        return self.rows[:, 2]

    @property
    def lasts(self) -> Numbers:
        """Give the moments of the last sightings."""
        return self.rows[:, 3]

    @property
    def reports(self) -> Numbers:
        """Give how many reports named each file."""
        return self.rows[:, 4]

    def part(self, places: slice | NDArray[np.int64]) -> "Totals":
        """Give the files at these places, which ascend."""
        return Totals(self.rows[places])

    def seen(self) -> "Totals":
        """Leave out files that no report names."""
        places = np.flatnonzero(self.reports)
        return self if len(places) == len(self) else self.part(places)

    def of(self, wanted: "Totals") -> "Totals":
        """Give what is held of the files `wanted`, in their order."""
        held = never(wanted)
        find(self.rows, blocks_of(self.rows), wanted.rows, held.rows)
        return held


def never(files: Totals) -> Totals:
    """Give the totals of these files when no report names them."""
    rows = files.rows.copy()
    rows[:, 2:] = NEVER, 0, 0
    return Totals(rows)


def nothing() -> Totals:
    """Give the totals of no file."""
    return Totals(np.empty((0, WIDTH), np.uint64))


def added_up(sightings: Numbers) -> Totals:
    """Add sightings up, distinct pairs of report and file, in any order: rows of the key's halves and the moment."""
    if not len(sightings):
        return nothing()
    least, most = sightings[:, 0].min(), int(sightings[:, 0].max())
    bits = max(len(sightings) // _IN_BUCKET, 1).bit_length()
    shift = max((most - int(least)).bit_length() - bits, 0)
    rows = np.empty((len(sightings), WIDTH), np.uint64)
    return Totals(rows[: add_up(sightings, least, np.uint64(shift), 1 << bits, rows)])


def both(one: Totals, other: Totals) -> Totals:
    """Add the totals of the same files up."""
    rows = one.rows.copy()
    rows[:, 2] = np.minimum(one.firsts, other.firsts)
    rows[:, 3] = np.maximum(one.lasts, other.lasts)
    rows[:, 4] += other.reports
    return Totals(rows)


def replaced(old: Totals, new: Totals) -> Totals:
    """Join totals; of a file in both the new ones hold."""
    return Totals(merge(old.rows, new.rows))


def joined(parts: Sequence[Totals]) -> Totals:
    """Put totals one behind the other."""
    return Totals(np.concatenate([part.rows for part in parts]))
