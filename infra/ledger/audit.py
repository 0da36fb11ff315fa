"""The audit chain: who did what, each row bound to the one before, so that no row changes, moves or goes unseen."""

import json
import os
import pwd
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select

from domain.audit import Act, Breach, Verdict
from infra.keys import keyed_digest
from infra.ledger import schema

FIRST = "0" * 64
"""What the first row has in place of the hash before it."""

PIECE = 20_000
"""Rows that are verified between two words on how far it is."""

_CODE = re.compile("[A-Za-z0-9_:]{0,96}")
_AUDIT = schema.audit.c
_LAST = select(_AUDIT.number, _AUDIT.hash).order_by(_AUDIT.number.desc()).limit(1)
_ROWS = select(schema.audit).order_by(_AUDIT.number)
_APPEND = insert(schema.audit)
_COLUMNS = _AUDIT.keys()

Link = Row[tuple[int, datetime, str, str, str, str, str, str]]
"""A row of the chain."""

Detail = str | int | None | Sequence[str]


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain, for who may add to it: its key (32 bytes), and the account that acts."""

    key: bytes = field(repr=False)
    actor: str

    def append(self, connection: Connection, act: Act, subject: str = "", **details: Detail) -> None:
        """Record an act in the transaction that does it, so that both are durable or neither is.

        Writing transactions of the ledger follow one another, so there is one last row to go on from.

        Args:
            connection: a transaction that writes.
            act: what was done.
            subject: the surrogate of what it was done to.
            details: counts and codes; content is none.
        """
        assert all(map(_tells_no_content, details.values())), f"{act}: details are counts and codes"
        last = connection.execute(_LAST).one_or_none()
        number, previous = (last.number + 1, last.hash) if last else (1, FIRST)
        written = json.dumps(details, sort_keys=True, separators=(",", ":"))
        told = (number, datetime.now(UTC), self.actor, act.value, subject, written, previous)
        connection.execute(_APPEND, dict(zip(_COLUMNS, (*told, self._hash(*told)), strict=True)))

    def verify(
        self, connection: Connection, heads: Mapping[int, str], told: Callable[[int, int], None] = lambda *_: None
    ) -> Verdict:
        """Verify every row from the first on, up to the first that is not as it was written.

        Args:
            connection: a transaction that reads.
            heads: hashes by number of last rows that were noted elsewhere.
            told: called now and then with the rows verified, and all there are.
        """
        rows, head = 0, FIRST
        total = connection.scalar(select(func.count()).select_from(schema.audit)) or 0
        for piece in _pieces(connection, _ROWS):
            for number, at, actor, action, subject, details, previous, digest in piece:
                breach = None
                if number != rows + 1:
                    breach = Breach.MISSING
                elif previous != head:
                    breach = Breach.MISPLACED
                elif digest != self._hash(number, at, actor, action, subject, details, previous):
                    breach = Breach.CHANGED
                elif heads.get(number, digest) != digest:
                    breach = Breach.REWRITTEN
                if breach:
                    return Verdict(rows, head, breach)
                rows, head = number, digest
            told(rows, total)
        return Verdict(rows, head, Breach.CUT if max(heads, default=0) > rows else None)

    def _hash(self, number: int, at: datetime, *told: str) -> str:
        """HMAC-SHA-256 over the row, each part with its length: the time in UTC, to the microsecond."""
        return keyed_digest(self.key, str(number), at.isoformat(" ", "microseconds")[:26], *told)


def account() -> str:
    """Name the account of the operating system that this process runs as; no environment can say otherwise."""
    number = os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def since(connection: Connection, moment: datetime | None) -> Iterator[Link]:
    """Give the rows from a moment on, or all, in order."""
    query = _ROWS if moment is None else _ROWS.where(_AUDIT.at >= moment)
    for piece in _pieces(connection, query):
        yield from piece


def _pieces(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Link]]:
    """Give rows in their order, in pieces of bounded memory, times in UTC."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
    with connection.execute(query, execution_options={"yield_per": PIECE}) as result:
        yield from result.partitions()


def _tells_no_content(detail: Detail) -> bool:
    """Whether a detail is a count or a code, which names, addresses and words are not."""
    if detail is None or isinstance(detail, int):
        return True
    return all(_CODE.fullmatch(each) for each in ([detail] if isinstance(detail, str) else detail))
