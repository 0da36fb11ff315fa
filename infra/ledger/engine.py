"""Connections to the ledger: SQLite embedded, PostgreSQL at scale; and the one way to write, the upsert."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    Connection,
    Engine,
    Table,
    TextClause,
    bindparam,
    create_engine,
    event,
    literal_column,
    make_url,
    or_,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, IntegrityError

from domain.errors import InvalidSettings, LedgerRefused

Row = Mapping[str, Any]
Transaction: TypeAlias = Connection
"""What `engine.begin()` and `reading` give, for those outside `infra` who pass it on."""

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(4242424242)"
"""Writing transactions follow one another, as SQLite's do: who looks whether something is there may then write it."""

CONNECTIONS = 16
"""Connections that a process keeps open, once it used as many at once: opening one costs more than what it is for."""

_READING = "reading"


def connect(url: str) -> Engine:
    """Open the ledger at `sqlite:///FILE` or `postgresql://…`.

    Raises:
        InvalidSettings: the URL is of no database that the ledger runs on.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(parsed, pool_size=CONNECTIONS, pool_pre_ping=True, hide_parameters=True)
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "begin", _begin_postgresql)
        return engine
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise InvalidSettings(f"BREAKWATER_LEDGER: {parsed.drivername} is not sqlite:///FILE or postgresql://…")
    Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": 60}, pool_size=CONNECTIONS, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads one state of the ledger; it neither waits for writers nor holds them up.

    Writing in it fails. Where what is read decides what is written, use `engine.begin()` for both.
    """
    told: dict[str, object] = {_READING: True}
    if engine.dialect.name == "postgresql":
        told |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**told) as connection, connection.begin():
        yield connection


def _prepare_postgresql(connection: Any, _record: object) -> None:  # noqa: ANN401 (a driver's own class)
    """Have times told in UTC, whatever zone the server is in."""
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _begin_postgresql(connection: Connection) -> None:
    if not connection.get_execution_options().get(_READING):
        connection.exec_driver_sql(ONE_AT_A_TIME)


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction: one that writes waits for its turn at once, not half way."""
    only_reads = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {int(only_reads)}")
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 (a driver's own class)
    """Write ahead, wait for other writers, hold foreign keys, cache 64 MB, and leave transactions to SQLAlchemy."""
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -65536"):
        connection.execute(f"PRAGMA {pragma}")


def migrate(engine: Engine) -> None:
    """Bring the ledger to the newest schema; harmless on one that is there already."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Write `rows` under the table's primary key and count those that were new or changed.

    Every row names the same columns. A row that is there already, unchanged, is not touched.

    Raises:
        LedgerRefused: a row does not fit the table, or another one.
    """
    return _written(connection, table, rows, replacing=True)


def add_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Write those of `rows` whose primary key the table does not hold yet, and count them.

    Every row names the same columns.

    Raises:
        LedgerRefused: a row does not fit the table, or another one.
    """
    return _written(connection, table, rows, replacing=False)


def _written(connection: Connection, table: Table, rows: Sequence[Row], *, replacing: bool) -> int:
    if not rows:
        return 0
    statement = _inserting(connection.dialect.name, table, tuple(rows[0]), replacing=replacing)
    counting = {"preserve_rowcount": True}  # or psycopg's count is lost with its cursor
    try:
        return int(connection.execute(statement, list(rows), execution_options=counting).rowcount)
    except (DataError, IntegrityError) as error:
        what = type(error).__name__  # the driver's own words may repeat the values
        raise LedgerRefused(f"the ledger refuses rows for {table.name} ({what})") from None


@cache
def _inserting(backend_name: str, table: Table, names: tuple[str, ...], *, replacing: bool) -> TextClause:
    """Compile an insertion once, as text: SQLAlchemy compiles what says ON CONFLICT anew each time, which took 1 ms."""
    backend = sqlite if backend_name == "sqlite" else postgresql
    insert = backend.insert(table).values({name: literal_column(f":{name}") for name in names}).inline()
    free = [name for name in names if not table.c[name].primary_key] if replacing else []
    keys = list(table.primary_key.columns)
    statement = insert.on_conflict_do_nothing(index_elements=keys)
    if free:
        new = {name: insert.excluded[name] for name in free}
        changed = or_(*(table.c[name].is_distinct_from(insert.excluded[name]) for name in free))
        statement = insert.on_conflict_do_update(index_elements=keys, set_=new, where=changed)
    written = text(str(statement.compile(dialect=backend.dialect())))
    return written.bindparams(*(bindparam(name, type_=table.c[name].type) for name in names))
