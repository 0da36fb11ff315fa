"""Bringing up: what stands, up to the batches that are registered and to what holds of them now.

A new batch is counted by itself and added. What revisions and analysts say of reports that are counted is amended. All
is counted again where that is less work, where a batch is registered no more, and where what stands is damaged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from domain.errors import IndexDamaged
from infra.archive import Archive, Dataset
from infra.index.files import locked
from infra.ledger.history import Corrections
from infra.seen.totals import added_up, both
from tasks.measuring.amending import amend
from tasks.measuring.corrections import changed, said
from tasks.measuring.rollup import RollUp, of_files, of_volumes, total_of
from tasks.measuring.scanning import Named, build, clear, named, scan
from tasks.measuring.standing import Standing, keep, load, nothing

if TYPE_CHECKING:
    import pyarrow as pa

MANY = 32
"""Batches that are worth the workers, or several levels."""

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
            after = _counted(folder, archive, sorted(named(batches)), now)
            keep(folder, after)
            levels = after.levels.compacted()
        if levels is not after.levels:
            keep(folder, replace(after, levels=levels))
    return after.rollup


def _brought(before: Standing, archive: Archive, batches: Batches, now: "pa.Table") -> Standing:
    """Add what is new to what stands, or count everything again where that will not do."""
    wanted = sorted(named(batches))
    new = [each for each in wanted if each not in before.covered]
    few = max(MANY, len(wanted) // 2)
    if before.covered.keys() - set(wanted) or len(new) > few:
        return _counted(before.levels.folder, archive, wanted, now)
    differing = changed(before.said, now)
    if differing.num_rows:
        amended = amend(before, archive, differing, now, few)
        if amended is None:
            return _counted(before.levels.folder, archive, wanted, now)
        before = amended
    return _grown(before, archive, new) if new else before


def _counted(folder: Path, archive: Archive, batches: Sequence[Named], now: "pa.Table") -> Standing:
    """Count everything."""
    if len(batches) <= MANY:
        return _grown(replace(nothing(folder), said=now), archive, batches)
    spans, rollup, levels = build(folder, batches, now)
    return Standing(spans, now, rollup, levels)


def _grown(before: Standing, archive: Archive, new: Sequence[Named]) -> Standing:
    """Add batches that are not counted yet."""
    changes, levels, covered = [before.rollup], before.levels, dict(before.covered)
    for start in range(0, len(new), MANY):
        some = new[start : start + MANY]
        scanned = [scan(archive, each, before.said) for each in some]
        found = added_up(np.vstack([each.sightings for each in scanned]))
        held = levels.find(found)
        totals = both(found, held)
        levels = levels.put_on(totals)
        changes += [*(of_volumes(each.volumes) for each in scanned), of_files(totals) - of_files(held)]
        covered |= {batch: each.span for batch, each in zip(some, scanned, strict=True)}
    return Standing(covered, before.said, total_of(changes), levels)
