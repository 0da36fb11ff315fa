"""Drafts in the ledger: every call of the gateway is a row here before it is answered."""

from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, delete, func, insert, select, text, update

from domain.counts import Counts
from domain.draft import IDLE, LIFETIME, Draft, DraftState, Parts, Refusal
from domain.errors import DraftRefused
from domain.intake import HeldFile
from domain.media import BlobKey, Digests, Kind, Sealed
from infra.ledger import schema
from infra.ledger.engine import upsert
from infra.ledger.moments import utc

_DRAFT, _PART = schema.draft, schema.draft_part

# What every call runs is made once: SQLAlchemy takes longer to make a statement than to run it.
_NUMBER: BindParameter[int] = bindparam("draft")
_FIND = select(_DRAFT).where(_DRAFT.c.number == _NUMBER, _DRAFT.c.reporter == bindparam("reporter"))
_FIND_REQUEST = select(_DRAFT).where(_DRAFT.c.request == bindparam("request"))
_LAST = select(func.max(_DRAFT.c.number))
_OPEN = insert(_DRAFT)
_PARTS = select(_PART).where(_PART.c.number == _NUMBER).order_by(_PART.c.name)
_FILE = select(_PART.c.name).where(_PART.c.number == _NUMBER, _PART.c.blob_id == bindparam("blob"))
_NAMED = select(_PART.c.name).where(_PART.c.number == _NUMBER, _PART.c.name == bindparam("name"))
_ADD = insert(_PART)
_TOUCH = update(_DRAFT).where(_DRAFT.c.number == _NUMBER).values(changed_at=bindparam("now"))
_FINISH = (
    update(_DRAFT).where(_DRAFT.c.number == _NUMBER).values(state=DraftState.FINISHED, report_id=bindparam("report"))
)
_FORGET = delete(_PART).where(_PART.c.number == _NUMBER)


def find(connection: Connection, number: int, reporter: str, now: datetime) -> Draft:
    """Give a reporter's draft, whatever its state.

    Raises:
        DraftRefused: there is none, it is another reporter's, or it was left open for too long.
    """
    row = connection.execute(_FIND, {"draft": number, "reporter": reporter}).one_or_none()
    if row is None:
        raise DraftRefused(Refusal.UNKNOWN)
    found = _draft(row)
    if found.state is DraftState.OPEN and found.ended(now):
        raise DraftRefused(Refusal.UNKNOWN)
    return found


def find_open(connection: Connection, number: int, reporter: str, now: datetime) -> Draft:
    """Give a reporter's draft that may be changed.

    Raises:
        DraftRefused: it is not there, or not open.
    """
    found = find(connection, number, reporter, now)
    if found.state is not DraftState.OPEN:
        raise DraftRefused(Refusal(found.state))
    return found


def begin(
    connection: Connection,
    reporter: str,
    request: str,
    document: tuple[str, HeldFile],
    now: datetime,
    *,
    explicit: bool,
) -> int:
    """Open a draft with its report, and give its number; a submission that is known by `request` has one already.

    Where the client named the request (`explicit`), its draft is that for good, unless its time ended. Where it is
    known by its content alone, it is only while the draft is open and no file has come: later the same words may be
    another report. `document` is a keyed digest of the report, and where it is held.

    Raises:
        DraftRefused: the client's name stands for another document, or for a draft that was retracted.
    """
    digest, held = document
    known = connection.execute(_FIND_REQUEST, {"request": request}).one_or_none()
    if known is not None:
        draft = _draft(known)
        over = draft.state is DraftState.OPEN and draft.ended(now)
        if explicit and not over and known.document != digest:
            raise DraftRefused(Refusal.OTHER_DOCUMENT)
        if explicit and draft.state is DraftState.RETRACTED:
            raise DraftRefused(Refusal.RETRACTED)
        if not over and (explicit or _untouched(connection, draft)):
            return draft.number
        connection.execute(update(_DRAFT).where(_DRAFT.c.number == known.number).values(request=None))
    last = connection.scalar(_LAST) or 0
    number = max(last + 1, int(now.timestamp()))  # never one that was used before
    row = {"number": number, "reporter": reporter, "opened_at": now, "changed_at": now, "request": request}
    connection.execute(_OPEN, {**row, "document": digest, "state": DraftState.OPEN})
    connection.execute(_ADD, _row(number, "report.xml", held))
    return number


