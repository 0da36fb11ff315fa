"""Moments in queries: accepted reports by the calendar year of their receipt, and seconds, in UTC on every database."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Integer, Subquery, cast, extract, func, select

from infra.ledger import schema


def standing(connection: Connection) -> Subquery:
    """Select the accepted reports that no revision took the place of: id, received_at, year."""
    report = schema.report.c
    received_at: ColumnElement[Any] = report.received_at
    if connection.dialect.name == "postgresql":  # which would take the session's zone
        received_at = func.timezone("UTC", received_at)
    year = cast(extract("year", received_at), Integer).label("year")
    in_force = report.rejection.is_(None) & report.superseded_by.is_(None)
    return select(report.id, report.received_at, year).where(in_force).subquery()


def seconds(connection: Connection, moment: ColumnElement[datetime]) -> ColumnElement[int]:
    """Give a moment as whole seconds since 1970, rounded down."""
    told: ColumnElement[Any] = extract("epoch", moment)
    if connection.dialect.name == "postgresql":  # which would round to the nearest
        told = func.floor(told)
    return cast(told, BigInteger)
