"""Telling: what clusters there are, for people, in counts; and what people say of their members."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from domain.audit import Act
from domain.cluster import ClusterKind, Ruling
from domain.errors import InvalidSettings
from infra.ledger import cluster_views, clusters
from infra.ledger.cluster_views import Card, Standing
from infra.ledger.engine import reading
from infra.world import world
from tasks.clustering.reasons import reasons
from tasks.staging import show_table

FRESH_DAYS = 7
"""Days for which what was reported is fresh, and what was merged is new."""

SHOWN = 10
"""Clusters of a kind that are shown unless somebody asks for more."""

MEMBERS = 20
"""Members of a cluster that are shown unless somebody asks for more."""


def standings(kind: ClusterKind) -> list[Standing]:
    """List the clusters of a kind, the largest first."""
    with reading(world().ledger) as connection:
        return cluster_views.standings(connection, kind, _since())


def card(cluster: str, most: int = MEMBERS) -> Card:
    """Tell what a cluster is made of, with up to `most` of its members, and what ties each of these to others.

    The one to look at first is among them.

    Raises:
        InvalidSettings: there is no such cluster.
    """
    with reading(world().ledger) as connection:
        found = cluster_views.card(connection, cluster)
        if found is None:
            raise InvalidSettings(f"no cluster {cluster} has members; `breakwater clusters` lists those that have")
        shown = list(dict.fromkeys([found.representative, *found.members]))[:most]
        names = [one.name for one in found.members]
        ties = reasons(connection, found.kind, [one.name for one in shown], names)
    members = sorted((replace(one, ties=ties[one.name]) for one in shown), key=lambda one: (one.first, one.name))
    return replace(found, members=tuple(members))


def rule(kind: ClusterKind, one: str, other: str, *, same: bool, by: str, reason: str = "") -> None:
    """Put on record that two members are the same, or are not; the next run of `cluster` and all later ones keep to it.

    Raises:
        InvalidSettings: they are one, or the ledger knows none of that name.
    """
    if one == other:
        raise InvalidSettings("name two members; these are one")
    with world().ledger.begin() as connection:
        for member in (one, other):
            if not clusters.known(connection, kind, member):
                raise InvalidSettings(
                    f"there is no {member} among what is clustered as {kind}; `clusters show` has names"
                )
        person = world().analyst(by)
        now = dt.datetime.now(dt.UTC)
        clusters.rule(connection, kind, Ruling(one, other, same), by=person, at=now, reason=reason)
        world().audit.append(connection, Act.CLUSTER_RULED, kind=kind, same=same, by=person)


def publish_clusters() -> None:
    """Show the largest, the fastest growing and the newly merged clusters in Prefect's pages: ids and counts."""
    show_table("clusters", notable(), f"Clusters; fresh is what was reported in the last {FRESH_DAYS} days")


def notable() -> list[dict[str, str | int]]:
    """List the largest, the fastest growing and the newly merged clusters of each kind, and why each is there."""
    rows = list[dict[str, str | int]]()
    for kind in ClusterKind:
        every = standings(kind)
        growing = sorted((one for one in every if one.fresh), key=lambda one: (-one.fresh, one.cluster))
        rows += _rows("largest", every) + _rows("fastest growing", growing)
        with reading(world().ledger) as connection:
            merged = cluster_views.merged(connection, kind, _since())[:SHOWN]
        rows += [
            {"kind": kind, "why": f"merged, with {other[:12]}", "cluster": one[:12], "members": members, "fresh": ""}
            for one, other, members in merged
        ]
    return rows


def _rows(why: str, some: Sequence[Standing]) -> list[dict[str, str | int]]:
    return [
        {"kind": one.kind, "why": why, "cluster": one.cluster[:12], "members": one.members, "fresh": one.fresh}
        for one in some[:SHOWN]
    ]


def _since() -> dt.datetime:
    return dt.datetime.now(dt.UTC) - dt.timedelta(days=FRESH_DAYS)
