"""On every database alike: who waits for whom in which order, what is planned, and what a challenger hands over."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from domain.media import Kind
from domain.model import Answer, Answered, ModelVersion, Serving, Verdict
from infra.ledger import schema, shadows
from infra.ledger.engine import migrate, reading, upsert
from infra.ledger.inferences import Planned, plan, record_answers, take_over, waiting

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
FIRST = Serving(ModelVersion("embedder-scene/a", 1, "1" * 64))
SECOND = Serving(ModelVersion("embedder-scene/a", 2, "2" * 64))
TRIAL = Serving(ModelVersion("embedder-scene/b", 3, "3" * 64), shadow=True)
PROMOTED = Serving(TRIAL.model)


def file(number):
    return f"{number:064x}"


@pytest.fixture
def told(ledger):
    """Have six files, of reports that are ranked 0, 10, 20 … but for the last, which is not."""
    migrate(ledger)
    with ledger.begin() as connection:
        for number in range(6):
            report = f"{number:032x}"
            upsert(connection, schema.report, [{"id": report, "external_id": report, "received_at": NOW}])
            described = {"sha256": file(number), "sha1": "", "md5": "", "size": 1, "media_type": "", "kind": Kind.IMAGE}
            upsert(connection, schema.blob, [{"id": file(number), **described}])
            sighting = {"report_id": report, "ordinal": 0, "file_id": report, "blob_id": file(number)}
            upsert(connection, schema.sighting, [sighting])
            rank = {"report_id": report, "policy": "p", "evidence": "e", "score": 10.0 * number, "band": "b"}
            if number < 5:
                told = {"reasons": [], "open": [], "least": 0.0, "most": 0.0, "ranked_at": NOW, "current": True}
                upsert(connection, schema.priority, [rank | told])
    return ledger


def say(ledger, serving, *numbers, at=NOW):
    told = Answer(serving, verdicts=(Verdict("é", 0.25, 0.5),), vectors=((0, b"\x00\xff"),))
    with ledger.begin() as connection:
        record_answers(connection, [Answered(file(number), (told,)) for number in numbers], at)


def order(ledger, *serving, **more):
    with reading(ledger) as connection:
        return [int(each.blob, 16) for each in waiting(connection, serving, **more)]


def test_files_wait_in_the_same_order_everywhere(told):
    assert order(told, FIRST) == [5, 4, 3, 2, 1, 0]
    say(told, FIRST, 0, 4)
    say(told, SECOND, 1, 3)
    assert order(told, PROMOTED) == [5, 2, 4, 0, 3, 1]
    assert order(told, PROMOTED, most=3) == [5, 2, 4]
    with reading(told) as connection:
        planned = plan(connection, [PROMOTED])
    assert planned == [Planned(PROMOTED, None, 2), Planned(PROMOTED, 1, 2), Planned(PROMOTED, 2, 2)]


def test_what_a_challenger_said_is_handed_over_with_the_time_at_which_it_said_it(told):
    say(told, TRIAL, 0, 1)
    say(told, TRIAL, 2, at=NOW + timedelta(days=1))
    assert order(told, TRIAL) == [5, 4, 3]
    with told.begin() as connection:
        assert len(list(shadows.answers(connection, TRIAL))) == 3
        assert take_over(connection, PROMOTED) == 3
        assert take_over(connection, PROMOTED) == 0
    with reading(told) as connection:
        said = connection.execute(select(schema.inference.c.blob_id, schema.inference.c.said_at)).tuples()
        moments = {int(blob, 16): at.replace(tzinfo=UTC) for blob, at in said}
        assert moments == {0: NOW, 1: NOW, 2: NOW + timedelta(days=1)}
        assert list(connection.scalars(select(schema.embedding.c.vector))) == [b"\x00\xff"] * 3
    assert order(told, PROMOTED) == [5, 4, 3]
