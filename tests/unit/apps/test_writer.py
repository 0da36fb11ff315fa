"""The gateway's writer: what it answers is durable, and what one call does never spoils another's."""

import errno
import os
from concurrent.futures import Future

import pytest
from cybertips import report_xml

from apps.gateway import desk
from apps.gateway.writer import Writer, _Waiting
from domain.report import Source
from infra.ledger import drafts
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
