"""What the ledger keeps on every database that it runs on."""

import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    func,
    select,
)
from sqlalchemy.exc import DBAPIError, ProgrammingError
from taken_in import held, key, sighted, taken, utc

from domain.errors import InvalidSettings, LedgerRefused
from domain.priority import Priority
from infra.ledger import policies, priorities, reports, schema
from infra.ledger.engine import add_missing, connect, migrate, reading, upsert
from infra.ledger.roles import ANALYST, METADATA, RESTRICTED, make_roles

probe = Table(
    "probe",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("words", String),
    Column("json", schema.Json),
    Column("truth", Boolean),
    Column("number", Float),
    Column("content", LargeBinary),
    Column("moment", schema.Time),
)
MOMENT = datetime(2026, 11, 1, 12, 30, 15, 250_000, tzinfo=UTC)
FULL = {"words": "one", "json": {"a": [1, None]}, "truth": False, "number": 0.1, "content": b"\0", "moment": MOMENT}
EMPTY = dict.fromkeys(FULL)
OTHER = {
    "words": "two", "json": {"a": [None, 1]}, "truth": True, "number": 0.2, "content": b"\1",
    "moment": MOMENT + timedelta(microseconds=1),
}  # fmt: skip

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text("abcé\"'\\ ", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3),
    max_leaves=5,
)
values = st.fixed_dictionaries(
    {
        "words": st.none() | st.text("abcé'\"\\", max_size=5),
        "json": json_values,
        "truth": st.none() | st.booleans(),
        "number": st.none() | st.floats(-1e12, 1e12, allow_subnormal=False),
        "content": st.none() | st.binary(max_size=5),
        "moment": st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    }
)


@pytest.fixture
def table(ledger):
    probe.metadata.create_all(ledger)
    return probe


def written(ledger, table, *rows):
    with ledger.begin() as connection:
        return upsert(connection, table, rows)


def count(ledger, table):
    with ledger.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_migrations_make_the_schema_and_do_it_once(ledger):
    for _ in range(2):
        migrate(ledger)
        with ledger.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_new_rows_count_and_the_same_again_do_not(ledger, table):
    rows = [{"id": 1, **FULL}, {"id": 2, **EMPTY}]
    assert written(ledger, table, *rows) == 2
    assert written(ledger, table, *rows) == 0
    assert written(ledger, table) == 0


@pytest.mark.parametrize("name", FULL)
@pytest.mark.parametrize("before", [FULL, EMPTY], ids=["full", "empty"])
def test_a_change_of_any_one_column_counts(ledger, table, name, before):
    written(ledger, table, {"id": 1, **before}, {"id": 2, **before})
    changed = {**before, name: OTHER[name]}
    assert written(ledger, table, {"id": 1, **changed}, {"id": 2, **before}, {"id": 3, **before}) == 2
    with ledger.connect() as connection:
        assert utc_row(connection, 1) == changed
        assert utc_row(connection, 2) == before


def utc_row(connection, number):
    found = connection.execute(select(probe).where(probe.c.id == number)).one()._asdict()
    return {**{name: found[name] for name in FULL}, "moment": utc(found["moment"])}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(values, min_size=1, max_size=5))
def test_writing_again_changes_nothing_whatever_is_written(ledger, table, rows):
    numbered = [{"id": number, **row} for number, row in enumerate(rows)]
    written(ledger, table, *numbered)
    assert written(ledger, table, *numbered) == 0
    with ledger.connect() as connection:
        assert [utc_row(connection, number) for number in range(len(rows))] == rows


def test_rows_that_are_all_key_are_written_once(ledger):
    keys_only = Table(
        "keys_only", MetaData(), Column("a", String, primary_key=True), Column("b", String, primary_key=True)
    )
    keys_only.metadata.create_all(ledger)
    rows = [{"a": "x", "b": "y"}, {"a": "x", "b": "z"}]
    assert [written(ledger, keys_only, *rows), written(ledger, keys_only, *rows)] == [2, 0]


def test_what_is_missing_is_added_and_what_is_there_stays(ledger, table):
    written(ledger, table, {"id": 1, **FULL})
    with ledger.begin() as connection:
        assert add_missing(connection, table, [{"id": 1, **OTHER}, {"id": 2, **OTHER}]) == 1
        assert add_missing(connection, table, []) == 0
        assert [utc_row(connection, number) for number in (1, 2)] == [FULL, OTHER]


