"""Matches in the ledger: what is to be compared, what was found, and what is recalled with the entry that made it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from domain.lists import MATCHING, SETTLING
from domain.match import DIGESTS, KnownHash, ListedEntry, Match, SignalType
from domain.media import Algorithm, BlobKey, Kind
from infra.ledger import schema
from infra.ledger.engine import upsert
from infra.ledger.media import usable
from infra.ledger.reports import MANY

FRAMES_AT_ONCE = 20_000
"""Frames that are compared at once, and a film's rest."""

WITHDRAWN, CHANGED = "withdrawn", "changed"
"""Why a match is recalled: its entry is gone, or it or its list's terms changed and the file stands there no more."""

_OF_A_BLOB = -1
_COLUMNS = {
    SignalType.SHA256: schema.blob.c.sha256, SignalType.SHA1: schema.blob.c.sha1, SignalType.MD5: schema.blob.c.md5,
    SignalType.VIDEO_MD5: schema.blob.c.md5,
}  # fmt: skip


class Frame(NamedTuple):
    """A fingerprint that may be matched: its file, what that is, its quality, its eight hashes, a frame's time."""

    blob: BlobKey
    kind: Kind
    quality: int
    bits: bytes
    seconds: float = 0.0


class Agreement(NamedTuple):
    """A file whose digest stands on a list."""

    blob: BlobKey
    of: ListedEntry
    signal_type: SignalType
    same_size: bool


def live() -> ColumnElement[bool]:
    """Say of an entry that it is matched."""
    entry = schema.list_entry.c
    return entry.withdrawn_at.is_(None) & entry.state.in_(MATCHING)


def _was(tested: bool) -> ColumnElement[bool]:  # noqa: FBT001 (of two kinds of files)
    return schema.blob.c.tested if tested else ~schema.blob.c.tested


def _listed() -> tuple[Any, ...]:
    entry, of = schema.list_entry.c, schema.hash_list.c
    terms = (of.radius, of.quality, of.file_share, of.entry_share)
    return entry.list_name, entry.entry, entry.category, *terms, entry.size, entry.state, entry.kind


def _listed_entry(row: Sequence[Any]) -> ListedEntry:
    name, entry, category, radius, quality, file_share, entry_share, size, state, kind = row[:10]
    terms = {"radius": radius, "quality": quality, "file_share": file_share, "entry_share": entry_share}
    picture = kind == Kind.IMAGE
    return ListedEntry(name, entry, category, size=size, settling=state in SETTLING, picture=picture, **terms)


def _of_lists(columns: Sequence[Any]) -> Select[Any]:
    """Select columns of known hashes, their entries and their lists; of live entries alone."""
    known, entry = schema.known_hash.c, schema.list_entry.c
    of_entry = and_(entry.list_name == known.list_name, entry.entry == known.entry)
    return (
        select(*columns)
        .select_from(schema.known_hash)
        .join(schema.list_entry, of_entry)
        .join(schema.hash_list, schema.hash_list.c.name == entry.list_name)
        .where(live())
    )


def known(
    connection: Connection, signal_types: Collection[SignalType], *, untested: bool = False
) -> Iterator[KnownHash]:
    """Give the hashes of these types that are matched, of every list; of entries that are `untested` if asked so."""
    hashes = schema.known_hash.c
    query = _known().where(hashes.signal_type.in_(signal_types))
    query = query.order_by(hashes.list_name, hashes.entry, hashes.signal)
    if untested:
        query = query.where(~schema.list_entry.c.tested)
    with connection.execute(query, execution_options={"yield_per": 1000}) as rows:
        yield from _read(rows)


def known_as(connection: Connection, signals: Sequence[str]) -> list[KnownHash]:
    """Give the PDQ hashes of every list that are matched and are among these."""
    hashes = schema.known_hash.c
    found: list[KnownHash] = []
    for start in range(0, len(signals), MANY):
        of_these = hashes.signal.in_(signals[start : start + MANY])
        found += _read(connection.execute(_known().where(hashes.signal_type == SignalType.PDQ, of_these)))
    return found


