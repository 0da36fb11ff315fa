"""Naming: groups become clusters that keep their names, and what became of them is put on record."""

import datetime as dt
from collections.abc import Iterable

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


def record_groups(connection: Transaction, kind: ClusterKind, groups: list[list[str]]) -> Counts:
    """Name groups, keeping the names that are there, and write them."""
    names = named(groups, clusters.members(connection, kind), lambda first: world().surrogate(kind, first))
    changed = clusters.record(connection, kind, names, dt.datetime.now(dt.UTC))
    return Counts(**{f"{kind}_clusters": len(groups), f"{kind}_members_changed": changed})
