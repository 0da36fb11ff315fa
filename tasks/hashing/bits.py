"""Bits: from PDQ's 64 × 64 luma samples to its 256 bits and its quality."""

import numpy as np
from numpy.typing import NDArray

from infra.compiling import compiled_to_reorder
from tasks.hashing.tents import SIDE

KEPT = 16
"""Frequencies kept along each axis, from the first above zero."""

DCT = (
    float(np.float32(np.sqrt(2 / SIDE)))
    * np.cos(np.pi / 2 / SIDE * np.arange(1, KEPT + 1)[:, None] * (2 * np.arange(SIDE) + 1))
).astype(np.float32)
"""16 × 64: the cosine transform; its factor is rounded first, as in the published program."""


def hashes(
    small: NDArray[np.float32], chosen: NDArray[np.int64], gain: float, error: float
) -> tuple[NDArray[np.uint8], int, int]:
    """Give N hashes of 32 bytes, and of the first its quality and its doubtful bits, from turns² × 64 × 64 samples.

    Each row of `chosen` says of a hash which samples it is of (rows, columns), and whether its terms are transposed.
    `gain` stretches samples of a limited range to the full one, for the quality. A bit is doubtful where its term is
    less than `error` (in shades) away from the median.
    """
    found = np.zeros((chosen.shape[0], KEPT * KEPT // 8), np.uint8)
    steps, doubtful = _hash(small, chosen, np.float32(100 * gain / 255), np.float32(error), DCT, found)
    return found, min(100, steps // 90), doubtful


@compiled_to_reorder
def _hash(
    small: NDArray[np.float32],
    chosen: NDArray[np.int64],
    percent: np.float32,
    error: np.float32,
    dct: NDArray[np.float32],
    found: NDArray[np.uint8],
) -> tuple[int, int]:
    """Write the hashes; give the gradients of the first one's samples, summed up, and its terms near the median."""
    turns = small.shape[0]
    terms = np.empty((turns, turns, KEPT, KEPT), np.float32)
    medians = np.empty((turns, turns), np.float32)
    for rows in range(turns):
        for columns in range(turns):
            _transform(small[rows, columns], dct, terms[rows, columns])
            medians[rows, columns] = np.sort(terms[rows, columns].ravel())[KEPT * KEPT // 2 - 1]
    for number in range(chosen.shape[0]):
        rows, columns = chosen[number, 0], chosen[number, 1]
        _set(terms[rows, columns], medians[rows, columns], chosen[number, 2], found[number])
    rows, columns = chosen[0, 0], chosen[0, 1]
    return _steps(small[rows, columns], percent), _near(terms[rows, columns], medians[rows, columns], error)


@compiled_to_reorder
def _transform(samples: NDArray[np.float32], dct: NDArray[np.float32], terms: NDArray[np.float32]) -> None:
    half = np.empty(SIDE, np.float32)
    for i in range(KEPT):
        half[:] = 0
        for k in range(SIDE):
            weight, line = dct[i, k], samples[k]
            for j in range(SIDE):
                half[j] += weight * line[j]
        for j in range(KEPT):
            waves, total = dct[j], np.float32(0)
            for k in range(SIDE):
                total += half[k] * waves[k]
            terms[i, j] = total


@compiled_to_reorder
def _set(terms: NDArray[np.float32], median: np.float32, transposed: int, found: NDArray[np.uint8]) -> None:
    last = KEPT * KEPT - 1
    for place in range(KEPT * KEPT):
        i, j = place // KEPT, place % KEPT
        term = terms[j, i] if transposed else terms[i, j]
        if term > median:
            found[(last - place) // 8] |= np.uint8(1 << (place % 8))


@compiled_to_reorder
def _near(terms: NDArray[np.float32], median: np.float32, error: np.float32) -> int:
    count = 0
    for term in terms.flat:
        if abs(term - median) < error:
            count += 1
    return count


@compiled_to_reorder
def _steps(samples: NDArray[np.float32], percent: np.float32) -> int:
    total = 0
    for i in range(SIDE):
        for j in range(SIDE):
            if i:
                total += abs(int((samples[i, j] - samples[i - 1, j]) * percent))
            if j:
                total += abs(int((samples[i, j] - samples[i, j - 1]) * percent))
    return total


def exact_terms(small: NDArray[np.float32]) -> NDArray[np.float32]:
    """Transform 64 × 64 samples to 16 × 16 terms, summed up one by one as the published program does."""
    half, whole = np.zeros((KEPT, SIDE), np.float32), np.zeros((KEPT, KEPT), np.float32)
    for k in range(SIDE):
        half += DCT[:, k : k + 1] * small[k]
    for k in range(SIDE):
        whole += half[:, k : k + 1] * DCT[:, k]
    return whole


def packed(of: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Set the bits of the terms above the median: N × 16 × 16 terms to N × 32 bytes; the first term is the last bit."""
    flat = of.reshape(-1, KEPT * KEPT)
    middle = flat.shape[1] // 2 - 1
    return np.packbits((flat > np.partition(flat, middle, axis=1)[:, middle, None])[:, ::-1], axis=1)


def exact_quality(small: NDArray[np.float32]) -> int:
    """Sum up the gradients of the 64 × 64 samples, 0–100: featureless pictures are of low quality."""
    percent = np.float32(100), np.float32(255)
    steps = (np.diff(small, axis=axis) * percent[0] / percent[1] for axis in (0, 1))
    return min(100, sum(int(np.abs(step.astype(int)).sum()) for step in steps) // 90)
