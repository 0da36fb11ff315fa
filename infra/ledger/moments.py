"""Moments, in queries and read from them: reports by the calendar year of receipt, and seconds, in UTC everywhere."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Integer, String, Subquery, cast, extract, func, select

from infra.ledger import schema

LETTERS = 26
"""Letters of a moment as text: YYYY-MM-DD HH:MM:SS.ffffff."""


def standing(connection: Connection) -> Subquery:
    """Select the archived reports that no revision took the place of: id, received_at, year."""
    report = schema.report.c
    received_at: ColumnElement[Any] = report.received_at
    if connection.dialect.name == "postgresql":  # which would take the session's zone
        received_at = func.timezone("UTC", received_at)
    year = cast(extract("year", received_at), Integer).label("year")
    in_force = report.archived & report.rejection.is_(None) & report.superseded_by.is_(None)
    return select(report.id, report.received_at, year).where(in_force).subquery()


def seconds(connection: Connection, moment: ColumnElement[datetime]) -> ColumnElement[int]:
    """Give a moment as whole seconds since 1970, rounded down."""
    told: ColumnElement[Any] = extract("epoch", moment)
    if connection.dialect.name == "postgresql":  # which would round to the nearest
        told = func.floor(told)
    return cast(told, BigInteger)


def as_text(connection: Connection, moment: ColumnElement[datetime]) -> ColumnElement[str]:
    """Write a moment of the ledger as text of `LETTERS` letters, which sorts as moments do."""
    if connection.dialect.name == "postgresql":
        return func.to_char(func.timezone("UTC", moment), "YYYY-MM-DD HH24:MI:SS.US", type_=String)
    return cast(moment, String)  # as SQLite has it


def utc(moment: datetime) -> datetime:
    """Read a time of the ledger as UTC: SQLite keeps no zone."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
