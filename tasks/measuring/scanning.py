"""Scanning: batches of the archive to counts and to totals of their files; at scale on the run's workers."""

import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from infra.archive import Archive, Dataset
from infra.cluster import fan_out, running
from infra.seen.levels import Level, Levels, write_level
from infra.seen.totals import added_up, joined
from infra.world import world
from tasks.measuring import cube
from tasks.measuring.corrections import corrected
from tasks.measuring.kernels import PARTITIONS
from tasks.measuring.rollup import RollUp, of_files, of_volumes, total_of
from tasks.measuring.tally import Tally, total

if TYPE_CHECKING:
    import pyarrow as pa

Named = tuple[Dataset, str]
"""A batch: its dataset and its id."""

Span = tuple[int, int]
"""The first moment of some rows and the last one, in microseconds since 1970 (UTC)."""

Spans = dict[Named, Span]

NO_SPAN: Span = (0, -1)

Counted = tuple[Tally, NDArray[np.uint64], NDArray[np.int64]]
"""Counts of some rows, their sightings of known files by partition, and where each partition begins."""

_MEASURED = {
    Dataset.REPORTS: ("received_at", "source", "incidents", "vectors", "countries"),
    Dataset.SIGHTINGS: ("report_id", "received_at", "kind", "file", "source"),
}
"""The columns that are counted."""

_KEYS = {Dataset.REPORTS: ("report_id",), Dataset.SIGHTINGS: ("ordinal",)}
"""What corrections need beside them."""

SPILL = "spill-"
AT_ONCE = 8
"""Batches that a worker takes at once."""

_SETTLED = 16
"""Partitions that it takes at once."""

_SIGHTINGS, _TABLE = ".sightings", ".npy"

_RECORD = 3 * 8
"""Bytes of a sighting in a spill."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What came of a batch.

    Attributes:
        span: the moments (microseconds since 1970, UTC) of its first and last report, corrected or not.
        volumes: its counts.
        sightings: those of known files, as `infra.seen.totals` adds them up, by partition.
        ends: where each partition begins, and at last the end; nothing for a batch of reports.
    """

    span: Span
    volumes: Tally
    sightings: NDArray[np.uint64]
    ends: NDArray[np.int64]


def scan(archive: Archive, batch: Named, said: "pa.Table") -> Scanned:
    """Count a batch, corrected."""
    dataset, batch_id = batch
    columns = _MEASURED[dataset] + (_KEYS[dataset] if said.num_rows else ())
    rows = archive.read_coded(dataset, batch_id, columns)
    return Scanned(_span(rows), *counted(dataset, corrected(dataset, rows, said)))


def counted(dataset: Dataset, rows: "pa.Table") -> Counted:
    """Count rows of a dataset; give their sightings of known files too, and where each partition begins."""
    if dataset is Dataset.SIGHTINGS:
        return cube.of_sightings(rows)
    return cube.of_reports(rows), np.empty((0, 3), np.uint64), np.empty(0, np.int64)


def _span(rows: "pa.Table") -> Span:
    import pyarrow.compute as pc  # noqa: PLC0415 (0.3 s that a flow's start need not pay)

    ends = pc.min_max(rows["received_at"].cast("int64")).as_py()
    return (ends["min"], ends["max"]) if rows.num_rows else NO_SPAN


def build(folder: Path, batches: Sequence[Named], said: "pa.Table") -> tuple[Spans, RollUp, Levels]:
    """Count many batches on the run's workers, and write what was seen in them as one level."""
    spill = folder / (SPILL + secrets.token_hex(4))
    spill.mkdir()
    try:
        with running():
            scan_some = partial(_scan, spill, said)
            scanned = [one for some in fan_out(scan_some, batches, batch=AT_ONCE) for one in some]
            settle = partial(_settle, folder, [spill / name for name, _, _ in scanned])
            settled = [one for some in fan_out(settle, range(PARTITIONS), batch=_SETTLED) for one in some]
    finally:
        shutil.rmtree(spill)
    settled.sort(key=lambda each: each[0])
    spans = {batch: span for _, some, _ in scanned for batch, span in some.items()}
    rollup = total_of([*(of_volumes(volumes) for _, _, volumes in scanned), *(each for _, _, each in settled)])
    return spans, rollup, Levels(folder, [tuple(part for _, level, _ in settled for part in level)])


def _scan(spill: Path, said: "pa.Table", batches: Sequence[Named]) -> list[tuple[str, Spans, Tally]]:
    """Count batches, and write their sightings by partition, with a table beside them. A Dask worker runs this.

    It gives the name of both, which is another one when it is tried again. The table has a row for each batch: the
    first sighting of each partition in the file, and at last the end.
    """
    archive, name = world().archive, secrets.token_hex(8)
    spans, volumes, table, start = {}, [], [], 0
    with (spill / f"{name}{_SIGHTINGS}").open("wb") as out:
        for batch in batches:
            scanned = scan(archive, batch, said)
            spans[batch] = scanned.span
            volumes.append(scanned.volumes)
            if len(scanned.sightings):
                out.write(scanned.sightings.data)
                table.append(start + scanned.ends)
                start += len(scanned.sightings)
    np.save(spill / f"{name}{_TABLE}", np.array(table, np.int64).reshape(-1, PARTITIONS + 1))
    return [(name, spans, total(volumes))]


def _settle(folder: Path, spilled: Sequence[Path], partitions: Sequence[int]) -> list[tuple[int, Level, RollUp]]:
    """Add up the sightings of partitions in a row, and write a piece of a level. A Dask worker runs this.

    One partition is small enough to be added up near the processor, and a piece large enough to be worth a file.
    """
    with ExitStack() as stack:
        contents = (each.with_suffix(_SIGHTINGS).open("rb", buffering=0) for each in spilled)
        tables = (np.load(each.with_suffix(_TABLE)) for each in spilled)
        files = list(zip(map(stack.enter_context, contents), tables, strict=True))
        totals = joined([added_up(_of_partition(files, partition)) for partition in partitions])
    return [(partitions[0], write_level(folder, totals), of_files(totals))]


def _of_partition(spilled: Sequence[tuple[FileIO, NDArray[np.int64]]], partition: int) -> NDArray[np.uint64]:
    """Read the sightings of a partition from all files, by their tables."""
    cuts = [(file, table[:, partition : partition + 2].tolist()) for file, table in spilled]
    content = np.empty(_RECORD * sum(end - first for _, some in cuts for first, end in some), np.uint8)
    place = 0
    for file, some in cuts:
        for first, end in some:
            room = content[place : place + (end - first) * _RECORD].data
            place += os.preadv(file.fileno(), [room], first * _RECORD)
    assert place == len(content)
    return content.view(np.uint64).reshape(-1, 3)


def clear(folder: Path) -> None:
    """Remove what a build that was cut off has left."""
    for left in folder.glob(f"{SPILL}*"):
        shutil.rmtree(left)


def named(batches: Mapping[Dataset, Sequence[str]]) -> list[Named]:
    """List batches of both datasets."""
    return [(dataset, batch) for dataset, ids in batches.items() for batch in ids]
