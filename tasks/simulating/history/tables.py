"""Tables: the reports of a plan as rows of a table, month by month, in Arrow."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from domain.report import Source
from tasks.simulating.chance import chance
from tasks.simulating.history.digests import TEXT, file_texts
from tasks.simulating.history.geography import countries
from tasks.simulating.history.months import FILES_SINCE, STARTS, YEARS, of_year
from tasks.simulating.history.placing import place
from tasks.simulating.history.plan import Plan
from tasks.simulating.history.vectors import LABELS

if TYPE_CHECKING:
    import pyarrow as pa

REPORTERS = ("simulated public", *(f"simulated provider {number}" for number in range(1, 10)))
"""Who reports: the public, or one of nine providers, each of which sends half as much as the one before."""

_AT_ONCE = 2**16
"""Files written out at once, so that they take little memory."""

_SHARES = 0.5 ** np.arange(1, len(REPORTERS))
_SOURCES = (Source.PUBLIC, Source.ESP)


def schema() -> "pa.Schema":
    """Give the columns and types of `tasks.reports.tabular`."""
    import pyarrow as pa  # noqa: PLC0415 (slow to import)

    text, moment = pa.string(), pa.timestamp("us", tz="UTC")
    return pa.schema(
        {
            "external_id": text, "reporter": text, "source": text, "received_at": moment, "incident_type": text,
            "incident_at": moment, "escalated": pa.bool_(), "incidents": pa.int32(), "vectors": pa.list_(text),
            "countries": pa.list_(text), "files": pa.list_(text),
        }
    )  # fmt: skip


def tables(plan: Plan, year: int) -> "Iterator[pa.Table]":
    """Give the reports of a year, a table a month, in the order in which they came in; the same each time.

    What the paper tells nothing of (type and time of the incident, escalation) is left empty.
    """
    column, months = YEARS.index(year), of_year(year)
    named = _shuffled(plan, "countries", year, _with_rest(plan.countries[:, column], plan.yearly()[column]))
    labels = _shuffled(plan, "vectors", year, plan.labels[:, column])
    for month in range(months.start, months.stop):
        begin = int(plan.reports[months.start : month].sum())
        these = slice(begin, begin + int(plan.reports[month]))
        yield _table(plan, month, named[these], labels[these])


def _with_rest(counts: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    return np.append(counts, total - counts.sum())


def _shuffled(plan: Plan, what: str, year: int, counts: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Deal the places of `counts` out among a year's reports, each as often as counted."""
    dealt = np.repeat(np.arange(len(counts), dtype=np.uint8), counts)
    chance(plan.seed, what, year).shuffle(dealt)
    return dealt


def _table(plan: Plan, month: int, named: NDArray[np.uint8], labels: NDArray[np.uint8]) -> "pa.Table":
    import pyarrow as pa  # noqa: PLC0415 (as above)

    rows, rng = len(named), chance(plan.seed, "month", month)
    first = int(plan.reports[:month].sum()) + 1
    seconds = np.sort(rng.integers(STARTS[month], STARTS[month + 1], rows))
    provided = np.arange(rows) < plan.providers[month]
    rng.shuffle(provided)
    reporter = provided * rng.choice(np.arange(1, len(REPORTERS)), rows, p=_SHARES / _SHARES.sum())
    given = {
        "external_id": pa.array(np.arange(first, first + rows)).cast(pa.string()),
        "reporter": _texts(REPORTERS, reporter),
        "source": _texts(_SOURCES, provided.astype(np.int64)),
        "received_at": pa.array(seconds * 1_000_000).cast(schema().field("received_at").type),
        "vectors": _lists(LABELS, labels),
        "countries": _lists((*((each,) for each in countries()[0]), ()), named),
        "files": _files(plan, month, rows, rng),
    }
    return pa.table([given.get(each.name, pa.nulls(rows, each.type)) for each in schema()], schema=schema())


def _texts(words: tuple[str, ...], places: NDArray[np.int64]) -> "pa.Array":
    import pyarrow as pa  # noqa: PLC0415 (as above)

    return pa.array(list(words), pa.string()).take(pa.array(places))


def _lists(choices: tuple[tuple[str, ...], ...], places: NDArray[np.uint8]) -> "pa.Array":
    import pyarrow as pa  # noqa: PLC0415 (as above)

    return pa.array([list(each) for each in choices], pa.list_(pa.string())).take(pa.array(places))


def _files(plan: Plan, month: int, rows: int, rng: np.random.Generator) -> "pa.Array":
    """Give each report the files that it names; before 2013 none."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    since = month - FILES_SINCE
    seen = [each.of_month(since) for each in plan.files] if since >= 0 else []
    sightings = sum(map(len, seen))
    if not sightings:
        return pa.array([[]], pa.list_(pa.string())).take(pa.array(np.zeros(rows, dtype=np.int64)))
    together = max(int(np.unique(files, return_counts=True)[1].max(initial=0)) for files in seen)
    report = place(sightings, together, rows, rng)
    text, row = np.empty((sightings, TEXT), dtype=np.uint8), np.empty(sightings, dtype=np.int64)
    row[np.argsort(report, kind="stable")] = np.arange(sightings)
    for each, files in zip(plan.files, seen, strict=True):
        for start in range(0, len(files), _AT_ONCE):
            some = files[start : start + _AT_ONCE]
            text[row[: len(some)]] = file_texts(each.kind, plan.seed, some)
            row = row[len(some) :]
    offsets = np.arange(sightings + 1, dtype=np.int32) * TEXT
    values = pa.Array.from_buffers(pa.string(), sightings, [None, pa.py_buffer(offsets), pa.py_buffer(text)])
    ends = np.append(0, np.cumsum(np.bincount(report, minlength=rows))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), values)
