"""Media: what a file is, and the fingerprints it is known by."""

from dataclasses import dataclass
from enum import StrEnum

BITS = 256
"""Bits of a PDQ hash."""

MATCH_RADIUS = 31
"""Two PDQ hashes at most this many bits apart show the same picture (the PDQ authors' rule)."""

MATCH_QUALITY = 50
"""PDQ hashes of a lower quality are never matched (the PDQ authors' rule: 49 and less)."""

BlobKey = str
"""A stored file's surrogate key and object name: a keyed digest (64 hex digits) of its SHA-256."""


class Kind(StrEnum):
    """The paper's three kinds of file (section 3.1)."""

    IMAGE = "image"
    VIDEO = "video"
    OTHER = "other"


class Algorithm(StrEnum):
    """How a perceptual fingerprint was made."""

    PDQ = "pdq"


@dataclass(frozen=True, slots=True)
class Digests:
    """Exact digests of a file, lower-case hex, and its size in bytes."""

    md5: str
    sha1: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One perceptual hash of a picture, or of one frame of a video.

    Attributes:
        bits: 8 × 32 bytes: the hash of the picture and of its seven other orientations (the dihedral group),
            in the order of `tasks.hashing.ORIENTATIONS`; the first 32 bytes are the published hash.
        quality: PDQ's own measure, 0–100.
        seconds: the frame's time from the start; 0 for an image.
    """

    bits: bytes
    quality: int
    seconds: float = 0.0
    algorithm: Algorithm = Algorithm.PDQ

    @property
    def matchable(self) -> bool:
        """Whether the authors' rule lets this hash be matched."""
        return self.quality >= MATCH_QUALITY


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """All that decoding a file once tells: its fingerprints, size in pixels and length in seconds."""

    blob: BlobKey
    frames: tuple[Fingerprint, ...]
    width: int
    height: int
    duration: float = 0.0


def hamming(a: bytes, b: bytes) -> int:
    """Bits that differ between two hashes of one length."""
    return (int.from_bytes(a) ^ int.from_bytes(b)).bit_count()
