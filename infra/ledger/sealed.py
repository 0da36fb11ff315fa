"""Wrapped data keys in the ledger: without its row here, nobody reads a blob."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table, and_, bindparam, delete, select, update

from domain.media import BlobKey, Sealed
from infra.ledger import schema
from infra.ledger.engine import add_missing

_FIND = select(schema.blob_key).where(schema.blob_key.c.blob_id == bindparam("blob"))


def find(connection: Connection, blob: BlobKey) -> Sealed | None:
    """Give where a blob lies and its wrapped key; None where the ledger knows no key."""
    row = connection.execute(_FIND, {"blob": blob}).one_or_none()
    return Sealed(row.object, row.kek, bytes(row.wrapped)) if row else None


def record(connection: Connection, keys: Mapping[BlobKey, Sealed]) -> None:
    """Keep the wrapped keys of blobs; a blob that has one keeps it, since another object would be another key's."""
    rows = [
        {"blob_id": blob, "object": one.object, "kek": one.kek, "wrapped": one.wrapped} for blob, one in keys.items()
    ]
    add_missing(connection, schema.blob_key, rows)


def forget(connection: Connection, blob: BlobKey) -> int:
    """Delete a blob's wrapped key, which deletes the blob: nothing opens it any more."""
    return connection.execute(delete(schema.blob_key).where(schema.blob_key.c.blob_id == blob)).rowcount


def named(connection: Connection, objects: Sequence[str]) -> set[str]:
    """Tell which of these objects a blob or a draft of the gateway needs."""
    found: set[str] = set()
    for table in (schema.blob_key.c, schema.draft_part.c):
        found |= set(connection.scalars(select(table.object).where(table.object.in_(objects))))
    return found


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A wrapped data key, wherever it stands. `owner` is what it is bound to, `row` finds it in its table."""

    table: Table
    row: Mapping[str, object]
    owner: str
    kek: str
    wrapped: bytes


_OWNERS = ((schema.blob_key, "blob_id"), (schema.person, "report_id"), (schema.draft_part, "blob_id"))


def wrapped_by_others(connection: Connection, kek: str, most: int) -> list[Wrapped]:
    """Give data keys of files, drafts and personal data that another key wraps than `kek`, at most so many of each."""
    found = []
    for table, owner in _OWNERS:
        keys = [column.name for column in table.primary_key.columns]
        query = select(table).where(table.c.kek.is_not(None), table.c.kek != kek).limit(most)
        found += [
            Wrapped(table, {name: row[name] for name in keys}, row[owner], row["kek"], bytes(row["wrapped"]))
            for row in connection.execute(query).mappings()
        ]
    return found


def rewrap(connection: Connection, one: Wrapped, kek: str, wrapped: bytes) -> None:
    """Put a data key, wrapped anew, in place of its old wrapping."""
    same = and_(*(one.table.c[name] == value for name, value in one.row.items()))
    connection.execute(update(one.table).where(same).values(kek=kek, wrapped=wrapped))
