"""Bulk loading: tables of many reports into the ledger at once, a block in one transaction with its archive batches."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection, Engine

from infra.archive import Batch
from infra.ledger import schema
from infra.ledger.engine import ONE_AT_A_TIME

if TYPE_CHECKING:
    import pyarrow as pa

Tables = Mapping[str, "pa.Table"]
"""Rows by the ledger's table; `report` among them."""

Stage = Callable[[frozenset[str]], Sequence[Batch]]
"""Stages the archive's batches of a block but for the reports that the ledger holds already."""

_HELD = "SELECT report.id FROM report JOIN load_report ON load_report.id = report.id"
_FORGET = "DELETE FROM load_report WHERE id IN (SELECT id FROM report)"
_FORGET_WITH_IT = "DELETE FROM load_{name} WHERE report_id NOT IN (SELECT id FROM load_report)"
_REVISED = """
    SELECT 1 FROM load_report
    JOIN report ON report.reporter = load_report.reporter AND report.external_id = load_report.external_id LIMIT 1
"""
_NUMBER = """
    UPDATE load_report SET revision = load_report.revision + (
        SELECT coalesce(max(report.revision), 0) FROM report
        WHERE report.reporter = load_report.reporter AND report.external_id = load_report.external_id
    )
"""
_SUPERSEDE = """
    UPDATE report SET superseded_by = load_report.id FROM load_report
    WHERE report.reporter = load_report.reporter AND report.external_id = load_report.external_id
        AND report.superseded_by IS NULL AND report.revision = load_report.revision - 1
"""


class _Session(Protocol):
    """One transaction, by whichever driver."""

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Execute a statement, and give its rows if it has any."""
        ...

    def take(self, name: str, table: "pa.Table") -> None:
        """Make a temporary table of these rows."""
        ...

    def append(self, name: str, table: "pa.Table") -> None:
        """Write rows that are new into a table of the ledger."""
        ...


def load(engine: Engine, key: str, tables: Tables, stage: Stage) -> int:
    """Load one block, and count its reports that are new; one that was loaded before is left alone.

    Raises:
        sqlalchemy.exc.DBAPIError: the ledger refuses; nothing of the block is there then.
    """
    with _session(engine) as session:
        if session.run(f"SELECT 1 FROM taken_block WHERE key = '{key}'"):  # noqa: S608 (a digest of our own)
            return 0
        session.take("load_report", tables["report"])
        held = frozenset(row[0] for row in session.run(_HELD))
        if held:
            session.run(_FORGET)
        revised = bool(session.run(_REVISED))
        if revised:
            session.run(_NUMBER)
        batches = stage(held)
        new: int = tables["report"].num_rows - len(held)
        for name, table in tables.items():
            if held or name in {"report", "reporter"}:
                _merge(session, name, table, held=bool(held))
            else:  # every report is new, and so is whatever belongs to one
                session.append(name, table)
        if revised:
            session.run(_SUPERSEDE)
        for batch in batches:
            session.run(
                f"INSERT INTO batch VALUES ('{batch.id}', '{batch.dataset}', {batch.rows}) ON CONFLICT DO NOTHING"  # noqa: S608 (as above)
            )
        session.run(f"INSERT INTO taken_block VALUES ('{key}', {new})")  # noqa: S608 (as above)
        return new


def _merge(session: "_Session", name: str, table: "pa.Table", *, held: bool) -> None:
    """Insert rows of which some may be there."""
    columns = ", ".join(table.column_names)
    if name != "report":
        session.take(f"load_{name}", table)
    if held and name not in {"report", "reporter"}:
        session.run(_FORGET_WITH_IT.format(name=name))
    session.run(
        f"INSERT INTO {name} ({columns}) SELECT {columns} FROM load_{name} WHERE true ON CONFLICT DO NOTHING"  # noqa: S608 (our own names)
    )


@contextmanager
def _session(engine: Engine) -> Iterator[_Session]:
    """Open a transaction: by ADBC on PostgreSQL, which copies Arrow in as it is, else by SQLAlchemy."""
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            session = _SQLite(connection)
            yield session
            session.end()
        return
    from adbc_driver_postgresql import dbapi  # noqa: PLC0415 (an embedded ledger needs no driver for PostgreSQL)

    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        copying = _PostgreSQL(cursor)
        copying.run(ONE_AT_A_TIME)
        yield copying
        connection.commit()


class _PostgreSQL:
    def __init__(self, cursor: Any) -> None:  # noqa: ANN401 (the driver has no types)
        self._cursor = cursor

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        self._cursor.execute(statement)
        return list(self._cursor.fetchall()) if self._cursor.description else []

    def take(self, name: str, table: "pa.Table") -> None:
        self._cursor.adbc_ingest(name, table, mode="create", temporary=True)

    def append(self, name: str, table: "pa.Table") -> None:
        if table.num_rows:
            self._cursor.adbc_ingest(name, table, mode="append")


class _SQLite:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._names: list[str] = []

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        result = self._connection.exec_driver_sql(statement)
        return [tuple(row) for row in result] if result.returns_rows else []

    def take(self, name: str, table: "pa.Table") -> None:
        of = schema.metadata.tables[name.removeprefix("load_")]
        columns = ", ".join(f"{column} {of.c[column].type.compile()}" for column in table.column_names)
        self._connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {name} ({columns})")
        self._names.append(name)
        self.append(name, table)

    def append(self, name: str, table: "pa.Table") -> None:
        import pyarrow as pa  # noqa: PLC0415 (slow to import)
        import pyarrow.compute as pc  # noqa: PLC0415 (as above)

        told = [
            pc.strftime(column, "%Y-%m-%d %H:%M:%S") if pa.types.is_timestamp(column.type) else column
            for column in table.columns
        ]
        columns, marks = ", ".join(table.column_names), ", ".join("?" * len(told))
        if table.num_rows:
            rows = list(zip(*(column.to_pylist() for column in told), strict=True))
            self._connection.exec_driver_sql(f"INSERT INTO {name} ({columns}) VALUES ({marks})", rows)  # noqa: S608 (our own names)

    def end(self) -> None:
        """Drop the temporary tables, which would outlive the transaction."""
        for name in self._names:
            self._connection.exec_driver_sql(f"DROP TABLE {name}")
