"""From the ledger to the archive: the reports that stand in no batch yet, and what was said of old ones later."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, exists, select, update

from domain.media import Kind
from infra.archive import Batch
from infra.ledger import schema
from infra.ledger.engine import Row, upsert
from infra.ledger.moments import utc


def unarchived(connection: Connection, most: int) -> list[str]:
    """Name accepted reports that stand in no batch of the archive yet, at most so many."""
    report = schema.report.c
    query = select(report.id).where(~report.archived, report.rejection.is_(None)).order_by(report.id).limit(most)
    return list(connection.scalars(query))


def report_rows(connection: Connection, ids: Sequence[str]) -> list[Row]:
    """Give the archive's rows of these reports."""
    vectors = _several(connection, schema.report_vector.c.report_id, schema.report_vector.c.vector, ids)
    countries = _several(connection, schema.report_location.c.report_id, schema.report_location.c.country, ids)
    files = _several(connection, schema.sighting.c.report_id, schema.sighting.c.ordinal, ids)
    report = schema.report.c
    query = select(report.id, report.received_at, report.source, report.incidents).where(report.id.in_(ids))
    return [
        {
            "report_id": one.id,
            "received_at": utc(one.received_at),
            "source": one.source,
            "incidents": one.incidents,
            "files": len(files[one.id]),
            "vectors": set(vectors[one.id]),
            "countries": set(countries[one.id]),
        }
        for one in connection.execute(query)
    ]


def sighting_rows(connection: Connection, ids: Sequence[str], named: Callable[[str], str]) -> list[Row]:
    """Give the archive's rows of these reports' file entries; `named` names a file that is not held, by its MD5."""
    sighting, report = schema.sighting.c, schema.report.c
    query = (
        select(
            sighting.report_id, sighting.ordinal, sighting.kind, sighting.blob_id, sighting.claimed_md5,
            report.received_at, report.source,
        )
        .join_from(schema.sighting, schema.report, report.id == sighting.report_id)
        .where(sighting.report_id.in_(ids))
    )  # fmt: skip
    return [
        {
            "report_id": one.report_id,
            "ordinal": one.ordinal,
            "received_at": utc(one.received_at),
            "kind": one.kind or Kind.OTHER,
            "file": one.blob_id or (named(one.claimed_md5) if one.claimed_md5 else None),
            "source": one.source,
        }
        for one in connection.execute(query)
    ]


def register(connection: Connection, batches: Sequence[Batch], ids: Sequence[str]) -> None:
    """Register batches, and note that these reports stand in them."""
    rows = [{"id": batch.id, "dataset": batch.dataset, "rows": batch.rows} for batch in batches]
    upsert(connection, schema.batch, rows)
    connection.execute(update(schema.report).where(schema.report.c.id.in_(ids)).values(archived=True))


def has(connection: Connection, report_id: str, ordinal: int) -> bool:
    """Whether there is an accepted report of this id, with a file entry of this ordinal unless that is below 0."""
    report, sighting = schema.report.c, schema.sighting.c
    query = select(report.id).where(report.id == report_id, report.rejection.is_(None))
    if ordinal >= 0:
        query = query.where(exists().where(sighting.report_id == report.id, sighting.ordinal == ordinal))
    return connection.scalar(query) is not None


def revise(connection: Connection, row: Row) -> int:
    """Add what an analyst says of a report or a file; what was said before stays."""
    return upsert(connection, schema.revised, [row])


@dataclass(frozen=True, slots=True)
class Corrections:
    """What holds instead of what the archive says: by report, and for kinds by report and ordinal.

    Attributes:
        received: when the reports were received of which something is said (UTC): it tells where in the archive they
            can be, and need not be known.
    """

    superseded: frozenset[str]
    vectors: Mapping[str, tuple[str, ...]]
    countries: Mapping[str, tuple[str, ...]]
    kinds: Mapping[tuple[str, int], str]
    received: Mapping[str, datetime] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.superseded or self.vectors or self.countries or self.kinds)


def corrections(connection: Connection) -> Corrections:
    """Read which reports a revision took the place of, and the latest that analysts said of each."""
    report, said = schema.report.c, schema.revised.c
    accepted = select(report.id, report.received_at).where(report.rejection.is_(None))
    revised = select(said.field, said.report_id, said.ordinal, said.codes).order_by(said.revised_at, said.analyst)
    gone = {
        owner: utc(moment) for owner, moment in connection.execute(accepted.where(report.superseded_by.is_not(None)))
    }
    latest = {(what, owner, ordinal): tuple(codes) for what, owner, ordinal, codes in connection.execute(revised)}
    times = accepted.where(report.id.in_(select(said.report_id)))
    return Corrections(
        superseded=frozenset(gone),
        vectors={owner: codes for (what, owner, _), codes in latest.items() if what == "vector"},
        countries={
            owner: tuple(sorted({code[:2] for code in codes}))
            for (what, owner, _), codes in latest.items() if what == "country"
        },
        kinds={(owner, ordinal): codes[0] for (what, owner, ordinal), codes in latest.items() if what == "kind"},
        received=gone | {owner: utc(moment) for owner, moment in connection.execute(times)},
    )  # fmt: skip


def _several(
    connection: Connection, owner: Column[str], value: Column[Any], ids: Sequence[str]
) -> defaultdict[str, list[Any]]:
    """Collect a side table's values of these reports."""
    values: defaultdict[str, list[Any]] = defaultdict(list)
    for report, each in connection.execute(select(owner, value).where(owner.in_(ids))):
        values[report].append(each)
    return values
