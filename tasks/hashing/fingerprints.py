"""Fingerprints of one file: exact digests for lookup, perceptual bits for near-duplicates."""

import dataclasses
from collections.abc import Iterator
from typing import BinaryIO

from domain.media import Algorithm, BlobKey, Digester, Digests, Fingerprint, Fingerprints, Kind, Mode
from tasks.frames import Sampling, paced, sample_luma
from tasks.hashing.borders import trimmed
from tasks.hashing.films import descriptor
from tasks.hashing.pdq import hashed
from tasks.media import Picture, decode_frames

LEAST = {Mode.EXACT: 0, Mode.MATCH: 240, Mode.TRIAGE: 150}
"""Pixels that a JPEG keeps along each side when it is decoded for each mode; 0 is all, in colours.

240 halves VGA. PDQ blurs sides of 385 to 512 pixels alike, so what is left of 480 tells as much as 256 of 512.
"""

_READ_BYTES = 1 << 20


def digest(content: BinaryIO) -> Digests:
    """Digest a file in one read: MD5, SHA-1, SHA-256 and its size."""
    digester = Digester()
    while chunk := content.read(_READ_BYTES):
        digester.update(chunk)
    return digester.finish()


def pictures(kind: Kind, content: bytes, sampling: Sampling, mode: Mode) -> Iterator[tuple[float, Picture]]:
    """Decode what is hashed of a file, as `mode` needs it: a still, or frames and their seconds.

    Raises:
        Unreadable: it cannot be decoded up to its first frame.
    """
    if kind is Kind.VIDEO:
        return sample_luma(content, sampling, exact=mode is Mode.EXACT)
    return paced(decode_frames(content, sampling.max_pixels, LEAST[mode]), sampling)


def fingerprint(
    blob: BlobKey,
    kind: Kind,
    content: bytes,
    sampling: Sampling,
    mode: Mode = Mode.MATCH,
    *,
    turned: bool = True,
) -> Fingerprints:
    """Fingerprint one file: a still once, an animation or a video once each `sampling.every` seconds.

    In all eight orientations or, unless `turned`, in the upright one alone, which saves time in exact mode.

    What has borders is fingerprinted without them as well. A video has a descriptor, if any frame may be matched.

    Raises:
        Unreadable: it cannot be decoded.
    """
    frames: list[Fingerprint] = []
    inside: list[Fingerprint] = []
    height, width = 0, 0
    for seconds, picture in pictures(kind, content, sampling, mode):
        height, width = (height, width) if frames else picture.upright
        frames.append(hashed(picture, seconds, mode, turned=turned))
        within = trimmed(picture)
        if within:
            inside.append(
                dataclasses.replace(hashed(within, seconds, mode, turned=turned), algorithm=Algorithm.PDQ_TRIMMED)
            )
    whole = descriptor(frames) if kind is Kind.VIDEO else None
    return Fingerprints(blob, (*frames, *inside, *([whole] if whole else ())), width, height, frames[-1].seconds)
