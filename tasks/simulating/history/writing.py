"""Writing: a simulated history as Parquet tables, a file a year, with the truth beside them."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import InvalidSettings
from tasks.reports.drops import SIMULATED
from tasks.simulating.history.months import YEARS
from tasks.simulating.history.plan import plan_history
from tasks.simulating.history.planted import write_planted
from tasks.simulating.history.tables import schema, tables
from tasks.simulating.truth import Manifest

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 1
"""Version of this simulator: raised when the same arguments give other bytes."""

FEWEST, MOST = 10_000, 50_000_000
"""Reports that can be simulated: fewer leave the early months without room for what the paper says of them."""

ROWS = 100_000
"""Rows of a row group, which bulk intake loads as one transaction."""

_BYTES = 30
"""Of a report in the tables, about."""

_DICTIONARIES = ("reporter", "source", "vectors.list.element", "countries.list.element")

Progress = Callable[[int, int], None]


def simulate_history(root: Path, reports: int, seed: int = 1, on_progress: Progress | None = None) -> bool:
    """Write twenty years of reports into `root`: tables in `inbox`, what was planted in `truth`.

    The same `reports` and `seed` give the same bytes. A simulation that was cut off is completed, and a file stands
    under its name only when it is whole. `on_progress` hears how many reports are written, and of how many. False: it
    was there already.

    Raises:
        InvalidSettings: `root` holds another simulation, the numbers are out of range, or the disk is too small.
    """
    if not FEWEST <= reports <= MOST or seed < 0:
        raise InvalidSettings(f"Simulate {FEWEST:,} to {MOST:,} reports of history, with a seed of 0 or more.")
    manifest = Manifest(reports, seed, VERSION)
    if not manifest.begin(root):
        return False
    inbox, plan, done = root / "inbox", plan_history(seed, reports), 0
    inbox.mkdir(exist_ok=True)
    missing = [year for year in YEARS if not _file(inbox, year).exists()]
    for year, count in zip(YEARS, plan.yearly().tolist(), strict=True):
        if year in missing:
            _see_room(inbox, count)
            _write(_file(inbox, year), tables(plan, year))
        done += count
        if on_progress:
            on_progress(done, reports)
    write_planted(root / "truth", plan)
    (inbox / SIMULATED).touch()
    manifest.finish(root)
    return True


def _file(inbox: Path, year: int) -> Path:
    return inbox / f"reports-{year}.parquet"


def _see_room(folder: Path, reports: int) -> None:
    if shutil.disk_usage(folder).free < reports * _BYTES:
        raise InvalidSettings(
            f"{folder} has less than {reports * _BYTES // 2**20} MB left: make room, or simulate less."
        )


def _write(path: Path, months: "Iterable[pa.Table]") -> None:
    """Write a file in one step: under another name first."""
    import pyarrow.parquet as pq  # noqa: PLC0415 (slow to import)

    draft = path.with_suffix(".draft")
    with pq.ParquetWriter(draft, schema(), compression="zstd", use_dictionary=list(_DICTIONARIES)) as writer:
        for rows in _groups(months):
            writer.write_table(rows, row_group_size=ROWS)
    draft.replace(path)


def _groups(months: "Iterable[pa.Table]") -> "Iterator[pa.Table]":
    """Join months into tables of `ROWS` rows; the last one has what is left."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    held = schema().empty_table()
    for month in months:
        held = pa.concat_tables([held, month])
        while held.num_rows >= ROWS:
            yield held.slice(0, ROWS)
            held = held.slice(ROWS)
    if held.num_rows:
        yield held
