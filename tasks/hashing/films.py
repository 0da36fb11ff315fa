"""Films: the hashes of many frames, thinned to what tells them apart, and one descriptor of them all."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from domain.media import MATCH_RADIUS, Algorithm, Fingerprint, hamming

DRIFT = MATCH_RADIUS // 2
"""Bits that a frame may differ from the last one kept, to be left out."""


def thinned(frames: Iterable[Fingerprint]) -> Iterator[Fingerprint]:
    """Keep each shot's first frame, and another wherever the shot has moved on.

    Every matchable frame is within 15 bits of one that is kept, so what is within 16 bits of it still matches. Frames
    that may not be matched are left out.
    """
    kept = b""
    for frame in frames:
        upright = frame.bits[:32]
        if frame.matchable and (not kept or hamming(upright, kept) > DRIFT):
            kept = upright
            yield frame


def descriptor(frames: Sequence[Fingerprint]) -> Fingerprint | None:
    """Describe a film by one hash, in each orientation: a bit is set where it is in most of the matchable frames.

    Copies of a whole film, whatever their size, rate or compression, have near descriptors; parts of it do not. None
    where no frame may be matched. Its quality is the frames' mean.
    """
    told = [frame for frame in frames if frame.matchable and frame.algorithm is Algorithm.PDQ]
    if not told:
        return None
    bits = np.unpackbits(np.array([np.frombuffer(frame.bits, np.uint8) for frame in told]), axis=1)
    most = np.packbits(2 * bits.sum(axis=0, dtype=np.int64) > len(told)).tobytes()
    quality = round(sum(frame.quality for frame in told) / len(told))
    return Fingerprint(most, quality, 0.0, Algorithm.PDQ_FILM, told[0].mode)