def test_a_transaction_that_fails_leaves_nothing(ledger, table):
    def fail():
        with ledger.begin() as connection:
            upsert(connection, table, [{"id": 1, **FULL}])
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert count(ledger, table) == 0


def test_a_row_without_the_row_it_refers_to_is_refused(ledger):
    migrate(ledger)
    with pytest.raises(LedgerRefused, match="report_vector"), ledger.begin() as connection:
        upsert(connection, schema.report_vector, [{"report_id": "absent", "vector": "url"}])


def test_what_the_ledger_refuses_is_told_without_its_values(ledger):
    migrate(ledger)
    one = held("secret")
    rows = [{**reports._blob(one), "id": key(name)} for name in ("a", "b")]
    with pytest.raises(LedgerRefused) as refused, ledger.begin() as connection:
        upsert(connection, schema.blob, rows)
    told = "".join(traceback.format_exception(refused.value))
    for digest in (one.digests.md5, one.digests.sha1, one.digests.sha256):
        assert digest not in told


def test_two_intakes_at_once_register_each_report_once(ledger):
    migrate(ledger)
    together = threading.Barrier(2)

    def take_in(*names):
        together.wait()
        with ledger.begin() as connection:
            everything = [taken(name, sighted("a")) for name in names]
            fresh = reports.unknown(connection, everything)
            time.sleep(0.3)
            return reports.record(connection, everything, fresh)["received"]

    with ThreadPoolExecutor(2) as pool:
        received = [pool.submit(take_in, *names) for names in (("0", "1"), ("1", "2"))]
        assert sum(each.result() for each in received) == 3
    assert count(ledger, schema.report) == 3


def test_two_rankings_at_once_leave_a_report_in_the_queue_once(ledger):
    migrate(ledger)
    with ledger.begin() as connection:
        everything = [taken("r0")]
        reports.record(connection, everything, everything)
    together = threading.Barrier(2)

    def rank(evidence):
        together.wait()
        with ledger.begin() as connection:
            priorities.record(connection, "p", [(key("r0"), evidence, Priority(1.0, "routine", ()))], MOMENT)
            time.sleep(0.2)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(rank, evidence) for evidence in ("e1", "e2")]:
            done.result()
    with ledger.begin() as connection:
        assert [one.report_id for one in priorities.queue(connection, 9)] == [key("r0")]


def test_writers_at_once_lose_nothing(ledger, table):
    together = threading.Barrier(4)

    def write(writer):
        together.wait()
        own = [written(ledger, table, {"id": 1000 * (writer + 1) + number, **FULL}) for number in range(10)]
        shared = [written(ledger, table, {"id": number, **FULL}) for number in range(10)]
        return sum(own), sum(shared)

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(write, range(4)))
    assert [own for own, _ in counts] == [10] * 4
    assert sum(shared for _, shared in counts) == 10
    assert count(ledger, table) == 50


@pytest.mark.parametrize("url", ["mysql://host/name", "sqlite://"])
def test_other_databases_are_refused(url):
    with pytest.raises(InvalidSettings, match="BREAKWATER_LEDGER"):
        connect(url)


def test_a_reader_neither_waits_for_a_writer_nor_writes(ledger):
    migrate(ledger)
    with ledger.begin() as writer:
        one = taken("one")
        reports.record(writer, [one], [one])
        with reading(ledger) as reader:
            assert reader.scalar(select(func.count()).select_from(schema.report)) == 0
    with pytest.raises(DBAPIError, match=r"(?i)read.?only"), reading(ledger) as reader:
        reader.execute(schema.hash_list.insert().values(name="a"))
    with ledger.begin() as writer:  # the same connection, out of the pool
        writer.execute(schema.hash_list.insert().values(name="a"))


def test_a_reader_sees_one_state_of_the_ledger(ledger):
    migrate(ledger)
    with reading(ledger) as reader:
        assert reader.scalar(select(func.count()).select_from(schema.report)) == 0
        with ledger.begin() as writer:
            one = taken("one")
            reports.record(writer, [one], [one])
        assert reader.scalar(select(func.count()).select_from(schema.report)) == 0