def _untouched(connection: Connection, draft: Draft) -> bool:
    files = connection.scalar(select(func.count()).where(_PART.c.number == draft.number))
    return draft.state is DraftState.OPEN and files == 1


def parts(connection: Connection, number: int) -> Parts:
    """Give everything that came of a draft, by name."""
    return {
        row.name: HeldFile(
            row.blob_id,
            Digests(row.md5, row.sha1, row.sha256, row.size),
            row.media_type,
            Kind(row.kind),
            Sealed(row.object, row.kek, bytes(row.wrapped)) if row.object else None,
        )
        for row in connection.execute(_PARTS, {"draft": number})
    }


def holds(connection: Connection, number: int, name: str) -> bool:
    """Whether a draft has a part of this name."""
    return connection.scalar(_NAMED, {"draft": number, "name": name}) is not None


def file_of(connection: Connection, number: int, blob: BlobKey) -> str | None:
    """Give the id of a draft's file with these bytes, if one came."""
    names = connection.scalars(_FILE, {"draft": number, "blob": blob})
    return next((name.removesuffix(".bin") for name in names if name.endswith(".bin")), None)


def file_ids(connection: Connection, report_id: str) -> list[str]:
    """Name the files of a finished report."""
    table = schema.sighting.c
    return list(connection.scalars(select(table.file_id).where(table.report_id == report_id).order_by(table.file_id)))


def add(connection: Connection, number: int, name: str, part: HeldFile, now: datetime) -> None:
    """Add a document or a file; one that comes again under its name takes the place of the first."""
    upsert(connection, _PART, [_row(number, name, part)])
    touch(connection, number, now)


def touch(connection: Connection, number: int, now: datetime) -> None:
    """Count a change of a draft, from which its time runs again."""
    connection.execute(_TOUCH, {"draft": number, "now": now})


def finish(connection: Connection, draft: Draft, report_id: str) -> None:
    """Note what a draft became; its parts are the report's now.

    Raises:
        DraftRefused: it changed since it was read.
    """
    now = find_open(connection, draft.number, draft.reporter, draft.changed_at)
    if now.changed_at != draft.changed_at:
        raise DraftRefused(Refusal.CHANGED)
    connection.execute(_FINISH, {"draft": draft.number, "report": report_id})
    connection.execute(_FORGET, {"draft": draft.number})


def retract(connection: Connection, number: int) -> None:
    """Take a draft back: nothing of it is kept."""
    connection.execute(update(_DRAFT).where(_DRAFT.c.number == number).values(state=DraftState.RETRACTED))
    connection.execute(_FORGET, {"draft": number})


def collect(connection: Connection, now: datetime) -> Counts:
    """Remove the drafts that were left open for too long; their objects are swept later."""
    ended = (_DRAFT.c.opened_at < now - LIFETIME) | (_DRAFT.c.changed_at < now - IDLE)
    numbers = list(connection.scalars(select(_DRAFT.c.number).where(text("state = 'open'"), ended)))
    for number in numbers:
        connection.execute(_FORGET, {"draft": number})
        connection.execute(delete(_DRAFT).where(_DRAFT.c.number == number))
    return Counts(drafts_expired=len(numbers))


def _draft(row: Row[Any]) -> Draft:
    opened, changed = utc(row.opened_at), utc(row.changed_at)
    return Draft(row.number, row.reporter, opened, changed, DraftState(row.state), row.report_id)


def _row(number: int, name: str, part: HeldFile) -> dict[str, object]:
    sealed = part.sealed
    return {
        "number": number, "name": name, "blob_id": part.blob, "sha256": part.digests.sha256,
        "sha1": part.digests.sha1, "md5": part.digests.md5, "size": part.digests.size, "media_type": part.media_type,
        "kind": part.kind, "object": sealed.object if sealed else None, "kek": sealed.kek if sealed else None,
        "wrapped": sealed.wrapped if sealed else None,
    }  # fmt: skip
