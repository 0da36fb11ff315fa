"""Links in the ledger: what reports share, and what links which two of them."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, literal, select, tuple_

from domain.cluster import ClusterKind
from domain.linking import REACH, Link, LinkKind, Shared
from domain.report import PersonRole
from infra.ledger import schema
from infra.ledger.engine import upsert
from infra.ledger.media import usable
from infra.ledger.reports import MANY

_KEY = 64
"""Letters of a blob's id, with which a face's name begins."""


def shared(connection: Connection, most: int) -> Iterator[Shared]:
    """Give what two reports share, or more up to `most`, with each of them; accepted ones that nothing superseded.

    Those are files that can be looked at, of which copies are one, scenes, faces, and the particulars of whoever is
    involved but the reporter's own people. Of particulars keyed digests are read alone.
    """
    of_clusters = ((ClusterKind.SCENES, LinkKind.SCENE), (ClusterKind.FACES, LinkKind.FACE))
    for query in (_files(), *(_clustered(*kinds) for kinds in of_clusters), _particulars()):
        each = query.distinct().subquery().c
        often = select(each.kind, each.thing).group_by(each.kind, each.thing).having(func.count().between(2, most))
        those = often.subquery().c
        same = and_(those.kind == each.kind, those.thing == each.thing)
        for kind, thing, report in connection.execute(select(each.kind, each.thing, each.report).where(same)):
            yield Shared(LinkKind(kind), thing, report)


def _standing() -> ColumnElement[bool]:
    return schema.report.c.rejection.is_(None) & schema.report.c.superseded_by.is_(None)


def _brought(kind: LinkKind, thing: ColumnElement[str]) -> Select[Any]:
    """Select the reports that brought each file that can be looked at."""
    sighting = schema.sighting.c
    return (
        select(literal(kind.value).label("kind"), thing.label("thing"), sighting.report_id.label("report"))
        .select_from(schema.sighting)
        .join(schema.blob, schema.blob.c.id == sighting.blob_id)
        .join(schema.report, schema.report.c.id == sighting.report_id)
        .where(sighting.fault.is_(None), _standing(), usable())
    )


def _files() -> Select[Any]:
    member, blob = schema.cluster_member.c, schema.blob.c.id
    copies = (member.member == blob) & (member.kind == ClusterKind.COPIES)
    query = _brought(LinkKind.FILE, func.coalesce(member.cluster_id, blob))
    return query.join(schema.cluster_member, copies, isouter=True)


def _clustered(kind: ClusterKind, called: LinkKind) -> Select[Any]:
    member = schema.cluster_member.c
    of = (func.substr(member.member, 1, _KEY) == schema.blob.c.id) & (member.kind == kind)
    return _brought(called, member.cluster_id).join(schema.cluster_member, of)


def _particulars() -> Select[Any]:
    trace = schema.report_trace.c
    return (
        select(trace.identifier.label("kind"), trace.value.label("thing"), trace.report_id.label("report"))
        .join(schema.report, schema.report.c.id == trace.report_id)
        .where(trace.role != PersonRole.REPORTER, trace.identifier.in_(list(REACH)), _standing())
    )


def record(connection: Connection, found: Sequence[Link]) -> int:
    """Make the links what was found, and count those that are new, gone or shared by more or fewer reports."""
    table = schema.report_link
    keys = (table.c.one, table.c.other, table.c.kind, table.c.thing)
    before = {tuple(row) for row in connection.execute(select(*keys))}
    gone = sorted(before - {each[:4] for each in found})
    for start in range(0, len(gone), MANY):
        connection.execute(delete(table).where(tuple_(*keys).in_(gone[start : start + MANY])))
    return len(gone) + upsert(connection, table, [each._asdict() for each in found])


def of_reports(connection: Connection, reports: Sequence[str]) -> list[Link]:
    """Give the links of some reports, in order."""
    table, found = schema.report_link, set[Link]()
    for start in range(0, len(reports), MANY):
        some = reports[start : start + MANY]
        query = select(table).where(table.c.one.in_(some) | table.c.other.in_(some))
        rows = connection.execute(query)
        found |= {Link(one, other, LinkKind(kind), thing, number) for one, other, kind, thing, number in rows}
    return sorted(found)
