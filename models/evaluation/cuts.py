"""Embedders: from which average cosine on groups are one, by what that does to a set of which the truth is known.

Items are grouped as clusters are, by average linkage, at every cosine of a grid. Precision is the share of the pairs
in one group that belong together; recall is the share of the pairs that belong together that are in one group.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

PRECISION = 0.99
GRID = tuple(round(0.5 + 0.005 * step, 3) for step in range(100))
MOST_ITEMS = 4000
"""Items that are grouped; of more, whole groups are drawn, seeded."""

_SURE = 1.959963984540054
_SEED = 1


@dataclass(frozen=True, slots=True)
class Cut:
    """What comes of taking groups for one from an average cosine on.

    Attributes:
        alike: the cosine.
        precision: of the pairs in one group, the share that belongs together, 0-1; NaN without any pair.
        low: the lower end of its 95 % interval, by Wilson's (1927), as though each true group that is in any pair were
            one trial: pairs of one person depend on each other. NaN without any pair.
        recall: of the pairs that belong together, the share that is in one group, 0-1; NaN without any.
    """

    alike: float
    precision: float
    low: float
    recall: float


def cuts(vectors: NDArray[Any], groups: NDArray[np.intp], grid: Sequence[float] = GRID) -> tuple[Cut, ...]:
    """Group items [N, width] of unit length at each cosine, and set that beside the true groups [N].

    Vectors of zeros, where nothing was seen, are left out.
    """
    kept = _some(np.flatnonzero(np.any(vectors != 0, axis=1)), groups)
    wide, true = vectors[kept].astype(np.float64), np.unique(groups[kept], return_inverse=True)[1]
    if len(kept) < 2:
        return tuple(Cut(each, np.nan, np.nan, np.nan) for each in grid)
    distances = np.maximum(1 - wide @ wide.T, 0)
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average")
    return tuple(_cut(each, fcluster(tree, 1 - each, "distance"), true) for each in grid)


def lowest(found: Sequence[Cut], precision: float = PRECISION) -> Cut | None:
    """Give the lowest cosine from which on the lower end of the precision is nowhere below what is asked for.

    Above it there may be none at all in one group. None where the set shows it of no cosine: it is too small, or the
    embedder too weak.
    """
    chosen = None
    for each in sorted(found, key=lambda one: -one.alike):
        if each.low < precision:
            break
        chosen = each if each.low >= precision else chosen
    return chosen


def _some(places: NDArray[np.intp], groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """Keep whole groups, as many as may be."""
    if len(places) <= MOST_ITEMS:
        return places
    names, sizes = np.unique(groups[places], return_counts=True)
    order = np.random.default_rng(_SEED).permutation(len(names))
    return places[np.isin(groups[places], names[order][np.cumsum(sizes[order]) <= MOST_ITEMS])]


def _cut(alike: float, found: NDArray[np.intp], true: NDArray[np.intp]) -> Cut:
    both, sizes = np.unique(np.stack([found, true]), axis=1, return_counts=True)
    right, joined, there = (_pairs(each) for each in (sizes, np.bincount(found), np.bincount(true)))
    if not joined:
        return Cut(alike, np.nan, np.nan, 0.0 if there else np.nan)
    large = np.bincount(found)[both[0]] > 1
    trials = len(np.unique(both[1][large]))
    precision = right / joined
    return Cut(alike, precision, _wilson(precision, trials), right / there if there else np.nan)


def _pairs(sizes: NDArray[np.intp]) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _wilson(share: float, trials: int) -> float:
    square = _SURE**2 / trials
    return float((share + square / 2 - np.sqrt(square * (share * (1 - share) + square / 4))) / (1 + square))
