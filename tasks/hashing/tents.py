"""Tents: the weights of PDQ's blur and decimation along one axis, folded onto blocks of a reduced picture."""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE = 64
"""Samples that PDQ keeps along each axis."""


@dataclass(frozen=True, slots=True)
class Tents:
    """Weights of an axis: output `m` is the sum of `weights[turn, m, k]` × sample `starts[m] + k`.

    Attributes:
        starts: 64 indices (int64).
        weights: turns × 64 × K (float32): of the axis as it is and, as a second turn, of the reversed axis, its
            outputs reversed with it. K is a multiple of 4 wherever the axis is long enough.
    """

    starts: NDArray[np.int64]
    weights: NDArray[np.float32]


@functools.lru_cache(maxsize=128)
def tents(length: int, scale: int = 1, turns: int = 1) -> Tents:
    """Give the tents of an axis of `length` samples, of which blocks of `scale` were averaged to one.

    PDQ blurs twice, each time by the moving average of `length` / 128 samples, rounded up, its windows cut at the
    ends, and keeps 64 samples: both together are one weighted sum for each. A reduced sample stands for its whole
    block, so it takes the weights of all of them; the last block may be short. An axis and its reverse have different
    tents, since windows reach one sample further ahead than behind.
    """
    starts, weights = _band(length)
    bands = [(starts, weights), ((length - weights.shape[1] - starts)[::-1], weights[::-1, ::-1])][:turns]
    return _joined([_folded(*band, length, scale) for band in bands], -(-length // scale))


def _band(length: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give where each tent starts, and its weights, at full size."""
    window = (length + 127) // 128
    ahead = (window + 2) // 2
    behind = window - ahead
    place = np.arange(length)
    first, after = np.maximum(place - behind, 0), np.minimum(place + ahead, length)
    share = 1.0 / (after - first)
    so_far = np.concatenate([[0.0], np.cumsum(share)])
    centres = ((np.arange(SIDE) + 0.5) * length / SIDE).astype(np.int64)
    reach = min(2 * window - 1, length)
    starts = np.clip(centres - 2 * behind, 0, length - reach)
    samples = starts[:, None] + np.arange(reach)
    # a sample counts in every average of the first blur whose window holds it; those count as the second blur says
    low = np.maximum(samples - ahead + 1, first[centres][:, None])
    high = np.minimum(samples + behind + 1, after[centres][:, None])
    weights = share[centres][:, None] * (so_far[np.maximum(low, high)] - so_far[low])
    return starts, weights


def _folded(
    starts: NDArray[np.int64], weights: NDArray[np.float64], length: int, scale: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Add the weights of each block up, and start at the first block that a tent reaches."""
    if scale == 1:
        return starts, weights
    blocks = (starts[:, None] + np.arange(weights.shape[1])) // scale
    reach = int((blocks[:, -1] - blocks[:, 0]).max()) + 1
    begins = np.minimum(blocks[:, 0], -(-length // scale) - reach)
    folded = np.zeros((SIDE, reach))
    np.add.at(folded, (np.arange(SIDE)[:, None], blocks - begins[:, None]), weights)
    return begins, folded


def _joined(bands: list[tuple[NDArray[np.int64], NDArray[np.float64]]], size: int) -> Tents:
    """Set tents side by side on common starts, zeros where one does not reach."""
    lowest = np.min([starts for starts, _ in bands], axis=0)
    ends = np.max([starts + weights.shape[1] for starts, weights in bands], axis=0)
    reach = min(-(-int((ends - lowest).max()) // 4) * 4, size)
    common = np.minimum(lowest, size - reach)
    joined = np.zeros((len(bands), SIDE, reach), np.float32)
    for turn, (starts, weights) in enumerate(bands):
        places = (starts - common)[:, None] + np.arange(weights.shape[1])
        np.put_along_axis(joined[turn], places, weights.astype(np.float32), axis=1)
    return Tents(common, joined)
