"""Sightings: which file is seen in which month, so that both every month's and every file's count hold."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from domain.media import Kind
from tasks.simulating.chance import chance
from tasks.simulating.history.kinds import MONTHS, sightings_by_month
from tasks.simulating.history.numbers import Whole, scaled
from tasks.simulating.history.returns import LAWS, Clock, lifetimes, multiplicities, spans
from tasks.simulating.history.volumes import REPORTS

Files = NDArray[np.uint32]

_AT_ONCE = 2**20
"""Sightings drawn at once, so that they take little memory."""


@dataclass(frozen=True, slots=True)
class Sightings:
    """Sightings of one kind: files are numbered, those seen again first, the one seen most often 0.

    Attributes:
        volume: sightings of each month since 2013 (57).
        counts: how often each file is seen that is seen at least twice.
        returning: those files' sightings, by month, and by file within a month.
        starts: where each month begins among `returning`, and at last where they end (58).
    """

    kind: Kind
    volume: Whole
    counts: Whole
    returning: Files
    starts: Whole

    def singles(self) -> int:
        """Count the files that are seen once."""
        return int(self.volume.sum() - self.counts.sum())

    def of_month(self, month: int) -> Files:
        """Give the files seen in a month since 2013, once for each sighting; those of one file stand together."""
        again = self.returning[self.starts[month] : self.starts[month + 1]]
        before = int(self.volume[:month].sum() - self.starts[month])
        first = len(self.counts) + before
        once = np.arange(first, first + self.volume[month] - len(again), dtype=np.uint32)
        return np.concatenate((again, once))


def plan_sightings(kind: Kind, seed: int, reports: int) -> Sightings:
    """Plan the sightings of a kind in a history of `reports`.

    Of a file that is seen again the first and the last sighting are drawn, then those between them, as all sightings
    fall. What a month has left goes to files that are seen once.
    """
    volume, law = sightings_by_month(kind, reports), LAWS[kind]
    counts = multiplicities(int(volume.sum()), law, scaled(law.most, reports / REPORTS, 2))
    rng, clock = chance(seed, "returns", kind), Clock.of(volume)
    first, last = spans(lifetimes(counts, law, rng), law.late, clock, rng)
    files = np.arange(len(counts), dtype=np.uint32)
    seen = np.concatenate((files, files, np.repeat(files, counts - 2)))
    months = np.concatenate((clock.months(first), clock.months(last), np.empty(len(seen) - 2 * len(files), np.uint8)))
    for start in range(2 * len(files), len(seen), _AT_ONCE):
        these = seen[start : start + _AT_ONCE]
        drawn = first[these] + (last[these] - first[these]) * rng.random(len(these))
        months[start : start + _AT_ONCE] = clock.months(drawn)
    starts = _with_room(np.bincount(months, minlength=MONTHS), volume)
    returning = np.concatenate([seen[months == month] for month in range(MONTHS)])
    for start, end in pairwise(starts.tolist()):
        returning[start:end].sort()
    return Sightings(kind, volume, counts, returning, starts)


def _with_room(wanted: Whole, volume: Whole) -> Whole:
    """Tell where each month begins, and at last where they end, if it wants as many and has room for its `volume`.

    What a month has no room for moves to the next one; what the last has none for, to the one before.
    """
    starts = np.concatenate(([0], np.cumsum(wanted)))
    for month in range(len(volume)):
        starts[month + 1] = min(starts[month + 1], starts[month] + volume[month])
    starts[-1] = wanted.sum()
    for month in reversed(range(len(volume))):
        starts[month] = max(starts[month], starts[month + 1] - volume[month])
    return starts
