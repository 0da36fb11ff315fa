"""Nearest vectors: pairs whose cosine is high enough, by blocks of products; of many vectors, by cells about pivots.

The pivots are some of the vectors themselves, none as near to another as the pairs that are looked for; each vector is
in the cell of its nearest pivot, and two are compared where one's cell is among the other's few nearest (an inverted
file: Sivic and Zisserman, "Video Google", 2003; of several cells: Jégou, Douze and Schmid, "Product quantization for
nearest neighbor search", 2011). How many that must be is measured each time, on vectors that are compared with all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infra.index.graph import rooted, unite

Vectors = NDArray[np.float32]
"""[members, width], of unit length."""

Stored = NDArray[Any]
"""[members, width], of unit length, in any precision, in memory or in a file that is mapped."""

Rows = NDArray[np.int64]

EXACT = 10_000
"""Vectors up to which all are compared with all."""

RECALL = 0.98
"""Share of the pairs that are there of which it must be measured that they are found."""

MOST = 64
"""Neighbours of one vector of the sample that are looked for: the nearest ones."""

PER_ROOT = 2
"""Pivots, as a multiple of the root of the members."""

_SAMPLE = 512
_MARGIN = 0.005
"""What is asked for above `RECALL`, since a sample tells it."""

_BETWEEN = np.int32(0x70000000)
"""Bits of a single that a moved half has no part in."""

_LOWER = np.float32(2.0**112)

_ASKED, _HELD = 1024, 8192
"""Vectors that are compared at once: 32 MB of cosines."""


def floats(vectors: Stored, rows: Rows) -> Vectors:
    """Read some vectors in single precision; all their numbers are finite."""
    some = np.asarray(np.take(vectors, rows, axis=0))
    return widened(some) if some.dtype == np.float16 else np.asarray(some, np.float32)


def widened(halves: NDArray[np.float16]) -> NDArray[np.float32]:
    """Give finite numbers in single precision, exactly; NumPy converts one by one, and takes some three times as long.

    The bits of a half, moved to where a single has them, say 2^-112 of it, since exponents count from 15 in the one and
    from 127 in the other (IEEE 754).
    """
    bits = halves.view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= ~_BETWEEN
    singles = bits.view(np.float32)
    singles *= _LOWER
    return singles


def near(vectors: Stored, asking: Rows, held: Rows, least: float) -> Iterator[Rows]:
    """Compare every one that asks with every one held: pairs [N, 2] whose cosine is at least `least`, piece by piece.

    Exact; it takes the product of both numbers in time, and a bounded room.
    """
    for begin in range(0, len(held) if len(asking) else 0, _HELD):
        others = held[begin : begin + _HELD]
        against = floats(vectors, others).T
        for start in range(0, len(asking), _ASKED):
            some = asking[start : start + _ASKED]
            ones, found = np.nonzero(floats(vectors, some) @ against >= least)
            yield np.stack([some[ones], others[found]], axis=1)


def connected(vectors: Stored, least: float) -> Rows:
    """Give each vector the first of those that it is connected with by pairs that are near. Exact."""
    parents = np.arange(len(vectors))
    for pairs in near(vectors, parents.copy(), parents.copy(), least):
        unite(parents, pairs)
    return rooted(parents)


def spread(members: int, number: int) -> Rows:
    """Give so many places, evenly spread over the members; all, where there are no more."""
    return np.unique(np.linspace(0, members - 1, min(members, number)).astype(np.int64))


def pivots(vectors: Stored, least: float) -> Rows:
    """Choose pivots: members evenly spread, of which each is farther from those before it than `least`.

    So a crowd of vectors that are all but the same has one pivot, however large it is, and is one cell.
    """
    rows = spread(len(vectors), int(PER_ROOT * len(vectors) ** 0.5) + 1)
    cosines = (some := floats(vectors, rows)) @ some.T
    kept = np.ones(len(rows), np.bool_)
    for at in range(len(rows)):
        if kept[at]:
            kept[at + 1 :] &= cosines[at, at + 1 :] < least
    return rows[kept]


def cells(some: Vectors, centres: Vectors, number: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Give each vector's nearest cells [N, number], the nearest first, and their pivots' cosines."""
    cosines = some @ centres.T
    if number == 1:
        nearest = np.argmax(cosines, axis=1)[:, None]
    else:
        nearest = np.argpartition(cosines, -min(number, len(centres)), axis=1)[:, -number:]
    found = np.take_along_axis(cosines, nearest, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    return np.take_along_axis(nearest, order, axis=1).astype(np.int32), np.take_along_axis(found, order, axis=1)


@dataclass(frozen=True, slots=True)
class Ways:
    """Into how many of the nearest cells a vector looks, and the share of pairs that was found so.

    Attributes:
        both: where all look for each other, so that a pair is found if either finds it.
        alone: where new ones look among those that are there.
        recall: of the first, as measured on a sample; `recall_alone` of the second. NaN without any pair.
    """

    both: int
    alone: int
    recall: float
    recall_alone: float


def measured(vectors: Stored, centres: Vectors, least: float, sample: int = _SAMPLE) -> Ways:
    """Find how many cells are enough, on a sample of vectors that are compared with all.

    Looked for are the pairs of each sampled vector with its 64 nearest, as far as their cosine is at least `least`.
    """
    pairs = exact(vectors, spread(len(vectors), sample), least)
    ranks = np.concatenate([np.empty((0, 2), np.int64), *_ranks(vectors, centres, pairs)])
    if not len(ranks):
        return Ways(4, 8, np.nan, np.nan)
    best, alone = ranks.min(axis=1), ranks[:, 0]
    enough = [int(np.quantile(each, RECALL + _MARGIN, method="higher")) + 1 for each in (best, alone)]
    told = [float(np.mean(each < number)) for each, number in zip((best, alone), enough, strict=True)]
    return Ways(*enough, *told)


def exact(vectors: Stored, asking: Rows, least: float, most: int = MOST) -> Rows:
    """Find the `most` nearest of each that asks, as far as their cosine is at least `least`, by all comparisons: pairs.

    Of those as near the earlier are taken.
    """
    some = floats(vectors, asking)
    ones, others, cosines = [], [], []
    for begin in range(0, len(vectors), _HELD):
        block = some @ floats(vectors, np.arange(begin, min(begin + _HELD, len(vectors)))).T
        one, other = np.nonzero(block >= least)
        apart = asking[one] != begin + other
        ones.append(one[apart])
        others.append(begin + other[apart])
        cosines.append(block[one, other][apart])
    one, other, cosine = (np.concatenate(each) for each in (ones, others, cosines))
    order = np.lexsort((other, -cosine, one))
    one, other = one[order], other[order]
    place = np.arange(len(one)) - np.searchsorted(one, one)
    kept = place < most
    return np.stack([asking[one[kept]], other[kept]], axis=1)


def _ranks(vectors: Stored, centres: Vectors, pairs: Rows) -> Iterator[Rows]:
    """Tell of each pair how many cells are nearer to the one than the other's, and to the other than the one's."""
    for start in range(0, len(pairs), _ASKED):
        one, other = (floats(vectors, pairs[start : start + _ASKED, side]) @ centres.T for side in (0, 1))
        mine, others = one.argmax(axis=1), other.argmax(axis=1)
        at = np.arange(len(one))
        yield np.stack(
            [(one > one[at, others][:, None]).sum(axis=1), (other > other[at, mine][:, None]).sum(axis=1)], axis=1
        )
