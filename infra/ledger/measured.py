"""Measured in the ledger: each number of a month as it was said first, and every change of it later, dated."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, select

from infra.ledger import schema
from infra.ledger.engine import add_missing
from infra.ledger.moments import utc

Number = tuple[date, str]
"""A month, by its first day, and which of its numbers."""

_TICK = timedelta(microseconds=1)


class Said(NamedTuple):
    """What was said of a month's number, and when."""

    month: date
    what: str
    said_at: datetime
    number: int


def said(connection: Connection) -> list[Said]:
    """List all that was ever said, by month, number and time."""
    table = schema.measured.c
    query = select(table.month, table.what, table.said_at, table.count)
    rows = connection.execute(query.order_by(table.month, table.what, table.said_at))
    return [Said(month, what, utc(said_at), number) for month, what, said_at, number in rows]


def record(connection: Connection, now: Mapping[Number, int], open_from: date, said_at: datetime) -> int:
    """Add what differs from what was said last, all of one time, and count it.

    Args:
        connection: writes the ledger.
        now: the numbers of all months; one that is missing is 0, and nothing new of a month of which nothing was said.
        open_from: the first month of which nothing is said yet, unless something was said of it before.
        said_at: the time; moved up where the ledger has said something since.
    """
    before = said(connection)
    last: dict[Number, int] = {(each.month, each.what): each.number for each in before}
    told = {each.month for each in before}
    moment = max([said_at, *(each.said_at + _TICK for each in before)])
    rows = [
        {"month": month, "what": what, "said_at": moment, "count": now.get((month, what), 0)}
        for month, what in sorted(now.keys() | last.keys())
        if (month < open_from or month in told) and now.get((month, what), 0) != last.get((month, what))
    ]
    return add_missing(connection, schema.measured, rows)
