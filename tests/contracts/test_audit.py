"""The audit chain on both databases: one chain whoever writes, no row changes unseen, and no change at all unforced."""

import hashlib
import hmac
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from taken_in import utc

from domain.audit import Act, Breach, Verdict
from infra.ledger import schema
from infra.ledger.audit import FIRST, Chain
from infra.ledger.engine import migrate, reading
from infra.ledger.roles import ANALYST, METADATA, make_roles

CHAIN = Chain(b"k" * 32, "somebody")
ROWS = 6


@pytest.fixture
def chained(ledger):
    """Have a chain of six rows, two of them of one transaction."""
    migrate(ledger)
    for number in range(ROWS - 1):
        with ledger.begin() as connection:
            CHAIN.append(connection, Act.ANNOTATED, f"{number}" * 64, field="vector", codes=["sms", "url"])
            if not number:
                CHAIN.append(connection, Act.FILES_OPENED, stage="fingerprint", files=12)
    return ledger


def rows_of(ledger):
    with ledger.connect() as connection:
        return [dict(row) for row in connection.execute(select(schema.audit).order_by("number")).mappings()]


def verdict(ledger, heads=None, chain=CHAIN):
    with reading(ledger) as connection:
        return chain.verify(connection, heads or {})


def put(ledger, rows):
    """Put these rows in place of the chain, as the owner of the database may who takes its guard away."""
    with ledger.begin() as connection:
        if ledger.dialect.name == "sqlite":
            for what in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS audit_refuses_{what}")
        else:
            connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER ALL")
        connection.execute(schema.audit.delete())
        connection.execute(insert(schema.audit), rows)


