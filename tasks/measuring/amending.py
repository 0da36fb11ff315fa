"""Amending: what revisions and analysts say of reports that are counted, without counting the others again.

A report's old counts are taken away and its new ones added. So are its sightings, and of what remains of a file the
first and the last moment still stand, unless it was the report's own sighting that stood there. Then the file is looked
for in the batches of that time.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from domain.errors import IndexDamaged
from infra.archive import COLUMNS, ID_BYTES, Archive, Dataset
from infra.seen.totals import NEVER, TAG_BITS, Totals, added_up, both
from tasks.measuring.corrections import OF_SIGHTINGS, corrected, of_some
from tasks.measuring.rollup import of_files, of_volumes, total_of
from tasks.measuring.scanning import Counted, Named, Span, counted
from tasks.measuring.standing import Standing
from tasks.measuring.tally import total

if TYPE_CHECKING:
    import pyarrow as pa


def amend(before: Standing, archive: Archive, differing: "pa.Table", now: "pa.Table", few: int) -> Standing | None:
    """Have what stands be as if `now` had always been said; `differing` is what is said in one of the two alone.

    None: that takes looking for the reports in more than `few` batches.

    Raises:
        IndexDamaged: what stands is not what is in the archive.
    """
    of = {Dataset.REPORTS: differing, Dataset.SIGHTINGS: of_some(differing, OF_SIGHTINGS)}
    holding = [batch for batch, span in sorted(before.covered.items()) if _can_hold(span, of[batch[0]])]
    if len(holding) > few:
        return None
    old: list[Counted] = []
    new: list[Counted] = []
    for batch in holding:
        rows = _rows(archive, batch, "report_id", of[batch[0]]["report_id"])
        for some, said in ((old, before.said), (new, now)):
            some.append(counted(batch[0], corrected(batch[0], rows, said)))
    volumes = total([each for each, _, _ in new]) - total([each for each, _, _ in old])
    gone, come = (np.vstack([np.empty((0, 3), np.uint64), *(seen for _, seen, _ in some)]) for some in (old, new))
    files = added_up(np.vstack([gone, come]))
    held = before.levels.find(files)
    rest, untold = without(held, added_up(gone).of(files))
    rest.rows[untold] = _looked_for(before, archive, rest.part(untold), of[Dataset.SIGHTINGS], now).rows
    totals = both(rest, added_up(come).of(files))
    return replace(
        before,
        said=now,
        rollup=total_of([before.rollup, of_volumes(volumes), of_files(totals) - of_files(held)]),
        levels=before.levels.put_on(totals),
    )


def without(held: Totals, gone: Totals) -> tuple[Totals, NDArray[np.int64]]:
    """Take sightings of the same files away; give what remains, and where its first or last moment is not told.

    There the moments are those of before, between which the others are.

    Raises:
        IndexDamaged: more is taken away than there is.
    """
    if (gone.reports > held.reports).any():
        raise IndexDamaged("a report is to be taken away that was never counted")
    rows = held.rows.copy()
    rows[:, 4] -= gone.reports
    first, last, one = gone.firsts > held.firsts, gone.lasts < held.lasts, rows[:, 4] == 1
    rows[:, 2] = np.where(one & ~first, held.lasts, held.firsts)
    rows[:, 3] = np.where(one & ~last, held.firsts, held.lasts)
    rows[rows[:, 4] == 0, 2:4] = NEVER, 0
    told = (first & last) | (one & (first | last)) | (rows[:, 4] == 0)
    return Totals(rows), np.flatnonzero(~told)


def _looked_for(before: Standing, archive: Archive, files: Totals, said_of: "pa.Table", now: "pa.Table") -> Totals:
    """Count files again, without the reports of which something is said, in the batches that can have them."""
    import pyarrow as pa  # noqa: PLC0415 (0.3 s that a flow's start need not pay)
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    keys = pa.py_buffer(files.rows[:, :2].astype(">u8").tobytes())
    named = pa.FixedSizeBinaryArray.from_buffers(pa.binary(ID_BYTES), len(files), [None, keys])
    firsts, lasts = ((moments >> TAG_BITS).astype(np.int64) for moments in (files.firsts, files.lasts))
    found = [np.empty((0, 3), np.uint64)]
    for (dataset, batch), (first, last) in sorted(before.covered.items()):
        if dataset is Dataset.SIGHTINGS and ((firsts <= last) & (lasts >= first)).any():
            rows = _rows(archive, (dataset, batch), "file", named)
            rows = rows.filter(pc.invert(pc.is_in(rows["report_id"], value_set=said_of["report_id"])))
            found.append(counted(dataset, corrected(dataset, rows, now))[1])
    again = added_up(np.vstack(found)).of(files)
    if (again.reports != files.reports).any():
        raise IndexDamaged("files are in the archive more or less often than they were counted")
    return again


def _can_hold(span: Span, said_of: "pa.Table") -> bool:
    """Whether rows of this time can be of a report of which something is said; not if nothing is."""
    import pyarrow as pa  # noqa: PLC0415 (as above)
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    moments = said_of["received_at"].cast(pa.int64())
    inside = pc.and_(pc.greater_equal(moments, span[0]), pc.less_equal(moments, span[1]))
    return bool(pc.any(inside.fill_null(span[0] <= span[1]), min_count=0).as_py())


def _rows(archive: Archive, batch: Named, column: str, values: "pa.Array | pa.ChunkedArray") -> "pa.Table":
    """Read the rows of a batch that have one of these values in a column."""
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    rows = archive.read_coded(*batch, COLUMNS[batch[0]])
    return rows.filter(pc.is_in(rows[column], value_set=values))
