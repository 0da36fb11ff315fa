"""Bulk loading: tables of many reports into the ledger at once, a block in one transaction with its archive batches."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
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

_KNOWN = """
    SELECT *, (SELECT 1 FROM report WHERE report.id = found.id) AS held FROM (
        SELECT id, reporter, external_id, (
            SELECT max(report.revision) FROM report
            WHERE report.reporter = load_report.reporter AND report.external_id = load_report.external_id
                AND (report.rejection IS NULL OR report.rejection <> 'unfinished')
        ) AS latest FROM load_report
    ) AS found WHERE latest IS NOT NULL
"""
"""Reports of a block whose number the ledger knows: one look-up each by index, whatever the planner thinks."""

_NAME = """
    INSERT INTO reporter (id, name, simulated) SELECT id, name, simulated FROM load_reporter WHERE true
    ORDER BY id ON CONFLICT DO NOTHING
"""
"""In one order, so that of two blocks with the same new reporters one waits for the other."""

_SUPERSEDE = """
    UPDATE report SET superseded_by = load_revision.id FROM load_revision
    WHERE report.reporter = load_revision.reporter AND report.external_id = load_revision.external_id
        AND report.revision < load_revision.revision AND report.superseded_by IS NULL
        AND (report.rejection IS NULL OR report.rejection <> 'unfinished')
"""
"""All that came before, since of two revisions in force one may have been rejected in between."""


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

    def trust(self) -> None:
        """Have what rows refer to looked up at the end, or not at all where that can be had."""
        ...


@dataclass(frozen=True, slots=True)
class Block:
    """What is loaded in one transaction.

    Attributes:
        key: by which it is known when it comes again.
        tables: its rows.
        stage: stages its batches.
    """

    key: str
    tables: Tables
    stage: Stage


def load(engine: Engine, blocks: Sequence[Block]) -> list[int]:
    """Load blocks, each in a transaction, and count each one's new reports; what was loaded before is left alone.

    PostgreSQL works on all of them at once, while other writers wait; but not where they share a report's number, since
    then one needs to see the other's.

    Raises:
        sqlalchemy.exc.DBAPIError: the ledger refuses; nothing of that block is there then.
    """
    if len(blocks) < 2 or engine.dialect.name == "sqlite" or _overlapping(blocks):
        return [_load(engine, block) for block in blocks]
    with engine.begin() as lock, ThreadPoolExecutor(len(blocks)) as pool:
        lock.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")  # it waits, and must not be let go
        return list(pool.map(lambda block: _load(engine, block, alone=False), blocks))


def _overlapping(blocks: Sequence[Block]) -> bool:
    """Whether two of the blocks are the same, or have a report's number in common."""
    import pyarrow as pa  # noqa: PLC0415 (slow to import)
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    if len({block.key for block in blocks}) < len(blocks):
        return True
    reports = [block.tables["report"] for block in blocks]
    numbers = [pc.binary_join_element_wise(each["reporter"], each["external_id"], " ") for each in reports]
    pairs = combinations((pa.chunked_array(each).combine_chunks() for each in numbers), 2)
    return any(pc.any(pc.is_in(one, value_set=other)).as_py() for one, other in pairs)


def _load(engine: Engine, block: Block, *, alone: bool = True) -> int:
    key, tables, stage = block.key, block.tables, block.stage
    with _session(engine, alone=alone) as session:
        if session.run(f"SELECT 1 FROM taken_block WHERE key = '{key}'"):  # noqa: S608 (a digest of our own)
            return 0
        numbers = tables["report"].select(["reporter", "external_id", "id"])
        session.take("load_report", numbers.sort_by([("reporter", "ascending"), ("external_id", "ascending")]))
        known = session.run(_KNOWN)
        held = frozenset(report for report, *_, there in known if there)
        latest = {(reporter, number): revision for _, reporter, number, revision, _ in known}
        batches = stage(held)
        session.take("load_reporter", tables["reporter"])
        session.run(_NAME)
        fresh = without(tables["report"], "id", held)
        fresh, revisions = _numbered(fresh, latest) if latest else (fresh, None)
        session.trust()
        session.append("report", fresh)
        if revisions is not None:
            session.take("load_revision", revisions)
            session.run(_SUPERSEDE)
        for name, table in tables.items():
            if name not in {"report", "reporter"}:
                session.append(name, without(table, "report_id", held))
        for batch in batches:
            session.run(
                f"INSERT INTO batch VALUES ('{batch.id}', '{batch.dataset}', {batch.rows}) ON CONFLICT DO NOTHING"  # noqa: S608 (as above)
            )
        session.run(f"INSERT INTO taken_block VALUES ('{key}', {fresh.num_rows})")  # noqa: S608 (as above)
        return len(fresh)


