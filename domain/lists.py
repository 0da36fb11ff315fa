"""Lists of known hashes: what a list says of a file, in the words that its format and the exchanges use."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.match import CLIP_SHARE, VIDEO_SHARE, SignalType
from domain.media import MATCH_QUALITY, MATCH_RADIUS, Kind

REVIEWERS = 3
"""Reviewers who must agree before an entry of our own counts."""


class ListFormat(StrEnum):
    """A format in which lists come and go."""

    AUTO = "auto"
    """Told by the file itself."""
    CSV = "csv"
    """The table of the ThreatExchange tools."""
    NCMEC = "ncmec"
    """NCMEC hash sharing, version 2 (XML)."""
    THREATEXCHANGE = "threatexchange"
    """Updates of ThreatExchange (JSON)."""
    STOPNCII = "stopncii"
    """StopNCII's records (JSON)."""
    VICS = "vics"
    """A set of media of Project VIC (JSON)."""
    TEXT = "text"
    """A type and a hash on each line."""
    VPDQ = "vpdq"
    """The frames of one film, a line for each."""


WHOLE = frozenset({ListFormat.CSV, ListFormat.VICS, ListFormat.TEXT, ListFormat.VPDQ})
"""Formats whose files say all of a list: what they leave out is withdrawn. The others say what changed."""


class ListFault(StrEnum):
    """Why a line or an entry of a list was not taken, or a hash of one: the closed list."""

    BLANK = "blank"
    """Nothing stands where a hash should, or one that stands for nothing: zeros, or the digest of no bytes."""
    MALFORMED = "malformed"
    """It has not the form of its type or its format."""
    UNKNOWN_SIGNAL = "unknown_signal"
    """A type that is not carried: text, addresses, and types that nobody here knows."""
    ELSEWHERE = "elsewhere"
    """A reference to a hash that lies elsewhere; nothing is fetched."""
    UNNAMED = "unnamed"
    """The entry has no name, or one that cannot be kept."""
    TOO_LONG = "too_long"
    """A hash, a name or a category is longer than what is kept."""


class EntryState(StrEnum):
    """Where an entry stands that its list has not withdrawn."""

    PROPOSED = "proposed"
    """An entry of our own on which too few reviewers agree: it matches nothing."""
    ACTIVE = "active"
    QUARANTINED = "quarantined"
    """It matches too many files: its matches are recorded and settle nothing."""
    RELEASED = "released"
    """A person looked at it and let it out of quarantine, for good."""


MATCHING = frozenset({EntryState.ACTIVE, EntryState.QUARANTINED, EntryState.RELEASED})
"""Entries in these states are matched."""

SETTLING = frozenset({EntryState.ACTIVE, EntryState.RELEASED})
"""Matches with entries in these states may settle a file."""


class Vote(StrEnum):
    """What a reviewer says of an entry."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Signal:
    """One hash in its canonical spelling; `seconds` and `quality` (0-100) where it is of a frame of a film."""

    type: SignalType
    value: str = field(repr=False)
    seconds: float | None = None
    quality: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a list says of one file.

    Attributes:
        name: its name in its list.
        signals: its hashes; a film's frames are several.
        category: a code of the list's own scheme, such as A1; empty where it gives none.
        owner: who shares it, as the list names them.
        stated_at: when its owner last changed it, UTC; what was stated later holds.
        size: bytes of the file.
        up: how many others confirmed it, as the exchange tells.
        down: how many others disputed it.
    """

    name: str
    signals: tuple[Signal, ...]
    category: str = ""
    kind: Kind | None = None
    owner: str = ""
    stated_at: datetime | None = None
    size: int | None = None
    up: int = 0
    down: int = 0


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An entry that its list withdraws."""

    name: str
    stated_at: datetime | None = None
    kind: Kind | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Faulty:
    """What was not taken: the ordinal of its line or entry, why, and the beginning of what stood there."""

    place: int
    reason: ListFault
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Window:
    """How far this file reaches. `end` is where a next fetch begins; `more` says that other pages belong to it."""

    end: str
    more: bool = False


Item = Entry | Tombstone | Faulty | Window
"""What a reader of a format gives, one by one."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a list is to be used.

    Attributes:
        owner: who keeps it.
        provenance: where it comes from and under which agreement, in words.
        radius: bits within which its PDQ hashes match, 0-31.
        quality: least quality of a hash that it matches, 0-100.
        own: it is our own: its entries count when `REVIEWERS` agree.
        file_share: share of a film's frames that agree with an entry from which on it stands on it, above 0, at most 1.
        entry_share: share of an entry's frames that agree with a film from which on that stands on it, the same.
    """

    owner: str = ""
    provenance: str = ""
    radius: int = MATCH_RADIUS
    quality: int = MATCH_QUALITY
    own: bool = False
    file_share: float = VIDEO_SHARE
    entry_share: float = CLIP_SHARE

    def __post_init__(self) -> None:
        """See that the index can search so far, and that something must agree."""
        if not (0 <= self.radius <= MATCH_RADIUS and 0 <= self.quality <= 100):
            raise ValueError(f"a radius is 0 to {MATCH_RADIUS} bits, and a quality 0 to 100")
        if not (0 < self.file_share <= 1 and 0 < self.entry_share <= 1):
            raise ValueError("a share is above 0 and at most 1")

    @property
    def matching(self) -> tuple[float, ...]:
        """Give the terms on which it depends what matches."""
        return self.radius, self.quality, self.file_share, self.entry_share


def agreed(votes: Iterable[tuple[str, Vote, str]]) -> str | None:
    """Give the category on which reviewers agree (reviewer, vote, category); None while too few do or one objects."""
    by_category: dict[str, set[str]] = {}
    for reviewer, vote, category in votes:
        if vote is Vote.DOWN:
            return None
        by_category.setdefault(category, set()).add(reviewer)
    enough = sorted(category for category, reviewers in by_category.items() if len(reviewers) >= REVIEWERS)
    return enough[0] if enough else None
