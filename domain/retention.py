"""Retention: what is held, by class, and from which event its clock runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

SOON_DAYS = 30
"""Days within which what falls due is told beforehand."""


class Held(StrEnum):
    """What is held, by class."""

    MEDIA = "media"
    """Files of accepted reports."""
    DOCUMENT = "document"
    """Documents of accepted reports, as they came, and what they say of each file."""
    REJECTED = "rejected"
    """Raw bytes of rejected reports."""
    PERSON = "person"
    """Particulars of those involved in a report."""
    DRAFT = "draft"
    """Parts of reports that are still coming in over the gateway."""
    ARCHIVE = "archive"
    """Reports' rows in the archive: metadata."""
    EVALUATION = "evaluation"
    """Files of evaluation sets, which no report needs to have brought."""


class Event(StrEnum):
    """From when a clock runs."""

    RECEIVED = "received"
    """The report was received; of what several reports brought, the last of them."""
    OPENED = "opened"
    """The draft was opened."""
    CHANGED = "changed"
    """The draft was last changed."""
    IMPORTED = "imported"
    """The evaluation set was imported; of a file in several, the last of them."""


EVENTS: Mapping[Held, tuple[Event, ...]] = MappingProxyType(
    dict.fromkeys(Held, (Event.RECEIVED,))
    | {Held.DRAFT: (Event.OPENED, Event.CHANGED), Held.EVALUATION: (Event.IMPORTED,)}
)
"""The events from which the clock of each class may run."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How long a class is kept: so many days from an event, and on which legal basis, in words."""

    days: int
    event: Event
    basis: str


Clocks = Mapping[Held, Clock]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a class stands, in numbers of files, reports' particulars, parts of drafts, or archived reports.

    Attributes:
        held: all that there is.
        past: past its retention.
        soon: falls due within `SOON_DAYS`.
        on_hold: of a report that a hold keeps, whatever its clock says.
        undated: without the event, so that no clock runs.
        oldest: the event of the oldest that is past its retention.
    """

    held: int = 0
    past: int = 0
    soon: int = 0
    on_hold: int = 0
    undated: int = 0
    oldest: datetime | None = None
