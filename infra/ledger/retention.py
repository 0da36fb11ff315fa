"""Retention in the ledger: what is past its clock and what falls due, counted from metadata alone, and holds."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    literal,
    select,
    union_all,
    update,
)

from domain.draft import DraftState
from domain.errors import InvalidSettings
from domain.retention import SOON_DAYS, Clock, Clocks, Event, Held, Standing
from infra.ledger import schema
from infra.ledger.engine import upsert
from infra.ledger.moments import utc

_PAST, _SOON, _LATER, _UNDATED, _ON_HOLD = range(5)
"""Where something stands; of something that several reports need, the highest of all counts."""

_CLASSES = (Held.EVALUATION, Held.REJECTED, Held.DOCUMENT, Held.MEDIA)
"""Classes of files; one that is of several is counted in the last of them."""

_REPORT, _BLOB_KEY = schema.report.c, schema.blob_key.c
_ON = schema.hold.c
_KEPT = select(_ON.report_id).where(_ON.report_id == _REPORT.id, _ON.lifted_at.is_(None)).exists()

_Counted = tuple[int, int, datetime | None]
"""A state, how many, and the oldest event."""


def standing(connection: Connection, clocks: Clocks, now: datetime) -> dict[Held, Standing]:
    """Count what is held by class: past its clock, due soon, on hold, and without the event of its clock."""
    found: dict[Held, list[_Counted]] = {held: [] for held in Held}
    for rank, state, number, oldest in connection.execute(_files(clocks, now)):
        found[_CLASSES[rank]].append((state, number, oldest))
    for held, query in _others(clocks, now).items():
        found[held] += [(state, number, oldest) for state, number, oldest in connection.execute(query)]
    return {held: _summed(told) for held, told in found.items()}


def place_hold(connection: Connection, report_id: str, basis: str, now: datetime) -> None:
    """Keep everything of a report, whatever its clocks say, until the hold is lifted.

    Raises:
        InvalidSettings: there is no such report.
    """
    if connection.scalar(select(_REPORT.id).where(_REPORT.id == report_id)) is None:
        raise InvalidSettings("the ledger has no such report; name it by its surrogate key")
    upsert(connection, schema.hold, [{"report_id": report_id, "placed_at": now, "basis": basis, "lifted_at": None}])


def lift_holds(connection: Connection, report_id: str, now: datetime) -> int:
    """Lift every hold on a report, and count them; its clocks hold again as if there had been none.

    Raises:
        InvalidSettings: there is none.
    """
    table = schema.hold
    standing = and_(table.c.report_id == report_id, table.c.lifted_at.is_(None))
    lifted = connection.execute(update(table).where(standing).values(lifted_at=now)).rowcount
    if not lifted:
        raise InvalidSettings("no hold stands on such a report; name it by its surrogate key")
    return lifted


def _state(event: ColumnElement[datetime], clock: Clock, now: datetime) -> ColumnElement[int]:
    """Say where something stands whose clock runs from `event`."""
    end = now - timedelta(days=clock.days)
    return case(
        (event.is_(None), _UNDATED),
        (event <= end, _PAST),
        (event <= end + timedelta(days=SOON_DAYS), _SOON),
        else_=_LATER,
    )


def _of_report(clock: Clock, now: datetime) -> ColumnElement[int]:
    return case((_KEPT, _ON_HOLD), else_=_state(_REPORT.received_at, clock, now))


def _files(clocks: Clocks, now: datetime) -> Select[tuple[int, int, int, datetime]]:
    """Count the files whose key is there: by class, and by the state of what needs each longest, report or set."""
    sighting, document = schema.sighting, schema.report_document
    uses = (
        (document.c.blob_id, document, Held.DOCUMENT),
        (sighting.c.details_blob_id, sighting, Held.DOCUMENT),
        (sighting.c.blob_id, sighting, Held.MEDIA),
    )
    rejected = _REPORT.rejection.is_not(None)
    item, of = schema.evaluation_item.c, schema.evaluation_set.c
    evaluated = select(
        item.blob_id.label("blob"), literal(_CLASSES.index(Held.EVALUATION)).label("rank"),
        _state(of.imported_at, clocks[Held.EVALUATION], now).label("state"), of.imported_at.label("event"),
    ).join_from(schema.evaluation_item, schema.evaluation_set)  # fmt: skip
    every = union_all(evaluated, *(
        select(
            blob.label("blob"),
            case((rejected, _CLASSES.index(Held.REJECTED)), else_=_CLASSES.index(held)).label("rank"),
            case(
                (rejected, _of_report(clocks[Held.REJECTED], now)), else_=_of_report(clocks[held], now)
            ).label("state"),
            _REPORT.received_at.label("event"),
        )
        .join_from(table, schema.report, _REPORT.id == table.c.report_id)
        .where(blob.is_not(None))
        for blob, table, held in uses
    )).subquery()  # fmt: skip
    each = (
        select(func.max(every.c.rank).label("rank"), func.max(every.c.state).label("state"),
               func.max(every.c.event).label("event"))
        .join_from(every, schema.blob_key, _BLOB_KEY.blob_id == every.c.blob)
        .group_by(every.c.blob)
        .subquery()
    )  # fmt: skip
    counted = select(each.c.rank, each.c.state, func.count(), func.min(each.c.event))
    return counted.group_by(each.c.rank, each.c.state)


def _others(clocks: Clocks, now: datetime) -> Mapping[Held, Select[tuple[int, int, datetime]]]:
    """Count what is no file."""
    draft, part = schema.draft, schema.draft_part
    event = draft.c.opened_at if clocks[Held.DRAFT].event is Event.OPENED else draft.c.changed_at
    drafts = _grouped(_state(event, clocks[Held.DRAFT], now), event)
    person = _grouped(_of_report(clocks[Held.PERSON], now), _REPORT.received_at)
    archive = _grouped(_of_report(clocks[Held.ARCHIVE], now), _REPORT.received_at)
    return {
        Held.DRAFT: drafts.join_from(part, draft).where(draft.c.state == DraftState.OPEN),
        Held.PERSON: person.join_from(schema.person, schema.report),
        Held.ARCHIVE: archive.where(_REPORT.archived, _REPORT.rejection.is_(None)),
    }


def _grouped(state: ColumnElement[int], event: ColumnElement[datetime]) -> Select[tuple[int, int, datetime]]:
    state = state.label("state")
    return select(state, func.count(), func.min(event)).group_by(state)


def _summed(told: list[_Counted]) -> Standing:
    by = {state: number for state, number, _ in told}
    oldest = next((event for state, _, event in told if state == _PAST), None)
    return Standing(
        held=sum(by.values()),
        past=by.get(_PAST, 0),
        soon=by.get(_SOON, 0),
        on_hold=by.get(_ON_HOLD, 0),
        undated=by.get(_UNDATED, 0),
        oldest=oldest and utc(oldest),
    )
