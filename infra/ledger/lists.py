"""Lists in the ledger: their terms, what they say, and one import, staged beside it and then merged in one go."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from domain.lists import Entry, EntryState, Faulty, ListFormat, Signal, Terms, Tombstone, Window
from domain.match import SignalType
from domain.media import Kind
from infra.ledger import schema
from infra.ledger.engine import upsert
from infra.ledger.moments import utc

PIECE = 1000
"""Entries that are read at once."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a list stands, in counts.

    Attributes:
        entries: entries that are not withdrawn, by state.
        faults: what was not taken of everything imported, by reason.
    """

    name: str
    format: str
    terms: Terms
    checkpoint: str | None
    imported_at: datetime | None
    entries: dict[str, int]
    withdrawn: int
    hashes: dict[str, int]
    faults: dict[str, int]
    matches: int
    recalls: int
    to_write_back: int


def digest(connection: Connection, name: str) -> str | None:
    """Give the digest of what was imported last into a list; None for one that is not there."""
    return connection.scalar(select(schema.hash_list.c.digest).where(schema.hash_list.c.name == name))


def terms(connection: Connection, name: str) -> Terms | None:
    """Give how a list is to be used; None for one that is not there."""
    row = connection.execute(select(schema.hash_list).where(schema.hash_list.c.name == name)).one_or_none()
    return Terms(**{each.name: getattr(row, each.name) for each in fields(Terms)}) if row else None


def agree(connection: Connection, name: str, on: Terms) -> None:
    """Make or change a list's terms; with another that matching depends on, all its entries are tested anew."""
    before = terms(connection, name)
    upsert(connection, schema.hash_list, [{"name": name, **{each.name: getattr(on, each.name) for each in fields(on)}}])
    if before and before.matching != on.matching:
        table = schema.list_entry
        connection.execute(update(table).where(table.c.list_name == name).values(tested=False))


def imported(connection: Connection, name: str, form: ListFormat, source: str, windows: Sequence[Window]) -> None:
    """Note what was imported. The checkpoint moves on where the last page of a window is among it, and never back."""
    table = schema.hash_list
    ends = [each.end for each in windows if each.end]
    held = connection.scalar(select(table.c.checkpoint).where(table.c.name == name))
    told: dict[str, Any] = {"format": form, "digest": source, "imported_at": datetime.now(UTC)}
    if ends and not all(each.more for each in windows):
        told["checkpoint"] = max([*ends, held or ""], key=lambda end: (len(end), end))
    connection.execute(update(table).where(table.c.name == name).values(told))


def record_faults(connection: Connection, name: str, source: str, faults: Iterable[Faulty]) -> int:
    """Keep what was not taken of the file of this digest, and count it."""
    rows = {
        (each.place, each.reason): {
            "list_name": name, "source": source, "place": each.place, "reason": each.reason,
            "content": each.content.encode(errors="replace").decode().replace("\0", "?"),
        }
        for each in faults
    }  # fmt: skip
    upsert(connection, schema.list_fault, list(rows.values()))
    return len(rows)


def entries(connection: Connection, name: str) -> Iterator[Entry | Tombstone]:
    """Give everything that a list says and has withdrawn, films last, each kind in the order of names."""
    table = schema.list_entry
    film = func.coalesce(table.c.kind, "") == Kind.VIDEO
    query = select(table).where(table.c.list_name == name, table.c.state != EntryState.PROPOSED)
    with _streamed(connection, query.order_by(film, table.c.entry)) as pieces:
        for piece in pieces:
            signals = _signals(connection, name, [row.entry for row in piece])
            for row in piece:
                kind, stated_at = Kind(row.kind) if row.kind else None, row.stated_at and utc(row.stated_at)
                if row.withdrawn_at:
                    yield Tombstone(row.entry, stated_at, kind, row.owner)
                else:
                    told = (row.category, kind, row.owner, stated_at, row.size, row.up, row.down)
                    yield Entry(row.entry, tuple(signals.get(row.entry, ())), *told)


@contextmanager
def _streamed(connection: Connection, query: Any) -> Iterator[Iterator[Sequence[Any]]]:  # noqa: ANN401 (rows of any select)
    with connection.execute(query, execution_options={"yield_per": PIECE}) as result:
        yield result.partitions()


def _signals(connection: Connection, name: str, names: Sequence[str]) -> dict[str, list[Signal]]:
    table = schema.known_hash.c
    found: dict[str, list[Signal]] = {}
    query = select(table.entry, table.signal_type, table.signal, table.seconds, table.quality)
    query = query.where(table.list_name == name, table.entry.in_(names))
    for entry, signal_type, signal, seconds, quality in connection.execute(
        query.order_by(table.seconds, table.signal_type, table.signal)
    ):
        found.setdefault(entry, []).append(Signal(SignalType(signal_type), signal, seconds, quality))
    return found


def matched(connection: Connection, name: str) -> list[Row[Any]]:
    """List the file entries of reports that stand on a list's entries, in order: report, ordinal, then the match."""
    table, sighting = schema.match, schema.sighting.c
    query = select(sighting.report_id, sighting.ordinal, table).join_from(
        schema.sighting, table, table.c.blob_id == sighting.blob_id
    )  # fmt: skip
    query = query.where(table.c.list_name == name)
    return list(connection.execute(query.order_by(table.c.entry, sighting.report_id, sighting.ordinal)))


def names(connection: Connection) -> list[str]:
    """Name every list."""
    return list(connection.scalars(select(schema.hash_list.c.name).order_by(schema.hash_list.c.name)))


def standing(connection: Connection, name: str) -> Standing | None:
    """Tell where a list stands; None for one that is not there."""
    row = connection.execute(select(schema.hash_list).where(schema.hash_list.c.name == name)).one_or_none()
    if row is None:
        return None
    entry, vote = schema.list_entry.c, schema.entry_vote.c

    def counted(column: Any, *where: Any) -> dict[str, int]:  # noqa: ANN401 (columns of any table)
        query = select(column, func.count()).where(column.table.c.list_name == name, *where).group_by(column)
        return dict(connection.execute(query.order_by(column)).tuples().all())

    withdrawn = counted(entry.list_name, entry.withdrawn_at.is_not(None))
    waiting = () if row.own else (vote.written_back_at.is_(None),)
    return Standing(
        name=name,
        format=row.format,
        terms=Terms(**{each.name: getattr(row, each.name) for each in fields(Terms)}),
        checkpoint=row.checkpoint,
        imported_at=row.imported_at and utc(row.imported_at),
        entries=counted(entry.state, entry.withdrawn_at.is_(None)),
        withdrawn=sum(withdrawn.values()),
        hashes=counted(schema.known_hash.c.signal_type),
        faults=counted(schema.list_fault.c.reason),
        matches=sum(counted(schema.match.c.list_name).values()) + sum(counted(schema.claim_match.c.list_name).values()),
        recalls=sum(counted(schema.recall.c.list_name).values()),
        to_write_back=0 if row.own else sum(counted(vote.list_name, *waiting).values()),
    )
