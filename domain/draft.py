"""Drafts: reports that are still coming in over the gateway, call by call."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.intake import HeldFile

LIFETIME = timedelta(hours=24)
"""How long after its opening a draft ends (CyberTipline protocol)."""

IDLE = timedelta(hours=1)
"""How long after its last change a draft ends (CyberTipline protocol)."""


class DraftState(StrEnum):
    """Where a draft stands; only an open one can be changed."""

    OPEN = "open"
    FINISHED = "finished"
    RETRACTED = "retracted"


class Refusal(StrEnum):
    """Why a call on a draft is refused."""

    UNKNOWN = "unknown"
    """There is no such draft of this reporter, or not any more."""
    FINISHED = "finished"
    RETRACTED = "retracted"
    NO_FILE = "no_file"
    CHANGED = "changed"
    """It changed while it was being finished; read it again."""
    OTHER_DOCUMENT = "other_document"
    """It was opened under the same key with another document."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft. `parts` by name, as in a drop: `report.xml`, `FILE.bin`, `FILE.xml`."""

    number: int
    reporter: str
    opened_at: datetime
    changed_at: datetime
    state: DraftState
    report_id: str | None

    def ended(self, now: datetime) -> bool:
        """Whether its time is over."""
        return now > self.opened_at + LIFETIME or now > self.changed_at + IDLE


Parts = dict[str, HeldFile]
"""Documents and files of a draft by name, as in a drop."""
