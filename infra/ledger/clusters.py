"""Clusters in the ledger: which member is in which."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, String, cast, delete, exists, select

from domain.cluster import ClusterKind, Ruling, changes
from domain.media import BlobKey
from domain.model import ModelVersion
from infra.index.nearest import Vectors
from infra.ledger import schema
from infra.ledger.engine import upsert
from infra.ledger.media import usable
from infra.ledger.reports import MANY
from infra.ledger.said import said_by, stacked


def members(connection: Connection, kind: ClusterKind) -> dict[str, str]:
    """Give every member's cluster."""
    table = schema.cluster_member.c
    query = select(table.member, table.cluster_id).where(table.kind == kind)
    return dict(connection.execute(query).tuples().all())


def record(connection: Connection, kind: ClusterKind, names: Mapping[str, str], at: dt.datetime) -> int:
    """Make the clusters of this kind what `names` says, member by member; count the members that changed.

    What became of clusters with it is put on record.
    """
    before, table = members(connection, kind), schema.cluster_member
    left = sorted(before.keys() - names.keys())
    for start in range(0, len(left), MANY):
        gone = table.c.member.in_(left[start : start + MANY])
        connection.execute(delete(table).where(table.c.kind == kind, gone))
    upsert(connection, schema.cluster, [{"id": name, "kind": kind} for name in sorted(set(names.values()))])
    moved = sorted((member, name) for member, name in names.items() if before.get(member) != name)
    rows = [{"kind": kind, "member": member, "cluster_id": name} for member, name in moved]
    told = [
        {"at": at, "cluster_id": each.cluster, "event": each.event, "other": each.other, "members": each.members}
        for each in changes(before, names)
    ]
    upsert(connection, schema.cluster_change, told)
    return len(left) + upsert(connection, table, rows)


def rulings(connection: Connection, kind: ClusterKind) -> list[Ruling]:
    """Give what people ruled of two members, in order."""
    table = schema.cluster_ruling.c
    query = select(table.one, table.other, table.same).where(table.kind == kind).order_by(table.one, table.other)
    return [Ruling(*row) for row in connection.execute(query)]


def rule(connection: Connection, kind: ClusterKind, ruling: Ruling, *, by: str, at: dt.datetime, reason: str) -> None:
    """Put a ruling on record; a later one of the same two takes its place."""
    one, other = sorted((ruling.one, ruling.other))
    row = {"kind": kind, "one": one, "other": other, "same": ruling.same, "ruled_by": by, "ruled_at": at}
    upsert(connection, schema.cluster_ruling, [row | {"reason": reason}])


def known(connection: Connection, kind: ClusterKind, member: str) -> bool:
    """Whether the ledger holds what this names: a report, or a file, or a face of one."""
    if kind is ClusterKind.REPORTS:
        return connection.scalar(select(exists().where(schema.report.c.id == member))) or False
    blob, _, ordinal = member.partition("/")
    there = exists().where(schema.blob.c.id == blob)
    if kind is ClusterKind.FACES:
        face = schema.face.c
        there = exists().where(face.blob_id == blob, cast(face.ordinal, String) == ordinal)
    return connection.scalar(select(there)) or False


def scene_vectors(connection: Connection, embedder: ModelVersion) -> tuple[list[str], Vectors]:
    """Give the files that a scene embedder saw, by their ids, and their vectors."""
    table = schema.embedding.c
    query = _vectors(embedder).add_columns(table.blob_id).order_by(table.blob_id)
    rows = connection.execute(query).all()
    return [blob for _, blob in rows], stacked([vector for vector, _ in rows])


def face_vectors(
    connection: Connection, embedder: ModelVersion, detector: ModelVersion, quality: int
) -> tuple[list[str], Vectors, list[float]]:
    """Give the faces of a detector that are sharp and good enough, their vectors, and the seconds of their frames."""
    table, face = schema.embedding.c, schema.face.c
    found = (face.blob_id == table.blob_id) & (face.ordinal == table.ordinal)
    query = (
        _vectors(embedder, str(detector))
        .add_columns(table.blob_id, table.ordinal, face.seconds)
        .join(schema.face, found & said_by(schema.face, detector))
        .where(face.quality >= quality, face.blurred.is_(False))
        .order_by(table.blob_id, table.ordinal)
    )
    rows = connection.execute(query).all()
    names = [face_name(blob, ordinal) for _, blob, ordinal, _ in rows]
    return names, stacked([vector for vector, *_ in rows]), [seconds for *_, seconds in rows]


def face_name(blob: BlobKey, ordinal: int) -> str:
    """Name a face by its file and its ordinal."""
    return f"{blob}/{ordinal}"


def _vectors(embedder: ModelVersion, upon: str = "") -> Select[Any]:
    table = schema.embedding
    usable_blob = exists().where(schema.blob.c.id == table.c.blob_id, usable())
    return select(table.c.vector).where(said_by(table, embedder, upon), usable_blob)


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
