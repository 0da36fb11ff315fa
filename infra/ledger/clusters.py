"""Clusters in the ledger: which member is in which."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, String, cast, delete, exists, select

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


def record(
    connection: Connection,
    kind: ClusterKind,
    names: Mapping[str, str],
    at: dt.datetime,
    before: Mapping[str, str] | None = None,
    worth: Mapping[str, float] | None = None,
) -> int:
    """Make the clusters of this kind what `names` says, member by member; count the members that changed.

    What became of clusters with it is put on record. Members that are in none of `before`, where that is told, and of
    `names` stay where they are; no cluster has members of both sorts. `worth` is the confidence of clusters, if any.
    """
    before, table = members(connection, kind) if before is None else before, schema.cluster_member
    left = sorted(before.keys() - names.keys())
    for start in range(0, len(left), MANY):
        gone = table.c.member.in_(left[start : start + MANY])
        connection.execute(delete(table).where(table.c.kind == kind, gone))
    sure = worth or {}
    rows = [{"id": name, "kind": kind, "confidence": sure.get(name)} for name in sorted(set(names.values()))]
    upsert(connection, schema.cluster, rows)
    moved = sorted((member, name) for member, name in names.items() if before.get(member) != name)
    now = [{"kind": kind, "member": member, "cluster_id": name} for member, name in moved]
    told = [
        {"at": at, "cluster_id": each.cluster, "event": each.event, "other": each.other, "members": each.members}
        for each in changes(before, names)
    ]
    upsert(connection, schema.cluster_change, told)
    return len(left) + upsert(connection, table, now)


def rulings(connection: Connection, kind: ClusterKind) -> list[Ruling]:
    """Give what people ruled of two members, in order.

    What was ruled of a report is ruled of the revision that took its place; of the same two the latest counts. Files
    that can no longer be looked at, as copies, and reports that are not accepted are passed over.
    """
    table = schema.cluster_ruling.c
    query = select(table.one, table.other, table.same).where(table.kind == kind)
    said = [Ruling(*row) for row in connection.execute(query.order_by(table.ruled_at, table.one, table.other))]
    now = _in_force(connection, kind, {name for each in said for name in (each.one, each.other)})
    latest: dict[tuple[str, str], bool] = {}
    for each in said:
        one, other = sorted((now.get(each.one, ""), now.get(each.other, "")))
        if one and one != other:
            latest[one, other] = each.same
    return [Ruling(*pair, same=same) for pair, same in sorted(latest.items())]


def _in_force(connection: Connection, kind: ClusterKind, names: Iterable[str]) -> dict[str, str]:
    """Tell what stands for each of these now; scenes and faces are looked for where their vectors are."""
    blob, report = schema.blob.c, schema.report.c
    now = {name: name for name in names}
    if kind is ClusterKind.COPIES:
        return _told(connection, select(blob.id, blob.id).where(usable()), blob.id, now)
    if kind is ClusterKind.REPORTS:
        later = select(report.id, report.superseded_by).where(report.superseded_by.is_not(None))
        while revised := _told(connection, later, report.id, now.values()):
            now = {name: revised.get(place, place) for name, place in now.items()}
        accepted = select(report.id, report.id).where(report.rejection.is_(None))
        there = _told(connection, accepted, report.id, now.values())
        return {name: place for name, place in now.items() if place in there}
    return now


def _told(connection: Connection, query: Select[Any], key: ColumnElement[str], names: Iterable[str]) -> dict[str, str]:
    wanted, told = sorted(set(names)), dict[str, str]()
    for start in range(0, len(wanted), MANY):
        told |= dict(connection.execute(query.where(key.in_(wanted[start : start + MANY]))).tuples().all())
    return told


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


def scene_files(connection: Connection, embedder: ModelVersion) -> list[str]:
    """Give the ids of files that a scene embedder saw, in order."""
    return list(connection.scalars(_said(embedder, schema.embedding.c.blob_id).order_by(schema.embedding.c.blob_id)))


def scene_vectors(connection: Connection, embedder: ModelVersion, files: Sequence[str]) -> Vectors:
    """Give the vectors of these files, all different, in their order."""
    return _in_order(files, _vectors(connection, embedder, "", files))


class Shown(NamedTuple):
    """When a face was seen, in seconds of its film, and how well, 0-100."""

    seconds: float
    quality: int


def faces(connection: Connection, embedder: ModelVersion, detector: ModelVersion, quality: int) -> dict[str, Shown]:
    """Give the faces of a detector that are sharp and good enough, in order."""
    table, face = schema.embedding.c, schema.face.c
    found = (face.blob_id == table.blob_id) & (face.ordinal == table.ordinal)
    query = (
        _said(embedder, table.blob_id, table.ordinal, face.seconds, face.quality, upon=str(detector))
        .join(schema.face, found & said_by(schema.face, detector))
        .where(face.quality >= quality, face.blurred.is_(False))
        .order_by(table.blob_id, table.ordinal)
    )
    return {face_name(blob, ordinal): Shown(*shown) for blob, ordinal, *shown in connection.execute(query)}


def face_vectors(
    connection: Connection, embedder: ModelVersion, detector: ModelVersion, names: Sequence[str]
) -> Vectors:
    """Give the vectors of these faces, in their order."""
    files = dict.fromkeys(name.partition("/")[0] for name in names)
    return _in_order(names, _vectors(connection, embedder, str(detector), list(files)))


def face_name(blob: BlobKey, ordinal: int) -> str:
    """Name a face by its file and its ordinal."""
    return f"{blob}/{ordinal}"


def _said(embedder: ModelVersion, *columns: ColumnElement[Any], upon: str = "") -> Select[Any]:
    table = schema.embedding
    usable_blob = exists().where(schema.blob.c.id == table.c.blob_id, usable())
    return select(*columns).select_from(table).where(said_by(table, embedder, upon), usable_blob)


def _vectors(connection: Connection, embedder: ModelVersion, upon: str, files: Sequence[str]) -> dict[str, bytes]:
    """Give the vectors of these files by the name of the file, or upon faces by that of the face."""
    table = schema.embedding.c
    query = select(table.blob_id, table.ordinal, table.vector).where(said_by(schema.embedding, embedder, upon))
    found: dict[str, bytes] = {}
    for start in range(0, len(files), MANY):
        for blob, ordinal, vector in connection.execute(query.where(table.blob_id.in_(files[start : start + MANY]))):
            found[face_name(blob, ordinal) if upon else blob] = vector
    return found


def _in_order(names: Sequence[str], vectors: Mapping[str, bytes]) -> Vectors:
    return stacked([vectors[name] for name in names])


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