def without(table: "pa.Table", column: str, held: frozenset[str]) -> "pa.Table":
    """Leave out the rows of reports that are held."""
    import pyarrow as pa  # noqa: PLC0415 (slow to import)
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    if not held:
        return table
    return table.filter(pc.invert(pc.is_in(table[column], value_set=pa.array(sorted(held), pa.string()))))


def _numbered(reports: "pa.Table", latest: Mapping[tuple[str, str], int]) -> tuple["pa.Table", "pa.Table"]:
    """Number reports on from what the ledger has of theirs, and give those that supersede a report of the ledger."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    columns = {name: reports[name].to_pylist() for name in ("id", "reporter", "external_id", "revision")}
    ids, numbers = columns["id"], list(zip(columns["reporter"], columns["external_id"], strict=True))
    revision, later = columns["revision"], reports["superseded_by"].to_pylist()
    last: dict[tuple[str, str], int] = {}
    first = []
    for place in sorted((n for n, number in enumerate(numbers) if number in latest), key=revision.__getitem__):
        before = last.get(numbers[place])
        if before is None:
            first.append(place)
            revision[place] = latest[numbers[place]] + 1
        else:
            revision[place], later[before] = revision[before] + 1, ids[place]
        last[numbers[place]], later[place] = place, None
    for name, values in (("revision", pa.array(revision, pa.int32())), ("superseded_by", pa.array(later, pa.string()))):
        reports = reports.set_column(reports.schema.get_field_index(name), name, values)
    return reports, reports.take(pa.array(first, pa.int64())).select(["id", "reporter", "external_id", "revision"])


@contextmanager
def _session(engine: Engine, *, alone: bool) -> Iterator[_Session]:
    """Open a transaction: by ADBC on PostgreSQL, which copies Arrow in as it is, else by SQLAlchemy.

    Unless somebody saw to it already, it waits until it is `alone`.
    """
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
        if alone:
            copying.run(ONE_AT_A_TIME)
        for joins in ("hashjoin", "mergejoin"):  # by index alone: a block is small beside tables that grow
            copying.run(f"SET LOCAL enable_{joins} = off")
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

    def trust(self) -> None:
        if self.run("SELECT has_parameter_privilege('session_replication_role', 'SET')") == [(True,)]:
            self.run("SET LOCAL session_replication_role = replica")


class _SQLite:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._names: list[str] = []

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        result = self._connection.exec_driver_sql(statement)
        return [tuple(row) for row in result] if result.returns_rows else []

    def take(self, name: str, table: "pa.Table") -> None:
        of = schema.metadata.tables["report" if name == "load_revision" else name.removeprefix("load_")]
        columns = ", ".join(f"{column} {of.c[column].type.compile()}" for column in table.column_names)
        self._connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {name} ({columns})")
        self._names.append(name)
        self.append(name, table)

    def append(self, name: str, table: "pa.Table") -> None:
        import pyarrow as pa  # noqa: PLC0415 (as above)
        import pyarrow.compute as pc  # noqa: PLC0415 (as above)

        told = [
            pc.strftime(column, "%Y-%m-%d %H:%M:%S") if pa.types.is_timestamp(column.type) else column
            for column in table.columns
        ]
        columns, marks = ", ".join(table.column_names), ", ".join("?" * len(told))
        if table.num_rows:
            rows = list(zip(*(column.to_pylist() for column in told), strict=True))
            self._connection.exec_driver_sql(f"INSERT INTO {name} ({columns}) VALUES ({marks})", rows)  # noqa: S608 (our own names)

    def trust(self) -> None:
        self._connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")  # what a row refers to may come behind it

    def end(self) -> None:
        """Drop the temporary tables, which would outlive the transaction."""
        for name in self._names:
            self._connection.exec_driver_sql(f"DROP TABLE {name}")
