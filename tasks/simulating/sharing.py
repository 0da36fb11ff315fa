"""Sharing: when reports come in, how often files return, and for how long, skewed as the paper measured it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

START = datetime(2013, 1, 1, tzinfo=UTC)
END = datetime(2017, 9, 30, tzinfo=UTC)
"""The span of the paper's file-level data (section 3.1)."""

_DAYS = (END - START).days
_YEARLY_GROWTH = 2.0
"""Each year brings about twice the reports of the year before: +101 % from platforms (the paper's Figure 3)."""


@dataclass(frozen=True, slots=True)
class Skew:
    """How a kind of file returns.

    Attributes:
        single: share of the distinct files that are seen in one report only.
        tail: exponent of the Pareto tail of the others.
        median_days: median of the days between first and last report, log-normal.
        sigma: standard deviation of its logarithm.
    """

    single: float
    tail: float
    median_days: float
    sigma: float


IMAGES = Skew(0.84, 1.3, 257.0, 1.13)
VIDEOS = Skew(0.91, 2.0, 210.0, 0.75)
"""The paper's section 4.5 and Figure 8: medians as printed, sigma from the 90th percentiles (3 and 1.5 years)."""


def reception_days(rng: np.random.Generator, reports: int) -> NDArray[np.float64]:
    """Draw when `reports` reports came in, in days after `START`, ascending, growing exponentially."""
    rate = np.log(_YEARLY_GROWTH) / 365.25
    return np.sort(np.log1p(rng.random(reports) * np.expm1(rate * _DAYS)) / rate)


def moment(days: float) -> datetime:
    """Turn days after `START` into a time of whole seconds."""
    return START + timedelta(seconds=round(days * 86_400))


def multiplicities(rng: np.random.Generator, sightings: int, skew: Skew, most: int) -> list[int]:
    """Split `sightings` into distinct files: in how many reports each is seen, the shared ones (≤ `most`) first."""
    shared: list[int] = []
    singles_each = skew.single / (1 - skew.single)
    while sum(shared) + (len(shared) + 1) * singles_each < sightings - 2:
        wanted = int(2 * (1 - rng.random()) ** (-1 / skew.tail))
        shared.append(min(wanted, most, max(2, sightings // 8)))
    return shared + [1] * max(0, sightings - sum(shared))


def return_days(rng: np.random.Generator, times: int, skew: Skew, received: Sequence[float]) -> list[float]:
    """Draw when a file is seen `times` (≥ 2) times, in days after `START`: first, last and those between."""
    last = float(rng.choice(np.asarray(received)))
    span = skew.median_days * float(np.exp(skew.sigma * rng.normal()))
    if span > last:
        span = last * rng.random()
    return [last - span, last, *(float(each) for each in rng.uniform(last - span, last, times - 2))]


def place(wanted: Sequence[float], received: NDArray[np.float64], room: NDArray[np.int64]) -> list[int]:
    """Choose for each wanted day the nearest report that has room and is not chosen yet, and take its room.

    Fewer reports are chosen than wanted where no room is left.
    """
    chosen: list[int] = []
    for day in wanted:
        away = np.abs(received - day)
        away[room < 1] = np.inf
        away[chosen] = np.inf
        nearest = int(away.argmin())
        if not np.isfinite(away[nearest]):
            break
        chosen.append(nearest)
        room[nearest] -= 1
    return chosen
