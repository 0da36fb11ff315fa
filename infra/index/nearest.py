"""Nearest vectors: for each one its nearest others, by blocks of exact products."""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""[members, width], of unit length."""

MOST = 64
"""Neighbours of one vector that are told."""

_BLOCK = 1024
"""Vectors that are compared with all others at once."""


def nearest(vectors: Vectors, least: float, most: int = MOST) -> list[tuple[int, int]]:
    """Find of each vector the `most` nearest others whose cosine is at least `least`: pairs of places, each once.

    A pair is there if it is near for one of the two. Equally near ones are taken by their places. It takes the square
    of the members in time.
    """
    pairs = set[tuple[int, int]]()
    for start in range(0, len(vectors), _BLOCK):
        cosines = vectors[start : start + _BLOCK] @ vectors.T
        rows = np.arange(len(cosines))
        cosines[rows, start + rows] = -np.inf
        near = cosines >= least
        for row in np.flatnonzero(near.sum(axis=1) > most):
            near[row] = False
            near[row, np.argsort(-cosines[row], kind="stable")[:most]] = True
        ones, others = np.nonzero(near)
        ends = np.sort(np.stack([ones + start, others], axis=1), axis=1)
        pairs |= set(map(tuple, ends.tolist()))
    return sorted(pairs)
