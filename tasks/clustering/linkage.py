"""Linkage: groups of vectors by average linkage, on a graph of neighbours, with what people ruled.

Two groups are as near as their members are on average (UPGMA: Sokal and Michener, 1958), and the nearest two are joined
as long as that is at least a threshold. Hence no chains: a row of pictures, each like the next, is cut where its ends
are too far from the rest. Of unit vectors the average cosine of two groups is the product of their sums over that of
their sizes, so that no matrix is needed. Two groups whose average reaches the threshold have a pair of members that
does: on a graph that has every such pair, the groups are those of all against all.
"""

import heapq
from collections.abc import Iterable, Sequence

import numpy as np

from domain.cluster import components
from infra.index.nearest import Vectors

Pair = tuple[int, int]


def linked(
    vectors: Vectors, near: Iterable[Pair], least: float, together: Iterable[Pair] = (), apart: Iterable[Pair] = ()
) -> list[list[int]]:
    """Group vectors, by their places: each group sorted, the groups in order; lone ones are in none.

    Args:
        vectors: in an order that does not depend on who came first; among equals it decides.
        near: pairs that may stand in one group, as nearest neighbours.
        least: average cosine at which two groups are joined, above 0.
        together: pairs that people ruled the same; they are joined first, whatever else.
        apart: pairs that people ruled not the same; no group holds both. `together` wins where the two contradict.
    """
    ruled = components(together)
    forest = _Forest(vectors, ruled)
    for one, other in apart:
        forest.part(one, other)
    for one, other in near:
        forest.meet(one, other)
    return sorted(group for group in forest.joined(least) if len(group) > 1)


class _Forest:
    """Groups that grow; each join makes a new one under a new number."""

    def __init__(self, vectors: Vectors, ruled: Sequence[Sequence[int]]) -> None:
        self._group = {place: place for place in range(len(vectors))}
        self._members: dict[int, list[int]] = {place: [place] for place in range(len(vectors))}
        self._sums: dict[int, Vectors] = dict(enumerate(vectors.astype(np.float64)))
        self._near: dict[int, set[int]] = {place: set() for place in range(len(vectors))}
        self._apart: dict[int, set[int]] = {place: set() for place in range(len(vectors))}
        self._next = len(vectors)
        for group in ruled:
            whole = group[0]
            for place in group[1:]:
                whole = self._join(whole, place)

    def part(self, one: int, other: int) -> None:
        """Keep two members' groups apart, unless they are one already."""
        first, second = self._group[one], self._group[other]
        if first != second:
            self._apart[first].add(second)
            self._apart[second].add(first)

    def meet(self, one: int, other: int) -> None:
        """Let two members' groups be joined, should they be near enough."""
        first, second = self._group[one], self._group[other]
        if first != second:
            self._near[first].add(second)
            self._near[second].add(first)

    def joined(self, least: float) -> list[list[int]]:
        """Join the nearest two groups until none are near enough."""
        waiting: list[tuple[float, int, int, int, int]] = []
        for group in list(self._near):
            self._offer(waiting, group, [other for other in self._near[group] if other > group], least)
        while waiting:
            _, _, _, one, other = heapq.heappop(waiting)
            if one in self._members and other in self._members and other not in self._apart[one]:
                whole = self._join(one, other)
                self._offer(waiting, whole, self._near[whole], least)
        return list(self._members.values())

    def _offer(
        self, waiting: list[tuple[float, int, int, int, int]], group: int, others: Iterable[int], least: float
    ) -> None:
        """Put a group's pairs with others, where they are near enough, into the queue: the nearest first."""
        found = [other for other in sorted(others) if other not in self._apart[group]]
        if not found:
            return
        sums = np.stack([self._sums[other] for other in found])
        sizes = np.array([len(self._members[other]) for other in found])
        averages = sums @ self._sums[group] / (sizes * len(self._members[group]))
        first = self._members[group][0]
        for other, average in zip(found, averages.tolist(), strict=True):
            if average >= least:
                ends = sorted((first, self._members[other][0]))
                heapq.heappush(waiting, (-average, *ends, group, other))

    def _join(self, one: int, other: int) -> int:
        """Make one group of two."""
        whole, self._next = self._next, self._next + 1
        self._members[whole] = sorted(self._members.pop(one) + self._members.pop(other))
        self._sums[whole] = self._sums.pop(one) + self._sums.pop(other)
        for table in (self._near, self._apart):
            table[whole] = (table.pop(one) | table.pop(other)) - {one, other}
            for each in table[whole]:
                table[each] = table[each] - {one, other} | {whole}
        for member in self._members[whole]:
            self._group[member] = whole
        return whole
