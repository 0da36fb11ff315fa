"""Corrections: what revisions and analysts said later, in place of what the archive holds.

The archive itself stays as it is: what changes an old month is a dated row of the ledger.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from infra.archive import ID_BYTES, Dataset, key_of
from infra.ledger.history import Corrections

if TYPE_CHECKING:
    import pyarrow as pa

SUPERSEDED, VECTORS, COUNTRIES, KIND = "superseded", "vectors", "countries", "kind"
"""What a row of `said` is of: a report that a revision took the place of, or a column, and what stands in it now."""

OF_SIGHTINGS = (SUPERSEDED, KIND)
"""What changes which files were seen, and as what."""

_WHOLE = -1
"""Ordinal of what is said of a whole report."""


def said(corrections: Corrections) -> "pa.Table":
    """Write corrections as the archive names reports: a row each, in order."""
    import pyarrow as pa  # noqa: PLC0415 (0.3 s that a flow's start need not pay)

    rows: list[tuple[str, int, str, list[str]]] = [
        (report, _WHOLE, SUPERSEDED, []) for report in corrections.superseded
    ]
    rows += [(report, _WHOLE, VECTORS, list(codes)) for report, codes in corrections.vectors.items()]
    rows += [(report, _WHOLE, COUNTRIES, list(codes)) for report, codes in corrections.countries.items()]
    rows += [(report, ordinal, KIND, [code]) for (report, ordinal), code in corrections.kinds.items()]
    rows.sort()
    received = [corrections.received.get(report) for report, *_ in rows]
    return pa.table({
        "report_id": pa.array([key_of(report) for report, *_ in rows], pa.binary(ID_BYTES)),
        "ordinal": pa.array([ordinal for _, ordinal, _, _ in rows], pa.int32()),
        "field": pa.array([field for _, _, field, _ in rows], pa.string()),
        "codes": pa.array([codes for *_, codes in rows], pa.list_(pa.string())),
        "received_at": pa.array(received, pa.timestamp("us", "UTC")),
    })  # fmt: skip


def of_some(said: "pa.Table", fields: Iterable[str]) -> "pa.Table":
    """Keep what is said of these fields."""
    import pyarrow as pa  # noqa: PLC0415 (as above)
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    return said.filter(pc.is_in(said["field"], value_set=pa.array(list(fields), pa.string())))


def changed(before: "pa.Table", after: "pa.Table") -> "pa.Table":
    """Give what is said in one of two tables alone."""
    import pyarrow as pa  # noqa: PLC0415 (as above)
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    one, other = (_texts(table) for table in (before, after))
    gone, come = (pc.invert(pc.is_in(*each)) for each in ((one, other), (other, one)))
    return pa.concat_tables([before.filter(gone), after.filter(come)])


def _texts(said: "pa.Table") -> "pa.ChunkedArray":
    """Write each row as one text."""
    import pyarrow as pa  # noqa: PLC0415 (as above)
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    columns = [said["report_id"], said["ordinal"].cast(pa.string()), said["field"], pc.binary_join(said["codes"], ",")]
    return pc.binary_join_element_wise(*(column.cast(pa.binary()) for column in columns), b" ")


def corrected(dataset: Dataset, rows: "pa.Table", said: "pa.Table") -> "pa.Table":
    """Give `rows` of the archive's `dataset` as they hold today; revised reports' older versions are left out.

    `rows` has the report's id, and for sightings the ordinal, beside what is measured.
    """
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    here = said.filter(pc.is_in(said["report_id"], value_set=rows["report_id"])) if said.num_rows else said
    if not here.num_rows:
        return rows
    gone = of_some(here, [SUPERSEDED])
    rows = rows.filter(pc.invert(pc.is_in(rows["report_id"], value_set=gone["report_id"])))
    if dataset is Dataset.SIGHTINGS:
        return _with(rows, KIND, of_some(here, [KIND]), ("report_id", "ordinal"))
    for name in (VECTORS, COUNTRIES):
        rows = _with(rows, name, of_some(here, [name]), ("report_id",))
    return rows


def _with(rows: "pa.Table", name: str, said: "pa.Table", keys: tuple[str, ...]) -> "pa.Table":
    """Put what is said into a column, in the rows with its keys."""
    import pyarrow as pa  # noqa: PLC0415 (as above)
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    if not said.num_rows or not rows.num_rows:
        return rows
    texts = pa.string() if name == KIND else pa.list_(pa.string())
    new = said["codes"].combine_chunks()
    new = new.flatten() if name == KIND else new
    place = pc.index_in(_joined(rows, keys), value_set=_joined(said, keys))
    own = pa.array(np.arange(rows.num_rows))
    chosen = pc.coalesce(pc.add(place.cast(pa.int64()), rows.num_rows), own)
    both = pa.concat_arrays([rows[name].combine_chunks().cast(texts), new.cast(texts)])
    return rows.set_column(rows.schema.get_field_index(name), name, both.take(chosen))


def _joined(rows: "pa.Table", keys: tuple[str, ...]) -> "pa.Array":
    """Join a report's key with the ordinal, if it is among `keys`, to one key."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    report = rows["report_id"].combine_chunks()
    if len(keys) == 1:
        return report
    numbers = np.empty((rows.num_rows, ID_BYTES + 4), np.uint8)
    width = slice(report.offset * ID_BYTES, (report.offset + len(report)) * ID_BYTES)
    numbers[:, :ID_BYTES] = np.frombuffer(report.buffers()[1], np.uint8)[width].reshape(-1, ID_BYTES)
    numbers[:, ID_BYTES:] = rows["ordinal"].to_numpy().astype("<i4")[:, np.newaxis].view(np.uint8)
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(ID_BYTES + 4), rows.num_rows, [None, pa.py_buffer(numbers)])
