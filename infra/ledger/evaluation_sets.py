"""Evaluation sets in the ledger: files of which the truth is known. No report names them, so no stage looks at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from domain.errors import InvalidSettings
from domain.intake import HeldFile
from domain.media import BlobKey, Kind
from domain.model import Role
from infra.ledger import reports, schema
from infra.ledger.engine import upsert
from infra.ledger.moments import utc

_SET, _ITEM = schema.evaluation_set, schema.evaluation_item


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """A version of a set: `version` is a keyed digest of what its items are, and what is true of them."""

    name: str
    version: str
    role: Role
    imported_at: datetime
    items: int

    def __str__(self) -> str:
        return f"{self.name} {self.version[:8]}"


@dataclass(frozen=True, slots=True)
class Item:
    """A file of a set, and what is true of it in the words of the role.

    Files of one `group` are of one origin (edits of a picture, frames of a film); of none where it is empty.
    """

    blob: BlobKey
    kind: Kind
    size: int
    truth: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A file that is to be in a set, its truth and its group, as of an `Item`."""

    file: HeldFile
    truth: str
    group: str = ""


def record(connection: Connection, name: str, role: Role, version: str, items: Sequence[Told], now: datetime) -> int:
    """Write a version of a set, or note that it was imported again, and count items that are new.

    Raises:
        InvalidSettings: a set of this name is another role's.
    """
    others = connection.scalar(select(_SET.c.role).where(_SET.c.name == name, _SET.c.role != role).limit(1))
    if others:
        raise InvalidSettings(f"the evaluation set {name} is one of {others}; give the one of {role} another name")
    reports.hold_files(connection, {each.file.blob: each.file for each in items})
    upsert(connection, _SET, [{"name": name, "version": version, "role": role, "imported_at": now}])
    return upsert(connection, _ITEM, [
        {"name": name, "version": version, "blob_id": each.file.blob, "truth": each.truth, "group_name": each.group}
        for each in items
    ])  # fmt: skip


def sets(connection: Connection, role: Role | None = None) -> list[EvaluationSet]:
    """List every version of every set, or of a role's, the one imported last first."""
    items = select(func.count()).where(_ITEM.c.name == _SET.c.name, _ITEM.c.version == _SET.c.version).scalar_subquery()
    query = select(_SET, items.label("items")).order_by(_SET.c.imported_at.desc(), _SET.c.name)
    if role:
        query = query.where(_SET.c.role == role)
    return [
        EvaluationSet(row.name, row.version, Role(row.role), utc(row.imported_at), row.items)
        for row in connection.execute(query)
    ]


def newest(connection: Connection, role: Role) -> EvaluationSet | None:
    """Give the set by which models of a role are evaluated: the one that was imported last."""
    return next(iter(sets(connection, role)), None)


def items(connection: Connection, of: EvaluationSet) -> list[Item]:
    """List the files of a set, what is true of them, and their groups."""
    blob = schema.blob.c
    query = (
        select(_ITEM.c.blob_id, blob.kind, blob.size, _ITEM.c.truth, _ITEM.c.group_name)
        .join(schema.blob, blob.id == _ITEM.c.blob_id)
        .where(_ITEM.c.name == of.name, _ITEM.c.version == of.version)
        .order_by(_ITEM.c.blob_id)
    )
    return [Item(key, Kind(kind), size, truth, group) for key, kind, size, truth, group in connection.execute(query)]
