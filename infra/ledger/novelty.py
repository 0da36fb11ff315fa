"""Novelty in the ledger: the answer for every file entry whose content anybody can tell."""

from collections.abc import Callable, Iterable

from sqlalchemy import Connection, func, select

from domain.cluster import ClusterKind
from domain.novelty import Brought, Novelty, Standing, tell
from domain.report import FileFault
from infra.ledger import clusters, schema


def answers(connection: Connection, named: Callable[[str], str]) -> dict[tuple[str, int], Novelty]:
    """Answer for every file entry of the accepted reports, by report and ordinal.

    A file that is held is told by itself and its copies, and known by what settles it. One that was never sent is
    told by the MD5 that its reporter claims, as the file of that MD5 where one is held, and known by any claimed hash
    that stands on a list: nobody can do better. File entries with another fault, or without any hash, have no answer.

    Args:
        connection: reads the ledger.
        named: names a file that is not held by its MD5, for the group.
    """
    return tell(_brought(connection, named))


def _brought(connection: Connection, named: Callable[[str], str]) -> Iterable[Brought]:
    copies = clusters.members(connection, ClusterKind.COPIES)
    sighting, report, blob = schema.sighting.c, schema.report.c, schema.blob.c
    of_md5: dict[str, str] = {}
    for key, md5 in connection.execute(select(blob.id, blob.md5).where(blob.fault.is_(None)).order_by(blob.id)):
        of_md5.setdefault(md5, key)
    standing, claimed = _standing(connection), _claimed(connection)
    fault = func.coalesce(sighting.fault, blob.fault)
    query = (
        select(
            sighting.report_id, sighting.ordinal, report.received_at, sighting.blob_id, sighting.claimed_md5, fault,
        )
        .join_from(schema.sighting, schema.report, report.id == sighting.report_id)
        .join(schema.blob, blob.id == sighting.blob_id, isouter=True)
        .where(report.rejection.is_(None), report.superseded_by.is_(None))
    )  # fmt: skip
    for name, ordinal, moment, key, md5, why in connection.execute(query):
        if key and why is None:
            yield Brought(name, ordinal, moment, copies.get(key, key), standing.get(key))
        elif why == FileFault.NOT_SENT and (md5 or (name, ordinal) in claimed):
            held = of_md5.get(md5) if md5 else None
            group = copies.get(held, held) if held else named(md5) if md5 else f"{name} {ordinal}"
            yield Brought(name, ordinal, moment, group, claimed.get((name, ordinal)))


def _standing(connection: Connection) -> dict[str, Standing]:
    """Give the nearest entry that settles each file."""
    table = schema.match.c
    query = select(table.blob_id, table.distance, table.list_name, table.entry).where(table.settles)
    found: dict[str, Standing] = {}
    for key, *told in connection.execute(query):
        found[key] = min(found.get(key, Standing(*told)), Standing(*told))
    return found


def _claimed(connection: Connection) -> dict[tuple[str, int], Standing]:
    """Give an entry on which the claims of each file entry stand."""
    table = schema.claim_match.c
    found: dict[tuple[str, int], Standing] = {}
    for report, ordinal, name, entry in connection.execute(
        select(table.report_id, table.ordinal, table.list_name, table.entry)
    ):
        one = Standing(0, name, entry)
        found[report, ordinal] = min(found.get((report, ordinal), one), one)
    return found
