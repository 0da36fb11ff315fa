"""Revisions: which numbers of old months are no longer what was said of them, and since when.

A month is closed once a later month has reports. The numbers of a closed month are said, with the time, when it is
measured for the first time; what a late report, a revision of a report or an analyst changes in them later is said
again, with the time. The last month still grows, and nothing is said of it. A month that was said stays closed.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from infra.ledger.measured import Number, Said
from tasks.measuring.cube import CODES_OF, SOURCES, Facet
from tasks.measuring.rollup import RollUp
from tasks.measuring.tally import Numbers

if TYPE_CHECKING:
    import pandas as pd

REPORTS = "reports"
"""The number that is said of every closed month, a month without any included."""

_NAMES: Mapping[Facet, str] = {
    Facet.REPORTS: REPORTS,
    Facet.INCIDENTS: "incidents",
    Facet.LOCATED: "located reports",
    Facet.SIGHTINGS: "sightings",
    Facet.NEW_FILES: "new files",
    Facet.VECTORS: "vector",
    Facet.REGIONS: "region",
}
"""What is said; of countries nothing, their regions stand for them."""

COLUMNS = ("month", "what", "said_at", "before", "after")


def numbers(rollup: RollUp) -> dict[Number, int]:
    """Name every number of every month that is not 0, and the reports of each month.

    By facet: reports, of each source too (`reports, esp`), incidents, located reports, sightings and new files by kind
    (`sightings, image`), vectors (`vector, url`) and regions (`region, Asia`).
    """
    found: dict[Number, int] = {}
    months = _months(rollup)
    for name, counts in _counts(rollup):
        for month, count in zip(months, counts.tolist(), strict=True):
            if count or name == REPORTS:
                found[month, name] = count
    return found


def open_from(rollup: RollUp) -> date:
    """Give the last month with reports, which is open; the earliest day there is where there is none."""
    return max(_months(rollup), default=date.min)


def revisions(said: Sequence[Said]) -> "pd.DataFrame":
    """Give every change of a number that had been said of a closed month: a row for each, in order of time.

    Columns: month (first day), what (as `numbers` names it), said_at (UTC, to the second), before, after.
    Excluded: what was said of a month for the first time, and all of the last month, which may still grow.
    """
    import pandas as pd  # noqa: PLC0415 (a flow's start need not pay for it)

    rows = [
        (month, what, f"{said_at:%Y-%m-%dT%H:%M:%SZ}", before, after)
        for said_at, month, what, before, after in sorted(_changes(said))
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame["month"] = pd.to_datetime(frame["month"]).astype("datetime64[us]")  # as in every other series
    return frame


def _changes(said: Sequence[Said]) -> Iterator[tuple[datetime, date, str, int, int]]:
    """Tell what was said otherwise; what was not named at first was 0."""
    first = {each.month: each.said_at for each in reversed(said) if each.what == REPORTS}
    before: dict[Number, int] = {}
    for month, what, said_at, count in said:
        if said_at > first[month]:
            yield said_at, month, what, before.get((month, what), 0), count
        before[month, what] = count


def _months(rollup: RollUp) -> list[date]:
    days: list[date] = rollup.months().astype("datetime64[D]").tolist()
    return days


def _counts(rollup: RollUp) -> Iterator[tuple[str, Numbers]]:
    """Give the counts of all months (months) by name."""
    for facet, name in _NAMES.items():
        counts = rollup.table(facet).sum(1)
        for place, code in enumerate(CODES_OF[facet]):
            yield (f"{name}, {code}" if code else name), counts[:, place]
    for place, source in enumerate(SOURCES):
        yield f"{REPORTS}, {source}", rollup.table(Facet.REPORTS)[:, place, 0]
