"""Cluster: near-duplicates of files, and reports that share content."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from domain.cluster import ClusterKind, components, named
from domain.counts import Counts
from domain.match import VIDEO_SHARE
from domain.media import MATCH_RADIUS, Algorithm, BlobKey, Kind
from infra.index.graph import neighbours
from infra.index.hash_index import HashIndex, words
from infra.ledger import clusters, films, media
from infra.world import world
from tasks.staging import step

Edge = tuple[str, str]


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


def report_edges(brought: Iterable[tuple[str, BlobKey]], copies: dict[BlobKey, str]) -> list[Edge]:
    """Connect reports that brought the same file, or copies of it."""
    reports: defaultdict[str, set[str]] = defaultdict(set)
    for report, blob in brought:
        reports[copies.get(blob, blob)].add(report)
    in_order = (sorted(together) for together in reports.values())
    return sorted({edge for together in in_order for edge in pairwise(together)})


def _record(kind: ClusterKind, edges: Iterable[Edge]) -> Counts:
    """Name what the edges connect, keeping the names that are there, and write it."""
    with world().ledger.begin() as connection:
        groups = components(edges)
        names = named(groups, clusters.members(connection, kind), lambda first: world().surrogate(kind, first))
        changed = clusters.record(connection, kind, names)
    return Counts(**{f"{kind}_clusters": len(groups), f"{kind}_members_changed": changed})


@step
def cluster_copies() -> Counts:
    """Cluster the files that are copies of one another, borders or not; films as `pair_films` has paired them."""
    with world().ledger.begin() as connection:
        frames = [*media.matchable(connection), *media.matchable(connection, Algorithm.PDQ_TRIMMED)]
        edges = films.copies(films.pairs(connection))
    return _record(ClusterKind.COPIES, copy_edges(frames) + edges)


@step
def cluster_reports() -> Counts:
    """Cluster the reports that share content, as the copies' clusters tell."""
    with world().ledger.begin() as connection:
        brought = clusters.brought(connection)
        copies = clusters.members(connection, ClusterKind.COPIES)
    return _record(ClusterKind.REPORTS, report_edges(brought, copies))
