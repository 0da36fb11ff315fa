"""Videos: films that share pictures, by the votes of their frames: who covers how much of whom, and from where on.

The rule of vPDQ (Facebook's vPDQ, https://github.com/facebook/ThreatExchange/tree/main/vpdq): a frame agrees with a
film if any frame of it is within the radius; a film matches when the share of its frames that agree, and the share of
the other's that do, both reach their thresholds. **Frames of one film whose hashes are identical count once, at the
first of their times, in both shares.** Scores that count every frame of a still scene differ by as much as the film is
still.
"""

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from domain.media import MATCH_QUALITY, MATCH_RADIUS, Fingerprint
from infra.index.hash_index import HashIndex, words

HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Rule:
    """When two films match.

    Attributes:
        query: least share of the query's frames that agree, above 0 and at most 1 (vPDQ's tools: 0.8).
        reference: least share of the reference's frames that agree, 0-1; 0 finds an extract in a longer film.
        radius: bits within which frames agree, 0-31.
        quality: frames of a lower quality do not vote, 0-100.
    """

    query: float = 0.8
    reference: float = 0.0
    radius: int = MATCH_RADIUS
    quality: int = MATCH_QUALITY

    def __post_init__(self) -> None:
        """See that the rule can be pruned by: a query that needs no frame matches everything."""
        if not (0 < self.query <= 1 and 0 <= self.reference <= 1 and 0 <= self.radius <= MATCH_RADIUS):
            raise ValueError("a share of the query above 0, shares of at most 1, and a radius of at most 31")


@dataclass(frozen=True, slots=True)
class FilmMatch:
    """A film of the library that matches.

    Attributes:
        film: its name.
        query_share: share of the query's frames that agree with it, 0-1.
        reference_share: share of its frames that agree with the query, 0-1.
        offset: seconds of its time at which the query begins, as most frames have it, to the second.
        distance: bits between the nearest two frames.
    """

    film: str
    query_share: float
    reference_share: float
    offset: int
    distance: int


def distinct(frames: Iterable[Fingerprint], quality: int) -> list[Fingerprint]:
    """Give the frames that vote: of a quality, and of identical ones the first."""
    first: dict[bytes, Fingerprint] = {}
    for frame in frames:
        if frame.quality >= quality:
            first.setdefault(frame.bits[:HASH_BYTES], frame)
    return list(first.values())


class Library:
    """Films to search in, by the upright hash of each frame that votes.

    Args:
        films: each film's frames, by its name.
        rule: when a film matches.
    """

    def __init__(self, films: Mapping[str, Iterable[Fingerprint]], rule: Rule) -> None:
        voting = {name: frames for name, every in films.items() if (frames := distinct(every, rule.quality))}
        self.rule = rule
        self._names = list(voting)
        self._frames = [frame for frames in voting.values() for frame in frames]
        self._starts = [0]
        for frames in voting.values():
            self._starts.append(self._starts[-1] + len(frames))
        self._index = _index(self._frames)

    def search(self, query: Iterable[Fingerprint]) -> list[FilmMatch]:
        """Find every film that matches, the best first: by share of the query, of the reference, then by name."""
        frames = distinct(query, self.rule.quality)
        found = (self._match(film, frames) for film in sorted(self.candidates(frames)))
        return sorted((one for one in found if one), key=lambda one: (-one.query_share, -one.reference_share, one.film))

    def candidates(self, frames: Sequence[Fingerprint]) -> set[int]:
        """Give the places of all films that can match, and of no film that shares none of the frames looked up.

        A film that agrees with k of n frames agrees with at least one of any n − k + 1 of them, so no more are
        looked up in the whole library. What is then compared in full are candidates alone.
        """
        if not frames or not self._frames:
            return set()
        probes = frames[: len(frames) - needed(self.rule.query, len(frames)) + 1]
        hits = (hit for _, hit, _ in self._near(probes, self._index))
        return {bisect_right(self._starts, hit) - 1 for hit in hits}

    def _near(self, frames: Sequence[Fingerprint], index: HashIndex) -> Iterator[tuple[int, int, int]]:
        """Compare frames, in all the orientations that they have, with upright hashes: places and distances."""
        turns = len(frames[0].bits) // HASH_BYTES
        for at, hits, distances in index.within(words([frame.bits for frame in frames]), self.rule.radius):
            yield from zip((at // turns).tolist(), hits.tolist(), distances.tolist(), strict=True)

    def _match(self, film: int, frames: Sequence[Fingerprint]) -> FilmMatch | None:
        """Let every frame of a candidate vote."""
        start, end = self._starts[film], self._starts[film + 1]
        reference = self._frames[start:end]
        agreeing: defaultdict[int, set[int]] = defaultdict(set)
        nearest = self.rule.radius
        for frame, hit, distance in self._near(frames, _index(reference)):
            agreeing[frame].add(hit)
            nearest = min(nearest, distance)
        hits = set().union(*agreeing.values())
        if len(agreeing) < needed(self.rule.query, len(frames)):
            return None
        if len(hits) < needed(self.rule.reference, len(reference)):
            return None
        offsets = Counter(
            round(reference[hit].seconds - frames[frame].seconds) for frame, of in agreeing.items() for hit in of
        )
        offset = min(offsets, key=lambda seconds: (-offsets[seconds], abs(seconds), seconds))
        shares = (len(agreeing) / len(frames), len(hits) / len(reference))
        return FilmMatch(self._names[film], *shares, offset, nearest)


def _index(frames: Sequence[Fingerprint]) -> HashIndex:
    """Index the upright hash of each frame under its place."""
    index = HashIndex()
    if frames:
        index.add(np.arange(len(frames)), words([frame.bits[:HASH_BYTES] for frame in frames]))
    return index


def needed(share: float, frames: int) -> int:
    """Count the frames that make up at least this share; a share that is met to the last bit of a float is met."""
    return math.ceil(share * frames - 1e-9)
