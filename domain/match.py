"""Matches: files that stand on a list of known hashes."""

from dataclasses import dataclass
from enum import StrEnum

from domain.media import BlobKey

VIDEO_SHARE = 0.5
"""Share of a video's matchable frames that must agree with one entry before the video does."""


class SignalType(StrEnum):
    """How a list names a file; the words of the ThreatExchange tools."""

    PDQ = "pdq"
    MD5 = "md5"
    VIDEO_MD5 = "video_md5"


@dataclass(frozen=True, slots=True)
class KnownHash:
    """One hash of one entry of a list; a video's entry has many."""

    entry: str
    signal_type: SignalType
    signal: str
    category: str


@dataclass(frozen=True, slots=True)
class Match:
    """A file and the entry it stands on; `share` of its frames agree, the best of them `distance` bits apart."""

    blob: BlobKey
    list_name: str
    entry: str
    category: str
    signal_type: SignalType
    distance: int
    share: float
