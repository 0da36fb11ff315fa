"""Scanning: batches of the archive to counts and to totals of their files; at scale on the run's workers."""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from tasks.measuring.tally import Numbers, Tally, total

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

_RECORD = 3 * 8
"""Bytes of a sighting in a spill."""


@dataclass(frozen=True, slots=True)
class Spilled:
    """Sightings of a batch, by partition: the file, the first one's place in it, and where each partition begins."""

    name: str
    start: int
    ends: Numbers


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
            scanned = [one for some in fan_out(partial(_scan, spill, said), batches, batch=AT_ONCE) for one in some]
            spilled = [each for _, several in scanned for each in several]
            settle = partial(_settle, folder, spill, spilled)
            settled = [one for some in fan_out(settle, range(PARTITIONS), batch=AT_ONCE) for one in some]
    finally:
        shutil.rmtree(spill)
    settled.sort(key=lambda each: each[0])
    rollup = total_of([*(of_volumes(counts) for counts, _ in scanned), *(each for _, _, each in settled)])
    return rollup, Levels(folder, [tuple(part for _, level, _ in settled for part in level)])


def _scan(spill: Path, said: "pa.Table", batches: Sequence[Named]) -> list[tuple[Tally, list[Spilled]]]:
    """Count batches, and write their sightings into a file by partition. A Dask worker runs this."""
    archive, name = world().archive, secrets.token_hex(8)
    counted, spilled, start = [], [], 0
    with (spill / name).open("wb") as out:
        for batch in batches:
            rows = read(archive, batch, said)
            if batch[0] is Dataset.REPORTS:
                counted.append(cube.of_reports(rows))
                continue
            counts, sightings, ends = cube.of_sightings(rows)
            out.write(sightings.data)
            counted.append(counts)
            spilled.append(Spilled(name, start, ends))
            start += len(sightings)
    return [(total(counted), spilled)]


def _settle(
    folder: Path, spill: Path, spilled: Sequence[Spilled], partitions: Sequence[int]
) -> list[tuple[int, Level, RollUp]]:
    """Add the sightings of partitions up, and write each as a part of a level. A Dask worker runs this."""
    files = {name: os.open(spill / name, os.O_RDONLY) for name in {each.name for each in spilled}}
    try:
        results = []
        for partition in partitions:
            pieces = []
            for each in spilled:
                first, end = each.ends[partition : partition + 2].tolist()
                pieces.append(os.pread(files[each.name], (end - first) * _RECORD, (each.start + first) * _RECORD))
            totals = added_up(np.frombuffer(b"".join(pieces), np.uint64).reshape(-1, 3))
            results.append((partition, write_level(folder, totals), of_files(totals)))
        return results
    finally:
        for descriptor in files.values():
            os.close(descriptor)


def clear(folder: Path) -> None:
    """Remove what a build that was cut off has left."""
    for left in folder.glob(f"{SPILL}*"):
        shutil.rmtree(left)


def named(batches: Mapping[Dataset, Sequence[str]]) -> list[Named]:
    """List batches of both datasets."""
    return [(dataset, batch) for dataset, ids in batches.items() for batch in ids]
