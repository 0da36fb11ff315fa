"""Pair: stored films that share their pictures, each new one with all that share any with it."""

from dataclasses import replace

from domain.counts import Counts
from domain.match import VIDEO_SHARE
from domain.media import BlobKey
from infra.index.hash_index import HashIndex
from infra.ledger import films
from infra.ledger.engine import Transaction, reading
from infra.ledger.films import Pair, Versions
from infra.ledger.hashes import numbers, starts
from infra.world import world
from tasks.indexes import near_by, stored_index
from tasks.staging import step
from tasks.videos import FilmMatch, Library, Rule

FILMS_AT_ONCE = 20
"""Films whose pairs are written in one transaction."""

ANY = Rule(query=1e-6)
"""One frame in common is enough to be told the shares of both."""


def compared(one: Versions, other: Versions) -> FilmMatch | None:
    """Compare two films, with and without borders: the best match, if at least half of either agrees.

    Frames agree in any orientation of the one or, for hashes of turned pictures differ a little, of the other.
    """
    found = [match for version in one.values() for match in Library(other, ANY).search(version)]
    found += [_reversed(match) for version in other.values() for match in Library(one, ANY).search(version)]
    best = max(found, key=_merit, default=None)
    return best if best and max(best.query_share, best.reference_share) >= VIDEO_SHARE else None


def _reversed(match: FilmMatch) -> FilmMatch:
    return replace(
        match, query_share=match.reference_share, reference_share=match.query_share, offset=-match.offset
    )  # fmt: skip


def _merit(match: FilmMatch) -> tuple[float, float, int, int]:
    shares = sorted((match.query_share, match.reference_share))
    return shares[0], shares[1], -match.distance, -abs(match.offset)


@step
def pair_films() -> Counts:
    """Compare each film that is new with every film that shares a picture with it, from metadata alone."""
    with reading(world().ledger) as connection:
        new = films.uncompared(connection)
        index = stored_index(connection) if new else HashIndex()
    counts = Counts(films_compared=0, film_pairs=0)
    for start in range(0, len(new), FILMS_AT_ONCE):
        some = new[start : start + FILMS_AT_ONCE]
        with reading(world().ledger) as connection:
            found = [_pairs(connection, index, film) for film, _ in some]
        with world().ledger.begin() as connection:
            for (film, written), pairs in zip(some, found, strict=True):
                counts += films.record(connection, film, written, pairs)
    return counts


def _pairs(connection: Transaction, index: HashIndex, film: BlobKey) -> list[Pair]:
    """Find the films that share pictures with one; of any two the one of the smaller id is the query."""
    own = films.versions(connection, starts(numbers([film]))).get(film, {})
    _, ids = near_by(index, [frame.bits for version in own.values() for frame in version])
    found = []
    for other, frames in films.versions(connection, starts(ids)).items():
        first, second = sorted(((film, own), (other, frames)), key=lambda each: each[0])
        match = compared(first[1], second[1]) if other != film else None
        if match:
            shares = (match.query_share, match.reference_share)
            found.append(Pair(first[0], second[0], *shares, match.offset, match.distance))
    return found
