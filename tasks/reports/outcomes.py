"""Outcomes: what older systems, or people, say became of reports: looks, referrals and feedback, from a table.

A line says one thing of one report, by the reporter's name and the report's number there. Only moments and codes are
taken; there is no column for words. What is there already is not written again, and nothing is taken back.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path

from domain.counts import Counts
from domain.errors import InvalidSettings, Rejected
from domain.referral import (
    COLUMNS,
    CaseStatus,
    Detail,
    Event,
    Feedback,
    Look,
    Outcome,
    OutcomeFault,
    Recipient,
    Referral,
    Usefulness,
)
from infra.ledger import desk
from infra.ledger.reports import MANY, ReportNumber
from infra.world import world
from tasks.reports.moments import zoned
from tasks.reports.taking import pseudonym
from tasks.staging import step

_NEEDED = 4


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that is not taken, by its number in the file, from 1, and why."""

    line: int
    reason: OutcomeFault


@dataclass(frozen=True, slots=True)
class Told:
    """A line that reads: what became of which report."""

    line: int
    number: ReportNumber
    event: Event


def take_outcomes(file: Path) -> tuple[Counts, list[Refused]]:
    """Take what a table says became of reports, and give the counts and the lines that are refused, in order.

    Each is attached to the revision of its report that had been received then. 500 lines are a transaction; whoever
    is cut off takes the file again.

    Raises:
        InvalidSettings: it is no table with these columns and no others.
    """
    counts, refused = Counts(), list[Refused]()
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as content:
        lines = read(content, file.name)
        while some := list(islice(lines, MANY)):
            new, more = _taken([each for each in some if isinstance(each, Told)])
            bad = sorted([*more, *(each for each in some if isinstance(each, Refused))], key=lambda each: each.line)
            refused += bad
            counts += Counts(outcomes_read=len(some), outcomes_new=new, outcomes_refused=len(bad))
    return counts, refused


def _taken(told: Sequence[Told]) -> tuple[int, list[Refused]]:
    """Write what lines say, count what is new, and give those whose report the ledger does not have."""
    with world().ledger.begin() as connection:
        known = desk.accepted(connection, {each.number for each in told})
        found = [(each, attached(each.event.at, known.get(each.number, ()))) for each in told]
        new = desk.record(connection, [(to, each.event) for each, to in found if not isinstance(to, OutcomeFault)])
    return new, [Refused(each.line, why) for each, why in found if isinstance(why, OutcomeFault)]


def attached(at: datetime, revisions: Sequence[tuple[datetime, str]]) -> str | OutcomeFault:
    """Find the revision that something at this moment is about: the last one, of those received by then."""
    if not revisions:
        return OutcomeFault.UNKNOWN_REPORT
    there = [report for received_at, report in revisions if received_at.replace(microsecond=0) <= at]
    return there[-1] if there else OutcomeFault.BEFORE_RECEIPT


def read(content: Iterator[str], name: str) -> Iterator[Told | Refused]:
    """Read a table line by line.

    Raises:
        InvalidSettings: as `take_outcomes`.
    """
    surrogate = cache(pseudonym)
    try:
        rows = csv.DictReader(content)
        columns = rows.fieldnames or ()
        if not set(COLUMNS[:_NEEDED]) <= set(columns) <= set(COLUMNS) or len(set(columns)) < len(columns):
            raise InvalidSettings(f"{name} has other columns than {', '.join(COLUMNS)}")
        for row in rows:
            told = event_of(row)
            if isinstance(told, OutcomeFault):
                yield Refused(rows.line_num, told)
                continue
            yield Told(rows.line_num, (surrogate(row["reporter"]), row["external_id"]), told)
    except csv.Error:
        raise InvalidSettings(f"{name} is no table of comma-separated values") from None


def event_of(row: Mapping[str, str | None]) -> Event | OutcomeFault:
    """Read one line: what became of a report, or why that cannot be taken."""
    if None in row or None in row.values() or not (row["reporter"] and row["external_id"]):
        return OutcomeFault.INCOMPLETE
    if "\0" in row["external_id"]:
        return OutcomeFault.UNKNOWN_REPORT  # no report has it, since PostgreSQL keeps no NUL
    try:
        at = zoned(row["at"] or "")
        return _READERS[Outcome(row["outcome"] or "")](at, {name: value or "" for name, value in row.items()})
    except Rejected:
        return OutcomeFault.IMPOSSIBLE_DATE
    except KeyError:
        return OutcomeFault.INCOMPLETE
    except ValueError:
        return OutcomeFault.UNKNOWN_CODE


def _referral(at: datetime, row: Mapping[str, str]) -> Referral:
    return Referral(at, Recipient(row["recipient"]), Detail(row["detail"]))


def _feedback(at: datetime, row: Mapping[str, str]) -> Feedback:
    useful = Usefulness(row.get("useful") or Usefulness.UNSAID)
    return Feedback(at, Recipient(row["recipient"]), CaseStatus(row["status"]), useful)


_READERS: Mapping[Outcome, Callable[[datetime, Mapping[str, str]], Event]] = {
    Outcome.LOOK: lambda at, _: Look(at),
    Outcome.REFERRAL: _referral,
    Outcome.FEEDBACK: _feedback,
}


@step
def intake_outcomes(file: Path) -> Counts:
    """Take what a table says became of reports, if there is one; one with other columns is counted, and left."""
    if not file.exists():
        return Counts()
    try:
        return take_outcomes(file)[0]
    except InvalidSettings:
        return Counts(outcome_tables_refused=1)
