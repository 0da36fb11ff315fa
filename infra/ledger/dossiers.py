"""Dossiers: everything that the ledger has of one report, put together again as it was taken in."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Table, exists, or_, select

from domain.case import Decided
from domain.dossier import Dossier
from domain.intake import HeldFile, SealedPerson, SightedFile
from domain.media import Digests, Kind
from domain.report import (
    ClaimedHash,
    Classification,
    FileAnnotation,
    FileFault,
    IncidentType,
    Location,
    LocationRole,
    NamedFile,
    Receipt,
    Report,
    ReportAnnotation,
    Source,
    Vector,
)
from infra.ledger import schema
from infra.ledger.moments import utc


def read(connection: Connection, case: Decided) -> Dossier:
    """Read what the ledger has of a case's report; its particulars are left sealed."""
    report_id = case.report
    report, reporter = schema.report.c, schema.reporter.c
    joined = schema.report.outerjoin(schema.reporter, reporter.id == report.reporter)
    query = select(schema.report, reporter.name).select_from(joined).where(report.id == report_id)
    row = connection.execute(query).one()
    files = _files(connection, report_id)
    return Dossier(
        case=case,
        report=Report(
            receipt=Receipt(row.external_id, row.name or "", Source(row.source), utc(row.received_at)),
            incident_type=IncidentType[row.incident_type.upper()] if row.incident_type else None,
            incident_at=utc(row.incident_at) if row.incident_at else None,
            escalated=bool(row.escalated),
            batched=bool(row.batched),
            users=row.incidents or 0,
            annotations=frozenset(map(ReportAnnotation, _values(connection, schema.report_annotation, report_id))),
            vectors=frozenset(map(Vector, _values(connection, schema.report_vector, report_id))),
            locations=_locations(connection, report_id),
            files=tuple(file.named for file in files),
        ),
        files=tuple(files),
        documents=tuple(_documents(connection, report_id)),
        person=_person(connection, report_id),
    )


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a report by which it is routed; its particulars are sealed."""

    locations: frozenset[Location]
    signals: frozenset[str]
    person: SealedPerson | None


def known(connection: Connection, report_id: str) -> Known | None:
    """Give what a report is routed by; None where it was rejected, a revision took its place, or there is none."""
    report = schema.report.c
    in_force = report.rejection.is_(None) & report.superseded_by.is_(None)
    row = connection.execute(
        select(report.incident_type, report.escalated).where(report.id == report_id, in_force)
    ).one_or_none()
    if row is None:
        return None
    signals = {f"report.{flag}" for flag in _values(connection, schema.report_annotation, report_id)}
    signals |= {f"vector.{vector}" for vector in _values(connection, schema.report_vector, report_id)}
    signals |= {f"incident.{row.incident_type}"} if row.incident_type else set()
    signals |= {"escalated"} if row.escalated else set()
    return Known(_locations(connection, report_id), frozenset(signals), _person(connection, report_id))


def _locations(connection: Connection, report_id: str) -> frozenset[Location]:
    """Give the countries of a report: as an analyst says last, else as its reporter does."""
    said, place = schema.revised.c, schema.report_location.c
    latest = select(said.codes).where(said.report_id == report_id, said.field == "country")
    codes = connection.scalar(latest.order_by(said.revised_at.desc(), said.analyst.desc()).limit(1))
    if codes is not None:
        parts = [code.partition(":") for code in codes]
        return frozenset(Location(country, LocationRole(role or "unstated")) for country, _, role in parts)
    rows = connection.execute(select(place.country, place.role).where(place.report_id == report_id))
    return frozenset(Location(country, LocationRole(role)) for country, role in rows)


def _person(connection: Connection, report_id: str) -> SealedPerson | None:
    """Give a report's particulars, sealed; None where there are none, or they are deleted."""
    row = connection.execute(select(schema.person).where(schema.person.c.report_id == report_id)).one_or_none()
    return SealedPerson(row.kek, bytes(row.wrapped), bytes(row.content)) if row else None


