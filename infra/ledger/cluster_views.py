"""What people see of clusters, from the ledger: how large they are, how they grow, and what one is made of."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Subquery, case, func, select

from domain.cluster import ClusterKind, Event, Tie
from domain.report import Classification
from infra.ledger import schema

SEVEREST = tuple(Classification)
"""Classes in the order of their codes, the first one foremost; what has none comes last."""

_KEY = 64
"""Letters of a blob's id, with which a face's name begins."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A cluster: its members, how many of them were first reported since some moment, and when the newest was."""

    cluster: str
    kind: ClusterKind
    members: int
    fresh: int
    newest: dt.datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A member: when it was first reported, in how many reports, the severest class that anybody gave it, and its ties.

    Ties are to other members of its cluster; they are not read with the rest.
    """

    name: str
    first: dt.datetime
    reports: int
    severest: str | None
    ties: tuple[Tie, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """What a cluster is made of.

    Attributes:
        confidence: of scenes and faces, 0-1: how far above the threshold they are on average, by the faces' quality.
        size: how many members it has.
        members: by when they were first reported; perhaps not all of them.
        representative: the member that is to be looked at first, if any is: the first of the least severe ones.
        countries: of its reports, how many name each.
        reporters: pseudonyms, and how many of the reports are each one's.
        months: how many of its reports came in each.
        changes: what became of it, the newest first: when, what, from which other, how many members.
    """

    cluster: str
    kind: ClusterKind
    confidence: float | None
    size: int
    members: tuple[Member, ...]
    representative: Member
    countries: Counter[str]
    reporters: Counter[str]
    months: Counter[str]
    changes: tuple[tuple[dt.datetime, Event, str, int], ...]


def least_severe(members: Iterable[Member]) -> Member:
    """Pick the member to be looked at first: the least severe, of these the first reported."""
    return max(members, key=lambda one: (_rank(one.severest), -one.first.timestamp()))


def _rank(code: str | None) -> int:
    return len(SEVEREST) if code is None else SEVEREST.index(Classification(code))


def standings(connection: Connection, kind: ClusterKind, since: dt.datetime) -> list[Standing]:
    """List the clusters of a kind that have members that were reported, the largest first."""
    first = _first(kind)
    fresh = func.sum(case((first.c.first >= since, 1), else_=0))
    query = select(first.c.cluster_id, func.count(), fresh, func.max(first.c.first)).group_by(first.c.cluster_id)
    found = (Standing(name, kind, *counts) for name, *counts in connection.execute(query))
    return sorted(found, key=lambda one: (-one.members, one.cluster))


def merged(connection: Connection, kind: ClusterKind, since: dt.datetime) -> list[tuple[str, str, int]]:
    """List what was merged since: the cluster, the one that went into it, and how many members came; newest first."""
    change, cluster = schema.cluster_change.c, schema.cluster.c
    query = (
        select(change.cluster_id, change.other, change.members)
        .join(schema.cluster, cluster.id == change.cluster_id)
        .where(cluster.kind == kind, change.event == Event.MERGED, change.at >= since)
        .order_by(change.at.desc(), change.cluster_id, change.other)
    )
    return [(one, other, members) for one, other, members in connection.execute(query)]


def card(connection: Connection, cluster: str) -> Card | None:
    """Tell what a cluster is made of; None where there is none of this id, or it has no members left."""
    itself = schema.cluster.c
    found = connection.execute(select(itself.kind, itself.confidence).where(itself.id == cluster)).one_or_none()
    if found is None:
        return None
    kind, confidence = found
    named = _named(ClusterKind(kind)).subquery()
    mine = named.c.cluster_id == cluster
    query = select(named.c.member, func.min(named.c.received_at), func.count(named.c.report_id.distinct()))
    rows = connection.execute(query.where(mine).group_by(named.c.member).order_by(func.min(named.c.received_at))).all()
    if not rows:
        return None
    severest = _severest(connection, ClusterKind(kind), cluster)
    reports = connection.execute(
        select(named.c.report_id, named.c.reporter, named.c.received_at).where(mine).distinct()
    ).all()
    place, change = schema.report_location.c, schema.cluster_change.c
    countries = connection.execute(
        select(place.country, func.count(place.report_id.distinct()))
        .where(place.report_id.in_(select(named.c.report_id).where(mine)))
        .group_by(place.country)
    )
    told = select(change.at, change.event, change.other, change.members).where(change.cluster_id == cluster)
    members = tuple(Member(name, first, count, severest.get(name)) for name, first, count in rows)
    return Card(
        cluster,
        ClusterKind(kind),
        confidence,
        len(members),
        members,
        least_severe(members),
        Counter(dict(countries.tuples().all())),
        Counter(reporter for _, reporter, _ in reports),
        Counter(f"{received_at:%Y-%m}" for *_, received_at in reports),
        tuple((at, Event(event), other, members) for at, event, other, members in connection.execute(
            told.order_by(change.at.desc(), change.event, change.other)
        )),
    )  # fmt: skip


def _named(kind: ClusterKind) -> Select[Any]:
    """Select members with each report that names them: member, cluster_id, report_id, reporter, received_at."""
    member, sighting, report = schema.cluster_member.c, schema.sighting.c, schema.report.c
    query = select(member.member, member.cluster_id, report.id.label("report_id"), report.reporter, report.received_at)
    query = query.where(member.kind == kind, report.rejection.is_(None), report.superseded_by.is_(None))
    if kind is ClusterKind.REPORTS:
        return query.join_from(schema.cluster_member, schema.report, report.id == member.member)
    named = sighting.blob_id == func.substr(member.member, 1, _KEY)
    joined = query.join_from(schema.cluster_member, schema.sighting, named)
    return joined.join(schema.report, report.id == sighting.report_id)


def _first(kind: ClusterKind) -> Subquery:
    """Select when each member was first reported."""
    named = _named(kind).subquery()
    query = select(named.c.member, named.c.cluster_id, func.min(named.c.received_at).label("first"))
    return query.group_by(named.c.member, named.c.cluster_id).subquery()


def _severest(connection: Connection, kind: ClusterKind, cluster: str) -> dict[str, str]:
    """Give the severest class that a reporter, or a list that settles, gave each member or a file of it, if any did."""
    sighting, match, member = schema.sighting.c, schema.match.c, schema.cluster_member.c
    mine = member.cluster_id == cluster
    of = sighting.blob_id == func.substr(member.member, 1, _KEY)
    if kind is ClusterKind.REPORTS:
        of = sighting.report_id == member.member
    files = schema.cluster_member.join(schema.sighting, of)
    by_reporter = select(member.member, sighting.classification).select_from(files)
    by_list = select(member.member, match.category).select_from(
        files.join(schema.match, match.blob_id == sighting.blob_id)
    )
    given = by_reporter.where(mine, sighting.classification.is_not(None)).union(
        by_list.where(mine, match.settles, match.category.in_(SEVEREST))
    )
    found: dict[str, str] = {}
    for name, code in connection.execute(given):
        if _rank(code) < _rank(found.get(name)):
            found[name] = code
    return found
