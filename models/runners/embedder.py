"""Embedders: vectors of unit length, near each other where pictures are alike."""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""[N, width]."""


def unit(vectors: Vectors) -> Vectors:
    """Make vectors of length 1 along the last axis; those of zeros stay as they are."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    made: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return made


def scene(vectors: Vectors) -> bytes:
    """Give the vector of a file from those of its frames: their mean direction, as float16."""
    return unit(unit(vectors).mean(axis=0)).astype("<f2").tobytes()
