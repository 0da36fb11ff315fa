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
    Integer,
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
from infra.ledger.moments import LETTERS, as_text, standing


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
    first = _first(connection)
    clip, like_none = first.c.file.in_(_clips()), first.c.moment == first.c.moment_of_copies
    marks = {"alone": like_none & ~clip, "clip": like_none & clip}
    once = (func.max(case((holds, 1), else_=0)).label(name) for name, holds in marks.items())
    report = select(first.c.year, first.c.report_id, *once).group_by(first.c.year, first.c.report_id).cte()
    rows = connection.execute(select(report.c.year, func.count(), func.sum(report.c.alone)).group_by(report.c.year))
    new = {year: (unique, alone) for year, unique, alone in rows}
    more = _more(connection, first, report) if connection.scalar(select(_clips().exists())) else Counter[int]()
    return [
        Fresh(year, reports, new.get(year, (0, 0))[0], new.get(year, (0, 0))[1] + more[year])
        for year, reports in sorted(_with_files(connection).items())
    ]


def _told() -> ColumnElement[bool]:
    """Say of a sighting, and its blob if there is one, that it is a picture or film that anybody can tell."""
    sighting = schema.sighting.c
    return or_(_sent(), _not_sent()) & sighting.kind.in_((Kind.IMAGE, Kind.VIDEO))


def _sent() -> ColumnElement[bool]:
    return schema.blob.c.id.is_not(None) & _sound()


def _not_sent() -> ColumnElement[bool]:
    return (schema.sighting.c.fault == FileFault.NOT_SENT) & schema.sighting.c.claimed_md5.is_not(None)


def _with_files(connection: Connection) -> dict[int, int]:
    """Count by year the reports with a picture or film that anybody can tell."""
    sighting, report = schema.sighting, standing(connection)
    files = sighting.outerjoin(schema.blob, schema.blob.c.id == sighting.c.blob_id)
    there = select(sighting.c.report_id).select_from(files).where(sighting.c.report_id == report.c.id, _told()).exists()
    query = select(report.c.year, func.count()).where(there).group_by(report.c.year)
    return dict(connection.execute(query).tuples().all())


def _first(connection: Connection) -> CTE:
    """Select every such file: the report that brought it first, when, and when a copy of it was brought first.

    Of reports that came at one moment, the one of the smaller id was first. A moment is text that sorts by both.
    """
    sighting, blob, member, report = schema.sighting.c, schema.blob.c, schema.cluster_member.c, standing(connection)
    same = select(blob.md5, func.min(blob.id).label("id")).where(blob.fault.is_(None)).group_by(blob.md5).subquery()
    file = case((_sent(), blob.id), else_=func.coalesce(same.c.id, sighting.claimed_md5)).label("file")
    moment = func.min(as_text(connection, report.c.received_at) + report.c.id).label("moment")
    first = (
        select(file, moment)
        .join_from(schema.sighting, report, report.c.id == sighting.report_id)
        .join(schema.blob, blob.id == sighting.blob_id, isouter=True)
        .join(same, _not_sent() & (same.c.md5 == sighting.claimed_md5), isouter=True)
        .where(_told())
        .group_by(file)
        .subquery()
        .c
    )
    copies = (member.member == first.file) & (member.kind == ClusterKind.COPIES)
    group = func.coalesce(member.cluster_id, first.file)
    query = select(
        cast(func.substr(first.moment, 1, 4), Integer).label("year"),
        func.substr(first.moment, LETTERS + 1).label("report_id"),
        first.file, first.moment, func.min(first.moment).over(partition_by=group).label("moment_of_copies"),
    )  # fmt: skip
    return query.outerjoin(schema.cluster_member, copies).cte()


def _clips() -> Select[tuple[str]]:
    """Select the films that may be clips of others."""
    pair = schema.film_pair.c
    one = select(pair.one).where(pair.one_share >= CLIP_SHARE, pair.other_share < VIDEO_SHARE)
    other = select(pair.other).where(pair.other_share >= CLIP_SHARE, pair.one_share < VIDEO_SHARE)
    either = one.union(other).subquery()
    return select(either.c.one)


def _more(connection: Connection, first: CTE, report: CTE) -> Counter[int]:
    """Count by year the reports of which a film alone could be like nothing before that may be a clip."""
    sighting = schema.sighting.c
    open_ones = select(report.c.report_id).where(report.c.clip > report.c.alone)
    same = (sighting.report_id == first.c.report_id) & (sighting.blob_id == first.c.file) & sighting.fault.is_(None)
    clips = select(first.c.year, first.c.report_id, sighting.ordinal).join_from(first, schema.sighting, same)
    clips = clips.where(first.c.file.in_(_clips()), first.c.report_id.in_(open_ones))
    rows = connection.execute(clips).all()
    told = novelty.answers(connection, sorted({whose for _, whose, _ in rows}), str)
    alone = {whose: year for year, whose, ordinal in rows if told[whose, ordinal].first == whose}
    return Counter(alone.values())
