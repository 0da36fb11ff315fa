"""Numbers: weights made whole, and curves through known sums; the same for the same arguments, without chance."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def whole(weights: Floats | Whole, total: int) -> Whole:
    """Share `total` (≥ 0) out in proportion to `weights` (≥ 0, any length), in whole numbers.

    The running sum is rounded, not each number: the sum over any stretch is within 1 of what it should be, each
    number is one of the two next to its share, and whole weights that add up to `total` stay as they are.
    """
    sums = np.concatenate(([0.0], np.cumsum(weights, dtype=np.float64)))
    if not sums[-1]:
        return np.zeros(len(weights), dtype=np.int64)
    counts: Whole = np.diff(np.rint(sums * (total / sums[-1]))).astype(np.int64)
    return counts


def through(knots: Mapping[int, float], places: int) -> Floats:
    """Draw a smooth rising curve through known sums, and give its rise from each place to the next.

    Args:
        knots: place (0 to `places`, both among them, ascending) to the sum up to there, rising.
        places: how many rises are wanted.

    A cubic piece between neighbours, with Fritsch and Butland's weighted harmonic mean of the slopes at each knot, so
    that the curve never falls ("A Method for Constructing Local Monotone Piecewise Cubic Interpolants", SIAM J. Sci.
    Stat. Comput. 5, 1984).
    """
    x, y = np.array(list(knots), dtype=np.float64), np.array(list(knots.values()), dtype=np.float64)
    width, slope = np.diff(x), np.diff(y) / np.diff(x)
    left, right = 2 * width[1:] + width[:-1], 2 * width[:-1] + width[1:]
    tilt = np.empty(len(x))
    tilt[1:-1] = (left + right) / (left / slope[:-1] + right / slope[1:])
    tilt[0], tilt[-1] = _end(width[:2], slope[:2]), _end(width[:-3:-1], slope[:-3:-1])
    at = np.arange(places + 1)
    piece = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(width) - 1)
    wide, t = width[piece], (at - x[piece]) / width[piece]
    ends = y[piece] * (1 + 2 * t) * (1 - t) ** 2 + y[piece + 1] * t**2 * (3 - 2 * t)
    return np.diff(ends + wide * t * (1 - t) * (tilt[piece] * (1 - t) - tilt[piece + 1] * t))


def _end(width: Floats, slope: Floats) -> float:
    """Give the tilt at an end, from the two pieces next to it, outermost first; one piece alone is straight."""
    if len(slope) == 1:
        return float(slope[0])
    tilt = ((2 * width[0] + width[1]) * slope[0] - width[0] * slope[1]) / (width[0] + width[1])
    return float(np.clip(tilt, 0, 3 * slope[0]))


def scaled(number: int, share: float, least: int = 0) -> int:
    """Scale a published count by `share`, to no less than `least`."""
    return max(least, round(number * share))
