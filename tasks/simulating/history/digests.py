"""Digests: what stands for the MD5 of a simulated file. It is the digest of nothing."""

import numpy as np
from numpy.typing import NDArray

from domain.media import Kind
from tasks.simulating.chance import chance
from tasks.simulating.history.sightings import Files

Texts = NDArray[np.uint8]

TEXT = 38
"""Characters of a file in a table; the kinds' names are of one length."""

_FACTORS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_HEX = np.array([[ord(digit) for digit in f"{byte:02x}"] for byte in range(256)], dtype=np.uint8)


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix 64 bits, one to one: the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    for shift, factor in zip((30, 27), _FACTORS, strict=True):
        numbers = (numbers ^ (numbers >> np.uint64(shift))) * factor
    return numbers ^ (numbers >> np.uint64(31))


def file_texts(kind: Kind, seed: int, files: Files) -> Texts:
    """Write the files of a kind as a table's `files` has them: `image:` and 32 hexadecimal digits (n × 38, ASCII).

    The first 64 bits differ from file to file; all 128 follow from seed, kind and number.
    """
    keys = chance(seed, "digests", kind).integers(2**64, size=2, dtype=np.uint64)
    first = _mixed(files.astype(np.uint64) + keys[0])
    both = np.stack((first, _mixed(first ^ keys[1])), axis=1).astype(">u8")
    digits = _HEX[both.view(np.uint8)].reshape(len(files), 32)
    begins = np.frombuffer(f"{kind}:".encode(), dtype=np.uint8)
    return np.hstack((np.broadcast_to(begins, (len(files), len(begins))), digits))
