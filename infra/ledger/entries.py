"""Entries of lists in the ledger, one by one: where each stands, who voted on it, and what goes back to its owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, and_, exists, func, select, tuple_, update

from domain.lists import Entry, EntryState, Vote
from infra.ledger import hashes, schema
from infra.ledger.engine import upsert
from infra.ledger.matches import same_entry


@dataclass(frozen=True, slots=True)
class Feedback:
    """A vote on an entry of another's list that its owner has not been told."""

    list_name: str
    entry: str
    owner: str
    reviewer: str
    vote: str
    category: str
    reason: str
    voted_at: datetime


def state(connection: Connection, name: str, entry: str) -> EntryState | None:
    """Give the state of an entry that is not withdrawn; None where there is none."""
    table = schema.list_entry.c
    query = select(table.state).where(table.list_name == name, table.entry == entry, table.withdrawn_at.is_(None))
    found = connection.scalar(query)
    return EntryState(found) if found else None


def propose(connection: Connection, name: str, entry: Entry) -> None:
    """Add an entry of our own that matches nothing yet; one that was withdrawn begins anew, without its votes."""
    of = {"list_name": name, "entry": entry.name}
    upsert(connection, schema.list_entry, [{
        **of, "category": entry.category, "kind": entry.kind, "size": entry.size, "state": EntryState.PROPOSED,
        "added_at": datetime.now(UTC), "withdrawn_at": None, "tested": False,
    }])  # fmt: skip
    for table in (schema.entry_vote, schema.known_hash):
        connection.execute(table.delete().where(table.c.list_name == name, table.c.entry == entry.name))
    number = hashes.begin_writing(connection)
    signals = [{**of, "signal_type": each.type, "signal": each.value, "written": number} for each in entry.signals]
    upsert(connection, schema.known_hash, signals)


def vote(connection: Connection, name: str, entry: str, reviewer: str, said: tuple[Vote, str, str]) -> int:
    """Record a reviewer's vote, its category and its reason, in place of an earlier one; 0 where it says the same."""
    table = schema.entry_vote.c
    same = and_(table.list_name == name, table.entry == entry, table.reviewer == reviewer)
    before = connection.execute(select(table.vote, table.category, table.reason).where(same)).one_or_none()
    if before and tuple(before) == said:
        return 0
    row = {"list_name": name, "entry": entry, "reviewer": reviewer, "voted_at": datetime.now(UTC)}
    told = dict(zip(("vote", "category", "reason"), said, strict=True))
    return upsert(connection, schema.entry_vote, [{**row, **told, "written_back_at": None}])


def votes(connection: Connection, name: str, entry: str) -> list[tuple[str, Vote, str]]:
    """Give who voted how on an entry, and the category each gives it."""
    table = schema.entry_vote.c
    query = select(table.reviewer, table.vote, table.category).where(table.list_name == name, table.entry == entry)
    return [(reviewer, Vote(said), category) for reviewer, said, category in connection.execute(query)]


def put(connection: Connection, name: str, entry: str, into: EntryState, category: str | None = None) -> int:
    """Put an entry into a state, to be tested anew where that changes anything, and count it."""
    table = schema.list_entry
    told: dict[str, object] = {"state": into, "tested": False} | ({} if category is None else {"category": category})
    found = and_(table.c.list_name == name, table.c.entry == entry, table.c.withdrawn_at.is_(None))
    other = table.c.state != into if category is None else (table.c.state != into) | (table.c.category != category)
    return connection.execute(update(table).where(found, other).values(told)).rowcount


def withdraw(connection: Connection, name: str, entry: str) -> int:
    """Withdraw an entry, and count it; what it matched is recalled after."""
    table = schema.list_entry
    found = and_(table.c.list_name == name, table.c.entry == entry, table.c.withdrawn_at.is_(None))
    return connection.execute(update(table).where(found).values(withdrawn_at=datetime.now(UTC))).rowcount


def feedback(connection: Connection, name: str) -> list[Feedback]:
    """Give the votes on a list's entries that were not handed to its owner yet, in the order in which they came."""
    table, entry = schema.entry_vote.c, schema.list_entry.c
    columns = (table.list_name, table.entry, entry.owner, table.reviewer, table.vote, table.category, table.reason)
    query = (
        select(*columns, table.voted_at)
        .join_from(
            schema.entry_vote, schema.list_entry, and_(entry.list_name == table.list_name, entry.entry == table.entry)
        )
        .where(table.list_name == name, table.written_back_at.is_(None))
        .order_by(table.voted_at, table.entry, table.reviewer)
    )
    return [Feedback(*row) for row in connection.execute(query)]


def written_back(connection: Connection, handed: Sequence[Feedback]) -> None:
    """Note that votes were handed to the list's owner."""
    table = schema.entry_vote
    for one in handed:
        same = and_(
            table.c.list_name == one.list_name, table.c.entry == one.entry, table.c.reviewer == one.reviewer
        )  # fmt: skip
        connection.execute(update(table).where(same).values(written_back_at=datetime.now(UTC)))


def quarantine(connection: Connection, most: int) -> int:
    """Quarantine the entries that match more than `most` distinct files, and count them.

    Their matches stay and settle nothing. An entry that a person released is left alone.
    """
    entry, table = schema.list_entry, schema.match
    many = select(table.c.list_name, table.c.entry).group_by(table.c.list_name, table.c.entry)
    many = many.having(func.count() > most)
    flooding = and_(
        tuple_(entry.c.list_name, entry.c.entry).in_(many),
        entry.c.state == EntryState.ACTIVE, entry.c.withdrawn_at.is_(None),
    )  # fmt: skip
    found = connection.execute(update(entry).where(flooding).values(state=EntryState.QUARANTINED)).rowcount
    unsettle(connection)
    return found


def unsettle(connection: Connection) -> None:
    """Have the matches with entries in quarantine settle nothing."""
    table = schema.match
    held = exists().where(same_entry(table), schema.list_entry.c.state == EntryState.QUARANTINED)
    connection.execute(update(table).where(held, table.c.settles).values(settles=False))
