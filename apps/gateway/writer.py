"""The gateway's one writer: what waits is written together, and answered once it is durable."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from domain.errors import DraftRefused
from domain.intake import Taken
from infra.failures import AWAY
from infra.ledger import reports
from infra.ledger.engine import Transaction
from infra.world import world

TOGETHER = 64
"""Operations of one transaction, at most."""

Result = TypeVar("Result")
Operation = Callable[[Transaction], tuple[Result, Taken | None]]
"""Something to write; it gives its result, and a report to record with it if there is one.

It looks first and writes then: where it raises `DraftRefused`, it has written nothing.
"""


@dataclass(frozen=True, slots=True)
class _Waiting:
    operation: Operation[Any]
    answer: Future[Any]


class Writer:
    """Writes in a thread of its own: one flush of the blobs and one transaction for all that waits (group commit)."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="gateway writer", daemon=True)
        self._thread.start()

    def submit(self, operation: Operation[Result]) -> "Future[Result]":
        """Have something written; the result comes when it is durable."""
        answer: Future[Result] = Future()
        self._waiting.put(_Waiting(operation, answer))
        return answer

    def close(self) -> None:
        """Write what waits, and end."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            together = [first]
            while len(together) < TOGETHER and not self._waiting.empty():
                if (another := self._waiting.get()) is None:
                    self._waiting.put(None)
                    break
                together.append(another)
            self._write([each for each in together if each.answer.set_running_or_notify_cancel()])

    def _write(self, together: list[_Waiting]) -> None:
        """Write all or nothing, but what is refused; where one spoils it for all, each is tried by itself."""
        try:
            results = _recorded([each.operation for each in together])
        except Exception as error:  # noqa: BLE001 (whoever waits for the answer raises it)
            if len(together) > 1 and not isinstance(error, AWAY):
                for each in together:
                    self._write([each])
                return
            results = [error] * len(together)
        for each, result in zip(together, results, strict=True):
            if isinstance(result, Exception):
                each.answer.set_exception(result)
            else:
                each.answer.set_result(result)


def _recorded(operations: list[Operation[Any]]) -> list[Any]:
    """Write what is asked for in one transaction, and give each its result, or why it was refused."""
    world().blobs.flush()
    with world().ledger.begin() as connection:
        outcomes = [_tried(operation, connection) for operation in operations]
        taken = [report for _, report in outcomes if report]
        if taken:
            reports.record(connection, taken, reports.unknown(connection, taken))
    return [result for result, _ in outcomes]


def _tried(operation: Operation[Any], connection: Transaction) -> tuple[Any, Taken | None]:
    """Write one thing; where it is refused, the refusal is its result."""
    try:
        return operation(connection)
    except DraftRefused as refused:
        return refused, None
