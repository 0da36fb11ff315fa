"""Hearing: what recipients say came of packages, from a table (CSV) or a list (JSON); what finds no package is kept.

The fields are those of the form for feedback that NCMEC published (report to OJJDP, CY 2023): codes and truths alone.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from domain.audit import Act
from domain.case import Acknowledged, Recalled, Referred
from domain.counts import Counts
from domain.errors import InvalidSettings, Rejected
from domain.referral import ANSWERS, AnswerFault, CaseStatus, CloseReason, Feedback, Recipient, Usefulness
from infra.ledger import cases, desk
from infra.ledger.cases import Unmatched
from infra.world import world
from tasks.reports import json_documents
from tasks.reports.moments import zoned

_NEEDED = 3
_TRUTHS = {"": None, "yes": True, "true": True, "no": False, "false": False}
_KEPT = 1024
"""Characters that are kept of what finds no package."""

Row = Mapping[str | None, object]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a recipient said: where it stood, what stood there, and what it says or why it says nothing."""

    place: int
    content: str
    package: str
    said: Feedback | AnswerFault


def take_feedback(file: Path) -> tuple[Counts, list[tuple[int, AnswerFault]]]:
    """Take what recipients say, and give the counts and what was not matched, by its place and the reason.

    Taking a file again changes nothing, but that what found no package before may find it now. Who answers has the
    package: it is acknowledged with that.

    Raises:
        InvalidSettings: it is no table with these columns and no others, and no list of objects with these members.
    """
    content = file.read_bytes()
    lines, source, now = list(read(content, file.name)), sha256(content).hexdigest(), datetime.now(UTC)
    new, unmatched = 0, list[Unmatched]()
    with world().ledger.begin() as connection:
        for line in lines:
            sent = cases.find(connection, line.package) if isinstance(line.said, Feedback) else None
            told = _matched(line.said, sent)
            if isinstance(told, AnswerFault):
                unmatched.append(Unmatched(line.place, told, line.content[:_KEPT]))
                continue
            assert sent is not None
            referred = sent if isinstance(sent, Referred) else sent.referred
            new += desk.record(connection, [(referred.case.report, told)])
            if isinstance(sent, Referred):
                cases.acknowledge(connection, sent.acknowledge(max(sent.at, told.at)))
        cases.keep_unmatched(connection, source, unmatched, now)
        if new:
            world().audit.append(connection, Act.FEEDBACK_TAKEN, lines=len(lines), new=new, unmatched=len(unmatched))
    counts = Counts(feedback_read=len(lines), feedback_new=new, feedback_unmatched=len(unmatched))
    return counts, [(each.place, each.reason) for each in unmatched]


def _matched(said: Feedback | AnswerFault, sent: Referred | Acknowledged | Recalled | None) -> Feedback | AnswerFault:
    """Give what is said of a package, with whom it was sent to; or why it is of none."""
    if isinstance(said, AnswerFault):
        return said
    if sent is None:
        return AnswerFault.UNKNOWN_PACKAGE
    referred = sent if isinstance(sent, Referred) else sent.referred
    if said.at < referred.at.replace(microsecond=0):
        return AnswerFault.BEFORE_REFERRAL
    told = {
        name: getattr(said, name) for name in ("close_reason", "child_identified", "more_victims", "self_production")
    }
    return Feedback(said.at, referred.recipient, said.status, said.useful, number=referred.number, **told)


def read(content: bytes, name: str) -> Iterator[Line]:
    """Read a file of feedback: JSON where it begins as a list, else CSV.

    Raises:
        InvalidSettings: as `take_feedback`.
    """
    rows = _of_json(content) if content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"[") else _of_csv(content)
    for place, row, text in rows:
        if row is None:
            raise InvalidSettings(f"{name} has other columns than {', '.join(ANSWERS)}")
        number = _text(row.get("package"))
        yield Line(place, text, number if number.isascii() and number.isalnum() else "", said_of(row))


def _of_csv(content: bytes) -> Iterator[tuple[int, Row | None, str]]:
    text = content.decode("utf-8-sig", errors="replace").replace("\0", "\ufffd")
    lines = text.splitlines()
    rows = csv.DictReader(lines)
    columns = rows.fieldnames or ()
    if not set(ANSWERS[:_NEEDED]) <= set(columns) <= set(ANSWERS) or len(set(columns)) < len(columns):
        yield 0, None, ""
        return
    try:
        for row in rows:
            short = {None: None} if None in row.values() else {}
            yield rows.line_num, row | short, lines[rows.line_num - 1]
    except csv.Error:
        yield 0, None, ""


def _of_json(content: bytes) -> Iterator[tuple[int, Row | None, str]]:
    try:
        found = json_documents.read(content).value
    except Rejected:
        found = [None]
    for place, each in enumerate(found, 1):
        whole = isinstance(each, dict) and set(ANSWERS[:_NEEDED]) <= set(each) <= set(ANSWERS)
        yield place, each if whole else None, json.dumps(each).replace("\\u0000", "")


def said_of(row: Row) -> Feedback | AnswerFault:
    """Read one line: what a recipient says, or why that is nothing. A column None says that values are off."""
    told = {name: _text(value) for name, value in row.items() if name is not None}
    if None in row or not all(told.get(name) for name in ANSWERS[:_NEEDED]):
        return AnswerFault.INCOMPLETE
    try:
        at = zoned(told["at"])
        status = CaseStatus(told["status"])
        closed = CloseReason(told["close_reason"]) if told.get("close_reason") else None
        useful = Usefulness(told.get("useful") or Usefulness.UNSAID)
        child, more, own = (_TRUTHS[told.get(name, "").lower()] for name in ANSWERS[5:])
    except Rejected:
        return AnswerFault.IMPOSSIBLE_DATE
    except (ValueError, KeyError):
        return AnswerFault.UNKNOWN_CODE
    if closed and status is not CaseStatus.CLOSED:
        return AnswerFault.NOT_CLOSED
    return Feedback(at, Recipient.OTHER, status, useful, closed, child, more, own)


def _text(value: object) -> str:
    """Read a value as text: JSON has truths of its own, and null is nothing said."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.strip() if isinstance(value, str) else "" if value is None else str(value)
