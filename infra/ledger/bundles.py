"""Bundles in the ledger: reports of the same files that stand as one, until a person takes them apart."""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from domain.counts import Counts
from domain.errors import InvalidSettings
from infra.ledger import schema
from infra.ledger.engine import upsert

FLOOD = "same_files"
"""The rule: reports that brought exactly the same files."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Reports that stand as one. `reports` counts them."""

    id: str
    rule: str
    made_at: datetime
    reports: int


def floods(connection: Connection, least: int) -> list[tuple[frozenset[str], tuple[str, ...]]]:
    """Find the sets of files that at least so many reports brought, each set with its reports in order.

    Only files that are held count, and only accepted reports that no revision took the place of.
    """
    sighting, report = schema.sighting.c, schema.report.c
    current = (report.rejection.is_(None)) & report.superseded_by.is_(None)
    often = (
        select(sighting.blob_id)
        .where(sighting.blob_id.is_not(None), sighting.fault.is_(None))
        .group_by(sighting.blob_id)
        .having(func.count(func.distinct(sighting.report_id)) >= least)
    )
    candidates = select(sighting.report_id).where(sighting.blob_id.in_(often))
    query = (
        select(sighting.report_id, sighting.blob_id)
        .join_from(schema.sighting, schema.report, report.id == sighting.report_id)
        .where(current, sighting.report_id.in_(candidates), sighting.blob_id.is_not(None), sighting.fault.is_(None))
    )
    brought: defaultdict[str, set[str]] = defaultdict(set)
    for report_id, blob in connection.execute(query):
        brought[report_id].add(blob)
    together: defaultdict[frozenset[str], list[str]] = defaultdict(list)
    for report_id in sorted(brought):
        together[frozenset(brought[report_id])].append(report_id)
    return [(files, tuple(reports)) for files, reports in together.items() if len(reports) >= least]


def bundle(
    connection: Connection,
    found: Collection[tuple[frozenset[str], tuple[str, ...]]],
    named: Callable[[frozenset[str]], str],
    now: datetime,
) -> Counts:
    """Bundle what was found; a bundle that a person took apart is not made again.

    Reports that a revision took the place of leave theirs.
    """
    table, member, report = schema.bundle, schema.bundle_member.c, schema.report.c
    superseded = select(report.id).where(report.superseded_by.is_not(None))
    connection.execute(delete(schema.bundle_member).where(member.report_id.in_(superseded)))
    known = {row.id: row.undone_at for row in connection.execute(select(table.c.id, table.c.undone_at))}
    kept = {named(files): reports for files, reports in found}
    kept = {name: reports for name, reports in kept.items() if known.get(name) is None}
    made = [{"id": name, "rule": FLOOD, "made_at": now, "undone_at": None} for name in kept if name not in known]
    upsert(connection, table, made)
    members = [{"report_id": report, "bundle_id": name} for name, reports in kept.items() for report in reports]
    changed = upsert(connection, schema.bundle_member, members)
    return Counts(bundles=len(kept), bundled_reports=len(members), bundled_reports_new=changed)


def bundles(connection: Connection) -> list[Bundle]:
    """List the bundles that stand, the largest first."""
    table, member = schema.bundle.c, schema.bundle_member.c
    number = func.count(member.report_id)
    query = (
        select(table.id, table.rule, table.made_at, number)
        .join_from(schema.bundle, schema.bundle_member, member.bundle_id == table.id)
        .where(table.undone_at.is_(None))
        .group_by(table.id, table.rule, table.made_at)
        .order_by(number.desc(), table.id)
    )
    return [Bundle(*row) for row in connection.execute(query)]


def undo(connection: Connection, bundle_id: str, now: datetime) -> int:
    """Take a bundle apart, for good, and count its reports.

    Raises:
        InvalidSettings: no such bundle stands.
    """
    table, member = schema.bundle, schema.bundle_member
    stands = connection.execute(
        update(table).where(table.c.id == bundle_id, table.c.undone_at.is_(None)).values(undone_at=now)
    )
    if not stands.rowcount:
        raise InvalidSettings(f"no bundle {bundle_id} stands; `breakwater bundles list` names those that do")
    return connection.execute(delete(member).where(member.c.bundle_id == bundle_id)).rowcount
