"""Reasons: why each member is in its cluster: to which others it is tied, by what, and how nearly."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.cluster import ClusterKind, Ruling, Tie, TieKind
from domain.linking import Link
from domain.match import VIDEO_SHARE
from domain.media import MATCH_RADIUS, Algorithm, BlobKey
from domain.model import ModelVersion, Role
from infra.index.hash_index import words
from infra.index.kernels import Words
from infra.index.nearest import Vectors
from infra.ledger import clusters, films, links, media, ties
from infra.ledger.engine import Transaction
from infra.ledger.films import Pair
from infra.ledger.reports import MANY
from infra.world import world

TIES = 3
"""Other members that are told of each one: the nearest."""

COMPARED = 1000
"""Members with which each one that is told of is compared; a larger cluster has more."""

Ties = Mapping[str, Sequence[Tie]]
Print = tuple[BlobKey, Algorithm, bytes]
"""A picture, how its hash was made, and its eight hashes."""


def by_pictures(of: Collection[str], prints: Sequence[Print]) -> Ties:
    """Tie pictures to the nearest others within the radius, in any orientation of either, with borders or without."""
    from tasks.hashing.pdq import ORIENTATIONS  # noqa: PLC0415 (slow to import)

    if not prints:
        return {}
    turns = words([bits for _, _, bits in prints]).reshape(len(prints), -1, 4)
    found: defaultdict[str, dict[str, Tie]] = defaultdict(dict)
    for place, (blob, algorithm, _) in enumerate(prints):
        if blob not in of:
            continue
        mine, others = _bits(turns[place][:, None], turns[None, :, 0]), _bits(turns[None, place, 0], turns).T
        apart = np.minimum(mine, others[_INVERSE])
        for (other, cut, _), turn, bits in zip(prints, apart.argmin(0).tolist(), apart.min(0).tolist(), strict=True):
            if other != blob and bits <= MATCH_RADIUS and bits < found[blob].get(other, _FAR).near:
                borders = ("borders",) if Algorithm.PDQ_TRIMMED in (algorithm, cut) else ()
                found[blob][other] = Tie(other, TieKind.PICTURE, bits, (ORIENTATIONS[turn], *borders))
    return {blob: sorted(each.values(), key=lambda tie: (tie.near, tie.other))[:TIES] for blob, each in found.items()}


_FAR = Tie("", TieKind.PICTURE, MATCH_RADIUS + 1)
_INVERSE = [0, 3, 2, 1, 4, 5, 6, 7]
"""Which orientation takes each one back; a quarter turn is undone by that the other way."""


def _bits(ones: Words, others: Words) -> NDArray[np.int64]:
    """Count the bits that differ, of hashes along the last axis."""
    bits: NDArray[np.int64] = np.bitwise_count(ones ^ others).sum(axis=-1, dtype=np.int64)
    return bits


def by_films(of: Collection[str], pairs: Iterable[Pair]) -> Ties:
    """Tie films to those that have most of their frames."""
    found: defaultdict[str, list[Tie]] = defaultdict(list)
    for each in pairs:
        for one, other in ((each.one, each.other), (each.other, each.one)):
            if one in of:
                found[one].append(Tie(other, TieKind.FILM, round(min(each.one_share, each.other_share), 3)))
    return {film: sorted(each, key=lambda tie: (-tie.near, tie.other))[:TIES] for film, each in found.items()}


def by_vectors(of: Collection[str], names: Sequence[str], vectors: Vectors, copies: Mapping[str, str]) -> Ties:
    """Tie members to the one whose vector is nearest; to a copy only where there are no others."""
    groups = np.unique([copies.get(name, name) for name in names], return_inverse=True)[1]
    found = {}
    for place, name in enumerate(names):
        if name in of and len(names) > 1:
            cosines = vectors @ vectors[place]
            copy = groups == groups[place]
            cosines[copy] -= 4  # behind all others
            cosines[place] = -np.inf
            best = int(cosines.argmax())
            near = round(float(vectors[best] @ vectors[place]), 3)
            found[name] = [Tie(names[best], TieKind.COPIES if copy[best] else TieKind.VECTORS, near)]
    return found


def by_links(of: Collection[str], found: Iterable[Link]) -> Ties:
    """Tie reports by all that they share with the few with which they share the most."""
    each: defaultdict[str, defaultdict[str, list[Link]]] = defaultdict(lambda: defaultdict(list))
    for link in found:
        for one, other in ((link.one, link.other), (link.other, link.one)):
            if one in of:
                each[one][other].append(link)
    told = {}
    for report, others in each.items():
        nearest = sorted(others.items(), key=lambda pair: (-sum(link.odds for link in pair[1]), pair[0]))[:TIES]
        told[report] = [
            Tie(other, link.kind, round(link.odds, 3), (link.thing, str(link.reports)))
            for other, shared in nearest
            for link in sorted(shared, key=lambda link: (-link.odds, link.kind, link.thing))
        ]
    return told


def by_rulings(of: Collection[str], rulings: Iterable[Ruling]) -> Ties:
    """Tie members that people ruled the same."""
    found: defaultdict[str, list[Tie]] = defaultdict(list)
    for each in rulings:
        for one, other in ((each.one, each.other), (each.other, each.one)):
            if each.same and one in of:
                found[one].append(Tie(other, TieKind.RULING))
    return found


def reasons(
    connection: Transaction, kind: ClusterKind, of: Sequence[str], members: Sequence[str]
) -> dict[str, tuple[Tie, ...]]:
    """Give the ties of some members of a cluster to others; of its `members`, `COMPARED` at most are looked at."""
    among = list(dict.fromkeys([*of, *members]))[:COMPARED]
    found = [by_rulings(of, clusters.rulings(connection, kind)), *_found(connection, kind, of, among)]
    inside = set(members)
    return {
        member: tuple(tie for each in found for tie in each.get(member, ()) if tie.other in inside) for member in of
    }


def _found(connection: Transaction, kind: ClusterKind, of: Sequence[str], among: Sequence[str]) -> list[Ties]:
    if kind is ClusterKind.REPORTS:
        inside = set(among)
        found = links.of_reports(connection, of)
        return [by_links(of, (each for each in found if each.one in inside and each.other in inside))]
    if kind is ClusterKind.COPIES:
        prints = [
            (blob, algorithm, bits)
            for algorithm in (Algorithm.PDQ, Algorithm.PDQ_TRIMMED)
            for blob, _, bits in media.matchable(connection, algorithm, among)
        ]
        return [by_pictures(of, prints), by_films(of, _films(connection, of, among))]
    embedder, upon = _models(kind)
    if embedder is None:
        return []
    vectors = ties.vectors(connection, among, embedder, upon)
    same = ties.copies(connection, among) if kind is ClusterKind.SCENES else {}
    return [by_vectors(of, *vectors, same)]


def _films(connection: Transaction, of: Sequence[str], among: Collection[str]) -> list[Pair]:
    """Give the pairs of copies that are films of one cluster."""
    inside = set(among)
    found = {pair for start in range(0, len(of), MANY) for pair in films.pairs(connection, of[start : start + MANY])}
    return [
        pair
        for pair in sorted(found)
        if {pair.one, pair.other} <= inside and min(pair.one_share, pair.other_share) >= VIDEO_SHARE
    ]


def _models(kind: ClusterKind) -> tuple[ModelVersion | None, str]:
    """Find whose vectors tell, and on the faces of which detector."""
    registry = world().registry
    if kind is ClusterKind.SCENES:
        return registry.find(Role.SCENE_EMBEDDER), ""
    detector = registry.find(Role.FACE_DETECTOR)
    return (registry.find(Role.FACE_EMBEDDER), str(detector)) if detector else (None, "")
