"""Priorities in the ledger: the ranks with their reasons, kept for good, and where each report stands by them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from domain.cluster import ClusterKind
from domain.priority import Priority, Reason
from infra.ledger import schema
from infra.ledger.engine import add_missing


@dataclass(frozen=True, slots=True)
class Ranked:
    """A report's place in the queue.

    Attributes:
        open: evidence that models left open.
        between: the scores that it could be; None where nothing that counts is open.
    """

    report_id: str
    score: float
    band: str
    reasons: tuple[Reason, ...]
    open: tuple[str, ...] = ()
    between: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """Reports that share content, as one: it stands where its highest member stands.

    Attributes:
        case: the cluster's id.
        highest: the member whose score, band and reasons the case inherits.
        reports: members in the queue.
    """

    case: str
    highest: Ranked
    reports: int


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


def queue(connection: Connection, most: int | None = None) -> list[Ranked]:
    """Give the head of the queue, or all of it: the most urgent first, the longer waiting first among equals."""
    table, report = schema.priority.c, schema.report.c
    query = (
        select(table.report_id, table.score, table.band, table.reasons, table.open, table.least, table.most)
        .join_from(schema.priority, schema.report, report.id == table.report_id)
        .where(table.current)
        .order_by(table.score.desc(), report.received_at, report.id)
        .limit(most)
    )
    return [
        Ranked(
            report_id,
            score,
            band,
            tuple(Reason(name, points) for name, points in reasons),
            tuple(left_open),
            (least, highest) if left_open else None,
        )
        for report_id, score, band, reasons, left_open, least, highest in connection.execute(query)
    ]


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
    return [Case(case, ranked[0], len(ranked)) for case, ranked in members.items()]
