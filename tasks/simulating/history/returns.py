"""Returns: how often each distinct file is seen (section 4.5), and over how long (Figure 8)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.media import Kind
from tasks.simulating.history.months import FILE_DAYS
from tasks.simulating.history.numbers import Floats, Whole

_OFTEN_IS_LONG = 0.6
"""How much a file that is seen e times as often stands out among lifetimes, in standard deviations of the draw."""


@dataclass(frozen=True, slots=True)
class Law:
    """How files of a kind return.

    Attributes:
        single: share of the distinct files that one report names alone.
        most: sightings of the one that is seen most, at full scale.
        late: how the last sightings of files seen again crowd towards the end (1: as all sightings do; 0: all stand at
            the end), so that every month has room for them.
        lives: share of the files seen again that live at most so many days.
    """

    single: float
    most: int
    late: float
    lives: dict[float, float]


LAWS = {
    Kind.IMAGE: Law(0.84, 491_200, 0.7, {0: 0.25, 0.1: 12, 0.25: 75, 0.5: 257, 0.75: 600, 0.9: 1095, 1: 1700}),
    Kind.VIDEO: Law(0.91, 5_876, 0.7, {0: 0.25, 0.1: 15, 0.25: 80, 0.5: 212, 0.75: 365, 0.9: 540, 1: 1150}),
    Kind.OTHER: Law(0.85, 1_000, 1.0, {0: 30, 0.1: 500, 0.3: 1106, 0.6: 1350, 1: 1700}),
}
"""Printed: 84 and 91 %, the two maxima, medians of 257 and 210 days, 10 % over three years and over one and a half, and
70 % of the other files over three. The rest is ours. Some stand a few days off: a sighting keeps to its month alone."""


def multiplicities(sightings: int, law: Law, most: int) -> Whole:
    """Give how often each file is seen that is seen at least twice, most often first; all others are seen once.

    The counts fall as a power of the rank, from `most` (≥ 2) to 2. How many there are follows from `sightings` and the
    share of single ones.
    """
    singles_each = law.single / (1 - law.single)

    def ranked(files: int) -> Whole:
        power = np.log(most / 2) / np.log(max(files, 2))
        counts: Whole = np.maximum(most * np.arange(1, files + 1, dtype=np.float64) ** -power, 2).astype(np.int64)
        return counts

    low, high = 1, int(sightings / (2 + singles_each)) + 1
    while high - low > 1:
        middle = (low + high) // 2
        fits = ranked(middle).sum() + middle * singles_each <= sightings
        low, high = (middle, high) if fits else (low, middle)
    return ranked(low)


def lifetimes(counts: Whole, law: Law, rng: np.random.Generator) -> Floats:
    """Give how long each file lives (days), which is seen `counts` times; those seen often tend to live long.

    The lifetimes are the law's quantiles, straight between its logarithms, each one taken once.
    """
    files = len(counts)
    quantiles = (np.arange(files) + 0.5) / files
    days = np.exp(np.interp(quantiles, list(law.lives), np.log(list(law.lives.values()))))
    order = np.argsort(rng.standard_normal(files) + _OFTEN_IS_LONG * np.log(counts), kind="stable")
    lives = np.empty(files)
    lives[order] = days
    return lives


@dataclass(frozen=True, slots=True)
class Clock:
    """A time axis along which sightings come evenly: 0 to 1 over the months since 2013, by their volume."""

    marks: Floats

    @classmethod
    def of(cls, volume: Whole) -> "Clock":
        """Make the clock of a kind from its sightings by month."""
        return cls(np.concatenate(([0.0], np.cumsum(volume) / volume.sum())))

    def read(self, days: Floats) -> Floats:
        """Tell the clock's time on days since 2013-01-01."""
        return np.interp(days, FILE_DAYS, self.marks)

    def days(self, times: Floats) -> Floats:
        """Tell the days, from the clock's times."""
        return np.interp(times, self.marks, FILE_DAYS)

    def months(self, times: Floats) -> NDArray[np.uint8]:
        """Tell the months since 2013, from the clock's times."""
        return np.searchsorted(self.marks[1:-1], times, side="right").astype(np.uint8)


def spans(lives: Floats, late: float, clock: Clock, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw when files with these lifetimes (days) are seen first and last, in the clock's times.

    The last sighting comes no sooner than the lifetime has passed since 2013.
    """
    earliest = clock.read(lives)
    last = earliest + (1 - earliest) * rng.random(len(lives)) ** late
    return clock.read(clock.days(last) - lives), last
