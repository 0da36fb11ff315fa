"""Bringing up: what stands, up to the batches that are registered and to what holds of them now.

A new batch is counted by itself and added. What analysts say later of vectors and countries takes a report's old counts
away and adds the new ones. A revision, or another kind of file, changes which files were seen when, which cannot be
taken back: then everything is counted again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from domain.errors import IndexDamaged
from infra.archive import COLUMNS, Archive, Dataset
from infra.index.files import locked
from infra.ledger.history import Corrections
from infra.seen.totals import added_up, both
from tasks.measuring import cube
from tasks.measuring.corrections import OF_SIGHTINGS, changed, corrected, of_some, said
from tasks.measuring.rollup import RollUp, of_files, of_volumes, total_of
from tasks.measuring.scanning import Named, build, clear, named, scan
from tasks.measuring.standing import Standing, keep, load, nothing
from tasks.measuring.tally import total

if TYPE_CHECKING:
    import pyarrow as pa

MANY = 32
"""Batches that are worth the workers."""

_TOGETHER = 8
"""Batches that become one level."""

Batches = Mapping[Dataset, Sequence[str]]


def bring_up(folder: Path, archive: Archive, batches: Batches, corrections: Corrections) -> RollUp:
    """Give the roll-up of the registered `batches`, corrected, and keep it in a folder of its own.

    The same batches and corrections give the same, whatever stood in the folder.

    Raises:
        BlobMissing: a batch's file is not there.
        BlobCorrupt: a batch's file is not the one that was staged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    now = said(corrections)
    with locked(folder):
        clear(folder)
        before = load(folder)
        try:
            after = _brought(before, archive, batches, now)
            if after is not before:
                keep(folder, after)
            levels = after.levels.compacted()
        except IndexDamaged:
            after = _counted(folder, archive, batches, now)
            keep(folder, after)
            levels = after.levels.compacted()
        if levels is not after.levels:
            keep(folder, replace(after, levels=levels))
    return after.rollup


def _brought(before: Standing, archive: Archive, batches: Batches, now: "pa.Table") -> Standing:
    """Add what is new to what stands, or count everything again where that will not do."""
    new = [(dataset, each) for dataset, each in named(batches) if each not in before.covered[dataset]]
    gone = any(covered.difference(batches[dataset]) for dataset, covered in before.covered.items())
    if gone or len(new) > max(MANY, len(named(batches)) // 2):
        return _counted(before.levels.folder, archive, batches, now)
    differing = changed(before.said, now)
    if differing.num_rows:
        change = _change(before, archive, differing, now)
        if change is None:
            return _counted(before.levels.folder, archive, batches, now)
        before = replace(before, said=now, rollup=total_of([before.rollup, change]))
    return _grown(before, archive, new) if new else before


def _counted(folder: Path, archive: Archive, batches: Batches, now: "pa.Table") -> Standing:
    """Count everything."""
    if len(named(batches)) <= MANY:
        return _grown(replace(nothing(folder), said=now), archive, named(batches))
    rollup, levels = build(folder, named(batches), now)
    return Standing({dataset: frozenset(ids) for dataset, ids in batches.items()}, now, rollup, levels)


def _grown(before: Standing, archive: Archive, new: Sequence[Named]) -> Standing:
    """Add batches that are not counted yet."""
    changes, levels = [before.rollup], before.levels
    for start in range(0, len(new), _TOGETHER):
        scanned = list(scan(archive, new[start : start + _TOGETHER], before.said))
        found = added_up(np.vstack([sightings for _, sightings in scanned]))
        held, seen = levels.find(found)
        totals = both(found, held)
        levels = levels.put_on(totals)
        changes += [of_volumes(counts) for counts, _ in scanned]
        changes.append(of_files(totals) - of_files(held.part(np.flatnonzero(seen))))
    covered = {dataset: ids.union(each for of, each in new if of is dataset) for dataset, ids in before.covered.items()}
    return Standing(covered, before.said, total_of(changes), levels)


def _change(before: Standing, archive: Archive, differing: "pa.Table", now: "pa.Table") -> RollUp | None:
    """Tell what corrections that differ change in the volumes; None: they change which files were seen when."""
    import pyarrow.compute as pc  # noqa: PLC0415 (0.3 s that a flow's start need not pay)

    reports, changes = differing["report_id"], []
    deep = of_some(differing, OF_SIGHTINGS)["report_id"]
    for batch in sorted(before.covered[Dataset.REPORTS]):
        held = archive.read_coded(Dataset.REPORTS, batch, ["report_id"])["report_id"]
        if pc.any(pc.is_in(held, value_set=deep)).as_py():
            return None
        touched = pc.is_in(held, value_set=reports)
        if pc.any(touched).as_py():
            rows = archive.read_coded(Dataset.REPORTS, batch, COLUMNS[Dataset.REPORTS]).filter(touched)
            old, new = (corrected(Dataset.REPORTS, rows, each) for each in (before.said, now))
            changes.append(cube.of_reports(new) - cube.of_reports(old))
    return of_volumes(total(changes))
