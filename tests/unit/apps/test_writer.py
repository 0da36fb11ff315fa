"""The gateway's writer: what it answers is durable, and what one call does never spoils another's."""

import errno
import os
import threading
from concurrent.futures import Future
from datetime import UTC, datetime
from io import BytesIO

import pytest
from cybertips import details_xml, report_xml
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from apps.gateway import desk
from apps.gateway.writer import Writer, _Waiting
from domain.draft import Refusal
from domain.errors import DraftRefused, LedgerRefused
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


def refused(_connection):
    raise DraftRefused(Refusal.UNKNOWN)


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
    operations.insert(30, refused)
    answers = together(writer, operations)
    assert len(committed) == 1
    with pytest.raises(DraftRefused):
        answers.pop(30).result()
    assert [each.result() for each in answers] == numbers() == list(range(63))


@pytest.mark.parametrize("error", [KeyError, LedgerRefused])
def test_what_fails_in_one_spoils_it_for_nobody_else(writer, error):
    def failing(connection):
        opening(99)(connection)
        raise error

    answers = together(writer, [opening(1), failing, opening(2)])
    with pytest.raises(error):
        answers.pop(1).result()
    assert [each.result() for each in answers] == numbers() == [1, 2]


def details(number, file_id):
    document = details_xml(file_id).replace(b"<reportId>1<", f"<reportId>{number}<".encode())
    return desk.details(ACCOUNT, document)[1]


def of_no_draft():
    return [desk.coming(ACCOUNT, 5), desk.upload(ACCOUNT, 5, stored()), details(5, "f"), desk.retraction(ACCOUNT, 5)]


def stored():
    return world().blobs.store(BytesIO(b"content"))


def refusals(writer):
    """Give every kind of call, each when it is refused, for every reason there is."""
    yield from of_no_draft()
    for end in (desk.retraction, desk.completion):
        number = writer.submit(desk.submission(ACCOUNT, report_xml(), str(end))).result()
        yield details(number, "absent")
        before = desk.completion(ACCOUNT, number)
        writer.submit(desk.coming(ACCOUNT, number)).result()
        yield before  # it changed since it was read
        writer.submit(end(ACCOUNT, number)).result()
        yield desk.coming(ACCOUNT, number)
        yield desk.upload(ACCOUNT, number, stored())
        yield details(number, "absent")
        yield desk.retraction(ACCOUNT, number)
        yield before
        yield desk.submission(ACCOUNT, report_xml(summary="<platform>x</platform>"), str(end))
    yield desk.submission(ACCOUNT, report_xml(), str(desk.retraction))


def test_what_is_refused_has_written_nothing(writer):
    """No savepoint would take it back."""
    statements, reasons = [], set()
    event.listen(world().ledger, "before_cursor_execute", lambda *told: statements.append(told[2]))
    for operation in refusals(writer):
        statements.clear()
        (answer,) = together(writer, [operation])
        reasons.add(answer.exception().args[0])
        assert statements
        assert not [each for each in statements if each.split()[0] in {"INSERT", "UPDATE", "DELETE"}]
    assert reasons == set(Refusal)


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
