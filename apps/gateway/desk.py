"""The desk: what each call of the protocol does, between what came and what the ledger keeps."""

import secrets
from datetime import UTC, datetime
from io import BytesIO

from apps.gateway.answers import OF_REJECTIONS, Answer, Code
from apps.gateway.writer import Operation
from domain.draft import Draft, DraftState, Refusal
from domain.errors import DraftRefused, Rejected
from domain.intake import HeldFile, Taken
from domain.media import Stored
from domain.report import Receipt, Rejection
from infra.ledger import drafts
from infra.ledger.engine import Transaction, reading
from infra.ledger.reporters import Account
from infra.world import world
from tasks.reports.cybertip import parse_file_details, parse_file_ids, parse_report
from tasks.reports.drafts import finished, refused
from tasks.reports.taking import hold


def now() -> datetime:
    """Give the time (UTC)."""
    return datetime.now(UTC)


def submission(account: Account, document: bytes, key: str) -> Operation[int]:
    """Open a draft with a `<report>` that validates; the result is its number. `key` is the client's own, or empty.

    Raises:
        Rejected: it does not validate.
    """
    moment = now()
    parse_report(document, Receipt("draft", account.name, account.source, moment), ())
    held = keep(document)
    surrogate = world().surrogate
    digest = surrogate("submitted", held.digests.sha256)
    request = surrogate("submit", account.id, f"key {key}" if key else f"content {held.digests.sha256}")

    def operate(connection: Transaction) -> tuple[int, None]:
        return drafts.begin(connection, account.id, request, (digest, held), moment, explicit=bool(key)), None

    return operate


def rejection(account: Account, document: bytes, error: Rejected) -> tuple[Operation[None], Answer]:
    """Keep a document that does not validate, with its reason, and tell what to answer."""
    why = Rejection(error.args[0])
    taken = refused(keep(document), why, account.name, account.source, now())
    return (lambda _connection: (None, taken)), Answer(OF_REJECTIONS[why], str(why))


def keep(document: bytes) -> HeldFile:
    """Store a small document."""
    return hold(world().blobs.store(BytesIO(document), unique=True))


def coming(account: Account, number: int) -> Operation[None]:
    """Have a draft wait for a file that is coming."""

    def operate(connection: Transaction) -> tuple[None, None]:
        moment = now()
        drafts.find_open(connection, number, account.id, moment)
        drafts.touch(connection, number, moment)
        return None, None

    return operate


def upload(account: Account, number: int, stored: Stored) -> Operation[str]:
    """Add a file to a draft; the result is its id, the same for the same bytes again."""
    part = hold(stored)

    def operate(connection: Transaction) -> tuple[str, None]:
        moment = now()
        drafts.find_open(connection, number, account.id, moment)
        if known := drafts.file_of(connection, number, part.blob):
            return known, None
        file_id = secrets.token_hex(16)
        drafts.add(connection, number, f"{file_id}.bin", part, moment)
        return file_id, None

    return operate


def discard(stored: Stored) -> None:
    """Remove a file that was refused once it had come."""
    if stored.sealed:
        world().blobs.discard(stored.sealed.object)


def details(account: Account, document: bytes) -> tuple[int, Operation[None]]:
    """Add a file's `<fileDetails>` to its draft; gives the report's number too.

    Raises:
        Rejected: it does not validate.
        Answer: it names no report.
    """
    report_id, file_id = parse_file_ids(document)
    parse_file_details(document, file_id)
    number, part = numbered(report_id), keep(document)

    def operate(connection: Transaction) -> tuple[None, None]:
        moment = now()
        drafts.find_open(connection, number, account.id, moment)
        if not drafts.holds(connection, number, f"{file_id}.bin"):
            raise DraftRefused(Refusal.NO_FILE)
        drafts.add(connection, number, f"{file_id}.xml", part, moment)
        return None, None

    return number, operate


def completion(account: Account, number: int) -> Operation[list[str]] | list[str]:
    """Finish a draft; the result is its files' ids. A report that is finished already gives them at once."""
    moment = now()
    with reading(world().ledger) as connection:
        draft = drafts.find(connection, number, account.id, moment)
        if draft.state is DraftState.FINISHED:
            return drafts.file_ids(connection, draft.report_id or "")
        if draft.state is DraftState.RETRACTED:
            raise DraftRefused(Refusal.RETRACTED)
        parts = drafts.parts(connection, number)
    taken = finished(draft, parts, account.name, account.source, moment)
    return _completion(draft, taken, sorted(name.removesuffix(".bin") for name in parts if name.endswith(".bin")))


def _completion(draft: Draft, taken: Taken, file_ids: list[str]) -> Operation[list[str]]:
    def operate(connection: Transaction) -> tuple[list[str], Taken]:
        drafts.finish(connection, draft, taken.report_id)
        return file_ids, taken

    return operate


def retraction(account: Account, number: int) -> Operation[None]:
    """Take a draft back."""

    def operate(connection: Transaction) -> tuple[None, None]:
        drafts.find_open(connection, number, account.id, now())
        drafts.retract(connection, number)
        return None, None

    return operate


def expiry(connection: Transaction) -> tuple[None, None]:
    """Remove the drafts that were left open for too long."""
    drafts.collect(connection, now())
    return None, None


def numbered(text: str) -> int:
    """Read a report's number.

    Raises:
        Answer: it is none.
    """
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Answer(Code.NO_REPORT)
    return int(text)
