"""Films in the ledger: which were compared with all before them, and which two of them share their pictures."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, delete, exists, func, select

from domain.counts import Counts
from domain.match import CLIP_SHARE, VIDEO_SHARE
from domain.media import MATCH_QUALITY, Algorithm, BlobKey, Fingerprint, Kind, Mode
from infra.ledger import schema
from infra.ledger.engine import upsert
from infra.ledger.hashes import STORED
from infra.ledger.media import usable
from infra.ledger.reports import MANY

Versions = Mapping[str, Sequence[Fingerprint]]
"""The frames of a film that may be matched, as they are and without borders, by algorithm."""


class Pair(NamedTuple):
    """Two films: the share of each one's distinct frames that the other has; where in `other` the `one` begins."""

    one: BlobKey
    other: BlobKey
    one_share: float
    other_share: float
    offset: int
    distance: int


def uncompared(connection: Connection) -> list[tuple[BlobKey, int]]:
    """Name the films that were not compared since their fingerprints were written, and when that was, in order."""
    prints, film = schema.fingerprint.c, schema.film.c
    last = select(func.coalesce(func.max(film.written), 0)).scalar_subquery()
    done = exists().where(film.blob_id == prints.blob_id, film.written == prints.written)
    query = select(prints.blob_id, prints.written).where(prints.written >= last, ~done)
    query = query.where(prints.algorithm == Algorithm.PDQ_FILM).order_by(prints.written, prints.blob_id)
    return [(blob, written) for blob, written in connection.execute(query)]


def versions(connection: Connection, starts: Sequence[str]) -> dict[BlobKey, Versions]:
    """Give the frames that may be matched of all films whose ids begin so."""
    prints, blob = schema.fingerprint.c, schema.blob.c
    query = select(
        prints.blob_id, prints.algorithm, prints.bits, prints.quality, prints.seconds, prints.mode
    ).join(schema.blob, blob.id == prints.blob_id)  # fmt: skip
    query = query.where(blob.kind == Kind.VIDEO, prints.algorithm.in_(STORED), prints.quality >= MATCH_QUALITY)
    found: defaultdict[BlobKey, defaultdict[str, list[Fingerprint]]] = defaultdict(lambda: defaultdict(list))
    for start in range(0, len(starts), MANY):
        some = query.where(blob.start.in_(starts[start : start + MANY])).order_by(prints.blob_id, prints.ordinal)
        for name, algorithm, bits, quality, seconds, mode in connection.execute(some):
            one = Fingerprint(bytes(bits), quality, seconds, Algorithm(algorithm), Mode(mode))
            found[name][algorithm].append(one)
    return dict(found)


def record(connection: Connection, film: BlobKey, written: int, pairs: Sequence[Pair]) -> Counts:
    """Make these the pairs of a film, and note that it was compared."""
    table = schema.film_pair
    connection.execute(delete(table).where((table.c.one == film) | (table.c.other == film)))
    upsert(connection, table, [each._asdict() for each in pairs])
    upsert(connection, schema.film, [{"blob_id": film, "written": written}])
    return Counts(films_compared=1, film_pairs=len(pairs))


def pairs(connection: Connection, among: Sequence[BlobKey] | None = None) -> list[Pair]:
    """List all pairs of films that can be looked at; with `among`, those of which either is one of these, 500 at most.

    They come in order.
    """
    table = schema.film_pair
    query = select(table).where(_usable(table, table.c.one), _usable(table, table.c.other))
    if among is not None:
        query = query.where(table.c.one.in_(among) | table.c.other.in_(among))
    return [Pair(*row) for row in connection.execute(query.order_by(table.c.one, table.c.other))]


def _usable(table: FromClause, name: ColumnElement[str]) -> ColumnElement[bool]:
    return exists(select(schema.blob.c.id).where(schema.blob.c.id == name, usable()).correlate(table))


def copies(found: Sequence[Pair]) -> list[tuple[BlobKey, BlobKey]]:
    """Pick those that are copies: either has half of the other's frames."""
    return [(each.one, each.other) for each in found if min(each.one_share, each.other_share) >= VIDEO_SHARE]


def clips(found: Sequence[Pair]) -> dict[BlobKey, dict[BlobKey, int]]:
    """Pick the clips: of what each is a clip, and at which of its seconds it begins; copies are not among them."""
    of: defaultdict[BlobKey, dict[BlobKey, int]] = defaultdict(dict)
    for each in found:
        if each.one_share >= CLIP_SHARE and each.other_share < VIDEO_SHARE:
            of[each.one][each.other] = each.offset
        elif each.other_share >= CLIP_SHARE and each.one_share < VIDEO_SHARE:
            of[each.other][each.one] = -each.offset
    return dict(of)
