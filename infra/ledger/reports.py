"""Reports in the ledger: what was taken in, whole, in one transaction."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from operator import itemgetter

from sqlalchemy import BindParameter, ColumnElement, Connection, Table, Update, bindparam, select, update

from domain.counts import Counts
from domain.intake import HeldFile, SightedFile, Taken
from domain.media import BlobKey
from domain.report import FileFault, Rejection, Report
from infra.ledger import schema, sealed
from infra.ledger.engine import Row, upsert

MANY = 500
"""Values of one query: databases bound how many a statement may name."""

ReportNumber = tuple[str, str]
"""A reporter's pseudonym, and a report's number there."""


_FINISHED = schema.report.c.rejection.is_distinct_from(Rejection.UNFINISHED)


def taken_drops(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Name those of these drops that were taken in already."""
    table = schema.taken_drop.c
    return {key for some in _slices(keys) for key in connection.scalars(select(table.key).where(table.key.in_(some)))}


def took_blocks(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Tell which pieces of tables were loaded already."""
    block = schema.taken_block.c.key
    return {key for some in _slices(keys) for key in connection.scalars(select(block).where(block.in_(some)))}


def unknown(connection: Connection, taken: Sequence[Taken]) -> list[Taken]:
    """Leave out what the ledger holds already, and what stands twice among `taken`; what is unfinished is not held."""
    by_id = {one.report_id: one for one in taken}
    held: set[str] = set()
    for some in _slices(list(by_id)):
        held |= set(connection.scalars(select(schema.report.c.id).where(schema.report.c.id.in_(some), _FINISHED)))
    return [one for report_id, one in by_id.items() if report_id not in held]


def record(connection: Connection, taken: Sequence[Taken], fresh: Sequence[Taken]) -> Counts:
    """Write what was taken in, and those reports and files of it that are `fresh`.

    Counts what is new: reports received, accepted, rejected and revised; files named, stored, missing, not sent and
    quarantined.
    """
    _write(connection, schema.blob, {held.blob: _blob(held) for one in fresh for held in one.held}.values())
    sealed.record(connection, {held.blob: held.sealed for one in taken for held in one.held if held.sealed})
    _write(connection, schema.reporter, {one.pseudonym: _reporter(one) for one in fresh if one.pseudonym}.values())
    numbers = _numbered(connection, fresh)
    _write(connection, schema.report, [_report(one, numbers[one.report_id]) for one in fresh])
    _supersede(connection, fresh)
    for table, rows in _sides(fresh):
        _write(connection, table, rows)
    drops = [{"key": one.drop, "report_id": one.report_id} for one in taken]
    _write(connection, schema.taken_drop, drops)
    counts = sum((_counted(one) for one in fresh), Counts(already_held=len(taken) - len(fresh)))
    return counts + Counts(revisions=sum(number > 1 for number in numbers.values()))


def begin(connection: Connection, fresh: Sequence[Taken]) -> None:
    """Have rows of reports whose files come piece by piece: unfinished, no part of anything until `record`."""
    rows = [_report(replace(one, report=None, rejection=Rejection.UNFINISHED), 1) for one in fresh if one.report]
    _write(connection, schema.report, rows)


def _slices(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + MANY] for start in range(0, len(values), MANY))


def _numbered(connection: Connection, fresh: Sequence[Taken]) -> dict[str, int]:
    """Number each report among those of the same reporter and external id: 1, or one more than the last."""
    report = schema.report.c
    last: defaultdict[tuple[str, str], int] = defaultdict(int)
    query = select(report.reporter, report.external_id, report.revision).where(_FINISHED)
    for some in with_numbers((one.pseudonym, one.external_id) for one in fresh if one.pseudonym):
        for reporter, external_id, revision in connection.execute(query.where(some)):
            last[reporter, external_id] = max(last[reporter, external_id], revision)
    numbers: dict[str, int] = {}
    for one in fresh:
        name = (one.pseudonym, one.external_id)
        last[name] = numbers[one.report_id] = last[name] + 1 if one.pseudonym else 1
    return numbers


def with_numbers(named: Iterable[ReportNumber]) -> Iterator[ColumnElement[bool]]:
    """Say of reports that they have one of these numbers, a reporter and some numbers at a time.

    So SQLite looks them up by their index; of pairs in a list it reads all reports.
    """
    report = schema.report.c
    for reporter, group in groupby(sorted(set(named)), key=itemgetter(0)):
        for some in _slices([number for _, number in group]):
            yield (report.reporter == reporter) & report.external_id.in_(some)


def _supersede(connection: Connection, fresh: Sequence[Taken]) -> None:
    """Have each accepted revision take the place of those before it; a rejected one takes nobody's."""
    newer = [
        {"by": one.pseudonym, "number": one.external_id, "newer": one.report_id}
        for one in fresh
        if one.report and one.pseudonym
    ]
    if newer:
        connection.execute(_SUPERSEDE, newer)


def _superseding() -> Update:
    """Make the statement that has the revision `newer` take the place of those before it, once for all."""
    report = schema.report.c
    newer: BindParameter[str] = bindparam("newer")
    same = (report.reporter == bindparam("by")) & (report.external_id == bindparam("number"))
    older = same & (report.id != newer) & report.superseded_by.is_(None) & _FINISHED
    table = schema.report.alias()
    number = select(table.c.revision).where(table.c.id == newer).scalar_subquery()
    return update(schema.report).where(older & (report.revision < number)).values(superseded_by=newer)


_SUPERSEDE = _superseding()


def _write(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    upsert(connection, table, list(rows))


def _counted(one: Taken) -> Counts:
    """Count one report; what came in and what became of it always add up."""
    whole = Counts(received=1, accepted=int(one.report is not None), rejected=int(one.report is None))
    return whole + _counted_files(one.files)


def _counted_files(files: Sequence[SightedFile]) -> Counts:
    faults = [file.fault for file in files]
    missing, not_sent = faults.count(FileFault.MISSING), faults.count(FileFault.NOT_SENT)
    stored = faults.count(None)
    return Counts(
        files_named=len(faults),
        files_stored=stored,
        files_missing=missing,
        files_not_sent=not_sent,
        files_quarantined=len(faults) - stored - missing - not_sent,
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


def _reporter(one: Taken) -> Row:
    return {"id": one.pseudonym, "name": one.receipt.reporter if one.receipt else ""}


def _report(one: Taken, revision: int) -> Row:
    receipt, report = one.receipt, one.report
    return {
        "id": one.report_id,
        "external_id": one.external_id,
        "reporter": one.pseudonym,
        "content": one.content,
        "revision": revision,
        "source": receipt.source if receipt else None,
        "received_at": receipt.received_at if receipt else None,
        "rejection": one.rejection,
        "incident_type": report.incident_type.name.lower() if report and report.incident_type else None,
        "incident_at": report.incident_at if report else None,
        "escalated": report.escalated if report else None,
        "batched": report.batched if report else None,
        "incidents": report.incidents if report else None,
        "victims": report.victims if report else 0,
        "completeness": one.completeness,
    }


def _sides(fresh: Sequence[Taken]) -> list[tuple[Table, list[Row]]]:
    """Give the rows of every table that has several for one report."""
    files = [(one.report_id, ordinal, file) for one in fresh for ordinal, file in enumerate(one.files)]
    return [
        (schema.report_document, _each(fresh, lambda one: [{"blob_id": held.blob} for held in one.documents])),
        (schema.report_vector, _values(fresh, "vector", lambda report: report.vectors)),
        (schema.report_annotation, _values(fresh, "annotation", lambda report: report.annotations)),
        (schema.report_identifier, _values(fresh, "identifier", lambda report: report.identifiers)),
        (schema.report_trace, _each(fresh, _traces)),
        (schema.report_location, _each(fresh, _locations)),
        (schema.person, [{"report_id": one.report_id, **asdict(one.person)} for one in fresh if one.person]),
        *_files(files),
    ]


def _files(files: Sequence[tuple[str, int, SightedFile]]) -> list[tuple[Table, list[Row]]]:
    """Give the rows of file entries, each with its report's id and its ordinal there."""
    keyed = [({"report_id": report, "ordinal": ordinal}, file.named) for report, ordinal, file in files]
    return [
        (schema.sighting, [_sighting(*each) for each in files]),
        (schema.sighting_annotation, [
            {**key, "annotation": annotation} for key, named in keyed for annotation in sorted(named.annotations)
        ]),
        (schema.sighting_hash, [
            {**key, "kind": claimed.kind, "value": claimed.value}
            for key, named in keyed for claimed in sorted(named.hashes, key=lambda each: (each.kind, each.value))
        ]),
    ]  # fmt: skip


def add_files(connection: Connection, files: Sequence[tuple[str, int, SightedFile]]) -> Counts:
    """Write file entries of reports that were begun: id, ordinal, and the file."""
    hold_files(connection, {each.content.blob: each.content for _, _, each in files if each.content})
    for table, rows in _files(files):
        _write(connection, table, rows)
    return _counted_files([file for _, _, file in files])


def hold_files(connection: Connection, held: Mapping[BlobKey, HeldFile]) -> None:
    """Write files that the store holds, and their keys, by themselves."""
    _write(connection, schema.blob, map(_blob, held.values()))
    sealed.record(connection, {blob: one.sealed for blob, one in held.items() if one.sealed})


def _each(fresh: Sequence[Taken], rows: Callable[[Taken], list[Row]]) -> list[Row]:
    """Key each report's rows by the report; the same row stands once."""
    return [
        {"report_id": one.report_id, **row} for one in fresh for row in {str(row): row for row in rows(one)}.values()
    ]


def _values(fresh: Sequence[Taken], column: str, values: Callable[[Report], Iterable[str]]) -> list[Row]:
    return _each(fresh, lambda one: [{column: value} for value in sorted(values(one.report) if one.report else ())])


def _locations(one: Taken) -> list[Row]:
    places = one.report.locations | one.inferred if one.report else frozenset()
    return [{"country": place.country, "role": place.role} for place in sorted(places, key=repr)]


def _traces(one: Taken) -> list[Row]:
    return [
        {"role": each.role, "identifier": each.kind, "value": each.value}
        for each in sorted(one.traces, key=lambda each: (each.role, each.kind, each.value))
    ]


def _sighting(report_id: str, ordinal: int, file: SightedFile) -> Row:
    return {
        "report_id": report_id,
        "ordinal": ordinal,
        "file_id": file.named.file_id,
        "blob_id": file.content.blob if file.content else None,
        "details_blob_id": file.details.blob if file.details else None,
        "claimed_md5": file.named.claimed_md5,
        "kind": file.content.kind if file.content else file.named.claimed_kind,
        "fault": file.fault,
        "classification": file.named.classification,
        "category": file.named.category,
        "viewed_by_reporter": file.named.viewed_by_reporter,
        "publicly_available": file.named.publicly_available,
    }
