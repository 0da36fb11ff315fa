"""Clusters: what belongs together, under names that stay."""

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, count
from typing import TypeVar


class ClusterKind(StrEnum):
    """What its members have in common.

    copies: files that show the same but for an edit. scenes: pictures and films of one place.
    faces: faces of one person, perhaps. reports: reports that are of one case, perhaps.
    """

    COPIES = "copies"
    SCENES = "scenes"
    FACES = "faces"
    REPORTS = "reports"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person says of two members: they are the same, or they are not. Every later run keeps to it."""

    one: str
    other: str
    same: bool


class Event(StrEnum):
    """What became of a cluster.

    founded: of members that were in none. merged: all of another went into it, or none of that is left elsewhere.
    split: it came out of another. moved: members came over from another that goes on. ended: no members are left.
    """

    FOUNDED = "founded"
    MERGED = "merged"
    SPLIT = "split"
    MOVED = "moved"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Change:
    """One event of a cluster's life; `other` is where members came from, if they did, and `members` how many."""

    cluster: str
    event: Event
    other: str
    members: int


class TieKind(StrEnum):
    """What ties two members of a cluster, besides what reports share, whose ties are named as in `domain.linking`.

    picture: hashes of pictures. film: frames in common. copies: they are copies of one another. vectors: of a model.
    ruling: a person said that they are the same.
    """

    PICTURE = "picture"
    FILM = "film"
    COPIES = "copies"
    VECTORS = "vectors"
    RULING = "ruling"


@dataclass(frozen=True, slots=True)
class Tie:
    """What ties a member of a cluster to another one.

    Attributes:
        other: the other member.
        by: a kind of tie, or of link.
        near: how near: bits of 256 between pictures; the lesser of two films' shares in common; a cosine; the odds that
            a shared thing gives; 1 for what is simply so.
        notes: codes: of pictures the orientation in which they agree, and `borders` where these were cut off; of a link
            the surrogate of what is shared, and how many reports share it.
    """

    other: str
    by: str
    near: float = 1.0
    notes: tuple[str, ...] = ()


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


def grouped(edges: Iterable[tuple[str, str]], rulings: Iterable[Ruling] = ()) -> list[list[str]]:
    """Group what the edges connect, as `components`, keeping to what people ruled, whatever the order of both.

    Members ruled the same are in one group, whether or not an edge connects them. Of members ruled not the same, an
    edge that would connect their groups, the edges taken by their names, is left out. Where rulings contradict, the
    same wins.
    """
    rulings = list(rulings)
    apart: defaultdict[str, set[str]] = defaultdict(set)
    for each in rulings:
        if not each.same:
            apart[each.one].add(each.other)
            apart[each.other].add(each.one)
    if not apart:
        return components([*edges, *((each.one, each.other) for each in rulings)])
    group: dict[str, set[str]] = {}
    for members in components((each.one, each.other) for each in rulings if each.same):
        whole = set(members)
        group |= dict.fromkeys(members, whole)
    for one, other in sorted({(min(edge), max(edge)) for edge in edges}):
        small, large = sorted((group.setdefault(name, {name}) for name in (one, other)), key=len)
        if small is not large and not any(apart[member] & large for member in small & apart.keys()):
            large |= small
            group |= dict.fromkeys(small, large)
    distinct = {id(members): members for members in group.values() if len(members) > 1}
    return sorted(sorted(members) for members in distinct.values())


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """Tell what became of clusters, in order, from each member's cluster before and after."""
    held, holds = Counter(before.values()), set(after.values())
    moves = Counter((before.get(member, ""), name) for member, name in after.items())
    drawn = {name for source, name in moves if source}
    told = []
    for (source, name), members in moves.items():
        if source and source != name:
            event = Event.SPLIT if name not in held else Event.MOVED if source in holds else Event.MERGED
            told.append(Change(name, event, source, members))
        elif not source and name not in held and name not in drawn:
            told.append(Change(name, Event.FOUNDED, "", members))
    gone = held.keys() - {source for source, _ in moves}
    told += [Change(name, Event.ENDED, "", held[name]) for name in gone]
    return sorted(told, key=lambda each: (each.cluster, each.event, each.other))


def named(
    groups: Iterable[list[str]],
    existing: Mapping[str, str],
    found: Callable[[str], str],
    taken: Container[str] = frozenset(),
) -> dict[str, str]:
    """Name each group's cluster, for every member.

    A group keeps the name that most of its members bear already (the smaller name if two are as frequent), and no
    two groups keep one name: it stays with the larger share. A group without a name founds one on its first member,
    or on a later one where another group keeps that name. Names that are `taken` are those of other groups.
    """
    members = sorted(sorted(group) for group in groups)
    shares = Counter(
        (existing[member], place) for place, group in enumerate(members) for member in group if member in existing
    )
    kept: dict[int, str] = {}
    given: set[str] = set()
    for (name, place), _ in sorted(shares.items(), key=lambda share: (-share[1], share[0])):
        if name not in given and name not in taken and place not in kept:
            kept[place] = name
            given.add(name)
    for place, group in enumerate(members):
        if place not in kept:
            seeds = chain(group, (f"{group[0]} {number}" for number in count(2)))
            kept[place] = next(name for name in map(found, seeds) if name not in given and name not in taken)
            given.add(kept[place])
    return {member: kept[place] for place, group in enumerate(members) for member in group}
