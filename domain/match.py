"""Matches: files that stand on a list of known hashes."""

from dataclasses import dataclass, field
from enum import StrEnum

from domain.media import BlobKey

VIDEO_SHARE = 0.5
"""Share of a video's matchable frames that agree with one entry, from which on the video stands on it."""

CLIP_SHARE = 0.8
"""Share of a film's frames that another one has, from which on it is a clip of it (vPDQ's own threshold)."""


class SignalType(StrEnum):
    """How a list names a file; the words of the ThreatExchange tools and of NCMEC's hash sharing."""

    PDQ = "pdq"
    MD5 = "md5"
    VIDEO_MD5 = "video_md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    PHOTODNA = "photodna"
    NETCLEAN = "netclean"
    VIDENTIFIER = "videntifier"
    TMK_PDQF = "tmk_pdqf"
    SSVH_PDNA = "ssvh_pdna"
    SSVH_SAFER = "ssvh_safer_hash"


DIGESTS = (SignalType.SHA256, SignalType.SHA1, SignalType.MD5, SignalType.VIDEO_MD5)
"""Digests of a file's bytes, the strongest first; we compute them all."""

OPAQUE = frozenset(SignalType) - {*DIGESTS, SignalType.PDQ}
"""Hashes that are carried and compared exactly, and never computed here."""


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """What matching needs of an entry: its list's terms, its size, and whether it may settle.

    `picture`: its list says that it is one, so that its hashes are no frames of a film.
    """

    list_name: str
    entry: str
    category: str = ""
    radius: int = 31
    quality: int = 50
    size: int | None = None
    settling: bool = True
    file_share: float = VIDEO_SHARE
    entry_share: float = CLIP_SHARE
    picture: bool = False


@dataclass(frozen=True, slots=True)
class KnownHash:
    """One hash of one entry of a list; a video's entry has many.

    `quality` (0-100) and `seconds` from the start where a frame's are known.
    """

    of: ListedEntry
    signal_type: SignalType
    signal: str = field(repr=False)
    quality: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A file and the entry it stands on.

    Attributes:
        distance: bits between the nearest two hashes; 0 where a digest agrees.
        share: share of the file's frames that agree with the entry, 0-1.
        settles: it tells enough to leave the file alone. A digest that can be forged does not, by itself, nor does
            a listed clip in a longer film, of which the rest may be anything.
        entry_share: share of the entry's hashes that agree with the file, 0-1.
        offset: seconds of the film's time at which the entry begins, as most frames have it; None where the file is
            no film, or the list gives no times.
    """

    blob: BlobKey
    list_name: str
    entry: str
    category: str
    signal_type: SignalType
    distance: int
    share: float
    settles: bool = True
    entry_share: float = 1.0
    offset: int | None = None


def settles(signal_type: SignalType, *, same_size: bool) -> bool:
    """Whether an agreement of this kind settles a file that we hold.

    Two files of one MD5 or of one SHA-1 can be made, so these do not, unless the list states the file's size as well.
    """
    if signal_type in {SignalType.PDQ, SignalType.SHA256}:
        return True
    return signal_type in DIGESTS and same_size
