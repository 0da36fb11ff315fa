"""Folding: a picture to the 64 × 64 samples that PDQ looks at, in one pass over its pixels."""

import numpy as np
from numpy.typing import NDArray

from infra.compiling import compiled_to_reorder
from tasks.hashing.tents import SIDE, Tents

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Shares of red, green and blue in luma (ITU-R BT.601)."""


def folded(pixels: NDArray[np.uint8], rows: Tents, columns: Tents) -> NDArray[np.float32]:
    """Blur and decimate H × W shades, or H × W × 3 colours, to turns × turns × 64 × 64 luma samples.

    With two turns, the samples at [r, c] are those of the picture with its rows (r) and its columns (c) reversed.
    """
    height, width = pixels.shape[:2]
    lines = np.ascontiguousarray(pixels).reshape(height, -1).view()
    lines.flags.writeable = False  # of one type, so that the pass is compiled once
    turns = rows.weights.shape[0]
    small = np.empty((turns, turns, SIDE, SIDE), np.float32)
    _pass(lines, lines.shape[1] // width, rows.starts, rows.weights, columns.starts, columns.weights, LUMA, small)
    if turns == 2:
        small[1] = small[1, :, ::-1].copy()
        small[:, 1] = small[:, 1, :, ::-1].copy()
    return small


@compiled_to_reorder
def _add_four(line: NDArray[np.float32], lines: NDArray[np.uint8], weights: NDArray[np.float32]) -> None:
    a, b, c, d = weights[0], weights[1], weights[2], weights[3]
    one, two, three, four = lines[0], lines[1], lines[2], lines[3]
    for x in range(line.size):
        line[x] += a * np.float32(one[x]) + b * np.float32(two[x]) + c * np.float32(three[x]) + d * np.float32(four[x])


@compiled_to_reorder
def _add_four_twice(
    line: NDArray[np.float32], other: NDArray[np.float32], lines: NDArray[np.uint8], both: NDArray[np.float32]
) -> None:
    """Add four lines to two sums, so that they are read once."""
    a, b, c, d = both[0, 0], both[0, 1], both[0, 2], both[0, 3]
    e, f, g, h = both[1, 0], both[1, 1], both[1, 2], both[1, 3]
    one, two, three, four = lines[0], lines[1], lines[2], lines[3]
    for x in range(line.size):
        p, q, r, s = np.float32(one[x]), np.float32(two[x]), np.float32(three[x]), np.float32(four[x])
        line[x] += a * p + b * q + c * r + d * s
        other[x] += e * p + f * q + g * r + h * s


@compiled_to_reorder
def _add_one(line: NDArray[np.float32], pixels: NDArray[np.uint8], weight: np.float32) -> None:
    for x in range(line.size):
        line[x] += weight * np.float32(pixels[x])


@compiled_to_reorder
def _grey(line: NDArray[np.float32], luma: NDArray[np.float32], grey: NDArray[np.float32]) -> None:
    for x in range(grey.size):
        grey[x] = luma[0] * line[3 * x] + luma[1] * line[3 * x + 1] + luma[2] * line[3 * x + 2]


@compiled_to_reorder
def _across(
    line: NDArray[np.float32], starts: NDArray[np.int64], weights: NDArray[np.float32], out: NDArray[np.float32]
) -> None:
    reach = weights.shape[1]
    for sample in range(starts.size):
        part, own = line[starts[sample] : starts[sample] + reach], weights[sample]
        total = np.float32(0)
        for k in range(reach):
            total += part[k] * own[k]
        out[sample] = total


@compiled_to_reorder
def _pass(  # noqa: PLR0913, PLR0917 (the arrays of two tents)
    lines: NDArray[np.uint8],
    channels: int,
    row_starts: NDArray[np.int64],
    row_weights: NDArray[np.float32],
    column_starts: NDArray[np.int64],
    column_weights: NDArray[np.float32],
    luma: NDArray[np.float32],
    small: NDArray[np.float32],
) -> None:
    """Sum up the lines of each tent, then at once the samples across that sum, while both are in the cache."""
    turns, reach, length = small.shape[0], row_weights.shape[2], lines.shape[1]
    sums = np.empty((2, length), np.float32)
    grey = np.empty(length // channels, np.float32)
    for sample in range(row_starts.size):
        start = row_starts[sample]
        sums[:] = 0
        for k in range(0, reach - 3, 4):
            four = lines[start + k : start + k + 4]
            if turns == 1:
                _add_four(sums[0], four, row_weights[0, sample, k : k + 4])
            else:
                _add_four_twice(sums[0], sums[1], four, row_weights[:, sample, k : k + 4])
        for k in range(reach - reach % 4, reach):
            for turn in range(turns):
                _add_one(sums[turn], lines[start + k], row_weights[turn, sample, k])
        for turn in range(turns):
            line = sums[turn]
            if channels == 3:
                _grey(line, luma, grey)
                line = grey
            for across in range(turns):
                _across(line, column_starts, column_weights[across], small[turn, across, sample])
