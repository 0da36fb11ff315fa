"""Density: groups in which much is linked with much, by average linkage over links, with what people ruled.

Two groups are as near as the mean weight of all pairs between them, where pairs without a link weigh nothing (UPGMA:
Sokal and Michener, 1958), and the nearest two are joined as long as that is at least a share of a whole link. So in
every group the mean weight of its pairs is at least that share, but for what people ruled the same: a chain falls into
short pieces, a bridge joins no two crowds, and what is linked with many that are not linked is in a group with few.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import count

from domain.cluster import Ruling, components

WHOLE = 1 << 20
"""Weight of a link of which nobody doubts; weights are whole numbers, so that sums are the same in every order."""

LEAST_SHARE = 0.3
"""Mean weight of all pairs between two groups, as a share of `WHOLE`, from which on they are one."""

Weights = Mapping[tuple[str, str], int]
"""Links, each pair once and the smaller name first, and how sure each is: more than 0, at most `WHOLE`."""


def dense(weights: Weights, rulings: Iterable[Ruling] = (), least: float = LEAST_SHARE) -> list[list[str]]:
    """Group what is linked, whatever the order of links and rulings: each group sorted, the groups in order.

    Members ruled the same are in one group, whether or not a link connects them; of members ruled not the same, never
    are two. Where rulings contradict, the same wins. Of pairs of groups that are as near, the one of the smaller names
    is joined first. Lone members are in no group.
    """
    rulings = list(rulings)
    groups = _Groups(components((each.one, each.other) for each in rulings if each.same))
    for each in rulings:
        if not each.same:
            groups.part(each.one, each.other)
    for (one, other), weight in weights.items():
        groups.link(one, other, weight)
    return sorted(members for members in groups.joined(least * WHOLE) if len(members) > 1)


class _Groups:
    """Groups by number, the sums of the links between them, and which must not be joined."""

    def __init__(self, whole: Iterable[list[str]]) -> None:
        self._members: dict[int, list[str]] = {}
        self._group: dict[str, int] = {}
        self._sums: defaultdict[int, dict[int, int]] = defaultdict(dict)
        self._apart: defaultdict[int, set[int]] = defaultdict(set)
        self._numbers = count()
        for members in whole:
            self._add(members)

    def part(self, one: str, other: str) -> None:
        """Never join the groups of two members, unless they are one."""
        first, second = self._of(one), self._of(other)
        if first != second:
            self._apart[first].add(second)
            self._apart[second].add(first)

    def link(self, one: str, other: str, weight: int) -> None:
        """Add a link between two members."""
        first, second = self._of(one), self._of(other)
        if first != second:
            sums = self._sums[first].get(second, 0) + weight
            self._sums[first][second] = self._sums[second][first] = sums

    def joined(self, least: float) -> list[list[str]]:
        """Join the nearest two groups until none are near enough."""
        waiting: list[tuple[float, str, str, int, int]] = []
        for group, sums in list(self._sums.items()):
            self._offer(waiting, group, [other for other in sums if other > group], least)
        while waiting:
            *_, one, other = heapq.heappop(waiting)
            if one in self._members and other in self._members and other not in self._apart[one]:
                whole = self._join(one, other)
                self._offer(waiting, whole, self._sums[whole], least)
        return list(self._members.values())

    def _of(self, member: str) -> int:
        return self._group[member] if member in self._group else self._add([member])

    def _add(self, members: list[str]) -> int:
        number = next(self._numbers)
        self._members[number] = members
        self._group |= dict.fromkeys(members, number)
        return number

    def _offer(
        self, waiting: list[tuple[float, str, str, int, int]], group: int, others: Iterable[int], least: float
    ) -> None:
        """Put a group's pairs with others that are near enough into the queue: the nearest first."""
        for other in others:
            pairs = len(self._members[group]) * len(self._members[other])
            if self._sums[group][other] >= least * pairs:
                first, second = sorted((self._members[group][0], self._members[other][0]))
                heapq.heappush(waiting, (-self._sums[group][other] / pairs, first, second, group, other))

    def _join(self, one: int, other: int) -> int:
        """Make one group of two."""
        whole = self._add(sorted(self._members.pop(one) + self._members.pop(other)))
        sums = self._sums[whole]
        for old in (one, other):
            for near, weight in self._sums.pop(old, {}).items():
                sums[near] = sums.get(near, 0) + weight
                self._sums[near].pop(old, None)
        for gone in (one, other):
            sums.pop(gone, None)
        for near, weight in sums.items():
            self._sums[near][whole] = weight
        self._apart[whole] = (self._apart.pop(one, set()) | self._apart.pop(other, set())) - {one, other}
        for far in self._apart[whole]:
            self._apart[far] = self._apart[far] - {one, other} | {whole}
        return whole
