"""Files in the ledger: what decoding them told."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, exists, false, func, or_, select, update

from domain.counts import Counts
from domain.media import MATCH_QUALITY, Algorithm, BlobKey, Fingerprints, Kind
from domain.report import FileFault
from infra.ledger import hashes, schema
from infra.ledger.engine import upsert

Unreadable = tuple[BlobKey, FileFault]


Flags = Collection[bool | None]
"""Whether someone at the reporter viewed a file, as reporters say it: yes, no, or nothing."""

ANY: Flags = (True, False, None)


def usable(flags: Flags = ANY) -> ColumnElement[bool]:
    """Say of a blob that it can be looked at: sound bytes that at least one report brought without a fault.

    Only accepted reports count that no revision took the place of. With `flags`, one that says one of these of the
    viewing: once is enough, and a reporter who takes it back does so by a revision.
    """
    sighting, report = schema.sighting.alias().c, schema.report.alias().c  # a query around may read both itself
    viewed = or_(false(), *(sighting.viewed_by_reporter.is_(flag) for flag in flags))
    stands = (report.id == sighting.report_id) & report.rejection.is_(None) & report.superseded_by.is_(None)
    brought = exists().where(sighting.blob_id == schema.blob.c.id, sighting.fault.is_(None), viewed, stands)
    return schema.blob.c.fault.is_(None) & schema.blob.c.kind.in_((Kind.IMAGE, Kind.VIDEO)) & brought


def without_fingerprint(connection: Connection, algorithm: Algorithm, flags: Flags = ANY) -> list[tuple[BlobKey, Kind]]:
    """List the pictures and videos that have no fingerprint of this kind yet and may be opened by `flags`."""
    done = exists().where(schema.fingerprint.c.blob_id == schema.blob.c.id, schema.fingerprint.c.algorithm == algorithm)
    query = select(schema.blob.c.id, schema.blob.c.kind).where(usable(flags), ~done).order_by(schema.blob.c.id)
    return [(blob, Kind(kind)) for blob, kind in connection.execute(query)]


def closed(connection: Connection, flags: Flags) -> int:
    """Count the pictures and videos that stay closed, since no report says one of `flags` of them."""
    query = select(func.count()).select_from(schema.blob).where(usable(), ~usable(flags))
    return connection.scalar(query) or 0


def record_fingerprints(connection: Connection, outcomes: Sequence[Fingerprints | Unreadable]) -> Counts:
    """Write fingerprints and sizes, and the faults of what cannot be decoded."""
    whole = [each for each in outcomes if isinstance(each, Fingerprints)]
    faults = [each for each in outcomes if not isinstance(each, Fingerprints)]
    number = hashes.begin_writing(connection) if whole else 0
    rows = [
        {
            "blob_id": each.blob,
            "algorithm": frame.algorithm,
            "ordinal": ordinal,
            "seconds": frame.seconds,
            "quality": frame.quality,
            "mode": frame.mode,
            "bits": frame.bits,
            "written": number,
        }
        for each in whole
        for ordinal, frame in enumerate(each.frames)
    ]
    upsert(connection, schema.fingerprint, rows)
    for each in whole:
        sizes = {"width": each.width, "height": each.height, "duration": each.duration, "tested": False}
        connection.execute(update(schema.blob).where(schema.blob.c.id == each.blob).values(sizes))
    return Counts(files_fingerprinted=len(whole), fingerprints=len(rows)) + record_faults(connection, faults)


def record_faults(connection: Connection, faults: Sequence[Unreadable]) -> Counts:
    """Quarantine files for what is wrong with their bytes."""
    for blob, fault in faults:
        connection.execute(update(schema.blob).where(schema.blob.c.id == blob).values(fault=fault, tested=False))
    return Counts(files_quarantined=len(faults))


def matchable(
    connection: Connection, algorithm: Algorithm = Algorithm.PDQ, among: Sequence[BlobKey] | None = None
) -> list[tuple[BlobKey, Kind, bytes]]:
    """List every frame of pictures that may be matched, file by file: its file, the file's kind, its eight hashes.

    With `among`, of these pictures alone, a thousand at most.
    """
    query = (
        select(schema.fingerprint.c.blob_id, schema.blob.c.kind, schema.fingerprint.c.bits)
        .join(schema.blob, schema.blob.c.id == schema.fingerprint.c.blob_id)
        .where(schema.fingerprint.c.algorithm == algorithm, schema.fingerprint.c.quality >= MATCH_QUALITY, usable())
        .where(schema.blob.c.kind == Kind.IMAGE)
        .order_by(schema.fingerprint.c.blob_id, schema.fingerprint.c.ordinal)
    )
    if among is not None:
        query = query.where(schema.fingerprint.c.blob_id.in_(among))
    return [(blob, Kind(kind), bytes(bits)) for blob, kind, bits in connection.execute(query)]
