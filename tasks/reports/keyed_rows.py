"""Rows of tables, checked, keyed, and laid out as the ledger and the archive keep them, in Arrow throughout.

A report's key is the keyed digest of its reporter, its number and its content, so the same row is one report, and the
same number with other content a revision of it.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from domain.media import Kind
from domain.report import NO_COUNTRY, FileFault, LocationRole
from infra.archive import Dataset
from infra.digests import keyed_digests, ordered
from infra.keys import keyed_digest
from tasks.reports.checks import column, lengths, reasons
from tasks.reports.lines import COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

Places = NDArray[np.int64]

_FIELDS = "\x1e"
"""Stands between the fields of a row's content."""

_KIND_LETTERS = 5
"""Letters of a kind before the colon; every kind has as many."""

assert {len(kind) for kind in Kind} == {_KIND_LETTERS}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of rows: tables of the ledger by name, of the archive in the order of their keys, and what is refused.

    Attributes:
        refused: the reason of each row that does not validate, and the row as text.
    """

    ledger: Mapping[str, "pa.Table"]
    archive: Mapping[Dataset, "pa.Table"]
    refused: list[tuple[str, str]]


def prepare(rows: "pa.Table", name_key: bytes) -> Prepared:
    """Check rows, and make of the valid ones what ledger and archive keep."""
    reason = reasons(rows)
    refused = []
    if reason.null_count < len(reason):
        refused = _refused(rows.append_column("reason", reason).filter(reason.is_valid()))
        rows = rows.filter(reason.is_null())
    valid = _identified(rows, name_key)
    sightings = _sightings(valid, name_key)
    return Prepared(_for_ledger(valid, sightings), _for_archive(valid, sightings), refused)


def _refused(rows: "pa.Table") -> list[tuple[str, str]]:
    import pyarrow as pa  # noqa: PLC0415 (slow to import)

    moments = [field.name for field in rows.schema if pa.types.is_timestamp(field.type)]
    for name in moments:  # Python's own know no year beyond 9999
        rows = rows.set_column(
            rows.schema.get_field_index(name), name, rows[name].cast(pa.timestamp("us")).cast("string")
        )
    told = rows.to_pylist()
    return [(row["reason"], row["raw"] or json.dumps({name: row[name] for name in COLUMNS})) for row in told]


@dataclass(frozen=True, slots=True)
class _Distinct:
    """Values that differ, in a column of few, and which of them each row has."""

    values: list[Any]
    which: "pa.Array"

    def column(self, told: Callable[[Any], object], kind: "pa.DataType", order: Places | None = None) -> "pa.Array":
        """Make a column of `kind` of something that a value tells, in another order of rows if one is given."""
        import pyarrow as pa  # noqa: PLC0415 (as above)

        which = self.which if order is None else self.which.take(order)
        return pa.array([told(each) for each in self.values], kind).take(which)


def _sets(lists: "pa.Array", *, but: Collection[str] = ()) -> _Distinct:
    """Read lists of codes as sets, sorted, without those that begin with one of `but`, two letters each."""
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    joined = pc.binary_join(lists, " ").fill_null("").dictionary_encode()
    told = joined.dictionary.to_pylist()
    return _Distinct([sorted({code for code in text.split() if code[:2] not in but}) for text in told], joined.indices)


def _identified(rows: "pa.Table", name_key: bytes) -> "pa.Table":
    """Give each row its key and its place among the revisions, in the order of the keys, the same row once."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    text, place = pa.string(), rows.schema.get_field_index("incidents")
    rows = rows.set_column(place, "incidents", column(rows, "incidents").fill_null(1))
    vectors, countries = _sets(column(rows, "vectors")), _sets(column(rows, "countries"), but=NO_COUNTRY)
    reporter, number = column(rows, "reporter").dictionary_encode(), column(rows, "external_id")
    reporters = _Distinct(reporter.dictionary.to_pylist(), reporter.indices)
    content = _content(rows, vectors.column(" ".join, text), countries.column(" ".join, text))
    ids = keyed_digests(name_key, "report", column(rows, "reporter"), number, "row", content)
    order = ordered(ids)
    revision, later = _revisions(reporter.indices, number, order)
    same = ("external_id", "source", "received_at", "incident_type", "incident_at", "escalated", "incidents", "files")
    texts = pa.list_(pa.field("item", text, nullable=False))
    table = pa.table({**{name: rows[name] for name in same}, "id": ids, "revision": revision}).take(order)
    own = {
        "superseded_by": ids.take(later.take(order)),
        "reporter": reporters.column(lambda name: keyed_digest(name_key, "reporter", name), text, order),
        "name": reporters.column(str, text, order),
        "vectors": vectors.column(list, texts, order),
        "countries": countries.column(lambda codes: [code[:2] for code in codes], texts, order),
        "roles": countries.column(lambda codes: [code[3:] or LocationRole.UNSTATED for code in codes], texts, order),
        "distinct_countries": countries.column(lambda codes: sorted({code[:2] for code in codes}), texts, order),
    }
    for name, values in own.items():
        table = table.append_column(name, values)
    return table


