"""Clusters in the ledger: which member is in which."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, select

from domain.cluster import ClusterKind
from domain.media import BlobKey
from infra.ledger import schema
from infra.ledger.engine import upsert
from infra.ledger.media import usable


def members(connection: Connection, kind: ClusterKind) -> dict[str, str]:
    """Give every member's cluster."""
    table = schema.cluster_member.c
    query = select(table.member, table.cluster_id).where(table.kind == kind)
    return dict(connection.execute(query).tuples().all())


def record(connection: Connection, kind: ClusterKind, names: Mapping[str, str]) -> int:
    """Make the clusters of this kind what `names` says, member by member; count the members that changed."""
    left = [member for member in members(connection, kind) if member not in names]
    table = schema.cluster_member
    for member in left:
        connection.execute(delete(table).where(table.c.kind == kind, table.c.member == member))
    upsert(connection, schema.cluster, [{"id": name, "kind": kind} for name in sorted(set(names.values()))])
    rows = [{"kind": kind, "member": member, "cluster_id": name} for member, name in sorted(names.items())]
    return len(left) + upsert(connection, table, rows)


def brought(connection: Connection) -> list[tuple[str, BlobKey]]:
    """List which accepted report brought which usable file."""
    query = (
        select(schema.sighting.c.report_id, schema.sighting.c.blob_id)
        .join(schema.blob, schema.blob.c.id == schema.sighting.c.blob_id)
        .join(schema.report, schema.report.c.id == schema.sighting.c.report_id)
        .where(schema.sighting.c.fault.is_(None), schema.report.c.rejection.is_(None), usable())
        .distinct()
        .order_by(schema.sighting.c.report_id, schema.sighting.c.blob_id)
    )
    return [(report, blob) for report, blob in connection.execute(query)]
