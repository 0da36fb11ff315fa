"""Planted: the truth of a simulated history as small tables, and what the paper prints beside it."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from domain.media import Kind
from domain.report import Vector
from tasks.simulating.history.geography import GROUPS, LOCATED, countries, groups
from tasks.simulating.history.kinds import GROWTH, SIGHTINGS
from tasks.simulating.history.months import YEARS, names
from tasks.simulating.history.numbers import Whole
from tasks.simulating.history.plan import Plan
from tasks.simulating.history.returns import LAWS
from tasks.simulating.history.vectors import LABELS, UNKNOWN, printed
from tasks.simulating.history.volumes import (
    CROSSING,
    FIRST_TEN_YEARS,
    LAST_YEAR,
    PROVIDERS_GROWTH,
    REPORTS,
)

Row = tuple[str, float, float]
"""What, as the paper prints it (at full scale), as it is planted."""

_TABLE_1 = 10
_SHARES = {("US", 2007): 54.0, ("Americas", 2007): 70.0, ("Asia", 2017): 68.0, ("Americas", 2017): 19.0,
           ("Europe", 2017): 6.0, ("Africa", 2017): 7.0, ("Oceania", 2017): 0.04}  # fmt: skip


def write_planted(folder: Path, plan: Plan) -> None:
    """Write `published.csv` (each number of the paper), and in full `months.csv`, `countries.csv`, `vectors.csv`."""
    folder.mkdir(exist_ok=True)
    _write(folder / "published.csv", ("what", "printed", "planted"), published(plan))
    _write(folder / "months.csv", ("month", "reports", "esp", *Kind), _months(plan))
    _write(folder / "countries.csv", ("country", *YEARS), _rows(countries()[0], plan.countries))
    _write(folder / "vectors.csv", ("vector", *YEARS), _rows(tuple(Vector), by_vector(plan.labels)))


def by_vector(labels: Whole) -> Whole:
    """Add the reports of each label up to those of each vector (11 × 20)."""
    return np.array([[each in label for label in LABELS] for each in Vector], dtype=np.int64) @ labels


def growth(monthly: Whole, since: int = 0) -> float:
    """Give the mean growth of the rolling years that end in month `since` or later, each over the one before."""
    years = np.convolve(monthly, np.ones(12), "valid")
    changes = years[12:] / np.maximum(years[:-12], 1) - 1
    return float(changes[max(0, since - 23) :].mean())


def published(plan: Plan) -> Iterator[Row]:
    """List each number of the paper, and what is planted of it; shares in per cent, times in days."""
    yield "reports", REPORTS, int(plan.reports.sum())
    yield "reports of the first ten years", FIRST_TEN_YEARS, int(plan.reports[:120].sum())
    yield "reports of the last twelve months", LAST_YEAR, int(plan.reports[-12:].sum())
    yield "first month with more from providers", CROSSING, int((2 * plan.providers > plan.reports).argmax())
    yield "mean growth of providers", 100 * PROVIDERS_GROWTH, 100 * growth(plan.providers, CROSSING)
    yield from _places(plan)
    yield from _vectors(plan)
    for files in plan.files:
        yield f"{files.kind} sightings", SIGHTINGS[files.kind], int(files.volume.sum())
        if files.kind in GROWTH:
            last = files.volume[-12:].sum() / files.volume[-24:-12].sum() - 1
            yield f"{files.kind} growth of the last year", 100 * GROWTH[files.kind], 100 * float(last)
            law, distinct = LAWS[files.kind], files.singles() + len(files.counts)
            yield f"{files.kind} files seen once", 100 * law.single, 100 * files.singles() / distinct
            yield f"{files.kind} sightings of one file", law.most, int(files.counts[0])


def _places(plan: Plan) -> Iterator[Row]:
    codes, full = countries()
    totals = plan.countries.sum(axis=1)
    yield "reports with a country", LOCATED, int(totals.sum())
    for code, reports, planted in zip(codes[:_TABLE_1], full.tolist(), totals.tolist(), strict=False):
        yield f"{code} reports", reports, planted
    for (group, year), share in _SHARES.items():
        merged = ("US", "Americas") if group == "Americas" else (group,)
        members = np.isin(groups(), [GROUPS.index(each) for each in merged])
        table = plan.countries[:, YEARS.index(year)]
        yield f"{group} {year}", share, 100 * float(table[members].sum() / table.sum())


def _vectors(plan: Plan) -> Iterator[Row]:
    yield "reports without a vector", UNKNOWN, int(plan.labels[-1].sum())
    for vector, planted in zip(Vector, by_vector(plan.labels).sum(axis=1).tolist(), strict=True):
        yield f"{vector} reports", printed()[vector][0], planted


def _months(plan: Plan) -> Iterator[Sequence[object]]:
    before = [0] * (len(plan.reports) - len(plan.files[0].volume))
    volumes = [[*before, *files.volume.tolist()] for files in plan.files]
    return zip(names(), plan.reports.tolist(), plan.providers.tolist(), *volumes, strict=True)


def _rows(heads: Sequence[str], table: Whole) -> Iterator[Sequence[object]]:
    return ((head, *row) for head, row in zip(heads, table.tolist(), strict=True))


def _write(path: Path, header: Sequence[object], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