def _values(connection: Connection, table: Table, report_id: str) -> list[str]:
    """Give what a side table has of a report: the values of its second column."""
    owner, value = tuple(table.c)
    return list(connection.scalars(select(value).where(owner == report_id)))


def _documents(connection: Connection, report_id: str) -> list[HeldFile]:
    """Give the raw documents of a report that are still held, by the order of their digests.

    A file of several cases of the police is the document of each of them, and is left out: it tells of the others.
    """
    owner, other = schema.report_document.c, schema.report_document.alias().c
    here, there = schema.report.c, schema.report.alias()
    elsewhere = (there.c.id == other.report_id) & (
        (there.c.reporter != here.reporter) | (there.c.external_id != here.external_id)
    )
    query = (
        select(schema.blob)
        .select_from(schema.report_document)
        .join(schema.report, here.id == owner.report_id)
        .join(schema.blob, schema.blob.c.id == owner.blob_id)
        .join(schema.blob_key, schema.blob_key.c.blob_id == owner.blob_id)
        .where(owner.report_id == report_id)
        .where((here.source != Source.POLICE) | ~exists().where(other.blob_id == owner.blob_id, elsewhere))
        .order_by(schema.blob.c.sha256)
    )
    return [_held(row) for row in connection.execute(query)]


def _files(connection: Connection, report_id: str) -> list[SightedFile]:
    """Give the file entries of a report, with their bytes where these are still held."""
    sighting, blob = schema.sighting.c, schema.blob.c
    annotations, hashes = _annotations(connection, report_id), _hashes(connection, report_id)
    named = [
        select(column).where(sighting.report_id == report_id) for column in (sighting.blob_id, sighting.details_blob_id)
    ]
    query = select(schema.blob).join(schema.blob_key).where(or_(*(blob.id.in_(each) for each in named)))
    blobs = {row.id: row for row in connection.execute(query)}
    files = []
    entries = select(schema.sighting).where(sighting.report_id == report_id).order_by(sighting.ordinal)
    for row in connection.execute(entries):
        there, details = blobs.get(row.blob_id), blobs.get(row.details_blob_id)
        entry = NamedFile(
            file_id=row.file_id,
            claimed_md5=row.claimed_md5,
            viewed_by_reporter=row.viewed_by_reporter,
            publicly_available=row.publicly_available,
            annotations=frozenset(annotations[row.ordinal]),
            classification=Classification(row.classification) if row.classification else None,
            claimed_kind=Kind(row.kind) if row.kind else None,
            hashes=frozenset(hashes[row.ordinal]),
            category=row.category,
        )
        fault = row.fault or (there.fault if there else None)
        content, told = _held(there) if there else None, _held(details) if details else None
        files.append(SightedFile(entry, content, told, FileFault(fault) if fault else None))
    return files


def _annotations(connection: Connection, report_id: str) -> defaultdict[int, list[FileAnnotation]]:
    """Give the flags of a report's files by ordinal."""
    found = defaultdict[int, list[FileAnnotation]](list)
    table = schema.sighting_annotation
    for row in connection.execute(select(table).where(table.c.report_id == report_id)):
        found[row.ordinal].append(FileAnnotation(row.annotation))
    return found


def _hashes(connection: Connection, report_id: str) -> defaultdict[int, list[ClaimedHash]]:
    """Give the claimed hashes of a report's files by ordinal."""
    found = defaultdict[int, list[ClaimedHash]](list)
    table = schema.sighting_hash
    for row in connection.execute(select(table).where(table.c.report_id == report_id)):
        found[row.ordinal].append(ClaimedHash(row.kind, row.value))
    return found


def _held(row: Row[Any]) -> HeldFile:
    digests = Digests(row.md5, row.sha1, row.sha256, row.size)
    return HeldFile(row.id, digests, row.media_type, Kind(row.kind))
