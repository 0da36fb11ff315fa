"""Totals: of many files the first sighting, the last one, and how many reports named each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from infra.seen.kernels import Numbers, add_up, find, interleave

TAG_BITS = 4
"""A moment is microseconds since 1970 (UTC) and, in its last bits, a tag of the sighting (0 to 15): the earlier moment
is the lesser one, and of two at once the one with the lesser tag."""

_IN_BUCKET = 16
"""Sightings of a bucket, about."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Files in the order of their keys, each once.

    Attributes:
        keys: (2, files) halves of the keys, the greater one first.
        firsts: moments of the first sightings.
        lasts: moments of the last sightings.
        reports: distinct reports that named each file.
    """

    keys: Numbers
    firsts: Numbers
    lasts: Numbers
    reports: Numbers

    def __len__(self) -> int:
        return len(self.reports)

    def part(self, places: slice | NDArray[np.int64]) -> "Totals":
        """Give the files at these places, which ascend."""
        return Totals(self.keys[:, places], self.firsts[places], self.lasts[places], self.reports[places])

    def find(self, wanted: "Totals") -> NDArray[np.int64]:
        """Give the place of each file of `wanted` here, or −1."""
        return find(self.keys, wanted.keys)


def nothing() -> Totals:
    """Give the totals of no file."""
    empty = np.empty(0, np.uint64)
    return Totals(np.empty((2, 0), np.uint64), empty, empty, empty)


def added_up(sightings: Numbers) -> Totals:
    """Add sightings up, distinct pairs of report and file, in any order: rows of the key's halves and the moment."""
    if not len(sightings):
        return nothing()
    least, most = sightings[:, 0].min(), int(sightings[:, 0].max())
    bits = max(len(sightings) // _IN_BUCKET, 1).bit_length()
    shift = max((most - int(least)).bit_length() - bits, 0)
    totals = np.empty((5, len(sightings)), np.uint64)
    files = add_up(sightings, least, np.uint64(shift), 1 << bits, totals)
    return Totals(totals[:2, :files], *totals[2:, :files])


def both(one: Totals, other: Totals) -> Totals:
    """Add the totals of the same files up."""
    return Totals(
        one.keys,
        np.minimum(one.firsts, other.firsts),
        np.maximum(one.lasts, other.lasts),
        one.reports + other.reports,
    )


def replaced(old: Totals, new: Totals) -> Totals:
    """Join totals; of a file in both the new ones hold."""
    order = interleave(old.keys, new.keys)
    return joined([old, new]).part(order)


def joined(parts: Sequence[Totals]) -> Totals:
    """Put totals one behind the other."""
    return Totals(
        np.hstack([part.keys for part in parts]),
        np.concatenate([part.firsts for part in parts]),
        np.concatenate([part.lasts for part in parts]),
        np.concatenate([part.reports for part in parts]),
    )
