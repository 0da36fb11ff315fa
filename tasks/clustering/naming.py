"""Naming: groups become clusters that keep their names, and what became of them is put on record."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from domain.cluster import ClusterKind, grouped, named
from domain.counts import Counts
from infra.ledger import clusters
from infra.ledger.engine import Transaction
from infra.world import world

Edge = tuple[str, str]


def record_edges(kind: ClusterKind, edges: Iterable[Edge]) -> Counts:
    """Group what the edges connect, keeping to what people ruled, and write it."""
    with world().ledger.begin() as connection:
        return record_groups(connection, kind, grouped(edges, clusters.rulings(connection, kind)))


class Touched(NamedTuple):
    """Those that were grouped again, of all that there are now; what is in a cluster and no longer there leaves it."""

    members: set[str]
    known: set[str]


def record_groups(
    connection: Transaction,
    kind: ClusterKind,
    groups: list[list[str]],
    touched: Touched | None = None,
    worth: Mapping[str, float] | None = None,
) -> Counts:
    """Name groups, keeping the names that are there, and write them.

    With `touched`, the groups are of those members alone, and all others stay where they are. `worth` gives the
    confidence of groups by a member of each.
    """
    there = before = clusters.members(connection, kind)
    if touched is not None:
        again = touched.members & there.keys() | there.keys() - touched.known
        before = {name: there[name] for name in again}
    others = {there[name] for name in there.keys() - before.keys()}
    names = named(groups, before, lambda first: world().surrogate(kind, first), others)
    of_clusters = {names[member]: confidence for member, confidence in (worth or {}).items()}
    changed = clusters.record(connection, kind, names, dt.datetime.now(dt.UTC), before, of_clusters)
    return Counts(**{f"{kind}_clusters": len(groups) + len(others), f"{kind}_members_changed": changed})
