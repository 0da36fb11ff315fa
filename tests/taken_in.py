"""Reports as intake hands them to the ledger, without any file on disk."""

import hashlib
from dataclasses import fields
from datetime import UTC, datetime

from domain.intake import HeldFile, SightedFile, Taken
from domain.media import Digests, Kind
from domain.report import IncidentType, NamedFile, Receipt, Rejection, Report, Source
from infra.ledger import reports
from infra.world import world

MOMENT = datetime(2016, 5, 3, 10, tzinfo=UTC)
_OF_A_FILE = {field.name for field in fields(NamedFile)}


def key(name: str) -> str:
    """Give a surrogate key that is easy to tell: `name`, and dots."""
    return name.ljust(64, ".")


def held(name: str, kind: Kind = Kind.IMAGE) -> HeldFile:
    """Hold the bytes that `name` stands for."""
    content = name.encode()
    digests = Digests(
        hashlib.md5(content).hexdigest(), hashlib.sha1(content).hexdigest(), hashlib.sha256(content).hexdigest(), 9
    )
    return HeldFile(key(name), digests, f"{kind}/any", kind)


def sighted(name: str | None, kind: Kind = Kind.IMAGE, fault=None, **said) -> SightedFile:
    """Sight a file; None is one whose bytes never came."""
    details = {"file_id": name or "absent", **{field: value for field, value in said.items() if field in _OF_A_FILE}}
    return SightedFile(NamedFile(**details), held(name, kind) if name else None, None, fault)


def taken(
    name: str, *files: SightedFile, reporter="esp-01", received_at=MOMENT, rejection: Rejection | None = None, **said
) -> Taken:
    """Take in a report of these files, accepted unless `rejection` says why not; `said` are fields of `Report`."""
    receipt = Receipt(name, reporter, Source.ESP, received_at)
    told = {"incident_type": IncidentType.POSSESSION, "incident_at": MOMENT, **said}
    report = None if rejection else Report(receipt, files=tuple(file.named for file in files), **told)
    document = held(f"document of {name}", Kind.OTHER)
    return Taken(
        key(f"drop of {name}"), key(name), name, receipt, report, rejection, (document,), files, pseudonym=reporter
    )


def record(connection, *everything: Taken):
    """Record what was taken in, as intake does, and give the counts."""
    fresh = reports.unknown(connection, everything)
    return reports.record(connection, everything, fresh)


def opened(file: HeldFile) -> bytes:
    """Open a file that was just taken in, whose key the ledger may not hold yet."""
    blobs = world().blobs
    return blobs.unseal(file.blob, file.sealed) if file.sealed else blobs.read(file.blob)


def utc(moment: datetime | None) -> datetime | None:
    """Read a time back as UTC: SQLite keeps no zone."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
