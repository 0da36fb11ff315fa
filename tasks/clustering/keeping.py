"""Keeping: groups of vectors over days. What is new joins what is there, and only what that touches is grouped again.

Up to some thousand members everything is compared with everything, each time, and nothing is kept. Of more, an index in
the data folder knows who is near whom; it is brought to where the ledger is, and built anew each night.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from domain.cluster import ClusterKind, Ruling
from domain.counts import Counts
from infra.index.nearest import EXACT, Rows
from infra.index.vectors import SMALL, Fetch, VectorIndex, followed, settle
from infra.world import world
from tasks.clustering.grouping import Apart, Group, Near, alike, compared, nothing


@dataclass(frozen=True, slots=True)
class Population:
    """Those that are grouped by their vectors.

    Attributes:
        kind: what they are.
        model: which vectors, as a folder's name.
        members: all different, in order.
        fetch: gives their vectors.
        least: average cosine from which on two groups are one.
        rulings: what people said of members.
        apart: tells who is not the same.
    """

    kind: ClusterKind
    model: str
    members: Sequence[str]
    fetch: Fetch
    least: float
    rulings: Sequence[Ruling] = ()
    apart: Apart = nothing


@dataclass(frozen=True, slots=True)
class Grouped:
    """Groups, and whom they are of.

    Attributes:
        groups: of names, and the average cosine of each one's pairs.
        touched: the members that were grouped again; None where all were.
        index: what is to be settled once the groups are written, with these groups of rows.
    """

    groups: list[tuple[list[str], float]]
    touched: Sequence[str] | None = None
    index: VectorIndex | None = None
    rows: Rows | None = None

    def settle(self, kind: ClusterKind) -> Counts:
        """Note that the groups are written; give how much of what is near was found, where it need not be all."""
        if self.index is None or self.rows is None:
            return Counts()
        settle(self.index, self.rows)
        recall = self.index.recall
        return Counts() if np.isnan(recall) else Counts(**{f"{kind}_recall_permille": int(1000 * recall)})


def grouped(those: Population, *, anew: bool = False) -> Grouped:
    """Group members, or of many those that are touched by what changed since the last time; all of them if `anew`."""
    folder = world().settings.root / "index" / f"{those.kind}-{those.model}"
    many = len(those.members) > EXACT
    for other in folder.parent.glob(f"{those.kind}-*"):
        if other != folder or not many:
            shutil.rmtree(other)
    if not many:
        near = compared(those.members, those.fetch(those.members), those.least)
        return Grouped(_named(alike(near, those.rulings, those.apart), those.members))
    return _touched(followed(folder, those.members, those.fetch, those.least, anew=anew), those)


def _touched(index: VectorIndex, those: Population) -> Grouped:
    """Group what changed, and what people ruled on, with all that each is connected with.

    Of a large connected part it is what changed, what that is near to, and the groups of these, which stay whole unless
    people parted them: they can grow and be joined. The night, when all is new, groups large parts as all others.
    """
    if index.waiting.all():
        return _grouped(index, np.flatnonzero(index.alive), index.labels, None, those)
    place = index.rows(name for each in those.rulings for name in (each.one, each.other))
    marked = index.waiting.copy()
    marked[list(place.values())] = True
    marked |= np.isin(index.bonds, np.unique(index.bonds[marked]))
    large = np.bincount(index.labels[index.alive], minlength=len(marked))[index.labels] > SMALL
    labels = np.where(large, len(marked) + index.bonds, index.labels)
    groups = np.where(large, index.groups, -1)
    for each in those.rulings:
        one, other = (groups[place[name]] if name in place else -1 for name in (each.one, each.other))
        if not each.same and one == other >= 0:
            groups[groups == one] = -1
    inside = index.alive & np.isin(labels, np.unique(labels[marked]))
    return _grouped(index, np.flatnonzero(inside), labels, groups, those)


def _grouped(index: VectorIndex, rows: Rows, labels: Rows, groups: Rows | None, those: Population) -> Grouped:
    """Group these rows, all if no groups stay."""
    names = [name.decode() for name in index.names[rows].tolist()]
    near = Near(names, index.vectors, rows, labels[rows], index.least, None if groups is None else groups[rows])
    found = alike(near, those.rulings, those.apart)
    made = np.where(index.alive, index.groups, -1)
    made[rows] = -1
    for group in found:
        made[rows[group.members]] = rows[group.members[0]]
    return Grouped(_named(found, names), None if groups is None else names, index, made)


def _named(groups: list[Group], names: Sequence[str]) -> list[tuple[list[str], float]]:
    return [([names[place] for place in group.members], group.cosine) for group in groups]
