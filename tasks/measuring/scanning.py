"""Scanning: batches of the archive to counts and to totals of their files; at scale on the run's workers."""

import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from infra.archive import Archive, Dataset
from infra.cluster import fan_out, running
from infra.seen.levels import Level, Levels, write_level
from infra.seen.totals import added_up
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

_MEASURED = {
    Dataset.REPORTS: ("received_at", "source", "incidents", "vectors", "countries"),
    Dataset.SIGHTINGS: ("report_id", "received_at", "kind", "file", "source"),
}
"""The columns that are counted."""

_KEYS = {Dataset.REPORTS: ("report_id",), Dataset.SIGHTINGS: ("ordinal",)}
"""What corrections need beside them."""

SPILL = "spill-"
AT_ONCE = 4
"""Batches, or partitions, that a worker takes at once."""

_SIGHTINGS, _TABLE = ".sightings", ".npy"

_RECORD = 3 * 8
"""Bytes of a sighting in a spill."""


def read(archive: Archive, batch: Named, said: "pa.Table") -> "pa.Table":
    """Read what is counted of a batch, corrected."""
    dataset, batch_id = batch
    columns = _MEASURED[dataset] + (_KEYS[dataset] if said.num_rows else ())
    return corrected(dataset, archive.read_coded(dataset, batch_id, columns), said)


def scan(archive: Archive, batches: Sequence[Named], said: "pa.Table") -> Iterator[tuple[Tally, NDArray[np.uint64]]]:
    """Count batches; give the counts of each and its sightings of known files."""
    for batch in batches:
        rows = read(archive, batch, said)
        if batch[0] is Dataset.REPORTS:
            yield cube.of_reports(rows), np.empty((0, 3), np.uint64)
        else:
            yield cube.of_sightings(rows)[:2]


def build(folder: Path, batches: Sequence[Named], said: "pa.Table") -> tuple[RollUp, Levels]:
    """Count many batches on the run's workers, and write what was seen in them as one level."""
    spill = folder / (SPILL + secrets.token_hex(4))
    spill.mkdir()
    try:
        with running():
            counted = [one for some in fan_out(partial(_scan, spill, said), batches, batch=AT_ONCE) for one in some]
            settle = partial(_settle, folder, spill)
            settled = [one for some in fan_out(settle, range(PARTITIONS), batch=AT_ONCE) for one in some]
    finally:
        shutil.rmtree(spill)
    settled.sort(key=lambda each: each[0])
    rollup = total_of([*map(of_volumes, counted), *(each for _, _, each in settled)])
    return rollup, Levels(folder, [tuple(part for _, level, _ in settled for part in level)])


def _scan(spill: Path, said: "pa.Table", batches: Sequence[Named]) -> list[Tally]:
    """Count batches, and write their sightings by partition, with a table beside them. A Dask worker runs this.

    The table has a row for each batch: the first sighting of each partition in the file, and at last the end.
    """
    archive, name = world().archive, secrets.token_hex(8)
    counted, table, start = [], [], 0
    with (spill / f"{name}{_SIGHTINGS}").open("wb") as out:
        for batch in batches:
            rows = read(archive, batch, said)
            if batch[0] is Dataset.REPORTS:
                counted.append(cube.of_reports(rows))
                continue
            counts, sightings, ends = cube.of_sightings(rows)
            out.write(sightings.data)
            counted.append(counts)
            table.append(start + ends)
            start += len(sightings)
    np.save(spill / f"{name}{_TABLE}", np.array(table, np.int64).reshape(-1, PARTITIONS + 1))
    return [total(counted)]


def _settle(folder: Path, spill: Path, partitions: Sequence[int]) -> list[tuple[int, Level, RollUp]]:
    """Add the sightings of partitions up, and write each as a part of a level. A Dask worker runs this."""
    tables = [(table.with_suffix(_SIGHTINGS), np.load(table)) for table in spill.glob(f"*{_TABLE}")]
    results = []
    for partition in partitions:
        pieces = []
        for file, table in tables:
            with file.open("rb", buffering=0) as content:
                for first, end in table[:, partition : partition + 2].tolist():
                    content.seek(first * _RECORD)
                    pieces.append(content.read((end - first) * _RECORD))
        totals = added_up(np.frombuffer(b"".join(pieces), np.uint64).reshape(-1, 3))
        results.append((partition, write_level(folder, totals), of_files(totals)))
    return results


def clear(folder: Path) -> None:
    """Remove what a build that was cut off has left."""
    for left in folder.glob(f"{SPILL}*"):
        shutil.rmtree(left)


def named(batches: Mapping[Dataset, Sequence[str]]) -> list[Named]:
    """List batches of both datasets."""
    return [(dataset, batch) for dataset, ids in batches.items() for batch in ids]