def _known() -> Select[Any]:
    hashes = schema.known_hash.c
    return _of_lists([*_listed(), hashes.signal_type, hashes.signal, hashes.quality, hashes.seconds])


def _read(rows: Iterable[Row[Any]]) -> Iterator[KnownHash]:
    """Read known hashes; those of one entry that follow one another share it."""
    of = ListedEntry("", "")
    for row in rows:
        if (of.list_name, of.entry) != (row[0], row[1]):
            of = _listed_entry(row)
        yield KnownHash(of, SignalType(row.signal_type), row.signal, row[-2], row[-1])


def lengths(connection: Connection, entries: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Count the PDQ hashes of the quality that its list asks for of each of these entries (list, entry)."""
    of, hashes = schema.list_entry.c, schema.known_hash.c
    good = or_(hashes.quality.is_(None), hashes.quality >= schema.hash_list.c.quality)
    query = _of_lists([of.list_name, of.entry, func.count()]).group_by(of.list_name, of.entry)
    query = query.where(hashes.signal_type == SignalType.PDQ, good)
    found: dict[tuple[str, str], int] = {}
    for name in {name for name, _ in entries}:
        of_list = sorted(entry for each, entry in entries if each == name)
        for start in range(0, len(of_list), MANY):
            some = query.where(of.list_name == name, of.entry.in_(of_list[start : start + MANY]))
            found |= {(row[0], row[1]): row[2] for row in connection.execute(some)}
    return found


def least_quality(connection: Connection) -> int:
    """Give the least quality of a hash that any list matches."""
    return connection.scalar(select(func.min(schema.hash_list.c.quality))) or 0


def frames(
    connection: Connection, algorithm: Algorithm, *, tested: bool, least: int, starts: Sequence[str] | None = None
) -> Iterator[list[Frame]]:
    """Give the fingerprints of files that were `tested` or not, from a quality on, whole files in each piece.

    With `starts`, of files alone whose ids begin so.
    """
    prints = schema.fingerprint.c
    query = (
        select(prints.blob_id, schema.blob.c.kind, prints.quality, prints.bits, prints.seconds)
        .join(schema.blob, schema.blob.c.id == prints.blob_id)
        .where(prints.algorithm == algorithm, prints.quality >= least, usable(), _was(tested))
        .order_by(prints.blob_id, prints.ordinal)
    )
    queries = [query]
    if starts is not None:
        some = (starts[start : start + MANY] for start in range(0, len(starts), MANY))
        queries = [query.where(schema.blob.c.start.in_(each)) for each in some]
    piece: list[Frame] = []
    for each in queries:
        with connection.execute(each, execution_options={"yield_per": 1000}) as result:
            rows = (Frame(row[0], Kind(row[1]), row[2], bytes(row[3]), row[4]) for row in result)
            for _, of_file in groupby(rows, key=lambda frame: frame.blob):
                piece.extend(of_file)
                if len(piece) >= FRAMES_AT_ONCE:
                    yield piece
                    piece = []
    if piece:
        yield piece


def waiting(connection: Connection, *, tested: bool) -> bool:
    """Whether there is anything to compare: files that are new, or with `tested` entries that are."""
    files = select(schema.blob.c.id).where(usable(), ~schema.blob.c.tested)
    entries = select(schema.list_entry.c.entry).where(live(), ~schema.list_entry.c.tested)
    return connection.execute((entries if tested else files).limit(1)).first() is not None


def agreements(connection: Connection, *, tested: bool) -> list[Agreement]:
    """Find the files whose digest stands on a list: `tested` files on untested entries, or untested files on any."""
    blob, hashes = schema.blob.c, schema.known_hash.c
    found = []
    for signal_type in DIGESTS:
        query = _of_lists([*_listed(), blob.id, blob.size]).join(schema.blob, _COLUMNS[signal_type] == hashes.signal)
        query = query.where(hashes.signal_type == signal_type, usable(), _was(tested))
        if tested:
            query = query.where(~schema.list_entry.c.tested)
        for row in connection.execute(query):
            of = _listed_entry(row)
            found.append(Agreement(row.id, of, signal_type, same_size=of.size == row[-1]))
    return found


def record(connection: Connection, found: Sequence[Match], *, tested: bool) -> tuple[int, int]:
    """Make the matches of what was compared these: new or changed ones, and those that hold no more and are recalled.

    Compared were untested files with every entry, or `tested` ones with untested entries.
    """
    table = schema.match.c
    held = select(table.blob_id, table.list_name, table.entry)
    held = held.join(schema.blob, schema.blob.c.id == table.blob_id).where(usable(), _was(tested))
    if tested:
        held = held.join(schema.list_entry, same_entry(schema.match)).where(~schema.list_entry.c.tested, live())
    now = {(each.blob, each.list_name, each.entry) for each in found}
    gone = [key for key in connection.execute(held).tuples() if key not in now]
    moment = datetime.now(UTC)
    recalls = [
        {"list_name": name, "entry": of, "file": blob, "ordinal": _OF_A_BLOB, "recalled_at": moment, "reason": CHANGED}
        for blob, name, of in gone
    ]
    upsert(connection, schema.recall, recalls)
    for blob, name, of in gone:
        connection.execute(
            delete(schema.match).where(table.blob_id == blob, table.list_name == name, table.entry == of)
        )
    rows = [{("blob_id" if name == "blob" else name): value for name, value in asdict(each).items()} for each in found]
    return upsert(connection, schema.match, rows), len(gone)


def mark_files(connection: Connection) -> None:
    """Note that every file that can be compared was, with every entry."""
    table = schema.blob
    connection.execute(update(table).where(usable(), ~table.c.tested).values(tested=True))


def mark_entries(connection: Connection) -> int:
    """Note that every entry was compared with every file that was tested before; count them."""
    table = schema.list_entry
    return connection.execute(update(table).where(live(), ~table.c.tested).values(tested=True)).rowcount


def forget_unusable(connection: Connection) -> int:
    """Drop the matches of files that turned out to be unusable; no entry is to blame, so nothing is recalled."""
    table = schema.match
    kept = exists(select(schema.blob.c.id).where(schema.blob.c.id == table.c.blob_id, usable()))
    return connection.execute(delete(table).where(~kept)).rowcount


def recall_withdrawn(connection: Connection) -> int:
    """Recall every match with an entry that is matched no longer, and count them."""
    recalled = 0
    of_file = (
        (schema.match, schema.match.c.blob_id, literal(_OF_A_BLOB)),
        (schema.claim_match, schema.claim_match.c.report_id, schema.claim_match.c.ordinal),
    )
    moment = literal(datetime.now(UTC), schema.Time)
    for table, file, ordinal in of_file:
        gone = ~exists().where(same_entry(table), live())
        rows = select(table.c.list_name, table.c.entry, file, ordinal, moment, literal(WITHDRAWN)).where(gone)
        named = ["list_name", "entry", "file", "ordinal", "recalled_at", "reason"]
        connection.execute(insert(schema.recall).from_select(named, rows))
        recalled += connection.execute(delete(table).where(gone)).rowcount
    return recalled


def same_entry(table: Table) -> ColumnElement[bool]:
    """Say of an entry that it is the one a row of `table` names."""
    entry = schema.list_entry.c
    return and_(entry.list_name == table.c.list_name, entry.entry == table.c.entry)


def recalled(connection: Connection, name: str) -> list[Row[Any]]:
    """List the reports whose files stood on entries of a list and do no more, with entry, time and reason, by time."""
    table, sighting = schema.recall.c, schema.sighting.c
    in_report = or_(
        and_(table.ordinal == _OF_A_BLOB, sighting.blob_id == table.file),
        and_(table.ordinal == sighting.ordinal, sighting.report_id == table.file),
    )
    query = select(sighting.report_id, sighting.ordinal, table.entry, table.recalled_at, table.reason)
    query = query.select_from(schema.recall).join(schema.sighting, in_report).where(table.list_name == name)
    return list(connection.execute(query.order_by(table.recalled_at, sighting.report_id, sighting.ordinal)))
