"""Exact search of 256-bit hashes within a radius: every pair is compared, so nothing within it is missed."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_PAIRS_AT_ONCE = 1 << 22

Words = NDArray[np.uint64]
"""Hashes as N × 4 words of 64 bits."""


def words(hashes: list[bytes]) -> Words:
    """Pack hashes of 32 bytes, or several hashes in a row, into words."""
    return np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, 4)


def within(
    queries: Words, stored: Words, radius: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Find all pairs at most `radius` bits apart: positions of queries, positions of stored, distances.

    The pairs come in pieces, in the order of the queries.
    """
    rows = max(1, _PAIRS_AT_ONCE // max(1, len(stored)))
    for start in range(0, len(queries), rows):
        piece = queries[start : start + rows]
        distances = np.zeros((len(piece), len(stored)), np.uint16)
        for word in range(4):
            distances += np.bitwise_count(piece[:, word, None] ^ stored[None, :, word])
        at, other = np.nonzero(distances <= radius)
        yield at + start, other, distances[at, other].astype(np.int64)
