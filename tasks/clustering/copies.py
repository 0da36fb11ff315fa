"""Copies: files that show the same but for an edit."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from domain.cluster import ClusterKind
from domain.counts import Counts
from domain.match import VIDEO_SHARE
from domain.media import MATCH_RADIUS, Algorithm, BlobKey, Kind
from infra.index.graph import neighbours
from infra.index.hash_index import HashIndex, words
from infra.ledger import films, media
from infra.world import world
from tasks.clustering.naming import Edge, record_edges
from tasks.staging import step


def copy_edges(frames: Sequence[tuple[BlobKey, Kind, bytes]]) -> list[Edge]:
    """Connect files of one kind that show the same: PDQ within 31 of 256 bits, in any orientation.

    What has several frames does when at least half of those of the shorter agree with a frame of the other.
    """
    if not frames:
        return []
    agreeing: defaultdict[Edge, set[int]] = defaultdict(set)
    lengths: defaultdict[BlobKey, int] = defaultdict(int)
    for blob, _, _ in frames:
        lengths[blob] += 1
    for query, other in _agreeing([bits for _, _, bits in frames]):
        (one, kind, _), (two, kind_of_two, _) = frames[query], frames[other]
        if one != two and kind is kind_of_two:
            shorter = query if (lengths[one], one) < (lengths[two], two) else other
            agreeing[min(one, two), max(one, two)].add(shorter)
    return sorted(
        (one, two)
        for (one, two), found in agreeing.items()
        if len(found) >= VIDEO_SHARE * min(lengths[one], lengths[two])
    )


def _agreeing(frames: list[bytes]) -> Iterator[tuple[int, int]]:
    """Find the pairs of frames that agree: the uprights among themselves, then all that is turned with the uprights."""
    oriented = words(frames).reshape(len(frames), -1, 4)
    upright, turned = oriented[:, 0], oriented[:, 1:]
    for ones, others, _ in neighbours(upright, MATCH_RADIUS):
        yield from zip(ones.tolist(), others.tolist(), strict=True)
    index = HashIndex()
    index.add(np.arange(len(frames)), upright)
    for queries, others, _ in index.within(turned.reshape(-1, 4), MATCH_RADIUS):
        yield from zip((queries // turned.shape[1]).tolist(), others.tolist(), strict=True)


@step
def cluster_copies() -> Counts:
    """Cluster the files that are copies of one another, borders or not; films as `pair_films` has paired them."""
    with world().ledger.begin() as connection:
        frames = [*media.matchable(connection), *media.matchable(connection, Algorithm.PDQ_TRIMMED)]
        edges = films.copies(films.pairs(connection))
    return record_edges(ClusterKind.COPIES, copy_edges(frames) + edges)
