"""Checks of tables: which rows are no reports and why, a column at a time."""

import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from domain.report import IncidentType, LocationRole, Rejection, Source, Vector
from tasks.reports.entries import are_no_files
from tasks.reports.moments import CLOCKS_DIFFER, EARLIEST, EARLIEST_INCIDENT
from tasks.reports.names import NAME_LENGTH

if TYPE_CHECKING:
    import pyarrow as pa

Flags = NDArray[np.bool_]
"""Truths, a row each."""

_COUNTRY = re.compile(f"[A-Z][A-Z0-9](:({'|'.join(LocationRole)}))?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def reasons(rows: "pa.Table") -> "pa.Array":
    """Give each row's reason for not being accepted, null where there is none; the first that is found counts."""
    import pyarrow as pa  # noqa: PLC0415 (slow to import)
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    nothing = pa.scalar(None, pa.string())
    dates = pc.if_else(pa.array(_dates_are_impossible(rows)), str(Rejection.IMPOSSIBLE_DATE), nothing)
    shape = pc.if_else(pa.array(_shape_is_wrong(rows)), str(Rejection.SCHEMA), nothing)
    return pc.coalesce(column(rows, "fault"), shape, dates)


def column(rows: "pa.Table", name: str) -> "pa.Array":
    """Give a column as one array."""
    chunked = rows[name]
    return chunked.chunk(0) if chunked.num_chunks == 1 else chunked.combine_chunks()


def lengths(lists: "pa.Array") -> NDArray[np.int64]:
    """Count the members of each list; null has none."""
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    counts: NDArray[np.int64] = pc.list_value_length(lists).fill_null(0).to_numpy().astype(np.int64)
    return counts


def _shape_is_wrong(rows: "pa.Table") -> Flags:
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    types = {each.name.lower() for each in IncidentType}
    kind, source = column(rows, "incident_type"), column(rows, "source")
    return (
        _is_no_name(column(rows, "external_id"))
        | _is_no_name(column(rows, "reporter"))
        | ~_among(source, list(Source))
        | _flags(column(rows, "received_at").is_null())
        | (_flags(kind.is_valid()) & ~_among(kind, types))
        | _flags(pc.less(column(rows, "incidents"), 1))
        | _holds(column(rows, "vectors"), lambda values: ~_among(values, list(Vector)))
        | _holds(column(rows, "countries"), _are_no_countries)
        | _holds(column(rows, "files"), are_no_files)
    )


def _dates_are_impossible(rows: "pa.Table") -> Flags:
    received, happened = _micros(rows, "received_at"), _micros(rows, "incident_at")
    differ, there = CLOCKS_DIFFER // timedelta(microseconds=1), _flags(column(rows, "incident_at").is_valid())
    latest = _since_epoch(datetime.now(UTC)) + differ
    wrong: Flags = (received < _since_epoch(EARLIEST)) | (received > latest)
    early, late = happened < _since_epoch(EARLIEST_INCIDENT), happened - differ > received
    return wrong | (there & (early | late))


def _micros(rows: "pa.Table", name: str) -> NDArray[np.int64]:
    import pyarrow as pa  # noqa: PLC0415 (as above)

    moments: NDArray[np.int64] = column(rows, name).cast(pa.int64()).fill_null(0).to_numpy()
    return moments


def _since_epoch(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _is_no_name(texts: "pa.Array") -> Flags:
    """Tell where there is no text but blanks, too long a one, or one with a NUL, which PostgreSQL does not keep."""
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    blank = pc.equal(pc.utf8_trim(texts, " "), "")
    odd = pc.or_(pc.greater(pc.utf8_length(texts), NAME_LENGTH), pc.match_substring(texts, "\0"))
    return _flags(pc.or_(blank, odd).fill_null(fill_value=True))


def _among(texts: "pa.Array", known: Collection[str]) -> Flags:
    import pyarrow as pa  # noqa: PLC0415 (as above)
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    return _flags(pc.is_in(texts, value_set=pa.array(sorted(known), pa.string())))


def _are_no_countries(texts: "pa.Array") -> Flags:
    """Judge each distinct text once."""
    told = texts.dictionary_encode()
    wrong = [not _COUNTRY.fullmatch(text) for text in told.dictionary.to_pylist()]
    judged: Flags = np.array([*wrong, True])[told.indices.fill_null(len(wrong)).to_numpy()]
    return judged


def _holds(lists: "pa.Array", wrong: Callable[["pa.Array"], Flags]) -> Flags:
    """Tell which lists hold a member that is wrong, or null."""
    members = lists.flatten()
    found = wrong(members) | _flags(members.is_null())
    owners = np.repeat(np.arange(len(lists)), lengths(lists))
    told = np.zeros(len(lists), np.bool_)
    told[owners[found]] = True
    return told


def _flags(truths: "pa.Array") -> Flags:
    """Read truths; null is none."""
    told: Flags = truths.fill_null(fill_value=False).to_numpy(zero_copy_only=False)
    return told
