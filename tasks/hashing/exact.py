"""Exact: PDQ's blur and decimation with every rounding of the published program, for hashes bit for bit the same."""

import numpy as np
from numpy.typing import NDArray

from infra.compiling import compiled
from tasks.hashing.tents import SIDE

_BLURS = 2


def exact_luma(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Give the luma of H × W shades or H × W × 3 colours, summed up in double precision and then rounded."""
    red, green, blue = (pixels if pixels.ndim == 2 else pixels[:, :, channel] for channel in range(3))
    luma: NDArray[np.float32] = (red * 0.299 + green * 0.587 + blue * 0.114).astype(np.float32)
    return luma


def exact_small(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blur H × W luma twice and keep 64 × 64 samples of it; a picture of that size is taken as it is.

    Sums run along each line in single precision, so that they carry the rounding errors of the published program
    (ThreatExchange, pdq/cpp/downscaling): without these, bits whose terms lie next to the median differ.
    """
    height, width = luma.shape
    if height == width == SIDE:
        return luma
    blurred, between = luma.copy(), np.empty_like(luma)
    for _ in range(_BLURS):
        _average_rows(blurred, between, (width + 127) // 128)
        _average_columns(between, blurred, (height + 127) // 128)
    rows, columns = (((np.arange(SIDE) + 0.5) * length / SIDE).astype(np.int64) for length in (height, width))
    return blurred[np.ix_(rows, columns)]


@compiled
def _average_rows(lines: NDArray[np.float32], averages: NDArray[np.float32], window: int) -> None:
    """Average along each row."""
    length, ahead = lines.shape[1], (window + 2) // 2
    behind = window - ahead
    for row in range(lines.shape[0]):
        total, count = np.float32(0), 0
        for at in range(1 - ahead, length):
            if at + ahead - 1 < length:
                total += lines[row, at + ahead - 1]
                count += 1
            if at > behind:
                total -= lines[row, at - behind - 1]
                count -= 1
            if at >= 0:
                averages[row, at] = total / np.float32(count)


@compiled
def _average_columns(lines: NDArray[np.float32], averages: NDArray[np.float32], window: int) -> None:
    """Average along each column, all columns at a time."""
    length, ahead = lines.shape[0], (window + 2) // 2
    behind = window - ahead
    total, count = np.zeros(lines.shape[1], np.float32), 0
    for at in range(1 - ahead, length):
        if at + ahead - 1 < length:
            total += lines[at + ahead - 1]
            count += 1
        if at > behind:
            total -= lines[at - behind - 1]
            count -= 1
        if at >= 0:
            averages[at] = total / np.float32(count)
