"""One import of a list: staged in temporary tables, so that any size fits, then merged into the ledger in one go."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    and_,
    case,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from domain.counts import Counts
from domain.lists import Entry, EntryState, Signal, Tombstone
from infra.ledger import hashes, matches, schema
from infra.ledger.moments import utc

_metadata = MetaData()
_temporary: dict[str, Any] = {"prefixes": ["TEMPORARY"], "postgresql_on_commit": "DROP", "sqlite_with_rowid": False}
_entry = Table(
    "load_entry", _metadata, Column("entry", String(128), primary_key=True), Column("category", schema.Code),
    Column("kind", schema.Code), Column("owner", String(128)), Column("size", BigInteger),
    Column("stated_at", schema.Time), Column("up", Integer), Column("down", Integer), Column("gone", Boolean),
    Column("changed", Boolean, default=False), **_temporary,
)  # fmt: skip
_hash = Table(
    "load_hash", _metadata, Column("entry", String(128), primary_key=True),
    Column("signal_type", schema.Code, primary_key=True), Column("signal", String(1024), primary_key=True),
    Column("seconds", Float), Column("quality", Integer), **_temporary,
)  # fmt: skip
_KEPT = ("category", "kind", "owner", "size", "stated_at", "up", "down")
_SAID = attrgetter(*_KEPT)
_BEFORE = datetime.min.replace(tzinfo=UTC)


@contextmanager
def staging(connection: Connection) -> Iterator[None]:
    """Open the temporary tables of one import."""
    _metadata.create_all(connection, checkfirst=False)
    yield
    _metadata.drop_all(connection, checkfirst=False)


def stage(connection: Connection, items: Sequence[Entry | Tombstone]) -> None:
    """Add what a list says. Of several statements on one entry the latest holds; those of one moment add up."""
    told: dict[str, _Statement] = {}
    for item in items:
        one = _Statement(item)
        told[item.name] = told[item.name].merged(one) if item.name in told else one
    rows = connection.execute(select(_entry).where(_entry.c.entry.in_(list(told)))).all()
    for row in rows:
        told[row.entry] = _Statement.of(row).merged(told[row.entry])
    if rows:
        again = [row.entry for row in rows]
        connection.execute(delete(_entry).where(_entry.c.entry.in_(again)))
        connection.execute(delete(_hash).where(_hash.c.entry.in_([name for name in again if told[name].fresh])))
    moment = _entry.c.stated_at.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    entries = [(name, *one.kept(moment), one.row["gone"], False) for name, one in told.items()]
    _insert(connection, _entry, entries)
    signals = [
        (name, each.type.value, each.value, each.seconds, each.quality)
        for name, one in told.items() for each in one.signals
    ]  # fmt: skip
    _insert(connection, _hash, signals)


def _insert(connection: Connection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    """Insert rows as the driver takes them, which SQLAlchemy's own care of each value takes thrice as long for."""
    if rows:
        marks = ", ".join(["?" if connection.dialect.name == "sqlite" else "%s"] * len(table.columns))
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 (our own names)
        connection.exec_driver_sql(statement, rows)


class _Statement:
    """What was said of an entry so far; `fresh` where hashes that are staged already are not of it."""

    def __init__(self, item: Entry | Tombstone) -> None:
        self.at = item.stated_at or _BEFORE
        gone = isinstance(item, Tombstone)
        said = ("", item.kind, item.owner, None, item.stated_at, 0, 0) if gone else _SAID(item)
        self.row: dict[str, Any] = dict(zip(_KEPT, said, strict=True))
        self.row["gone"] = gone
        self.signals: dict[Signal, None] = {} if isinstance(item, Tombstone) else dict.fromkeys(item.signals)
        self.fresh = True

    @classmethod
    def of(cls, row: Any) -> "_Statement":  # noqa: ANN401 (a row)
        one = cls(Tombstone(row.entry))
        one.row = {name: getattr(row, name) for name in (*_KEPT, "gone")}
        at = row.stated_at
        one.at = _BEFORE if at is None else utc(at)
        one.fresh = False
        return one

    def kept(self, moment: Callable[[Any], Any] | None) -> list[Any]:
        """Give the row's values in order, as the driver takes them."""
        row = self.row
        return [moment(row[name]) if moment and name == "stated_at" else row[name] for name in _KEPT]

    def merged(self, other: "_Statement") -> "_Statement":
        """Give what holds of two statements, `self` said before."""
        if self.at != other.at:
            return self if self.at > other.at else other
        first, second = self.row, other.row
        self.row = {name: second[name] if first[name] in (None, "", 0) else first[name] for name in first}
        self.row["gone"] = first["gone"] or second["gone"]
        self.signals |= other.signals
        return self