def by_hand(key, row):
    """Compute a row's hash as docs/decisions/0026-audit-and-retention.md states it."""
    at = utc(row["at"]).strftime("%Y-%m-%d %H:%M:%S.%f")
    parts = [str(row["number"]), at, row["actor"], row["action"], row["subject"], row["details"], row["previous"]]
    return hmac.new(key, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()


def test_a_chain_is_whole_and_each_row_is_bound_to_the_one_before(chained):
    rows = rows_of(chained)
    assert [row["number"] for row in rows] == list(range(1, ROWS + 1))
    assert [row["previous"] for row in rows] == [FIRST, *(row["hash"] for row in rows[:-1])]
    assert [row["hash"] for row in rows] == [by_hand(CHAIN.key, row) for row in rows]
    assert json.loads(rows[1]["details"]) == {"files": 12, "stage": "fingerprint"}
    assert verdict(chained) == Verdict(ROWS, rows[-1]["hash"])


def test_an_empty_chain_is_whole(ledger):
    migrate(ledger)
    assert verdict(ledger) == Verdict(0, FIRST)


def test_progress_is_told_to_the_end(chained):
    told = []
    with reading(chained) as connection:
        CHAIN.verify(connection, {}, lambda done, total: told.append((done, total)))
    assert told == [(ROWS, ROWS)]


OTHER = {
    "at": None, "actor": "somebodz", "action": "annotatee", "subject": "1" * 63 + "2", "details": "{}",
    "hash": "0" * 64,
}  # fmt: skip


@pytest.mark.parametrize("column", OTHER)
def test_a_change_of_any_column_is_named_by_its_row(chained, column):
    rows = rows_of(chained)
    rows[3][column] = OTHER[column] or rows[2]["at"]
    put(chained, rows)
    found = verdict(chained)
    assert (found.rows, found.breach) == (3, Breach.CHANGED)
    assert "row 4 was changed" in str(found)


def test_text_that_moves_from_one_column_to_the_next_is_a_change(chained):
    rows = rows_of(chained)
    rows[3]["actor"], rows[3]["action"] = "somebod", "y" + rows[3]["action"]
    put(chained, rows)
    assert verdict(chained).breach is Breach.CHANGED
    rows[3]["actor"], rows[3]["action"] = "somebody\x1fannotated", ""
    put(chained, rows)
    assert verdict(chained).breach is Breach.CHANGED


def test_text_that_is_behind_a_zero_byte_is_a_change(chained):
    if chained.dialect.name == "postgresql":
        pytest.skip("PostgreSQL keeps no zero bytes")
    rows = rows_of(chained)
    rows[3]["actor"] += "\0 and another"
    put(chained, rows)
    assert verdict(chained).breach is Breach.CHANGED


@pytest.mark.parametrize("gone", [0, 2, 4])
def test_a_row_that_was_deleted_is_named(chained, gone):
    rows = rows_of(chained)
    del rows[gone]
    put(chained, rows)
    found = verdict(chained)
    assert (found.rows, found.breach) == (gone, Breach.MISSING)


def test_a_row_that_was_deleted_and_numbered_over_is_named(chained):
    rows = rows_of(chained)
    del rows[2]
    put(chained, [{**row, "number": number} for number, row in enumerate(rows, 1)])
    found = verdict(chained)
    assert (found.rows, found.breach) == (2, Breach.MISPLACED)


def test_a_pair_that_changed_places_is_named(chained):
    rows = rows_of(chained)
    rows[2], rows[3] = {**rows[3], "number": 3}, {**rows[2], "number": 4}
    put(chained, rows)
    found = verdict(chained)
    assert (found.rows, found.breach) == (2, Breach.MISPLACED)


def test_an_end_that_was_cut_off_is_told_from_a_head_that_was_noted(chained):
    rows = rows_of(chained)
    heads = {row["number"]: row["hash"] for row in rows}
    assert verdict(chained, heads).breach is None
    put(chained, rows[:4])
    assert verdict(chained).breach is None
    found = verdict(chained, {2: heads[2], 6: heads[6]})
    assert (found.rows, found.breach) == (4, Breach.CUT)


def test_an_end_that_was_cut_off_and_grown_again_is_told_from_a_head_that_was_noted(chained):
    rows = rows_of(chained)
    put(chained, rows[:3])
    for _ in range(4):
        with chained.begin() as connection:
            CHAIN.append(connection, Act.KEY_ADDED)
    assert verdict(chained).breach is None
    found = verdict(chained, {6: rows[5]["hash"]})
    assert (found.rows, found.breach) == (5, Breach.REWRITTEN)


def test_who_has_not_the_key_makes_no_row_that_passes(chained):
    rows = rows_of(chained)
    rows[3]["actor"] = "nobody"
    rows[3]["hash"] = by_hand(b"x" * 32, rows[3])
    put(chained, rows)
    assert verdict(chained).breach is Breach.CHANGED
    assert verdict(chained, chain=Chain(b"x" * 32, "")).rows == 0


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit WHERE number = 2"])
def test_the_database_refuses_to_change_the_chain(chained, statement):
    with pytest.raises(DBAPIError, match="append-only"), chained.begin() as connection:
        connection.execute(text(statement))
    assert verdict(chained) == Verdict(ROWS, rows_of(chained)[-1]["hash"])


def test_sqlite_refuses_to_replace_a_row(chained):
    if chained.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has no such statement")
    columns = ", ".join(schema.audit.c.keys())
    with pytest.raises(DBAPIError, match="append-only"), chained.begin() as connection:
        connection.execute(text(f"INSERT OR REPLACE INTO audit ({columns}) SELECT {columns} FROM audit LIMIT 1"))
    assert verdict(chained) == Verdict(ROWS, rows_of(chained)[-1]["hash"])


def test_postgresql_refuses_even_where_ordinary_triggers_are_off(chained):
    if chained.dialect.name == "sqlite":
        pytest.skip("SQLite has no such switch")
    for statement in ("DELETE FROM audit", "TRUNCATE audit"):
        with chained.connect() as connection:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            with pytest.raises(DBAPIError, match="append-only"):
                connection.exec_driver_sql(statement)


def test_both_roles_add_and_read_and_change_nothing(chained):
    if chained.dialect.name == "sqlite":
        pytest.skip("SQLite has no roles")
    with chained.begin() as connection:
        make_roles(connection)
    for place, role in enumerate((ANALYST, METADATA), 1):
        with chained.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
            CHAIN.append(connection, Act.ENTRY_QUARANTINED, entries=1)
            assert CHAIN.verify(connection, {}).rows == ROWS + place
        for statement in ("UPDATE audit SET actor = ''", "DELETE FROM audit", "TRUNCATE audit"):
            with chained.connect() as connection:
                connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
                with pytest.raises(ProgrammingError, match="permission denied"):
                    connection.exec_driver_sql(statement)


def test_two_who_append_at_once_make_one_chain(chained):
    together = threading.Barrier(4)

    def append(_):
        together.wait()
        for _ in range(10):
            with chained.begin() as connection:
                CHAIN.append(connection, Act.BUNDLE_UNDONE, reports=1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(append, range(4)))
    assert verdict(chained).rows == ROWS + 40
    assert verdict(chained).breach is None


def test_an_act_that_fails_leaves_no_row(chained):
    def fail():
        with chained.begin() as connection:
            CHAIN.append(connection, Act.KEY_ADDED)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert verdict(chained).rows == ROWS


def test_a_second_row_of_one_number_is_refused(chained):
    rows = rows_of(chained)
    with pytest.raises(IntegrityError), chained.begin() as connection:
        connection.execute(insert(schema.audit), rows[2:3])


@pytest.mark.parametrize(
    "content", ["holiday.jpg", "a@example.org", "two words", "192.0.2.1", ["url", "http://example.org"], "x" * 97]
)
def test_details_that_are_no_codes_are_a_fault_of_ours(chained, content):
    with pytest.raises(AssertionError, match="counts and codes"), chained.begin() as connection:
        CHAIN.append(connection, Act.ANNOTATED, "", what=content)
