"""Geography: which countries reports name, fitted so that Table 1 and Figure 4 both hold."""

import csv
from functools import cache
from pathlib import Path

import numpy as np

from tasks.measuring.regions import countries as all_countries
from tasks.simulating.chance import chance
from tasks.simulating.history.months import YEARS
from tasks.simulating.history.numbers import Floats, Whole, scaled, whole
from tasks.simulating.history.volumes import REPORTS, by_year

LOCATED = 16_128_108
"""Reports with a country: amid 16,122,184 to 16,134,033, which all ten shares of Table 1 allow."""

GROUPS = ("US", "Americas", "Asia", "Europe", "Africa", "Oceania")
"""The United States apart from the rest of the Americas, then the other regions."""

_SHARES = {
    1998: (0.75, 0.09, 0.05, 0.10, 0.005, 0.005),
    2007: (0.54, 0.16, 0.10, 0.18, 0.01, 0.01),
    2017: (0.02, 0.17, 0.68, 0.06, 0.07, 0.0004),
}
"""Shares of a year's located reports, by group. Printed (section 4.2): 54 % from the United States and 70 % from the
Americas ten years back, read as 2007; 68, 19, 6, 7 and 0.04 % today, read as 2017. The others are ours."""

_FITTED = range(2008, 2017)
"""The years that give way to the others, so that Table 1 holds."""
_ROUNDS = 500


@cache
def countries() -> tuple[tuple[str, ...], Whole]:
    """Name the countries, and give their reports at full scale."""
    with Path(__file__).with_name("countries.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return tuple(row["country"] for row in rows), np.array([int(row["reports"]) for row in rows], dtype=np.int64)


@cache
def groups() -> Whole:
    """Give each country's group, by its place among `GROUPS`."""
    regions = {each.code: each.region for each in all_countries()}
    return np.array([GROUPS.index("US" if code == "US" else regions[code]) for code in countries()[0]], dtype=np.int64)


@cache
def fitted() -> Floats:
    """Give each group's located reports of each year at full scale (6 × 20).

    Every year begins on a geometric path between those that `_SHARES` knows. Those after 2007 and before 2017 are then
    fitted, by iterative proportional fitting, to what Table 1 leaves of each group and to each year's located reports,
    the same share of all in every year.
    """
    paths = [np.exp(np.interp(YEARS, list(_SHARES), np.log(shares))) for shares in zip(*_SHARES.values(), strict=True)]
    table: Floats = np.array(paths) / np.sum(paths, axis=0) * by_year() * (LOCATED / REPORTS)
    fixed = ~np.isin(YEARS, _FITTED)
    goal = np.bincount(groups(), countries()[1]) - table[:, fixed].sum(axis=1)
    located = by_year()[~fixed] * (LOCATED / REPORTS)
    free = table[:, ~fixed]
    for _ in range(_ROUNDS):
        free = free * (goal / free.sum(axis=1))[:, None]
        free = free * (located / free.sum(axis=0))
    table[:, ~fixed] = free
    return table


def by_country_and_year(seed: int, reports: int, yearly: Whole) -> Whole:
    """Give the reports that name each country in each year (countries × years), never more than `yearly` has.

    Within a group it is drawn which reports fall into which year, so that rows and columns add up exactly.
    """
    share = reports / REPORTS
    totals = whole(countries()[1], scaled(LOCATED, share))
    table = np.zeros((len(totals), len(YEARS)), dtype=np.int64)
    room = yearly.copy()
    for place, row in enumerate(fitted()):
        members = np.flatnonzero(groups() == place)
        left = totals[members]
        wanted = _within(whole(row, int(left.sum())), room)
        room -= wanted
        rng = chance(seed, "countries", place)
        for year, count in enumerate(wanted):
            drawn = rng.multivariate_hypergeometric(left, int(count), method="marginals")
            table[members, year] = drawn
            left = left - drawn
    return table


def _within(wanted: Whole, room: Whole) -> Whole:
    """Move what a year has no room for to the latest years that have."""
    over = int(np.maximum(wanted - room, 0).sum())
    placed = np.minimum(wanted, room)
    for year in reversed(range(len(placed))):
        more = min(over, int(room[year] - placed[year]))
        placed[year] += more
        over -= more
    return placed