def merge(connection: Connection, name: str, *, whole: bool) -> Counts:
    """Make the list `name` say what was staged; with `whole`, and nothing else.

    Entries whose hashes, frames' times and qualities among them, category, kind or size changed are to be tested anew.
    What is withdrawn matches nothing from now on, and what it had matched is recalled.
    """
    now = datetime.now(UTC)
    if not whole:
        _forget_older(connection, name)
    entry, known = schema.list_entry, schema.known_hash
    same = and_(known.c.list_name == name, known.c.entry == _hash.c.entry)
    same = and_(same, known.c.signal_type == _hash.c.signal_type, known.c.signal == _hash.c.signal)
    same = and_(same, *(known.c[told].is_not_distinct_from(_hash.c[told]) for told in ("seconds", "quality")))
    live = select(_entry.c.entry).where(_entry.c.gone.is_(false()))
    staged = and_(_hash.c.entry.in_(live))
    new = select(_hash.c.entry).where(staged, ~exists(select(known.c.entry).where(same)))
    gone = and_(known.c.list_name == name, known.c.entry.in_(live), ~exists(select(_hash.c.entry).where(same)))
    _mark_changed(connection, name, new, select(known.c.entry).where(gone))
    connection.execute(delete(known).where(gone))
    counts = Counts(
        list_hashes=_count(connection, select(_hash.c.entry).where(staged)),
        list_hashes_new=_count(connection, new),
        list_entries_changed=_count(connection, select(_entry.c.entry).where(_entry.c.changed.is_(true()))),
    )
    standing = and_(entry.c.list_name == name, entry.c.withdrawn_at.is_(None))
    leaving = entry.c.entry.in_(select(_entry.c.entry).where(_entry.c.gone.is_(true())))
    unsaid = entry.c.entry.not_in(select(_entry.c.entry)) if whole else false()
    left = connection.execute(update(entry).where(standing, or_(leaving, unsaid)).values(withdrawn_at=now)).rowcount
    _write_entries(connection, name, now)
    columns = ["entry", "signal_type", "signal", "seconds", "quality"]
    if counts["list_hashes_new"]:
        written = literal(hashes.begin_writing(connection))
        fresh = select(literal(name), written, *(_hash.c[column] for column in columns))
        fresh = fresh.where(staged, ~exists(select(known.c.entry).where(same)))
        connection.execute(insert(known).from_select(["list_name", "written", *columns], fresh))
    return counts + Counts(list_entries_withdrawn=left, matches_recalled=matches.recall_withdrawn(connection))


def _forget_older(connection: Connection, name: str) -> None:
    """Leave out what the ledger knows a later statement of."""
    held = schema.list_entry.c
    later = and_(held.list_name == name, held.entry == _entry.c.entry, held.stated_at.is_not(None))
    later = and_(later, or_(_entry.c.stated_at.is_(None), held.stated_at > _entry.c.stated_at))
    connection.execute(delete(_entry).where(exists(select(held.entry).where(later))))


def _mark_changed(connection: Connection, name: str, *of: Select[tuple[str]]) -> None:
    held = schema.list_entry.c
    same = and_(
        held.list_name == name, held.entry == _entry.c.entry, held.withdrawn_at.is_(None),
        held.category == _entry.c.category, held.size.is_not_distinct_from(_entry.c.size),
        held.kind.is_not_distinct_from(_entry.c.kind),
    )  # fmt: skip
    changed = or_(~exists(select(held.entry).where(same)), *(_entry.c.entry.in_(each) for each in of))
    connection.execute(update(_entry).where(_entry.c.gone.is_(false()), changed).values(changed=True))


def _write_entries(connection: Connection, name: str, now: datetime) -> None:
    """Write the entries that were staged; one that changed is active again."""
    table = schema.list_entry
    columns = [_entry.c[column] for column in ("entry", *_KEPT)]
    gone, changed = _entry.c.gone.is_(true()), _entry.c.changed.is_(true())
    rows = select(
        literal(name), *columns, literal(EntryState.ACTIVE.value), literal(now, schema.Time),
        case((gone, literal(now, schema.Time)), else_=null()), gone,
    ).where(true())  # fmt: skip
    named = ["list_name", "entry", *_KEPT, "state", "added_at", "withdrawn_at", "tested"]
    into = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table).from_select(named, rows)
    stays = into.excluded.withdrawn_at.is_(None)
    kept: dict[str, Any] = {
        column: case((stays, into.excluded[column]), else_=table.c[column]) for column in _KEPT
    }  # a tombstone says nothing of what it withdraws
    kept["stated_at"] = func.coalesce(into.excluded.stated_at, table.c.stated_at)
    kept["withdrawn_at"] = case(
        (stays, null()),
        else_=func.coalesce(table.c.withdrawn_at, into.excluded.withdrawn_at),
    )
    connection.execute(into.on_conflict_do_update(index_elements=[table.c.list_name, table.c.entry], set_=kept))
    anew = and_(table.c.list_name == name, table.c.entry.in_(select(_entry.c.entry).where(changed)))
    other = or_(table.c.tested.is_(true()), table.c.state != EntryState.ACTIVE)
    connection.execute(update(table).where(anew, other).values(tested=False, state=EntryState.ACTIVE))


def _count(connection: Connection, query: Select[tuple[str]]) -> int:
    return connection.scalar(select(func.count()).select_from(query.subquery())) or 0
