"""Volumes: how many reports each month brought, and how many of them providers sent (Figures 2 and 3)."""

import csv
from functools import cache
from pathlib import Path

import numpy as np

from tasks.simulating.history.months import COUNT, YEARS, number, of_year
from tasks.simulating.history.numbers import Floats, Whole, through, whole

REPORTS = 23_494_983
"""Reports of the paper's snapshot (section 3)."""

FIRST_TEN_YEARS = 565_000
"""Reports of the first 120 months (section 4.1)."""

LAST_YEAR = 9_600_000
"""Reports of the last twelve months: section 4.1 says "in the year 2017 alone", of which nine months had passed."""

CROSSING = number("2009-07")
"""First month with more reports from providers than from the public (section 4.1)."""

PROVIDERS_GROWTH = 1.01
"""Average yearly growth of reports from providers since then (section 4.1, which does not say over what): here the mean
over all rolling years that end in July 2009 or later, each beside the one before."""

_PUBLIC_AT_LAST = 0.012
_PACE = 0.0215
"""How fast the public's share falls after the crossing, a month: chosen so that providers grow as printed."""


@cache
def by_year() -> Whole:
    """Give the reports of each year at full scale."""
    with Path(__file__).with_name("years.csv").open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return np.array([int(row["reports"]) for row in rows], dtype=np.int64)


def reports_by_month(reports: int) -> Whole:
    """Share `reports` out over the months; every year, the first ten and the last one have theirs."""
    knots = {0: 0, 120: FIRST_TEN_YEARS, COUNT - 12: REPORTS - LAST_YEAR}
    knots |= dict(zip((of_year(year).stop for year in YEARS), np.cumsum(by_year()).tolist(), strict=True))
    return whole(through(dict(sorted(knots.items())), COUNT), reports)


def from_providers(reports: Whole) -> Whole:
    """Give the reports of providers among the `reports` of each month."""
    counts: Whole = np.diff(np.rint(np.cumsum(reports * _share())), prepend=0).astype(np.int64)
    most = reports // 2
    counts[:CROSSING] = np.minimum(counts, most)[:CROSSING]
    counts[CROSSING:] = np.minimum(np.maximum(counts, most + 1), reports)[CROSSING:]
    return counts


def _share() -> Floats:
    """Give the providers' share of each month: a logistic rise to the crossing, then the public's share decays."""
    since = np.arange(COUNT) - CROSSING
    rise = 1 / (1 + np.exp(0.06 - (since + 0.5) * 0.022))
    decay = _PUBLIC_AT_LAST + (0.47 - _PUBLIC_AT_LAST) * np.exp(-_PACE * np.maximum(since, 0))
    return np.where(since < 0, rise, 1 - decay)
