"""Linkage: groups of vectors by average linkage, keeping to what people ruled.

Two groups are as near as their members are on average (UPGMA: Sokal and Michener, 1958), and the nearest two are joined
as long as that is at least a threshold. Hence no chains: a row of pictures, each like the next, is cut where its ends
are too far from the rest. Of unit vectors the cosines of two groups' members add up to the product of the groups' sums,
so that groups can be joined as members are.

Joins are found by following nearest neighbours until two are each other's (the nearest-neighbour chain: Benzécri, 1982;
Murtagh, "A survey of recent advances in hierarchical clustering algorithms", 1983), which gives the groups of joining
the nearest two each time, in the square of the members. What is ruled apart is infinitely far, and stays so.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.cluster import components
from infra.compiling import compiled
from infra.index.nearest import Vectors

Pair = tuple[int, int]

LARGEST = 16_384
"""Groups that are compared each with each at once: a table of 1 GiB. More are halved until they are so few."""

_DRAWS = 8
"""Rounds in which the direction is found along which vectors are spread the most."""


def linked(
    vectors: Vectors,
    least: float,
    together: Iterable[Pair] = (),
    apart: Iterable[Pair] = (),
    groups: NDArray[np.int64] | None = None,
) -> list[list[int]]:
    """Group vectors, by their places: each group sorted, the groups in order; lone ones are in none.

    Of more than `LARGEST` vectors, halves along the direction in which they are spread the most are grouped first, and
    then the groups: two are joined only where they are near enough on average, but the nearest two need not be first.

    Args:
        vectors: [members, width], in an order that does not depend on who came first; among equals it decides.
        least: average cosine at which two groups are joined, above 0.
        together: pairs that people ruled the same; they are joined first, whatever else.
        apart: pairs that people ruled not the same; no group holds both. `together` wins where the two contradict.
        groups: [members], the same number for those that are joined before; -1 for all others.
    """
    alone = np.arange(len(vectors))
    of = alone if groups is None else np.where(groups >= 0, groups, alone + groups.max(initial=0) + 1)
    for some in components((int(of[one]), int(of[other])) for one, other in together):
        of = np.where(np.isin(of, some), some[0], of)
    of = np.unique(of, return_inverse=True)[1]
    parted = np.array([(of[one], of[other]) for one, other in apart], np.int64).reshape(-1, 2)
    while len(of):
        sums, sizes = _summed(vectors, of)
        joined = _places(sums, sizes, parted, least)
        of, parted, before = joined[of], joined[parted], len(sizes)
        if before <= LARGEST or joined.max() + 1 == before:
            break
    return _listed(of)


def _summed(vectors: Vectors, of: NDArray[np.int64]) -> tuple[Vectors, NDArray[np.float64]]:
    """Add up the vectors of each group, and count them."""
    sizes = np.bincount(of)
    if len(sizes) == len(vectors):
        return vectors[np.argsort(of)], sizes.astype(np.float64)
    order = np.argsort(of, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return np.add.reduceat(vectors[order], starts, axis=0), sizes.astype(np.float64)


def _places(sums: Vectors, sizes: NDArray[np.float64], parted: NDArray[np.int64], least: float) -> NDArray[np.int64]:
    """Tell of each group the number of the one that it becomes part of."""
    roots = np.arange(len(sizes))
    for part in _parts(sums):
        inside = np.full(len(sizes), -1)
        inside[part] = np.arange(len(part))
        between = sums[part] @ sums[part].T
        one, other = inside[parted].T
        both = (one >= 0) & (other >= 0) & (one != other)
        between[one[both], other[both]] = between[other[both], one[both]] = -np.inf
        np.fill_diagonal(between, -np.inf)
        roots[part] = part[chained(between, sizes[part], least)]
    return np.unique(roots, return_inverse=True)[1]


def _parts(sums: Vectors) -> Iterator[NDArray[np.int64]]:
    """Halve groups until each part may be compared, each time along the direction of the widest spread."""
    waiting = [np.arange(len(sums))]
    while waiting:
        part = waiting.pop()
        if len(part) <= LARGEST:
            yield part
            continue
        some = sums[part] / np.linalg.norm(sums[part], axis=1, keepdims=True)
        some -= some.mean(axis=0)
        direction = some[np.argmax(np.einsum("ij,ij->i", some, some))]
        for _ in range(_DRAWS):
            direction = some.T @ (some @ direction)
            direction /= np.linalg.norm(direction) or 1
        order = np.argsort(some @ direction, kind="stable")
        waiting += [np.sort(half) for half in np.array_split(part[order], 2)]


def _listed(of: NDArray[np.int64]) -> list[list[int]]:
    order = np.argsort(of, kind="stable")
    groups: Sequence[NDArray[np.int64]] = np.split(order, np.flatnonzero(np.diff(of[order])) + 1)
    return sorted(group.tolist() for group in groups if len(group) > 1)


@compiled
def chained(between: NDArray[np.float32], sizes: NDArray[np.float64], least: float) -> NDArray[np.int64]:
    """Join groups: give of each the first of those that it is joined with. Uses up both tables.

    Args:
        between: [groups, groups], the sum of the cosines of one's members with the other's; -inf for what stays apart,
            and for each with itself.
        sizes: [groups], how many members each has.
        least: average cosine at which two are joined.
    """
    count = len(sizes)
    roots, left = np.arange(count), np.ones(count, np.bool_)
    chain, length, first = np.empty(count + 1, np.int64), 0, 0
    while True:
        if length == 0:
            while first < count and not left[first]:
                first += 1
            if first == count:
                return roots
            chain[0], length = first, 1
        before = chain[length - 2] if length > 1 else -1
        other, average = _nearest(between[chain[length - 1]], sizes, chain[length - 1], before)
        if average < least:
            left[chain[length - 1]], length = False, 0
        elif other == before:
            length -= 2
            kept, gone = min(chain[length], chain[length + 1]), max(chain[length], chain[length + 1])
            left[gone] = False
            roots[roots == gone] = kept
            _merge(between, sizes, kept, gone)
        else:
            chain[length], length = other, length + 1


@compiled
def _nearest(sums: NDArray[np.float32], sizes: NDArray[np.float64], one: int, before: int) -> tuple[int, float]:
    """Find the group that is nearest on average, the one `before` among equals, else the first; and the average."""
    other, best = before, -np.inf
    if before >= 0:
        best = sums[before] / (sizes[one] * sizes[before])
    for each in range(len(sizes)):
        average = sums[each] / (sizes[one] * sizes[each])
        if average > best:
            other, best = each, average
    return other, best


@compiled
def _merge(between: NDArray[np.float32], sizes: NDArray[np.float64], kept: int, gone: int) -> None:
    """Make one group of two."""
    sizes[kept] += sizes[gone]
    between[kept] += between[gone]
    between[kept, kept] = -np.inf
    between[:, kept] = between[kept]
    between[:, gone] = -np.inf
