"""The forecast tried on the past: on a simulated history month by month, and on the years that NCMEC published.

At each origin only what was known by then is used. Beside it stands the naive forecast: the same month a year before,
or the last year. An error is the distance from what came, in per cent of it. The simulated months follow a smooth curve
through the years' sums: they have regimes, and neither season nor chance, as real months do.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from domain.media import Kind
from tasks.measuring.forecasts import AHEAD, LEAST, LEVELS, MOST, predicted, since_last_gap
from tasks.measuring.reference import published_years
from tasks.measuring.tally import Numbers
from tasks.simulating.history.kinds import sightings_by_month
from tasks.simulating.history.volumes import reports_by_month

REPORTS = 234_950
EVERY = 6
"""Months from one origin to the next."""
YEARS = (10, 3)
"""The first origin among the published years, and how many years ahead."""


@dataclass(frozen=True)
class Step:
    """One step of a forecast: how far ahead, errors of ours and of the naive one, and which intervals held."""

    ahead: int
    error: float
    naive: float
    held: tuple[bool, ...]


def run() -> None:
    """Print errors and how many of the intervals held."""
    sightings = sum(sightings_by_month(kind, REPORTS) for kind in Kind)
    _print("simulated reports by month", list(_months(reports_by_month(REPORTS))))
    _print("simulated sightings by month", list(_months(sightings)))
    years = list(_years(published_years()["published"].to_numpy(np.int64)))
    for ahead in range(1, YEARS[1] + 1):
        _print(f"NCMEC's years, {ahead} ahead", [step for step in years if step.ahead == ahead])
    _time(reports_by_month(REPORTS))


def _months(counts: Numbers) -> Iterator[Step]:
    for end in range(LEAST, len(counts) - AHEAD + 1, EVERY):
        used = since_last_gap(counts[:end])[-MOST:]
        if len(used) >= LEAST:
            yield from _steps(used, counts[end : end + AHEAD], counts[end - AHEAD : end], season=12)


def _years(counts: Numbers) -> Iterator[Step]:
    first, ahead = YEARS
    for end in range(first, len(counts)):
        came = counts[end : end + ahead]
        yield from _steps(counts[:end], came, np.repeat(counts[end - 1], len(came)), season=1)


def _steps(used: Numbers, came: Numbers, naive: Numbers, season: int) -> Iterator[Step]:
    told = predicted(used, len(came), season)
    for step, (count, before) in enumerate(zip(came.tolist(), naive.tolist(), strict=True)):
        row = told.iloc[step]
        held = tuple(bool(row[f"low_{level}"] <= count <= row[f"high_{level}"]) for level in LEVELS)
        yield Step(step + 1, 100 * abs(row["expected"] / count - 1), 100 * abs(before / count - 1), held)


def _print(name: str, steps: list[Step]) -> None:
    error, naive = (np.median([getattr(step, which) for step in steps]) for which in ("error", "naive"))
    means = (np.mean([getattr(step, which) for step in steps]) for which in ("error", "naive"))
    held = ", ".join(
        f"{np.mean([step.held[place] for step in steps]):.0%} of the {level} % intervals held"
        for place, level in enumerate(LEVELS)
    )
    print(f"  {name:<30} {len(steps):>4} steps: median error {error:.0f} %, naive {naive:.0f} %; "
          f"mean {next(means):.0f} %, naive {next(means):.0f} %; {held}")  # fmt: skip


def _time(counts: Numbers) -> None:
    before = time.process_time()
    predicted(counts[-MOST:], AHEAD, season=12)
    print(f"  one forecast of {MOST} months: {time.process_time() - before:.2f} s of CPU")
