"""Clusters: what belongs together, under names that stay."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

Member = TypeVar("Member", bound=Hashable)


class ClusterKind(StrEnum):
    """What its members have in common."""

    COPIES = "copies"
    REPORTS = "reports"


def components(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Group what the edges connect: each group sorted, the groups in order; lone members are in none."""
    parent: dict[str, str] = {}

    def root(member: str) -> str:
        parent.setdefault(member, member)
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    for one, other in edges:
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for member in parent:
        groups[root(member)].append(member)
    return sorted(sorted(group) for group in groups.values() if len(group) > 1)


def named(groups: Iterable[list[str]], existing: Mapping[str, str], found: Callable[[str], str]) -> dict[str, str]:
    """Name each group's cluster, for every member.

    A group keeps the name that most of its members bear already (the smaller name if two are as frequent), and no
    two groups keep one name: it stays with the larger share. A group without a name founds one on its first member.
    """
    claims = []
    for position, group in enumerate(groups):
        votes: defaultdict[str, int] = defaultdict(int)
        for member in group:
            if member in existing:
                votes[existing[member]] += 1
        claims.append((group, sorted(votes.items(), key=lambda vote: (-vote[1], vote[0])), position))
    names: dict[str, str] = {}
    given: set[str] = set()
    for group, votes_in_order, _ in sorted(claims, key=lambda claim: (-_best(claim[1]), claim[2])):
        name = next((name for name, _ in votes_in_order if name not in given), "")
        name = name or next(fresh for fresh in map(found, group) if fresh not in given)
        given.add(name)
        names.update(dict.fromkeys(group, name))
    return names


def _best(votes: list[tuple[str, int]]) -> int:
    """Count the votes for the favourite name."""
    return votes[0][1] if votes else 0
