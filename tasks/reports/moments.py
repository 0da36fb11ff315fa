"""Moments: when reports were received and incidents happened, within what can be true."""

from datetime import UTC, datetime, timedelta

from domain.errors import Rejected
from domain.report import Rejection

EARLIEST = datetime(1998, 1, 1, tzinfo=UTC)
"""No report was received before: the paper's history begins in March 1998."""

EARLIEST_INCIDENT = datetime(1900, 1, 1, tzinfo=UTC)
"""No report tells of what happened before."""

CLOCKS_DIFFER = timedelta(days=1)
"""How far ahead of ours another's clock may be."""


def checked_receipt(moment: datetime | None) -> datetime:
    """See that a report can have been received then.

    Raises:
        Rejected: it cannot, or nobody says when.
    """
    if moment is None:
        raise Rejected(Rejection.SCHEMA)
    if not EARLIEST <= moment <= datetime.now(UTC) + CLOCKS_DIFFER:
        raise Rejected(Rejection.IMPOSSIBLE_DATE)
    return moment


def zoned(text: str) -> datetime:
    """Read a moment of ISO 8601 with a time zone, at which something was done with a report.

    Raises:
        Rejected: it is none, has no zone, or cannot be.
    """
    try:
        moment = datetime.fromisoformat(text)
        return checked_receipt(moment.astimezone(UTC) if moment.tzinfo else None)
    except (ValueError, OverflowError):
        raise Rejected(Rejection.IMPOSSIBLE_DATE) from None


def received_at(seconds: float) -> datetime:
    """Give the time of a file (seconds since 1970) as a time of receipt; now, where nothing can be received then."""
    try:
        return checked_receipt(datetime.fromtimestamp(seconds, UTC))
    except (Rejected, OverflowError, ValueError, OSError):
        return datetime.now(UTC)


def checked_incident(moment: datetime | None, received_at: datetime) -> datetime | None:
    """See that something can have happened then: before it was reported, and not before anyone could.

    Raises:
        Rejected: it cannot.
    """
    if moment is not None and not EARLIEST_INCIDENT <= moment <= received_at + CLOCKS_DIFFER:
        raise Rejected(Rejection.IMPOSSIBLE_DATE)
    return moment
