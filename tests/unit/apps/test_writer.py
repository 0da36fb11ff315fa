"""The gateway's writer: what it answers is durable, and what one call does never spoils another's."""

import errno
import os
import threading
from concurrent.futures import Future
from datetime import UTC, datetime

import pytest
from cybertips import report_xml
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from apps.gateway import desk
from apps.gateway.writer import Writer, _Waiting
from domain.draft import Refusal
from domain.errors import DraftRefused
from domain.report import Source
from infra.ledger import drafts, schema
from infra.ledger.engine import reading
from infra.ledger.reporters import Account
from infra.world import world

ACCOUNT = Account("e" * 64, "esp-01", Source.ESP, "x", simulated=True)


@pytest.fixture
def writer(data):
    writer = Writer()
    yield writer
    writer.close()


def submissions(count):
    documents = [report_xml(summary=f"<platform>{number}</platform>") for number in range(count)]
    return documents, [desk.submission(ACCOUNT, document, "") for document in documents]


def kept(number):
    """Open every part of a draft."""
    with reading(world().ledger) as connection:
        parts = drafts.parts(connection, number)
    return [world().blobs.unseal(part.blob, part.sealed) for part in parts.values()]


def together(writer, operations):
    """Have operations written in one group."""
    waiting = [_Waiting(operation, Future()) for operation in operations]
    writer._write(waiting)
    return [each.answer for each in waiting]


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_what_is_answered_after_the_disk_failed_once_is_there(writer, monkeypatch, nth):
    documents, operations = submissions(4)
    original, calls = os.fsync, []

    def once(descriptor):
        calls.append(descriptor)
        if len(calls) == nth:
            raise OSError(errno.ENOSPC, "No space left on device")
        original(descriptor)

    monkeypatch.setattr(os, "fsync", once)
    first, again = together(writer, operations), together(writer, operations)
    for answers in (first, again):
        for answer, document in zip(answers, documents, strict=True):
            assert answer.exception() or kept(answer.result()) == [document]
    assert not any(each.exception() for each in again)


def draft_row(number):
    opened = datetime.now(UTC)
    return {"number": number, "reporter": "r", "opened_at": opened, "changed_at": opened, "state": "open"}


def opening(number):
    """Open a draft by hand."""

    def operate(connection):
        connection.execute(schema.draft.insert().values(draft_row(number)))
        return number, None

    return operate


def refused_late(connection):
    """Write, and be refused only then."""
    opening(99)(connection)
    raise DraftRefused(Refusal.CHANGED)


def numbers():
    with reading(world().ledger) as connection:
        return sorted(connection.scalars(select(schema.draft.c.number)))


@pytest.fixture
def committed():
    """Count the transactions that are committed on the ledger."""
    seen = []
    event.listen(world().ledger, "commit", seen.append)
    return seen


def test_a_refused_call_costs_itself_alone(writer, committed):
    operations = [opening(number) for number in range(63)]
    operations.insert(30, refused_late)
    answers = together(writer, operations)
    assert len(committed) == 1
    with pytest.raises(DraftRefused):
        answers.pop(30).result()
    assert [each.result() for each in answers] == numbers() == list(range(63))


def test_a_bug_in_one_spoils_it_for_nobody_else(writer):
    def buggy(_connection):
        raise KeyError

    answers = together(writer, [opening(1), buggy, opening(2)])
    with pytest.raises(KeyError):
        answers.pop(1).result()
    assert [each.result() for each in answers] == numbers() == [1, 2]


def test_a_ledger_that_is_away_is_asked_once_for_all(writer):
    calls = []

    def away(_connection):
        calls.append(1)
        raise OperationalError("select", {}, Exception("database is locked"))

    answers = together(writer, [opening(1), away, opening(2)])
    assert all(isinstance(each.exception(), OperationalError) for each in answers)
    assert (numbers(), len(calls)) == ([], 1)


def test_a_call_that_nobody_waits_for_ends_nothing(writer):
    held = threading.Event()
    before = writer.submit(lambda _connection: (held.wait(10), None))
    given_up = writer.submit(opening(1))
    assert given_up.cancel()
    after = writer.submit(opening(2))
    held.set()
    assert before.result(10)
    assert after.result(10) == 2
    assert not before.cancel()
    assert numbers() == [2]
