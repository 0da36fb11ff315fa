"""The ledger in numbers: what came in, what became of it, what it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Select, distinct, func, select

from domain.cluster import ClusterKind
from domain.report import FileFault
from infra.ledger import schema


@dataclass(frozen=True, slots=True)
class Summary:
    """Where the ledger stands. Reports, incidents, sightings and distinct files are four different counts.

    Attributes:
        received: reports that came in: `accepted` and, by reason, `rejected`.
        incidents: what the accepted reports stand for; a batched one stands for several.
        sightings: file entries of all reports: `stored`, `missing`, `not_sent` (metadata alone came) and, by
            reason, `quarantined`.
        distinct_files: different files among the stored sightings.
        known: distinct files that a list settles.
        new: distinct pictures and videos on no list, copies of one another counted once.
        kinds: stored sightings by kind.
        copies: clusters of near-duplicate files.
        report_clusters: clusters of reports that share what few others do.
    """

    received: int
    accepted: int
    rejected: Mapping[str, int]
    incidents: int
    sightings: int
    stored: int
    missing: int
    not_sent: int
    quarantined: Mapping[str, int]
    distinct_files: int
    known: int
    new: int
    kinds: Mapping[str, int]
    copies: int
    report_clusters: int


def summarize(connection: Connection) -> Summary:
    """Count everything."""
    report = schema.report.c
    rejected = _by(connection, select(report.rejection, func.count()).group_by(report.rejection))
    accepted = rejected.pop("", 0)
    fault = func.coalesce(schema.sighting.c.fault, schema.blob.c.fault)
    joined = schema.sighting.outerjoin(schema.blob, schema.blob.c.id == schema.sighting.c.blob_id)
    faults = _by(connection, select(fault, func.count()).select_from(joined).group_by(fault))
    stored, missing, not_sent = (faults.pop(name, 0) for name in ("", FileFault.MISSING, FileFault.NOT_SENT))
    kind = schema.sighting.c.kind
    files = func.count(distinct(schema.sighting.c.blob_id))
    return Summary(
        received=accepted + sum(rejected.values()),
        accepted=accepted,
        rejected=rejected,
        incidents=connection.scalar(select(func.coalesce(func.sum(report.incidents), 0))) or 0,
        sightings=stored + missing + not_sent + sum(faults.values()),
        stored=stored,
        missing=missing,
        not_sent=not_sent,
        quarantined=faults,
        distinct_files=connection.scalar(select(files).select_from(joined).where(fault.is_(None))) or 0,
        known=len(_known(connection)),
        new=_new(connection),
        kinds=_by(connection, select(kind, func.count()).select_from(joined).where(fault.is_(None)).group_by(kind)),
        copies=_clusters(connection, ClusterKind.COPIES),
        report_clusters=_clusters(connection, ClusterKind.REPORTS),
    )


def _by(connection: Connection, query: Select[tuple[str | None, int]]) -> dict[str, int]:
    """Read counts by name, the largest first; no name is the empty one."""
    counts = {name or "": number for name, number in connection.execute(query)}
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _known(connection: Connection) -> set[str]:
    query = select(schema.match.c.blob_id).where(schema.match.c.settles)
    return set(connection.scalars(query))


def _new(connection: Connection) -> int:
    """Count what no list knows: a cluster of copies is one, and known if one of its members is."""
    member = schema.cluster_member.c
    query = select(member.member, member.cluster_id).where(member.kind == ClusterKind.COPIES)
    clusters = dict(connection.execute(query).tuples().all())
    known = {clusters.get(blob, blob) for blob in _known(connection)}
    looked_at = connection.scalars(select(distinct(schema.fingerprint.c.blob_id)))
    return len({clusters.get(blob, blob) for blob in looked_at} - known)


def _clusters(connection: Connection, kind: ClusterKind) -> int:
    """Count the clusters that have members."""
    member = schema.cluster_member.c
    return connection.scalar(select(func.count(distinct(member.cluster_id))).where(member.kind == kind)) or 0


def registered(connection: Connection, dataset: str) -> list[str]:
    """Name the archive's registered batches of a dataset, in order."""
    table = schema.batch.c
    return list(connection.scalars(select(table.id).where(table.dataset == dataset).order_by(table.id)))