def _content(rows: "pa.Table", vectors: "pa.Array", countries: "pa.Array") -> "pa.Array":
    """Write each row's content as one text, the same for the same content."""
    import pyarrow as pa  # noqa: PLC0415 (as above)
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    fields = [
        column(rows, "source"),
        column(rows, "received_at").cast(pa.int64()),
        column(rows, "incident_type"),
        column(rows, "incident_at").cast(pa.int64()),
        column(rows, "escalated"),
        column(rows, "incidents"),
        vectors,
        countries,
        pc.binary_join(column(rows, "files"), " "),
    ]
    texts = ["" if 0 < len(each) == each.null_count else each.cast(pa.string()).fill_null("") for each in fields]
    return pc.binary_join_element_wise(*texts, _FIELDS)


def _revisions(reporter: "pa.Array", number: "pa.Array", order: Places) -> tuple[NDArray[np.int32], "pa.Array"]:
    """Count the revisions of each number as they came, and give the place of the next one; null where there is none."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    told = number.dictionary_encode()
    revision, later = np.ones(len(number), np.int32), np.full(len(number), -1)
    if len(told.dictionary) < len(number):
        keys = told.indices.to_numpy().astype(np.int64) * len(number) + reporter.to_numpy()
        _, which, counts = np.unique(keys[order], return_inverse=True, return_counts=True)
        latest: dict[int, int] = {}
        for place in np.sort(order[counts[which] > 1]).tolist():
            before = latest.get(keys[place])
            if before is not None:
                revision[place], later[before] = revision[before] + 1, place
            latest[keys[place]] = place
    return revision, pa.array(later, mask=later < 0)


def _sightings(valid: "pa.Table", name_key: bytes) -> "pa.Table":
    """Lay out the file entries of reports, in their order."""
    import pyarrow as pa  # noqa: PLC0415 (as above)
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    files = column(valid, "files")
    owners, ordinals = _members(files)
    tokens = files.flatten().cast(pa.binary())
    md5 = pc.binary_slice(tokens, _KIND_LETTERS + 1, _KIND_LETTERS + 33).cast(pa.string())
    md5 = pc.if_else(pc.equal(md5, ""), None, md5)
    whose = valid.select(["id", "received_at", "source"]).take(owners)
    kind = pc.binary_slice(tokens, 0, _KIND_LETTERS).cast(pa.string())
    columns = {"ordinal": ordinals, "kind": kind, "claimed_md5": md5, "file": keyed_digests(name_key, "md5", md5)}
    for name, values in columns.items():
        whose = whose.append_column(name, values)
    return whose.rename_columns({"id": "report_id"})


def _members(lists: "pa.Array") -> tuple["pa.Array", "pa.Array"]:
    """Tell of each member of lists whose it is and which, from 0."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    counts = lengths(lists)
    places = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return pa.array(np.repeat(np.arange(len(counts)), counts)), pa.array(places.astype(np.int32))


def _for_ledger(valid: "pa.Table", sightings: "pa.Table") -> dict[str, "pa.Table"]:
    import pyarrow as pa  # noqa: PLC0415 (as above)

    ids, count = column(valid, "id"), valid.num_rows
    as_they_are = ("id", "external_id", "reporter", "revision", "superseded_by", "source", "received_at",
                   "incident_type", "incident_at", "escalated", "incidents")  # fmt: skip
    report = valid.select(as_they_are)
    report = report.append_column("batched", pa.repeat(False, count)).append_column("archived", pa.repeat(True, count))  # noqa: FBT003 (a value)
    reporter = pa.table({"id": valid["reporter"], "name": valid["name"]}).group_by(["id", "name"]).aggregate([])
    vectors, countries = column(valid, "vectors"), column(valid, "countries")
    sighting = sightings.select(["report_id", "ordinal", "claimed_md5", "kind"])
    sighting = sighting.append_column("file_id", sightings["ordinal"].cast(pa.string()))
    return {
        "reporter": reporter.append_column("simulated", pa.repeat(False, reporter.num_rows)),  # noqa: FBT003 (a value)
        "report": report,
        "report_vector": pa.table({"report_id": ids.take(_members(vectors)[0]), "vector": vectors.flatten()}),
        "report_location": pa.table({
            "report_id": ids.take(_members(countries)[0]),
            "country": countries.flatten(), "role": column(valid, "roles").flatten(),
        }),
        "sighting": sighting.append_column("fault", pa.repeat(str(FileFault.NOT_SENT), sighting.num_rows)),
    }  # fmt: skip


def _for_archive(valid: "pa.Table", sightings: "pa.Table") -> dict[Dataset, "pa.Table"]:
    import pyarrow as pa  # noqa: PLC0415 (as above)

    own = valid.select(["id", "received_at", "source", "incidents", "vectors", "distinct_countries"])
    own = own.append_column("files", pa.array(lengths(column(valid, "files")).astype(np.int32)))
    return {
        Dataset.REPORTS: own.rename_columns({"id": "report_id", "distinct_countries": "countries"}),
        Dataset.SIGHTINGS: sightings.drop_columns(["claimed_md5"]),
    }
