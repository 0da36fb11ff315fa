"""Novelty: every file that a report brings is known to a list, seen before in an earlier report, or new."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Newness(StrEnum):
    """The three answers; an analyst's time belongs to the last."""

    KNOWN = "known"
    """It, or a copy of it, stands on a list that settles it."""
    SEEN = "seen"
    """No list knows it, and an earlier report brought it or a copy of it."""
    NEW = "new"
    """No list knows it, and this report is the first to bring it."""


@dataclass(frozen=True, slots=True, order=True)
class Standing:
    """An entry of a list that a file stands on, `distance` bits away; the nearest sorts first."""

    distance: int = 0
    list_name: str = ""
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Brought:
    """A file entry of a report; `group` names what it is a copy of, or itself, `within` what it is a clip of."""

    report: str
    ordinal: int
    received_at: datetime
    group: str
    standing: Standing | None = None
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Novelty:
    """The answer for one file entry.

    Attributes:
        group: the cluster of its copies, or the file itself.
        first: the report that brought any of them, or what it is a clip of, first.
        standing: the nearest entry on which it, else a copy of it, stands; None unless it is known.
    """

    newness: Newness
    group: str
    first: str
    standing: Standing | None = None


def tell(brought: Iterable[Brought]) -> dict[tuple[str, int], Novelty]:
    """Answer for every file entry, by report and ordinal, whatever their order.

    Of reports that came at one moment, the one of the smaller id was first.
    """
    everything = list(brought)
    first: dict[str, tuple[datetime, str]] = {}
    standings: defaultdict[str, list[Standing]] = defaultdict(list)
    for one in everything:
        came = (one.received_at, one.report)
        first[one.group] = min(first.get(one.group, came), came)
        if one.standing:
            standings[one.group].append(one.standing)
    nearest = {group: min(found) for group, found in standings.items()}
    answers = {}
    for one in everything:
        standing = one.standing or nearest.get(one.group)
        _, earliest = min(first[group] for group in (one.group, *one.within) if group in first)
        newness = Newness.KNOWN if standing else Newness.NEW if earliest == one.report else Newness.SEEN
        answers[one.report, one.ordinal] = Novelty(newness, one.group, earliest, standing)
    return answers
