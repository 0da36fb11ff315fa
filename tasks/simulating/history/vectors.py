"""Vectors: how material was distributed, fitted so that every printed number of Figure 6 holds."""

import csv
from functools import cache
from pathlib import Path

import numpy as np

from domain.report import Vector
from tasks.simulating.history.numbers import Whole, scaled, whole
from tasks.simulating.history.volumes import REPORTS, by_year

UNKNOWN = 1_997_074
"""Reports without a vector: 8.5 % (section 3.1). Figure 6's sample sizes add up to 157,127 more than all the others, so
that as many reports name a URL and another vector."""

LABELS: tuple[tuple[str, ...], ...] = (
    *((each,) for each in Vector if each is not Vector.URL),
    *((each, Vector.URL) for each in Vector if each is not Vector.URL),
    (Vector.URL,),
    (),
)
"""What a report can name: a vector, or a vector and a URL, or a URL, or nothing. The counts have a row for each."""

_OTHERS = len(Vector) - 1


@cache
def printed() -> dict[str, tuple[int, Whole]]:
    """Read Figure 6: of each vector its reports, and its per cent by year (20)."""
    with Path(__file__).with_name("vectors.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(line for line in lines if not line.startswith("#")))[1:]
    return {row[0]: (int(row[1]), np.array([int(each) for each in row[2:]], dtype=np.int64)) for row in rows}


def spread(reports: int, percent: Whole, volume: Whole) -> Whole:
    """Share a vector's `reports` out over the years, each within the rounding of its per cent and within its `volume`.

    What the rounding leaves open goes by the years' volumes.

    Raises:
        ValueError: no numbers are within the rounding.
    """
    least = np.maximum(np.ceil((percent - 0.5) / 100 * reports), 0)
    most = np.minimum(np.ceil((percent + 0.5) / 100 * reports) - 1, volume)
    if not least.sum() <= reports <= most.sum():
        raise ValueError("the per cent of a vector do not allow its reports")
    low, high = -1.0, 1.0
    for _ in range(100):
        middle = (low + high) / 2
        shares = np.clip(percent / 100 * reports + middle * volume, least, most)
        low, high = (middle, high) if shares.sum() < reports else (low, middle)
    return whole(shares, reports)


@cache
def fitted() -> Whole:
    """Give the reports of each of `LABELS` in each year at full scale (22 × 20)."""
    volume = by_year()
    url = spread(*printed()[Vector.URL], volume)
    named = np.array([spread(*printed()[each], volume) for each in Vector if each is not Vector.URL])
    several = int(url.sum() + named.sum()) - (REPORTS - UNKNOWN)
    must = np.maximum(url + named.sum(axis=0) - volume, 0)
    may = named.sum(axis=0) - must
    both = must + whole(may, several - int(must.sum()))
    with_url = np.array([whole(named[:, year], count) for year, count in enumerate(both)]).T
    nothing = volume - url - named.sum(axis=0) + both
    return np.vstack([named - with_url, with_url, url - both, nothing])


def by_label_and_year(reports: int, yearly: Whole) -> Whole:
    """Give the reports of each of `LABELS` in each year, of the `yearly` ones (22 × years)."""
    left, rows = yearly.copy(), []
    for row in fitted()[:-1]:
        rows.append(np.minimum(whole(row, scaled(int(row.sum()), reports / REPORTS)), left))
        left = left - rows[-1]
    return np.vstack([*rows, left])
