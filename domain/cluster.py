"""Clusters: what belongs together, under names that stay."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from itertools import chain, count
from typing import TypeVar


class ClusterKind(StrEnum):
    """What its members have in common."""

    COPIES = "copies"
    REPORTS = "reports"


Member = TypeVar("Member", int, str)


def components(edges: Iterable[tuple[Member, Member]]) -> list[list[Member]]:
    """Group what the edges connect: each group sorted, the groups in order; lone members are in none."""
    parent: dict[Member, Member] = {}

    def root(member: Member) -> Member:
        parent.setdefault(member, member)
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    for one, other in edges:
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    groups: defaultdict[Member, list[Member]] = defaultdict(list)
    for member in parent:
        groups[root(member)].append(member)
    return sorted(sorted(group) for group in groups.values() if len(group) > 1)


def named(groups: Iterable[list[str]], existing: Mapping[str, str], found: Callable[[str], str]) -> dict[str, str]:
    """Name each group's cluster, for every member.

    A group keeps the name that most of its members bear already (the smaller name if two are as frequent), and no
    two groups keep one name: it stays with the larger share. A group without a name founds one on its first member,
    or on a later one where another group keeps that name.
    """
    members = sorted(sorted(group) for group in groups)
    shares = Counter(
        (existing[member], place) for place, group in enumerate(members) for member in group if member in existing
    )
    kept: dict[int, str] = {}
    given: set[str] = set()
    for (name, place), _ in sorted(shares.items(), key=lambda share: (-share[1], share[0])):
        if name not in given and place not in kept:
            kept[place] = name
            given.add(name)
    for place, group in enumerate(members):
        if place not in kept:
            seeds = chain(group, (f"{group[0]} {number}" for number in count(2)))
            kept[place] = next(name for name in map(found, seeds) if name not in given)
            given.add(kept[place])
    return {member: kept[place] for place, group in enumerate(members) for member in group}
