"""What files turned out to be, in the ledger: how many stand on lists, are new, or had been seen before, by year.

Counted are those of accepted reports that no revision took the place of; a file that a report names twice is one
sighting. All of it is grouped by the database, from what is stored of files; no file is opened.
"""

from collections import Counter
from typing import NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Select,
    String,
    Subquery,
    Table,
    case,
    cast,
    exists,
    func,
    or_,
    select,
)

from domain.cluster import ClusterKind
from domain.lists import SETTLING
from domain.match import CLIP_SHARE, VIDEO_SHARE
from domain.media import Kind
from domain.report import FileFault
from infra.ledger import novelty, schema
from infra.ledger.matches import same_entry
from infra.ledger.moments import standing


class Listed(NamedTuple):
    """Sightings whose file stands on an entry in force, and more of which only a claimed hash does."""

    year: int
    listed: int
    claimed: int


class Held(NamedTuple):
    """Distinct sound files by the year that brought them first, and those that stand on an entry in force."""

    year: int
    files: int
    listed: int


class Fresh(NamedTuple):
    """Reports whose files anybody can tell, that bring one never seen before, and one like none before."""

    year: int
    reports: int
    unique: int
    similar_unique: int


class Spared(NamedTuple):
    """Sightings of sound pictures and films, and those of them that are settled, repeats, or further copies."""

    year: int
    sightings: int
    settled: int
    repeats: int
    copies: int


def listed(connection: Connection) -> list[Listed]:
    """Count the sightings that stand on lists."""
    sighting, claim = schema.sighting.c, schema.claim_match.c
    on_list = select(schema.match.c.blob_id).where(_in_force(schema.match))
    by_file = select(sighting.report_id, sighting.blob_id).where(sighting.blob_id.in_(on_list)).distinct()
    file = func.coalesce(sighting.blob_id, sighting.claimed_md5, cast(sighting.ordinal, String))
    same = (sighting.report_id == claim.report_id) & (sighting.ordinal == claim.ordinal)
    by_claim = select(claim.report_id, file.label("file")).join_from(schema.claim_match, schema.sighting, same)
    alone = or_(sighting.blob_id.is_(None), sighting.blob_id.not_in(on_list))
    by_claim = by_claim.where(_in_force(schema.claim_match), alone).distinct()
    files, claims = (_by_year(connection, each.subquery()) for each in (by_file, by_claim))
    return [Listed(year, files.get(year, 0), claims.get(year, 0)) for year in sorted(files.keys() | claims.keys())]


def _in_force(table: Table) -> ColumnElement[bool]:
    """Say of a match that its entry is in force."""
    entry = schema.list_entry.c
    return exists().where(same_entry(table), entry.withdrawn_at.is_(None), entry.state.in_(SETTLING))


def _by_year(connection: Connection, pairs: Subquery) -> dict[int, int]:
    report = standing(connection)
    query = select(report.c.year, func.count()).join_from(pairs, report, report.c.id == pairs.c.report_id)
    return dict(connection.execute(query.group_by(report.c.year)).tuples().all())


def held(connection: Connection) -> list[Held]:
    """Count the distinct sound files."""
    sighting, blob, report = schema.sighting.c, schema.blob.c, standing(connection)
    first = (
        select(blob.id, func.min(report.c.year).label("year"))
        .join_from(schema.blob, schema.sighting, sighting.blob_id == blob.id)
        .join(report, report.c.id == sighting.report_id)
        .where(_sound())
        .group_by(blob.id)
        .subquery()
    )
    on_list = case((first.c.id.in_(select(schema.match.c.blob_id).where(_in_force(schema.match))), 1), else_=0)
    query = select(first.c.year, func.count(), func.sum(on_list)).group_by(first.c.year).order_by(first.c.year)
    return [Held(*row) for row in connection.execute(query)]


def _sound() -> ColumnElement[bool]:
    """Say of a sighting and its bytes that nothing is wrong with either."""
    return schema.sighting.c.fault.is_(None) & schema.blob.c.fault.is_(None)


def spared(connection: Connection) -> list[Spared]:
    """Count the sightings of what a person could look at, each by the first of these that holds.

    A list settles the file; an earlier sighting was of the same file; an earlier one was of a copy of it. Of two files
    of one report the one that stands there first is the earlier.
    """
    seen, member, match = _seen(connection), schema.cluster_member.c, schema.match.c
    copies = (member.member == seen.c.file) & (member.kind == ClusterKind.COPIES)
    in_order = (seen.c.received_at, seen.c.report_id, seen.c.ordinal)
    group = func.coalesce(member.cluster_id, seen.c.file)
    settled = case((exists().where(match.blob_id == seen.c.file, match.settles), 1), else_=0)
    nth = func.row_number().over(partition_by=seen.c.file, order_by=in_order)
    nth_copy = func.row_number().over(partition_by=group, order_by=in_order)
    query = select(seen.c.year, settled.label("settled"), nth.label("nth"), nth_copy.label("nth_copy"))
    each = query.join_from(seen, schema.cluster_member, copies, isouter=True).subquery().c
    again, copied = (each.settled == 0) & (each.nth > 1), (each.settled == 0) & (each.nth == 1) & (each.nth_copy > 1)
    sums = (func.sum(each.settled), _many(again), _many(copied))
    rows = connection.execute(select(each.year, func.count(), *sums).group_by(each.year).order_by(each.year))
    return [Spared(*row) for row in rows]


