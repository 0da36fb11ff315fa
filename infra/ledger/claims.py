"""Claims in the ledger: hashes that reporters supply of files, and the entries of lists that they stand on exactly."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, exists, select, update

from domain.match import SignalType
from infra.ledger import matches, schema
from infra.ledger.engine import upsert
from infra.ledger.reports import MANY

MD5 = "md5"
"""The kind of a claim that stands in a column of its own."""


class Claim(NamedTuple):
    """A hash of one file entry of a report, as its reporter calls it and writes it."""

    report: str
    ordinal: int
    kind: str
    value: str


class Claimed(NamedTuple):
    """A file entry of a report whose claimed hash stands on an entry of a list."""

    report: str
    ordinal: int
    list_name: str
    entry: str
    category: str
    signal_type: SignalType


def untested(connection: Connection, most: int) -> list[str]:
    """Name accepted reports whose claims were not compared yet, at most so many, in any order."""
    table = schema.report.c
    query = select(table.id).where(~table.tested, table.rejection.is_(None)).limit(most)
    return list(connection.scalars(query))


def of_reports(connection: Connection, reports: Sequence[str]) -> list[Claim]:
    """Give every hash that is claimed in these reports."""
    sighting, more = schema.sighting.c, schema.sighting_hash.c
    md5s = select(sighting.report_id, sighting.ordinal, sighting.claimed_md5).where(sighting.claimed_md5.is_not(None))
    others = select(more.report_id, more.ordinal, more.kind, more.value)
    found = []
    for start in range(0, len(reports), MANY):
        some = reports[start : start + MANY]
        rows = connection.execute(md5s.where(sighting.report_id.in_(some)))
        found += [Claim(report, ordinal, MD5, md5) for report, ordinal, md5 in rows]
        found += [Claim(*row) for row in connection.execute(others.where(more.report_id.in_(some)))]
    return found


def with_values(connection: Connection, values: Collection[str]) -> list[Claim]:
    """Give the claims of these values, of accepted reports that were tested before."""
    sighting, more, report = schema.sighting.c, schema.sighting_hash.c, schema.report.c
    md5s = select(sighting.report_id, sighting.ordinal, sighting.claimed_md5)
    others = select(more.report_id, more.ordinal, more.kind, more.value)
    found, in_order = [], sorted(values)
    for start in range(0, len(in_order), MANY):
        some = in_order[start : start + MANY]
        tested = exists().where(report.id == sighting.report_id, report.tested, report.rejection.is_(None))
        rows = connection.execute(md5s.where(sighting.claimed_md5.in_(some), tested))
        found += [Claim(report, ordinal, MD5, md5) for report, ordinal, md5 in rows]
        tested = exists().where(report.id == more.report_id, report.tested, report.rejection.is_(None))
        found += [Claim(*row) for row in connection.execute(others.where(more.value.in_(some), tested))]
    return found


def standing_on(connection: Connection, signals: Collection[str]) -> dict[tuple[SignalType, str], list[Claimed]]:
    """Find the entries that have these hashes, by type and hash; `report` and `ordinal` are left open."""
    known, entry = schema.known_hash.c, schema.list_entry.c
    query = (
        select(known.list_name, known.entry, entry.category, known.signal_type, known.signal)
        .join(schema.list_entry, (entry.list_name == known.list_name) & (entry.entry == known.entry))
        .where(matches.live())
    )
    found: dict[tuple[SignalType, str], list[Claimed]] = {}
    in_order = sorted(signals)
    for start in range(0, len(in_order), MANY):
        for name, of, category, signal_type, signal in connection.execute(
            query.where(known.signal.in_(in_order[start : start + MANY]))
        ):
            one = Claimed("", -1, name, of, category, SignalType(signal_type))
            found.setdefault((one.signal_type, signal), []).append(one)
    return found


def record(connection: Connection, found: Sequence[Claimed], *, untested_entries: bool) -> tuple[int, int]:
    """Write which claims stand on which entries: those new or changed, and those that hold no more and are recalled.

    With `untested_entries`, these are all there are of such entries.
    """
    table = schema.claim_match
    rows = {
        (each.report, each.ordinal, each.list_name, each.entry): {
            "report_id": each.report, "ordinal": each.ordinal, "list_name": each.list_name, "entry": each.entry,
            "category": each.category, "signal_type": each.signal_type,
        }
        for each in sorted(found, key=lambda one: one.signal_type, reverse=True)
    }  # fmt: skip
    gone: list[tuple[str, int, str, str]] = []
    if untested_entries:
        entry = schema.list_entry.c
        same = (entry.list_name == table.c.list_name) & (entry.entry == table.c.entry)
        held = select(table.c.report_id, table.c.ordinal, table.c.list_name, table.c.entry)
        held = held.where(exists().where(same, ~entry.tested, matches.live()))
        gone = [key for key in connection.execute(held).tuples() if key not in rows]
    recalls = [
        {"list_name": name, "entry": of, "file": report, "ordinal": ordinal, "recalled_at": datetime.now(UTC),
         "reason": matches.CHANGED}
        for report, ordinal, name, of in gone
    ]  # fmt: skip
    upsert(connection, schema.recall, recalls)
    for report, ordinal, name, of in gone:
        key = (table.c.report_id == report) & (table.c.ordinal == ordinal)
        connection.execute(delete(table).where(key, table.c.list_name == name, table.c.entry == of))
    return upsert(connection, table, list(rows.values())), len(gone)


def mark(connection: Connection, reports: Sequence[str]) -> None:
    """Note that these reports' claims were compared with every entry."""
    table = schema.report
    for start in range(0, len(reports), MANY):
        connection.execute(update(table).where(table.c.id.in_(reports[start : start + MANY])).values(tested=True))
