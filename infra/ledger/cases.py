"""Cases in the ledger: what was decided, to which desks it goes, and what became of each package."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, select, update

from domain.case import Acknowledged, Decided, Open, Recalled, Referred, Sent
from domain.referral import AnswerFault, Detail, Recipient
from domain.routing import MANUAL, Desk, Routed
from infra.ledger import schema
from infra.ledger.engine import add_missing, upsert
from infra.ledger.moments import utc

_DISPATCH, _DECISION, _REPORT = schema.dispatch.c, schema.decision.c, schema.report.c
_EVERY = select(schema.dispatch, _DECISION.decided_by, _DECISION.detail, _REPORT.superseded_by).select_from(
    schema.dispatch.join(schema.decision).join(schema.report, _REPORT.id == _DISPATCH.report_id)
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A row of a decided case for one desk, and how far it is; `number` is empty until its package is made."""

    case: Decided
    desk: str
    recipient: Recipient
    reasons: tuple[str, ...]
    number: str
    superseded: bool
    sent_at: datetime | None
    acknowledged_at: datetime | None
    recalled_at: datetime | None


def standing(connection: Connection, report: str) -> Open | Decided:
    """Tell whether a report waits for a decision: it has none, or nothing of the last one stands any more."""
    latest = select(schema.decision).where(_DECISION.report_id == report).order_by(_DECISION.decided_at.desc()).limit(1)
    row = connection.execute(latest).one_or_none()
    if row is None:
        return Open(report)
    case = _case(row)
    going = [each for each in _of(connection, _DISPATCH.report_id == report) if each.case == case]
    if any(each.recalled_at is None for each in going):
        return case
    return Open(report, [Recalled(_referred(each, each.sent_at), each.recalled_at)
                         for each in going if each.sent_at and each.recalled_at])  # fmt: skip


def decide(connection: Connection, case: Decided, routed: Sequence[Routed]) -> None:
    """Write a decision and the desks it goes to."""
    row = {"report_id": case.report, "decided_at": case.at, "decided_by": case.by, "detail": case.detail}
    upsert(connection, schema.decision, [row])
    _add(connection, case, routed)


def readdress(connection: Connection, case: Decided, routed: Sequence[Routed]) -> None:
    """Put other desks in place of those for which no package was made yet."""
    unmade = _is(case) & _DISPATCH.number.is_(None)
    connection.execute(delete(schema.dispatch).where(unmade))
    kept = set(connection.scalars(select(_DISPATCH.desk).where(_is(case))))
    _add(connection, case, [each for each in routed if each.desk.code not in kept])


def recalled_from(connection: Connection, case: Decided) -> set[str]:
    """Give the desks from which a package of this decision was taken back."""
    return set(connection.scalars(select(_DISPATCH.desk).where(_is(case) & _DISPATCH.recalled_at.is_not(None))))


def unsent(connection: Connection) -> list[Outgoing]:
    """Give what was not delivered yet, the oldest decision first; what waits for a person is left out."""
    return _of(connection, _DISPATCH.sent_at.is_(None) & (_DISPATCH.desk != MANUAL.code))


def every(connection: Connection) -> list[Outgoing]:
    """Give every row, the oldest decision first."""
    return _of(connection, _DISPATCH.sent_at.is_(None) | _DISPATCH.sent_at.is_not(None))


def number(connection: Connection, one: Outgoing, number: str) -> bool:
    """Note which package is made for a desk, before it is delivered; whether it is still to go there."""
    here = _row(one.case, one.desk) & _DISPATCH.sent_at.is_(None)
    return bool(connection.execute(update(schema.dispatch).where(here).values(number=number)).rowcount)


def send(connection: Connection, referred: Referred) -> bool:
    """Note that a package was delivered; whether nobody noted it before."""
    here = _row(referred.case, referred.desk) & _DISPATCH.sent_at.is_(None)
    done = connection.execute(update(schema.dispatch).where(here).values(sent_at=referred.at, number=referred.number))
    return bool(done.rowcount)


def find(connection: Connection, number: str) -> Sent | None:
    """Give the package of this number that was delivered, as it stands."""
    for one in _of(connection, (_DISPATCH.number == number) & _DISPATCH.sent_at.is_not(None)):
        referred = _referred(one, one.sent_at)
        if one.recalled_at:
            return Recalled(referred, one.recalled_at)
        return Acknowledged(referred, one.acknowledged_at) if one.acknowledged_at else referred
    return None


def acknowledge(connection: Connection, one: Acknowledged) -> None:
    """Note that a desk has its package."""
    here = _row(one.referred.case, one.referred.desk)
    connection.execute(update(schema.dispatch).where(here).values(acknowledged_at=one.at))


def recall(connection: Connection, one: Recalled) -> None:
    """Note that a package was taken back."""
    here = _row(one.referred.case, one.referred.desk)
    connection.execute(update(schema.dispatch).where(here).values(recalled_at=one.at))


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Feedback that found no package: where it stood in its file, why, and the beginning of what stood there."""

    place: int
    reason: AnswerFault
    content: str


def keep_unmatched(connection: Connection, source: str, found: Sequence[Unmatched], now: datetime) -> None:
    """Keep what of a file (by its SHA-256) finds no package; what was kept of it and finds one now goes."""
    table = schema.unmatched_feedback
    kept = set(connection.scalars(select(table.c.place).where(table.c.source == source)))
    for place in sorted(kept - {each.place for each in found}):
        connection.execute(delete(table).where(table.c.source == source, table.c.place == place))
    rows = [
        {"source": source, "place": each.place, "reason": each.reason, "content": each.content, "taken_at": now}
        for each in found
    ]
    add_missing(connection, table, rows)


def unmatched(connection: Connection) -> dict[str, int]:
    """Count the feedback that found no package, by reason."""
    reason = schema.unmatched_feedback.c.reason
    return dict(connection.execute(select(reason, func.count()).group_by(reason).order_by(reason)).tuples().all())


def _of(connection: Connection, where: ColumnElement[bool]) -> list[Outgoing]:
    query = _EVERY.where(where).order_by(_DISPATCH.decided_at, _DISPATCH.report_id, _DISPATCH.desk)
    return [
        Outgoing(
            case=_case(row),
            desk=row.desk,
            recipient=Recipient(row.recipient),
            reasons=tuple(row.reasons),
            number=row.number or "",
            superseded=row.superseded_by is not None,
            sent_at=row.sent_at and utc(row.sent_at),
            acknowledged_at=row.acknowledged_at and utc(row.acknowledged_at),
            recalled_at=row.recalled_at and utc(row.recalled_at),
        )
        for row in connection.execute(query)
    ]


def _case(row: Row[tuple[object, ...]]) -> Decided:
    return Decided(row.report_id, utc(row.decided_at), row.decided_by, Detail(row.detail))


def _referred(one: Outgoing, at: datetime | None) -> Referred:
    assert at is not None
    return one.case.refer(Desk(one.desk, one.recipient, one.desk), one.number, at)


def _add(connection: Connection, case: Decided, routed: Sequence[Routed]) -> None:
    rows = [
        {
            "report_id": case.report, "decided_at": case.at, "desk": each.desk.code, "recipient": each.desk.recipient,
            "reasons": [str(reason) for reason in each.reasons],
        }
        for each in routed
    ]  # fmt: skip
    upsert(connection, schema.dispatch, rows)


def _is(case: Decided) -> ColumnElement[bool]:
    return and_(_DISPATCH.report_id == case.report, _DISPATCH.decided_at == case.at)


def _row(case: Decided, desk: str) -> ColumnElement[bool]:
    return _is(case) & (_DISPATCH.desk == desk)