def _seen(connection: Connection) -> Subquery:
    """Select the sightings of sound pictures and films: report, its year and receipt, file, its first ordinal there."""
    sighting, blob, report = schema.sighting.c, schema.blob.c, standing(connection)
    of = (report.c.year, report.c.received_at, sighting.report_id, blob.id.label("file"))
    return (
        select(*of, func.min(sighting.ordinal).label("ordinal"))
        .join_from(schema.blob, schema.sighting, sighting.blob_id == blob.id)
        .join(report, report.c.id == sighting.report_id)
        .where(_sound(), blob.kind.in_((Kind.IMAGE, Kind.VIDEO)))
        .group_by(*of)
        .subquery()
    )


def _many(holds: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((holds, 1), else_=0))


def fresh(connection: Connection) -> list[Fresh]:
    """Count the reports that bring something new.

    A picture or film is told by its bytes, else by the MD5 that its reporter claims: as the file of that MD5, where one
    is held. It is like another one if both are in a cluster of copies, or it is a clip of the other. What has a fault,
    or neither bytes nor MD5, tells nothing. Whether a list knows the file does not matter.
    """
    brought = _brought(connection)
    clip = brought.c.file.in_(_clips())
    like_none = brought.c.nth_copy == 1
    marks = {"unique": brought.c.nth == 1, "alone": like_none & ~clip, "clip": like_none & clip}
    once = (func.max(case((holds, 1), else_=0)).label(name) for name, holds in marks.items())
    per_report = select(brought.c.year, brought.c.report_id, *once).group_by(brought.c.year, brought.c.report_id).cte()
    sums = (func.count(), func.sum(per_report.c.unique), func.sum(per_report.c.alone))
    rows = connection.execute(select(per_report.c.year, *sums).group_by(per_report.c.year).order_by(per_report.c.year))
    open_ones = select(per_report.c.report_id).where(per_report.c.clip > per_report.c.alone)
    doubtful = select(brought.c.year, brought.c.report_id, brought.c.ordinal)
    doubtful = doubtful.where(like_none & clip, brought.c.report_id.in_(open_ones))
    more = _more(connection, doubtful) if connection.scalar(select(_clips().exists())) else {}
    return [Fresh(year, reports, unique, alone + more.get(year, 0)) for year, reports, unique, alone in rows]


def _brought(connection: Connection) -> CTE:
    """Select the pictures and films that anybody can tell: whose, which, and its report's rank among those before it.

    `nth` is that among the reports of the file, `nth_copy` among those of its copies; the first is 1.
    """
    sighting, blob, member, report = schema.sighting.c, schema.blob.c, schema.cluster_member.c, standing(connection)
    same = select(blob.md5, func.min(blob.id).label("id")).where(blob.fault.is_(None)).group_by(blob.md5).subquery()
    sent = blob.id.is_not(None) & _sound()
    not_sent = (sighting.fault == FileFault.NOT_SENT) & sighting.claimed_md5.is_not(None)
    file = case((sent, blob.id), else_=func.coalesce(same.c.id, sighting.claimed_md5))
    told = (
        select(report.c.year, report.c.received_at, sighting.report_id, sighting.ordinal, file.label("file"))
        .join_from(schema.sighting, report, report.c.id == sighting.report_id)
        .join(schema.blob, blob.id == sighting.blob_id, isouter=True)
        .join(same, not_sent & (same.c.md5 == sighting.claimed_md5), isouter=True)
        .where(or_(sent, not_sent), sighting.kind.in_((Kind.IMAGE, Kind.VIDEO)))
        .subquery()
    )
    in_order = (told.c.received_at, told.c.report_id)
    copies = (member.member == told.c.file) & (member.kind == ClusterKind.COPIES)
    nth = func.rank().over(partition_by=told.c.file, order_by=in_order)
    group = func.coalesce(member.cluster_id, told.c.file)
    nth_copy = func.rank().over(partition_by=group, order_by=in_order)
    query = select(
        told.c.year, told.c.report_id, told.c.ordinal, told.c.file, nth.label("nth"), nth_copy.label("nth_copy")
    )
    return query.join_from(told, schema.cluster_member, copies, isouter=True).cte()


def _clips() -> Select[tuple[str]]:
    """Select the films that may be clips of others."""
    pair = schema.film_pair.c
    one = select(pair.one).where(pair.one_share >= CLIP_SHARE, pair.other_share < VIDEO_SHARE)
    other = select(pair.other).where(pair.other_share >= CLIP_SHARE, pair.one_share < VIDEO_SHARE)
    either = one.union(other).subquery()
    return select(either.c.one)


def _more(connection: Connection, doubtful: Select[tuple[int, str, int]]) -> Counter[int]:
    """Count by year the reports of which a clip alone could be like nothing before."""
    rows = connection.execute(doubtful).all()
    told = novelty.answers(connection, sorted({report for _, report, _ in rows}), str)
    alone = {report: year for year, report, ordinal in rows if told[report, ordinal].first == report}
    return Counter(alone.values())
