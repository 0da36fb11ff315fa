"""Runs in the ledger: what each stage did last."""

from datetime import UTC, datetime

from sqlalchemy import func, select

from domain.counts import Counts
from infra.ledger import runs, schema

MOMENT = datetime(2026, 11, 1, tzinfo=UTC)


def test_the_last_run_of_each_stage_is_told(connection):
    runs.record(connection, "intake", MOMENT, 1.5, Counts(received=3))
    runs.record(connection, "cluster", MOMENT, 0.5, Counts())
    runs.record(connection, "intake", MOMENT, 2.5, Counts(received=0, rejected=1))
    assert runs.latest(connection) == {"intake": (2.5, Counts(received=0, rejected=1)), "cluster": (0.5, Counts())}


def test_every_run_stays_on_record(connection):
    for _ in range(2):
        runs.record(connection, "intake", MOMENT, 1.0, Counts(received=1))
    assert connection.scalar(select(func.count()).select_from(schema.run)) == 2


def test_nothing_ran_in_a_new_ledger(connection):
    assert runs.latest(connection) == {}
