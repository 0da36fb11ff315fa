"""Novelty in the ledger: the answer for file entries whose content anybody can tell."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from domain.cluster import ClusterKind
from domain.media import BlobKey
from domain.novelty import Brought, Novelty, Standing, tell
from domain.report import FileFault
from infra.ledger import films, schema
from infra.ledger.reports import MANY


def answers(
    connection: Connection, reports: Sequence[str], named: Callable[[str], str]
) -> dict[tuple[str, int], Novelty]:
    """Answer for every file entry of these reports, as far as they are accepted, by report and ordinal.

    A file that is held is told by itself and its copies, and known by what settles it. One that was never sent is
    told by the MD5 that its reporter claims, as the file of that MD5 where one is held, and known by any claimed hash
    that stands on a list: nobody can do better. File entries with another fault, or without any hash, have no answer.
    Only what has to do with these reports is read.

    Args:
        connection: reads the ledger.
        reports: their ids.
        named: names a file that is not held by its MD5, for the group.
    """
    wanted = set(reports)
    own = list(_some(connection, _sightings(), schema.sighting.c.report_id, wanted))
    found = tell(_brought(connection, own, named))
    return {key: one for key, one in found.items() if key[0] in wanted}


def _sightings() -> Select[Any]:
    """Select the file entries of accepted reports: report, ordinal, moment, blob, claimed MD5 and fault."""
    sighting, report, blob = schema.sighting.c, schema.report.c, schema.blob.c
    fault = func.coalesce(sighting.fault, blob.fault)
    return (
        select(
            sighting.report_id, sighting.ordinal, report.received_at, sighting.blob_id, sighting.claimed_md5, fault,
        )
        .join_from(schema.sighting, schema.report, report.id == sighting.report_id)
        .join(schema.blob, blob.id == sighting.blob_id, isouter=True)
        .where(report.rejection.is_(None), report.superseded_by.is_(None))
    )  # fmt: skip


def _some(
    connection: Connection, query: Select[Any], column: ColumnElement[Any], values: Collection[str]
) -> Iterator[Row[Any]]:
    """Give the rows whose column is one of these values, as many at a time as a statement may name."""
    in_order = sorted(values)
    for start in range(0, len(in_order), MANY):
        yield from connection.execute(query.where(column.in_(in_order[start : start + MANY])))


def _brought(connection: Connection, own: Sequence[Row[Any]], named: Callable[[str], str]) -> Iterable[Brought]:
    """Collect these file entries, and all others of the same content."""
    sighting, blob = schema.sighting.c, schema.blob.c
    held = _held(connection, {row.claimed_md5 for row in own if not row.blob_id and row.claimed_md5})
    files = {row.blob_id for row in own if row.blob_id} | set(held.values())
    clips = _clips(connection, files)
    groups = _groups(connection, files | {whole for of in clips.values() for whole in of})
    files |= set(groups)
    md5s = {md5 for (md5,) in _some(connection, select(blob.md5), blob.id, files)}
    held |= _held(connection, md5s)
    rows = {(row.report_id, row.ordinal): row for row in own}
    not_sent = _sightings().where(sighting.fault == FileFault.NOT_SENT)
    claims = md5s | {row.claimed_md5 for row in own if row.claimed_md5}
    for row in _some(connection, _sightings(), sighting.blob_id, files):
        rows[row.report_id, row.ordinal] = row
    for row in _some(connection, not_sent, sighting.claimed_md5, claims):
        rows[row.report_id, row.ordinal] = row
    standing, claimed = _standing(connection, files), _claimed(connection, {report for report, _ in rows})
    for (name, ordinal), (*_, moment, key, md5, why) in rows.items():
        if key and why is None:
            within = tuple(groups.get(whole, whole) for whole in clips.get(key, ()))
            yield Brought(name, ordinal, moment, groups.get(key, key), standing.get(key), within)
        elif why == FileFault.NOT_SENT and (md5 or (name, ordinal) in claimed):
            known = claimed.get((name, ordinal))
            same = held.get(md5) if md5 and not known else None  # what can be forged makes no file known that is held
            group = groups.get(same, same) if same else named(md5) if md5 else f"{name} {ordinal}"
            yield Brought(name, ordinal, moment, group, known)


def _held(connection: Connection, md5s: Collection[str]) -> dict[str, BlobKey]:
    """Give the file that is held of each MD5; of several, one."""
    blob = schema.blob.c
    query = select(blob.md5, func.min(blob.id)).where(blob.fault.is_(None)).group_by(blob.md5)
    return {row[0]: row[1] for row in _some(connection, query, blob.md5, md5s)}


def _clips(connection: Connection, files: Collection[BlobKey]) -> dict[BlobKey, list[BlobKey]]:
    """Give the films of which these are clips."""
    found: dict[BlobKey, list[BlobKey]] = {}
    in_order = sorted(files)
    for start in range(0, len(in_order), MANY):
        for clip, wholes in films.clips(films.pairs(connection, in_order[start : start + MANY])).items():
            found[clip] = sorted(wholes)
    return found


def _groups(connection: Connection, files: Collection[BlobKey]) -> dict[BlobKey, str]:
    """Give the cluster of copies of each of these files and of all their copies; a file of none is its own."""
    member = schema.cluster_member.c
    query = select(member.member, member.cluster_id).where(member.kind == ClusterKind.COPIES)
    clusters = {cluster for _, cluster in _some(connection, query, member.member, files)}
    copies = {row[0]: row[1] for row in _some(connection, query, member.cluster_id, clusters)}
    return {key: key for key in files} | copies


def _standing(connection: Connection, files: Collection[BlobKey]) -> dict[BlobKey, Standing]:
    """Give the nearest entry that settles each file."""
    table = schema.match.c
    query = select(table.blob_id, table.distance, table.list_name, table.entry).where(table.settles)
    found: defaultdict[BlobKey, list[Standing]] = defaultdict(list)
    for key, *told in _some(connection, query, table.blob_id, files):
        found[key].append(Standing(*told))
    return {key: min(standings) for key, standings in found.items()}


def _claimed(connection: Connection, reports: Collection[str]) -> dict[tuple[str, int], Standing]:
    """Give an entry on which the claims of each file entry stand."""
    table = schema.claim_match.c
    query = select(table.report_id, table.ordinal, table.list_name, table.entry)
    found: defaultdict[tuple[str, int], list[Standing]] = defaultdict(list)
    for report, ordinal, name, entry in _some(connection, query, table.report_id, reports):
        found[report, ordinal].append(Standing(0, name, entry))
    return {key: min(standings) for key, standings in found.items()}
