"""Priorities in the ledger: the ranks with their reasons, kept for good, and where each report stands by them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, bindparam, literal, select, update

from domain.cluster import ClusterKind
from domain.completeness import completeness, missing
from domain.priority import Priority, Reason
from infra.ledger import schema
from infra.ledger.engine import add_missing
from infra.ledger.facts import leads_of
from infra.ledger.moments import utc


@dataclass(frozen=True, slots=True)
class Ranked:
    """A report's place in the queue.

    Attributes:
        open: evidence that models left open.
        between: the scores that it could be; None where nothing that counts is open.
        completeness: how much of what locates someone is there, 0-100; no part of the score.
        lacking: what would raise the completeness, by names of `domain.completeness.PARTS`.
    """

    report_id: str
    score: float
    band: str
    reasons: tuple[Reason, ...]
    open: tuple[str, ...] = ()
    between: tuple[float, float] | None = None
    completeness: int = 0
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Once:
    """A rank that a report has, or had: since when, by which policy, and whether it stands by it now."""

    ranked_at: datetime
    policy: str
    score: float
    band: str
    current: bool


@dataclass(frozen=True, slots=True)
class Case:
    """Reports that share content, as one: it stands where its highest member stands.

    Attributes:
        case: the cluster's id.
        highest: the member whose score, band and reasons the case inherits.
        members: its reports in the queue, by id, in their order there.
    """

    case: str
    highest: Ranked
    members: tuple[str, ...]


def record(
    connection: Connection, policy: str, ranked: Sequence[tuple[str, str, Priority]], ranked_at: datetime
) -> int:
    """Append priorities, and make them those by which the reports stand in the queue; count those that do only now.

    A row that is there stays as it is, but for whether the report stands by it.
    """
    table = schema.priority
    rows = [
        {
            "report_id": report,
            "policy": policy,
            "evidence": evidence,
            "score": priority.score,
            "band": priority.band,
            "reasons": [[reason.name, reason.points] for reason in priority.reasons],
            "open": list(priority.open),
            "least": (priority.between or (priority.score,))[0],
            "most": (priority.between or (priority.score,))[-1],
            "ranked_at": ranked_at,
            "current": False,
        }
        for report, evidence, priority in ranked
    ]
    add_missing(connection, table, rows)
    query = select(table.c.report_id, table.c.policy, table.c.evidence).where(table.c.current)
    before = {tuple(row) for row in connection.execute(query)}
    now = {(report, policy, evidence) for report, evidence, _ in ranked}
    _stand(connection, before - now, current=False)
    _stand(connection, now - before, current=True)
    return len(now - before)


def _stand(connection: Connection, rows: set[tuple[str, str, str]], *, current: bool) -> None:
    """Say of rows, by their keys, whether their reports stand by them."""
    table = schema.priority
    keys = [table.c.report_id, table.c.policy, table.c.evidence]
    named = [column == bindparam(f"of_{column.name}") for column in keys]
    if rows:
        parameters = [{f"of_{column.name}": value for column, value in zip(keys, row, strict=True)} for row in rows]
        connection.execute(update(table).where(*named).values(current=current), sorted(parameters, key=repr))


def queue(connection: Connection, most: int | None = None, of: Select[tuple[str]] | None = None) -> list[Ranked]:
    """Give the head of the queue, or all of it: the most urgent first, the longer waiting first among equals.

    With `of`, a query for ids, those reports alone.
    """
    table, report = schema.priority.c, schema.report.c
    chosen = table.current if of is None else table.current & table.report_id.in_(of)
    query = (
        select(table.report_id, table.score, table.band, table.reasons, table.open, table.least, table.most)
        .join_from(schema.priority, schema.report, report.id == table.report_id)
        .where(chosen)
        .order_by(table.score.desc(), report.received_at, report.id)
        .limit(most)
    )
    rows = connection.execute(query).all()
    leads = leads_of(connection, [row.report_id for row in rows])
    return [
        Ranked(
            row.report_id,
            row.score,
            row.band,
            tuple(Reason(name, points) for name, points in row.reasons),
            tuple(row.open),
            (row.least, row.most) if row.open else None,
            completeness(leads[row.report_id]),
            missing(leads[row.report_id]),
        )
        for row in rows
    ]


def standing(connection: Connection) -> dict[str, tuple[str, dict[str, float]]]:
    """Give the band of every report in the queue, and the points of its reasons by their names."""
    table = schema.priority.c
    rows = connection.execute(select(table.report_id, table.band, table.reasons).where(table.current))
    return {report: (band, dict(reasons)) for report, band, reasons in rows}


def find(connection: Connection, start: str) -> list[tuple[str, datetime]]:
    """Find reports in the queue whose ids begin so, two at most, and when they were received."""
    table, report = schema.priority.c, schema.report.c
    query = select(report.id, report.received_at).join(schema.priority, table.report_id == report.id)
    named = report.id.startswith(start, autoescape=True)
    rows = connection.execute(query.where(table.current, named).order_by(report.id).limit(2))
    return [(name, utc(received_at)) for name, received_at in rows]


def history(connection: Connection, report: str) -> list[Once]:
    """Give every rank that a report has or had, in the order in which it came to them first."""
    table = schema.priority.c
    query = select(table.ranked_at, table.policy, table.score, table.band, table.current)
    rows = connection.execute(query.where(table.report_id == report).order_by(table.ranked_at, table.evidence))
    return [Once(utc(row.ranked_at), row.policy, row.score, row.band, row.current) for row in rows]


def cases(connection: Connection) -> list[Case]:
    """Give the cases, in the order of their highest members in the queue.

    A cluster of reports that share content is a case. Its members keep the scores of their own.
    """
    member = schema.cluster_member.c
    query = select(member.member, member.cluster_id).where(member.kind == ClusterKind.REPORTS)
    case_of = dict(connection.execute(query).tuples().all())
    members: dict[str, list[Ranked]] = {}
    for one in queue(connection):
        if one.report_id in case_of:
            members.setdefault(case_of[one.report_id], []).append(one)
    return [Case(case, ranked[0], tuple(one.report_id for one in ranked)) for case, ranked in members.items()]


def case_of(connection: Connection, report: str) -> Case | None:
    """Give the case that a report is part of, if any."""
    member = schema.cluster_member.c
    of_reports = select(member.cluster_id).where(member.kind == ClusterKind.REPORTS)
    case = connection.scalar(of_reports.where(member.member == report))
    if case is None:
        return None
    ranked = queue(connection, of=select(member.member).where(member.cluster_id == case))
    return Case(case, ranked[0], tuple(one.report_id for one in ranked)) if ranked else None


def ranked(connection: Connection, report: str) -> Ranked:
    """Give the place of a report that is in the queue."""
    (found,) = queue(connection, of=select(literal(report)))
    return found
