"""Lists of known hashes in the ledger, and the files that stand on them."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, delete, select

from domain.match import KnownHash, Match, SignalType
from infra.ledger import schema
from infra.ledger.engine import upsert


def record_list(connection: Connection, name: str, digest: str, known: Sequence[KnownHash], malformed: int) -> int:
    """Make the list `name` say what its file says, and count the hashes that are new or changed."""
    if connection.scalar(select(schema.hash_list.c.digest).where(schema.hash_list.c.name == name)) == digest:
        return 0
    held = {each for list_name, each in known_hashes(connection) if list_name == name}
    upsert(connection, schema.hash_list, [{"name": name, "digest": digest, "malformed": malformed}])
    connection.execute(delete(schema.known_hash).where(schema.known_hash.c.list_name == name))
    rows = [
        {
            "list_name": name,
            "entry": each.entry,
            "ordinal": ordinal,
            "signal_type": each.signal_type,
            "signal": each.signal,
            "category": each.category,
        }
        for ordinal, each in enumerate(known)
    ]
    upsert(connection, schema.known_hash, rows)
    return len(set(known) - held)


def known_hashes(connection: Connection) -> list[tuple[str, KnownHash]]:
    """Give every known hash with its list's name."""
    table = schema.known_hash.c
    query = select(table.list_name, table.entry, table.signal_type, table.signal, table.category)
    return [
        (name, KnownHash(entry, SignalType(signal_type), signal, category))
        for name, entry, signal_type, signal, category in connection.execute(
            query.order_by(table.list_name, table.entry, table.ordinal)
        )
    ]


def record_matches(connection: Connection, matches: Sequence[Match]) -> int:
    """Make the ledger's matches these, all of them, and count those that are new, changed or gone.

    What an entry that was withdrawn had matched is matched no longer.
    """
    renamed = {"blob": "blob_id"}
    rows = [{renamed.get(name, name): value for name, value in asdict(each).items()} for each in matches]
    table = schema.match.c
    keys = (table.blob_id, table.list_name, table.entry)
    now = {tuple(row[column.name] for column in keys) for row in rows}
    gone = [tuple(row) for row in connection.execute(select(*keys)) if tuple(row) not in now]
    for key in gone:
        same = [column == value for column, value in zip(keys, key, strict=True)]
        connection.execute(delete(schema.match).where(*same))
    return len(gone) + upsert(connection, schema.match, rows)
