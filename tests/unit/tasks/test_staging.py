"""Steps and stages: tried again where the world failed and only there, on record once they end."""

import pytest
from prefect.states import Completed, Failed
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from domain.counts import Counts
from domain.errors import BlobMissing, Rejected
from infra.ledger import runs, schema
from infra.telemetry import Progress, report_progress, watching
from infra.world import world
from tasks.staging import _worth_another_try, shown_progress, stage, step


@step
def any_step() -> Counts:
    """Do nothing."""
    return Counts(any=1)


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (ConnectionResetError("gone"), True),
        (OperationalError("select", {}, Exception("restarting")), True),
        (BlobMissing("restore it"), False),
        (Rejected("schema"), False),
        (KeyError("a bug"), False),
    ],
)
def test_a_step_is_tried_again_where_the_world_failed_alone(error, again):
    assert _worth_another_try(any_step, None, Failed(data=error)) is again


def test_a_step_that_gave_something_is_not_tried_again():
    assert _worth_another_try(any_step, None, Completed(data=Counts(any=1))) is False


def test_every_step_asks_that_before_it_is_tried_again():
    assert any_step.retry_condition_fn is _worth_another_try
    assert (any_step.retries, any_step.retry_delay_seconds) == (3, [1, 10, 60])
    assert any_step.fn() == Counts(any=1)


def test_a_stage_leaves_a_row_of_what_it_did_and_says_that_it_ended(data):
    told = []
    with watching(told.append), stage("intake") as publish:
        assert publish(Counts(received=3)) == Counts(received=3)
    with world().ledger.begin() as connection:
        ((seconds, counts),) = runs.latest(connection).values()
    assert counts == Counts(received=3)
    assert 0 <= seconds < 60
    assert told == [Progress("intake"), Progress("intake", ended=True)]


def test_a_stage_brings_the_ledger_to_its_schema_first(tmp_path, monkeypatch):
    monkeypatch.setenv("BREAKWATER_DATA", str(tmp_path))
    world.cache_clear()
    with stage("intake"), world().ledger.begin() as connection:
        assert connection.execute(select(schema.report)).all() == []
    world().ledger.dispose()
    world.cache_clear()


def fail():
    with stage("intake"):
        raise KeyError


def test_a_stage_that_fails_leaves_no_row(data):
    with pytest.raises(KeyError):
        fail()
    with world().ledger.begin() as connection:
        assert runs.latest(connection) == {}


def test_outside_prefect_progress_is_shown_nowhere_and_harms_nothing():
    with shown_progress("intake"):
        report_progress(Progress("intake", 1, 2))
