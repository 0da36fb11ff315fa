"""Grouping: members by their vectors, within what pairs of near ones connect, keeping to what people ruled."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from domain.cluster import Ruling, components
from infra.index.nearest import Rows, Stored, Vectors, connected, floats
from tasks.clustering.linkage import Pair, linked

Apart = Callable[[Sequence[str]], Iterable[Pair]]
"""Gives pairs of members, by their places, that are not the same, whatever their vectors say."""


class Group(NamedTuple):
    """A group: its members, by their places, and the average cosine of its pairs."""

    members: list[int]
    cosine: float


class Said(NamedTuple):
    """What a person said of two members, by their places."""

    one: int
    other: int
    same: bool


def nothing(_names: Sequence[str]) -> Iterable[Pair]:
    """Give no pairs: nothing is known of who is not the same."""
    return ()


@dataclass(frozen=True, slots=True)
class Near:
    """Members, and which of them are connected by pairs that are near.

    Attributes:
        names: all different.
        vectors: of unit length, of these and perhaps of others.
        rows: [members], where each one's vector is.
        labels: [members], the same number for those that are connected.
        least: the cosine from which on two are near.
        groups: [members], the same number for those that stay in one group; -1 for all others.
    """

    names: Sequence[str]
    vectors: Stored
    rows: Rows
    labels: Rows
    least: float
    groups: Rows | None = None


def compared(names: Sequence[str], vectors: Vectors, least: float) -> Near:
    """Compare all with all."""
    return Near(names, vectors, np.arange(len(names)), connected(vectors, least), least)


def alike(those: Near, rulings: Sequence[Ruling] = (), apart: Apart = nothing) -> list[Group]:
    """Group members by average linkage, from `least` on; lone ones are in no group.

    The groups of all against all lie within the connected: two groups that are near enough on average have a pair of
    members that is. So each connected part is grouped by itself. Rulings of others are not looked at.
    """
    here = _here(those.names, rulings)
    labels = _with_rulings(those.labels, here)
    ruled: defaultdict[int, list[Said]] = defaultdict(list)
    for each in here:
        ruled[int(labels[each.one])].append(each)
    groups = []
    for part in _parts(those.names, labels):
        said = _among(part, ruled[int(labels[part[0]])])
        together, parted = ([each[:2] for each in said if each.same is same] for same in (True, False))
        if apart is not nothing:
            parted += apart([those.names[member] for member in part.tolist()])
        vectors = floats(those.vectors, those.rows[part])
        before = None if those.groups is None else those.groups[part]
        found = linked(vectors, those.least, together, parted, before)
        groups += [Group(part[group].tolist(), _cosine(vectors[group])) for group in found]
    return groups


def _here(names: Sequence[str], rulings: Sequence[Ruling]) -> list[Said]:
    """Give what was ruled of these, by their places."""
    wanted = {name for each in rulings for name in (each.one, each.other)}
    place = {name: at for at, name in enumerate(names) if name in wanted} if wanted else {}
    return [
        Said(place[each.one], place[each.other], each.same)
        for each in rulings
        if each.one in place and each.other in place
    ]


def _among(part: Rows, said: Sequence[Said]) -> list[Said]:
    """Give what was said of members of a part, by their places in it."""
    at = {member: number for number, member in enumerate(part.tolist())} if said else {}
    return [Said(at[each.one], at[each.other], each.same) for each in said if each.other in at]


def _cosine(vectors: Vectors) -> float:
    """Average the cosines of pairs: the square of the sum has each twice, and each vector with itself."""
    whole, count = vectors.sum(axis=0, dtype=np.float64), len(vectors)
    alone = np.einsum("ij,ij->", vectors, vectors, dtype=np.float64)
    return float((whole @ whole - alone) / (count * (count - 1)))


def _with_rulings(labels: Rows, said: Sequence[Said]) -> Rows:
    """Connect what people ruled the same as well."""
    ends = [(int(labels[each.one]), int(labels[each.other])) for each in said if each.same]
    whole = labels.copy()
    for some in components(ends):
        whole[np.isin(labels, some)] = some[0]
    return whole


def _parts(names: Sequence[str], labels: Rows) -> Iterator[Rows]:
    """Give the places of each part that has several members, in the order of their names."""
    by_name = np.array(sorted(range(len(names)), key=names.__getitem__), np.int64)
    order = by_name[np.argsort(labels[by_name], kind="stable")]
    begins = np.concatenate([[0], np.flatnonzero(np.diff(labels[order])) + 1, [len(order)]])
    for start, end in zip(begins[:-1].tolist(), begins[1:].tolist(), strict=True):
        if end - start > 1:
            yield order[start:end]