def test_the_metadata_role_reads_everything_but_personal_data(ledger):
    migrate(ledger)
    if ledger.dialect.name == "sqlite":
        with pytest.raises(InvalidSettings, match="no roles"), ledger.begin() as connection:
            make_roles(connection)
        return
    with ledger.begin() as connection:
        one = taken("one", sighted("a"))
        reports.record(connection, [one], [one])
    for _ in range(2):
        with ledger.begin() as connection:
            make_roles(connection)
    for role, refused in ((METADATA, set(RESTRICTED)), (ANALYST, set())):
        assert {name for name in schema.metadata.tables if not readable(ledger, role, name)} == refused


def readable(ledger, role, table):
    with ledger.connect() as connection:
        connection.exec_driver_sql(f"SET ROLE {role}")
        try:
            connection.exec_driver_sql(f'SELECT * FROM "{table}"')
        except ProgrammingError:
            return False
        finally:
            connection.rollback()
            connection.exec_driver_sql("RESET ROLE")
            connection.rollback()
        return True


def test_a_report_whose_files_come_piece_by_piece_is_rejected_until_it_is_recorded(ledger):
    migrate(ledger)
    older, one = taken("one", sighted("x")), replace(taken("one more"), external_id="one")
    with ledger.begin() as connection:
        reports.record(connection, [older], [older])
    for _ in range(2):  # as after a kill
        with ledger.begin() as connection:
            assert reports.unknown(connection, [one]) == [one]
            reports.begin(connection, [one])
        with ledger.begin() as connection:
            counts = reports.add_files(
                connection, [(one.report_id, place, sighted(name)) for place, name in enumerate("ab")]
            )
            assert counts["files_stored"] == 2
    columns = select(
        schema.report.c.id, schema.report.c.rejection, schema.report.c.revision, schema.report.c.superseded_by
    )
    with reading(ledger) as connection:
        found = {row.id: tuple(row)[1:] for row in connection.execute(columns)}
    assert found == {older.report_id: (None, 1, None), one.report_id: ("unfinished", 1, None)}
    with ledger.begin() as connection:
        counts = reports.record(connection, [one], reports.unknown(connection, [one]))
    assert (counts["accepted"], counts["revisions"]) == (1, 1)
    with reading(ledger) as connection:
        found = {row.id: tuple(row)[1:] for row in connection.execute(columns)}
        assert reports.unknown(connection, [one]) == []
        assert connection.scalar(select(func.count()).where(schema.sighting.c.report_id == one.report_id)) == 2
    assert found == {older.report_id: (None, 1, one.report_id), one.report_id: (None, 2, None)}


def test_the_drops_that_were_taken_are_told_of_as_many_keys_as_are_asked(ledger):
    migrate(ledger)
    everything = [taken(str(number)) for number in range(3)]
    with ledger.begin() as connection:
        reports.record(connection, everything, everything)
    with reading(ledger) as connection:
        keys = [one.drop for one in everything]
        assert reports.taken_drops(connection, [f"other {number}" for number in range(1200)] + keys[:2]) == set(
            keys[:2]
        )
        assert reports.taken_drops(connection, []) == set()


def test_the_policy_approved_last_is_in_force_and_its_text_is_kept_byte_for_byte(ledger):
    migrate(ledger)
    text = b'name = "ours"\r\n# \xc3\xa4\n'
    with ledger.begin() as connection:
        assert policies.in_force(connection) is None
        for version, content in (("a" * 64, text), ("b" * 64, b"other"), ("a" * 64, b"another text")):
            policies.keep(connection, version, "ours", content, MOMENT)
            policies.propose(connection, version, MOMENT + timedelta(seconds=len(content)), "p", "why not")
        newest, *_, oldest = policies.switches(connection)
        policies.approve(connection, oldest, MOMENT + timedelta(days=2), "q")
        policies.approve(connection, newest, MOMENT + timedelta(days=1), "q")
        assert policies.in_force(connection) == policies.find(connection, oldest.version)[0][1]
        assert policies.find(connection, "a") == [("a" * 64, text)]
        assert [bool(each.approved_at) for each in policies.switches(connection)] == [True, False, True]
