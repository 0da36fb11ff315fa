"""Media: what a file is, and the fingerprints it is known by."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

BITS = 256
"""Bits of a PDQ hash."""

MATCH_RADIUS = 31
"""Two PDQ hashes at most this many bits apart show the same picture (the PDQ authors' rule)."""

MATCH_QUALITY = 50
"""PDQ hashes of a lower quality are never matched (the PDQ authors' rule: 49 and less)."""

BlobKey = str
"""A stored file's surrogate key: a keyed digest (64 hex digits) of its SHA-256."""

HEAD_BYTES = 4096
"""Bytes from the start of a file that tell its type."""


class Kind(StrEnum):
    """The paper's three kinds of file (section 3.1)."""

    IMAGE = "image"
    VIDEO = "video"
    OTHER = "other"


class Algorithm(StrEnum):
    """How a perceptual fingerprint was made."""

    PDQ = "pdq"
    PDQ_TRIMMED = "pdq_trimmed"
    """PDQ of what is left without bars and borders of one shade; only where there are any."""
    PDQ_FILM = "pdq_film"
    """One hash of a whole film, in the likeness of most of its frames: for finding candidates, not for matching."""


class Mode(StrEnum):
    """How faithfully a PDQ hash follows the published one."""

    EXACT = "exact"
    """Every pixel, every rounding: bit for bit."""
    MATCH = "match"
    """Decoded to at least 256 pixels: within 10 bits wherever the quality is 80 or more."""
    TRIAGE = "triage"
    """Decoded to at least 150 pixels: within 16 bits, nearly always within 8."""


@dataclass(frozen=True, slots=True)
class Digests:
    """Exact digests of a file, lower-case hex, and its size in bytes."""

    md5: str
    sha1: str
    sha256: str
    size: int


class Digester:
    """Digest a file as it comes, in one read."""

    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._sha256 = hashlib.sha256()
        self._size = 0

    def update(self, piece: bytes) -> None:
        """Take the next piece."""
        self._size += len(piece)
        for each in (self._md5, self._sha1, self._sha256):
            each.update(piece)

    def finish(self) -> Digests:
        """Give the digests of all that came."""
        return Digests(self._md5.hexdigest(), self._sha1.hexdigest(), self._sha256.hexdigest(), self._size)


@dataclass(frozen=True, slots=True)
class Sealed:
    """Where a blob's sealed bytes lie, and the wrapped key that opens them.

    Attributes:
        object: the object's name in the store (64 hex digits), a keyed digest.
        kek: which key-encryption key wrapped the data key.
        wrapped: the data key, wrapped.
    """

    object: str
    kek: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that the store holds now.

    Attributes:
        head: its first bytes, `HEAD_BYTES` at most, which tell its type.
        sealed: the key to record in the ledger; None where the file was held already.
    """

    blob: BlobKey
    digests: Digests
    head: bytes = field(repr=False)
    sealed: Sealed | None


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One perceptual hash of a picture, or of one frame of a video.

    Attributes:
        bits: 8 × 32 bytes: the hash of the picture and of its seven other orientations (the dihedral group),
            in the order of `tasks.hashing.pdq.ORIENTATIONS`; the first 32 bytes are the published hash. Only these
            32 where no more was asked for.
        quality: PDQ's own measure, 0–100.
        seconds: the frame's time from the start; 0 for a still.
    """

    bits: bytes
    quality: int
    seconds: float = 0.0
    algorithm: Algorithm = Algorithm.PDQ
    mode: Mode = Mode.MATCH

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
