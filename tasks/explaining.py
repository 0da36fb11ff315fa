"""Explaining: where a report stands in the queue and why, what could move it, and what its case inherits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.completeness import would_raise
from domain.errors import InvalidSettings
from domain.evidence import TOLD_BY
from infra.ledger import priorities
from infra.ledger.engine import reading
from infra.ledger.priorities import Case, Once, Ranked
from infra.world import world

MOST = 20
"""Reports of the queue that are shown unless somebody asks for more."""


WEIGHTIEST = 3
"""Reasons that are shown where there is little room."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A report, where it stands and why.

    Attributes:
        look_by: when somebody is to look at it, by its band; None where the policy in force has no such band.
        case: the case that it is part of, if any.
        history: all ranks that it has or had.
    """

    ranked: Ranked
    look_by: datetime | None
    case: Case | None
    history: tuple[Once, ...]


def head(most: int = MOST) -> list[Ranked]:
    """Give the head of the queue."""
    with reading(world().ledger) as connection:
        return priorities.queue(connection, most)


def heads_of_cases(most: int = MOST) -> list[Case]:
    """Give the cases that stand highest."""
    with reading(world().ledger) as connection:
        return priorities.cases(connection)[:most]


def explain(start: str) -> Explained:
    """Explain where the report stands whose id begins so.

    Raises:
        InvalidSettings: none in the queue has such an id, or several have.
    """
    with reading(world().ledger) as connection:
        found = priorities.find(connection, start)
        if len(found) != 1:
            many = "several reports" if found else "no report"
            raise InvalidSettings(f"{many} in the queue with an id that begins with {start}; `breakwater queue` lists")
        report, received_at = found[0]
        ranked, case = priorities.ranked(connection, report), priorities.case_of(connection, report)
        history = tuple(priorities.history(connection, report))
    hours = {band.name: band.respond_within_hours for band in world().policy.bands}
    look_by = received_at + timedelta(hours=hours[ranked.band]) if ranked.band in hours else None
    return Explained(ranked, look_by, case, history)


def score_of(ranked: Ranked) -> str:
    """Put a score into a few words, with those between which it could be where models left something open."""
    if not ranked.between:
        return f"{ranked.score:g}"
    return f"{ranked.score:g} ({ranked.between[0]:g} to {ranked.between[1]:g})"


def why(ranked: Ranked) -> str:
    """Put the reasons of a score into one line that adds up to it."""
    return ", ".join(f"{reason.name} {reason.points:+g}" for reason in ranked.reasons) or "nothing counts for it"


def mainly(ranked: Ranked) -> str:
    """Put the weightiest reasons of a score into a line, and say how many more there are."""
    more = len(ranked.reasons) - WEIGHTIEST
    return why(replace(ranked, reasons=ranked.reasons[:WEIGHTIEST])) + (f", {more} more" if more > 0 else "")


def difference(before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """Name the reason that weighs most in the difference of two scores, by their points."""
    change = {name: after.get(name, 0) - before.get(name, 0) for name in before.keys() | after.keys()}
    reason = max(change, key=lambda name: (abs(change[name]), name), default="")
    return f"{reason} {change[reason]:+g}" if any(change.values()) else "the policy's bands"


def left_open(names: Sequence[str]) -> str:
    """Say which models left a score open, by their roles."""
    return ", ".join(f"{name} ({TOLD_BY[name]})" for name in names)


def complete(ranked: Ranked) -> str:
    """Put a completeness into a line, with what would raise it."""
    raising = would_raise(ranked.lacking)
    return f"{ranked.completeness} of 100" + (f"; {raising}" if raising else "")
