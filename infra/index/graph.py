"""The neighbour graph of a set of hashes: which pairs lie within a radius, and what they connect.

One table is made at a time and let go, so ten million hashes take the room of their 320 MB and of one table.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from domain.media import MATCH_RADIUS
from infra.compiling import compiled
from infra.index.kernels import BUCKETS, LANES, TABLES, Found, Stored, Table, Wanted, Words, fill, fixed, join

PIECE = 1 << 17
"""Pairs that are given at once."""


def neighbours(
    hashes: Words, radius: int = MATCH_RADIUS
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Find all pairs of hashes (N × 4) at most `radius` bits (0–31) apart: the smaller place, the greater, the bits.

    They come in pieces of bounded size, in no stated order, each pair once.
    """
    for found in _pairs(hashes, Wanted(radius, once=True)):
        places = np.sort(found[:, :2], axis=1)
        yield places[:, 0], places[:, 1], found[:, 2].copy()


def components(hashes: Words, radius: int = MATCH_RADIUS) -> NDArray[np.int64]:
    """Tell of each hash (N × 4) the smallest place in its component, where pairs within `radius` are connected.

    Equal hashes are taken as one before, so that a flood of one picture costs no more than the picture.
    """
    first = _first_equal(hashes)
    distinct = np.flatnonzero(first == np.arange(len(first)))
    parents = np.arange(len(distinct))
    for found in _pairs(hashes[distinct], Wanted(radius, once=False)):
        unite(parents, found)
    whole = np.empty(len(first), np.int64)
    whole[distinct] = distinct[rooted(parents)]
    return whole[first]


def _pairs(hashes: Words, wanted: Wanted) -> Iterator[Found]:
    """Join table by table; a piece is good until the next one is asked for."""
    if not 0 <= wanted.radius <= MATCH_RADIUS:
        raise ValueError(f"hashes are joined within 0 to {MATCH_RADIUS} bits, not {wanted.radius}")
    stored = Stored(fixed(hashes), fixed(np.zeros(len(hashes), np.bool_)))
    found = np.empty((PIECE + LANES + 1, 3), np.int64)
    for number in range(TABLES):
        table = _table(stored.hashes, number)
        at = np.zeros(4, np.int64)
        found[-1, 0], finished = 0, False
        while not finished:
            finished = join(stored, table, wanted, at, found)
            yield found[: found[-1, 0]]
            found[-1, 0] = 0


def _table(hashes: Words, number: int) -> Table:
    sizes = (BUCKETS + 1, len(hashes) + LANES, len(hashes))
    starts, following, rows = (np.zeros(size, np.uint32) for size in sizes)
    fill(hashes, Table(number, starts, following, rows))
    return Table(number, fixed(starts), fixed(following), fixed(rows))


def _first_equal(hashes: Words) -> NDArray[np.int64]:
    """Give the first place of each hash: its own, or that of an equal one.

    Equal hashes stand together once sorted by a digest of 64 bits. Two others that share a digest might stand
    between them: they are then found by the join.
    """
    multipliers = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5], np.uint64)
    order = np.argsort((hashes * multipliers).sum(axis=1, dtype=np.uint64), kind="stable")
    in_order = hashes[order]
    begins = np.ones(len(order), np.bool_)
    begins[1:] = np.any(in_order[1:] != in_order[:-1], axis=1)
    first = np.empty(len(order), np.int64)
    first[order] = order[np.flatnonzero(begins)[np.cumsum(begins) - 1]]
    return first


def rooted(parents: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give each row the first row of its component."""
    roots = parents[parents]
    while not np.array_equal(roots, parents):
        parents, roots = roots, roots[roots]
    return roots


@compiled
def unite(parents: NDArray[np.int64], pairs: NDArray[np.int64]) -> None:
    """Join the components of the first two of each row of `pairs`; a parent is a smaller row of its component."""
    for at in range(len(pairs)):
        one, other = pairs[at, 0], pairs[at, 1]
        while parents[one] != one:
            parents[one] = parents[parents[one]]
            one = parents[one]
        while parents[other] != other:
            parents[other] = parents[parents[other]]
            other = parents[other]
        parents[max(one, other)] = min(one, other)
