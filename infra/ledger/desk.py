"""The desk in the ledger: when reports were looked at, to whom they were referred, and what came back.

Counted are accepted reports that no revision took the place of, in the year of their receipt.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Integer, Row, Select, case, exists, func, literal, select

from domain.referral import CaseStatus, CloseReason, Detail, Event, Feedback, Look, Recipient, Referral, Usefulness
from infra.ledger import schema
from infra.ledger.engine import add_missing
from infra.ledger.moments import seconds, standing, utc
from infra.ledger.reports import ReportNumber, with_numbers

TENTH = 360
"""Seconds of a tenth of an hour."""


_ANSWERED = tuple(field.name for field in fields(Feedback))


class Looks(NamedTuple):
    """Reports by how long they waited for the first look, in tenths of an hour, rounded up; `band` is empty: none."""

    year: int
    band: str
    tenths: int
    reports: int


class Ranked(NamedTuple):
    """Reports that stand in the queue, looked at or not."""

    year: int
    band: str
    reports: int


class Referred(NamedTuple):
    """Reports that were referred to anybody; actionable if to one of them as such."""

    year: int
    actionable: bool
    fed_back: bool
    reports: int


class Made(NamedTuple):
    """Reports that were referred to a recipient; actionable if once as such."""

    year: int
    recipient: str
    actionable: bool
    reports: int


class FedBack(NamedTuple):
    """Reports on which anybody gave feedback; useful if one of them said so."""

    year: int
    useful: bool
    reports: int


def accepted(connection: Connection, numbers: Iterable[ReportNumber]) -> dict[ReportNumber, list[tuple[datetime, str]]]:
    """Give the accepted revisions of these reports, in order: when each was received, and its id."""
    report = schema.report.c
    query = select(report.reporter, report.external_id, report.received_at, report.id)
    query = query.where(report.rejection.is_(None)).order_by(report.revision)
    found: defaultdict[ReportNumber, list[tuple[datetime, str]]] = defaultdict(list)
    for some in with_numbers(numbers):
        for reporter, number, received_at, report_id in connection.execute(query.where(some)):
            found[reporter, number].append((utc(received_at), report_id))
    return found


def record(connection: Connection, happened: Sequence[tuple[str, Event]]) -> int:
    """Add what became of reports, by their ids, and count what is new."""
    looks = [{"report_id": report, "at": each.at} for report, each in happened if isinstance(each, Look)]
    referrals = [
        {"report_id": report, "recipient": each.recipient, "at": each.at, "detail": each.detail}
        for report, each in happened if isinstance(each, Referral)
    ]  # fmt: skip
    feedback = [
        {"report_id": report, **{name: getattr(each, name) for name in _ANSWERED}}
        for report, each in happened if isinstance(each, Feedback)
    ]  # fmt: skip
    written = ((schema.look, looks), (schema.referral, referrals), (schema.feedback, feedback))
    return sum(add_missing(connection, table, rows) for table, rows in written)


def looks(connection: Connection) -> list[Looks]:
    """Count the reports that were looked at."""
    look, priority, report = schema.look.c, schema.priority.c, standing(connection)
    first = select(look.report_id, func.min(look.at).label("at")).group_by(look.report_id).subquery()
    waited = seconds(connection, first.c.at) - seconds(connection, report.c.received_at)
    tenths = (waited + literal(TENTH - 1, Integer)) // literal(TENTH, Integer)
    query = (
        select(report.c.year, func.coalesce(priority.band, "").label("band"), tenths.label("tenths"))
        .join_from(first, report, report.c.id == first.c.report_id)
        .join(schema.priority, (priority.report_id == report.c.id) & priority.current, isouter=True)
    )
    return [Looks(*row) for row in _counted(connection, query)]


def ranked(connection: Connection) -> list[Ranked]:
    """Count the reports in the queue."""
    priority, report = schema.priority.c, standing(connection)
    query = select(report.c.year, priority.band).where(priority.current)
    query = query.join_from(schema.priority, report, report.c.id == priority.report_id)
    return [Ranked(*row) for row in _counted(connection, query)]


def referred(connection: Connection) -> list[Referred]:
    """Count the reports that were referred."""
    each = schema.referral.c
    actionable, said = _once(each.detail == Detail.ACTIONABLE), schema.feedback.c
    reports = select(each.report_id, actionable.label("actionable")).group_by(each.report_id).subquery()
    fed_back = case((exists().where(said.report_id == reports.c.report_id), 1), else_=0)
    report = standing(connection)
    query = select(report.c.year, reports.c.actionable, fed_back.label("fed_back"))
    query = query.join_from(reports, report, report.c.id == reports.c.report_id)
    return [Referred(year, bool(may), bool(said), number) for year, may, said, number in _counted(connection, query)]


def made(connection: Connection) -> list[Made]:
    """Count the pairs of a report and a recipient."""
    each = schema.referral.c
    actionable = _once(each.detail == Detail.ACTIONABLE).label("actionable")
    pairs = select(each.report_id, each.recipient, actionable).group_by(each.report_id, each.recipient).subquery()
    report = standing(connection)
    query = select(report.c.year, pairs.c.recipient, pairs.c.actionable)
    query = query.join_from(pairs, report, report.c.id == pairs.c.report_id)
    return [Made(year, to, bool(may), number) for year, to, may, number in _counted(connection, query)]


def fed_back(connection: Connection) -> list[FedBack]:
    """Count the reports with feedback."""
    each = schema.feedback.c
    useful = _once(each.useful == Usefulness.USEFUL).label("useful")
    reports = select(each.report_id, useful).group_by(each.report_id).subquery()
    report = standing(connection)
    query = select(report.c.year, reports.c.useful).join_from(reports, report, report.c.id == reports.c.report_id)
    return [FedBack(year, bool(was), number) for year, was, number in _counted(connection, query)]


def became(connection: Connection) -> dict[str, frozenset[str]]:
    """Say of reports that they were referred as actionable, found useful, or led to an arrest or a conviction."""
    made, said = schema.referral.c, schema.feedback.c
    caught = said.status.in_((CaseStatus.ARREST, CaseStatus.CONVICTION))
    groups = {
        "referred as actionable": select(made.report_id).where(made.detail == Detail.ACTIONABLE),
        "found useful": select(said.report_id).where(said.useful == Usefulness.USEFUL),
        "arrest or conviction": select(said.report_id).where(caught),
    }
    found: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for group, query in groups.items():
        for report in connection.scalars(query.distinct()):
            found[report] |= {group}
    return dict(found)


def actionable(connection: Connection) -> dict[str, bool]:
    """Say of each report that was referred whether it was to anybody as actionable."""
    each = schema.referral.c
    query = select(each.report_id, _once(each.detail == Detail.ACTIONABLE)).group_by(each.report_id)
    return {report: bool(was) for report, was in connection.execute(query)}


def answers(connection: Connection) -> dict[str, list[Feedback]]:
    """Give all feedback on each report, in its order."""
    table = schema.feedback
    query = select(table).order_by(table.c.report_id, table.c.at, table.c.recipient, table.c.status)
    found: defaultdict[str, list[Feedback]] = defaultdict(list)
    for row in connection.execute(query):
        told = {name: getattr(row, name) for name in _ANSWERED}
        codes = {
            "at": utc(row.at), "recipient": Recipient(row.recipient), "status": CaseStatus(row.status),
            "useful": Usefulness(row.useful), "close_reason": row.close_reason and CloseReason(row.close_reason),
        }  # fmt: skip
        found[row.report_id].append(Feedback(**told | codes))
    return dict(found)


def _once(holds: ColumnElement[bool]) -> ColumnElement[int]:
    """Say whether something holds of any row of a group, 1 or 0."""
    return func.max(case((holds, 1), else_=0))


def _counted(connection: Connection, query: Select[Any]) -> Iterable[Row[Any]]:
    """Count the rows of a query by all its columns, in their order."""
    told = query.subquery()
    return connection.execute(select(*told.c, func.count()).group_by(*told.c).order_by(*told.c))
