"""Reports in the ledger: what was taken in, whole, in one transaction."""

from collections.abc import Callable, Collection, Iterable, Sequence

from sqlalchemy import Connection, Table, select

from domain.counts import Counts
from domain.intake import HeldFile, SightedFile, Taken
from domain.report import FileFault, Report
from infra.archive import Batch
from infra.ledger import schema
from infra.ledger.engine import Row, upsert


def taken_drops(connection: Connection) -> set[str]:
    """Name the drops that were taken in already."""
    return set(connection.scalars(select(schema.taken_drop.c.key)))


def unknown(connection: Connection, taken: Sequence[Taken]) -> list[Taken]:
    """Leave out what the ledger holds already, and what stands twice among `taken`."""
    by_id = {one.report_id: one for one in taken}
    held = set(connection.scalars(select(schema.report.c.id).where(schema.report.c.id.in_(by_id))))
    return [one for report_id, one in by_id.items() if report_id not in held]


def record(
    connection: Connection, taken: Sequence[Taken], fresh: Sequence[Taken], batches: Collection[Batch]
) -> Counts:
    """Write drops, those reports and files of them that are `fresh`, and register the archive's batches of these.

    Counts what is new: reports received, accepted and rejected; files named, stored, missing and quarantined.
    """
    _write(connection, schema.blob, {held.blob: _blob(held) for one in fresh for held in one.held}.values())
    _write(connection, schema.report, [_report(one) for one in fresh])
    for table, rows in _sides(fresh):
        _write(connection, table, rows)
    drops = [{"key": one.drop, "report_id": one.report_id} for one in taken]
    _write(connection, schema.taken_drop, drops)
    registered = [{"id": batch.id, "dataset": batch.dataset, "rows": batch.rows} for batch in batches]
    _write(connection, schema.batch, registered)
    return sum((_counted(one) for one in fresh), Counts(already_held=len(taken) - len(fresh)))


def _write(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    upsert(connection, table, list(rows))


def _counted(one: Taken) -> Counts:
    """Count one drop; what came in and what became of it always add up."""
    faults = [file.fault for file in one.files]
    missing = faults.count(FileFault.MISSING)
    stored = faults.count(None)
    return Counts(
        received=1,
        accepted=int(one.report is not None),
        rejected=int(one.report is None),
        files_named=len(faults),
        files_stored=stored,
        files_missing=missing,
        files_quarantined=len(faults) - stored - missing,
    )


def _blob(held: HeldFile) -> Row:
    return {
        "id": held.blob,
        "sha256": held.digests.sha256,
        "sha1": held.digests.sha1,
        "md5": held.digests.md5,
        "size": held.digests.size,
        "media_type": held.media_type,
        "kind": held.kind,
    }


def _report(one: Taken) -> Row:
    receipt, report = one.receipt, one.report
    return {
        "id": one.report_id,
        "external_id": one.external_id,
        "reporter": receipt.reporter if receipt else "",
        "source": receipt.source if receipt else None,
        "received_at": receipt.received_at if receipt else None,
        "rejection": one.rejection,
        "incident_type": report.incident_type.name.lower() if report else None,
        "incident_at": report.incident_at if report else None,
        "escalated": report.escalated if report else None,
        "batched": report.batched if report else None,
        "incidents": report.incidents if report else None,
    }


def _sides(fresh: Sequence[Taken]) -> list[tuple[Table, list[Row]]]:
    """Give the rows of every table that has several for one report."""
    files = [(one, ordinal, file) for one in fresh for ordinal, file in enumerate(one.files)]
    return [
        (schema.report_document, _each(fresh, lambda one: [{"blob_id": held.blob} for held in one.documents])),
        (schema.report_vector, _values(fresh, "vector", lambda report: report.vectors)),
        (schema.report_annotation, _values(fresh, "annotation", lambda report: report.annotations)),
        (schema.report_identifier, _values(fresh, "identifier", lambda report: report.identifiers)),
        (schema.report_location, _each(fresh, _locations)),
        (schema.sighting, [_sighting(one, ordinal, file) for one, ordinal, file in files]),
        (schema.sighting_annotation, [
            {"report_id": one.report_id, "ordinal": ordinal, "annotation": annotation}
            for one, ordinal, file in files for annotation in sorted(file.named.annotations)
        ]),
    ]  # fmt: skip


def _each(fresh: Sequence[Taken], rows: Callable[[Taken], list[Row]]) -> list[Row]:
    """Key each report's rows by the report; the same row stands once."""
    return [
        {"report_id": one.report_id, **row} for one in fresh for row in {str(row): row for row in rows(one)}.values()
    ]


def _values(fresh: Sequence[Taken], column: str, values: Callable[[Report], Iterable[str]]) -> list[Row]:
    return _each(fresh, lambda one: [{column: value} for value in sorted(values(one.report) if one.report else ())])


def _locations(one: Taken) -> list[Row]:
    places = one.report.locations if one.report else frozenset()
    return [{"country": place.country, "role": place.role} for place in sorted(places, key=repr)]


def _sighting(one: Taken, ordinal: int, file: SightedFile) -> Row:
    return {
        "report_id": one.report_id,
        "ordinal": ordinal,
        "file_id": file.named.file_id,
        "blob_id": file.content.blob if file.content else None,
        "details_blob_id": file.details.blob if file.details else None,
        "claimed_md5": file.named.claimed_md5,
        "kind": file.content.kind if file.content else None,
        "fault": file.fault,
        "classification": file.named.classification,
        "viewed_by_reporter": file.named.viewed_by_reporter,
        "publicly_available": file.named.publicly_available,
    }
