"""Vote: the frames of stored files and the hashes of listed entries, who covers how much of whom, and from where on.

Two shares count, as in vPDQ (`tasks.videos`): that of the film's frames which agree with an entry, and that of the
entry's hashes which agree with the film. Here either is enough. By the first the film is what is listed, or most of it;
by the second it holds what is listed, which tells nothing of its rest. Identical frames of a film count once, at the
first time at which their quality is best; identical hashes of an entry are one already.
"""

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.match import VIDEO_SHARE, KnownHash, ListedEntry, Match, SignalType
from domain.media import MATCH_RADIUS, BlobKey, Kind
from infra.index.hash_index import HashIndex, words
from infra.ledger.matches import Frame

HASH_BYTES = 32

Ints = NDArray[np.int64]


class Agreeing(NamedTuple):
    """Pairs of a frame and a hash that agree, each once (N each): their places, and the bits between them."""

    frames: Ints
    hashes: Ints
    distances: Ints


class Tallies(NamedTuple):
    """How a file and an entry agree, for each two that do: places of both, frames, hashes, distance, offset."""

    files: Ints
    entries: Ints
    frames: Ints
    hashes: Ints
    distances: Ints
    offsets: NDArray[np.float64]


def good(one: KnownHash) -> bool:
    """Whether a hash is of the quality that its list asks for."""
    return one.quality is None or one.quality >= one.of.quality


def match_pictures(
    frames: Sequence[Frame], known: Sequence[KnownHash], lengths: Mapping[tuple[str, str], int] | None = None
) -> list[Match]:
    """Match by PDQ, within the radius of each entry's list (31 of 256 bits at most), in any orientation.

    A frame counts from the quality on that the list asks for, on either side. A picture stands on an entry when any of
    its frames agrees with one of the entry's hashes. A film does when the share of its frames that agree reaches the
    list's (half, unless it says otherwise), or the share of the entry's hashes does (0.8), where that has several and
    is no picture; it settles by the first alone, and never by less than half.

    Args:
        frames: of some files, all frames of each, in order.
        known: hashes of entries, at least all that any of the frames agree with.
        lengths: how many good hashes each entry (list, entry) has, where not all of them are in `known`.
    """
    stored = [one for one in known if one.signal_type is SignalType.PDQ and good(one)]
    if not stored or not frames:
        return []
    voting = _voting(frames)
    files, entries = sorted({frame.blob for frame in voting}), list(dict.fromkeys(one.of for one in stored))
    if lengths is None:
        lengths = Counter((one.of.list_name, one.of.entry) for one in stored)
    kinds = {frame.blob: frame.kind for frame in voting}
    qualities: defaultdict[BlobKey, list[int]] = defaultdict(list)
    for frame in sorted(voting, key=lambda frame: frame.quality):
        qualities[frame.blob].append(frame.quality)
    found = []
    for file, entry, agreeing, hashes, distance, offset in zip(
        *(column.tolist() for column in _tallied(voting, stored, files, entries)), strict=True
    ):
        blob, of = files[file], entries[entry]
        shares = (
            agreeing / (len(qualities[blob]) - bisect_left(qualities[blob], of.quality)),
            hashes / lengths[of.list_name, of.entry],
        )
        several = lengths[of.list_name, of.entry] > 1
        found += _judged(blob, kinds[blob], of, shares, (distance, offset, several))
    return found


def _judged(
    blob: BlobKey, kind: Kind, of: ListedEntry, shares: tuple[float, float], told: tuple[int, float, bool]
) -> list[Match]:
    """Decide whether a file stands on an entry, and whether that settles it."""
    distance, offset, several = told
    share, entry_share = shares
    film = kind is Kind.VIDEO
    holds = several and not of.picture and entry_share >= of.entry_share
    if film and share < of.file_share and not holds:
        return []
    settling = of.settling and (not film or share >= max(of.file_share, VIDEO_SHARE))
    begins = round(offset) if film and not math.isnan(offset) else None
    return [
        Match(blob, of.list_name, of.entry, of.category, SignalType.PDQ, distance, share, settling, entry_share, begins)
    ]


def _voting(frames: Sequence[Frame]) -> list[Frame]:
    """Leave out frames of a file that are identical to another one of it, of the same or a better quality."""
    best: dict[tuple[BlobKey, bytes], Frame] = {}
    for frame in frames:
        key = (frame.blob, frame.bits[:HASH_BYTES])
        if key not in best or frame.quality > best[key].quality:
            best[key] = frame
    return list(best.values())


def _agreeing(frames: Sequence[Frame], stored: Sequence[KnownHash]) -> Agreeing:
    """Search: a frame agrees with a hash by the nearest of its orientations, from the list's quality on."""
    turns = len(frames[0].bits) // HASH_BYTES
    index = HashIndex()
    index.add(np.arange(len(stored)), words([bytes.fromhex(one.signal) for one in stored]))
    radius = np.array([one.of.radius for one in stored])
    least, quality = np.array([one.of.quality for one in stored]), np.array([frame.quality for frame in frames])
    found = [np.empty((2, 0), np.int64)]
    for at, hits, distances in index.within(words([frame.bits for frame in frames]), MATCH_RADIUS):
        frame = at // turns
        kept = (distances <= radius[hits]) & (quality[frame] >= least[hits])
        pairs = frame[kept] * len(stored) + hits[kept]
        found.append(_least(pairs, distances[kept]))
    pairs, distances = _least(*np.concatenate(found, axis=1))
    at, hits = np.divmod(pairs, len(stored))
    return Agreeing(at, hits, distances)


def _least(keys: Ints, values: Ints) -> Ints:
    """Give each key once, in order, with the least of its values (2 × N)."""
    each, of = np.unique(keys, return_inverse=True)
    least = np.full(len(each), np.iinfo(np.int64).max)
    np.minimum.at(least, of, values)
    return np.stack([each, least])


def _tallied(
    frames: Sequence[Frame], stored: Sequence[KnownHash], files: Sequence[BlobKey], entries: Sequence[ListedEntry]
) -> Tallies:
    """Count for each file and entry that agree anywhere."""
    file_at = {file: place for place, file in enumerate(files)}
    entry_at = {entry: place for place, entry in enumerate(entries)}
    file_of, entry_of = np.array([file_at[each.blob] for each in frames]), np.array([entry_at[e.of] for e in stored])
    pairs = _agreeing(frames, stored)
    two = file_of[pairs.frames] * len(entries) + entry_of[pairs.hashes]
    (both, distances), of = _least(two, pairs.distances), np.unique(two, return_inverse=True)[1]
    begins = np.array([each.seconds for each in frames])[pairs.frames]
    begins = begins - np.array([np.nan if e.seconds is None else e.seconds for e in stored])[pairs.hashes]
    return Tallies(
        both // len(entries),
        both % len(entries),
        _distinct(of, pairs.frames, len(both)),
        _distinct(of, pairs.hashes, len(both)),
        distances,
        _likeliest(of, np.rint(begins), len(both)),
    )


def _distinct(of: Ints, values: Ints, groups: int) -> Ints:
    """Count the distinct values of each group."""
    most = int(values.max(initial=0)) + 1
    return np.bincount(np.unique(of * most + values) // most, minlength=groups)


def _likeliest(of: Ints, offsets: NDArray[np.float64], groups: int) -> NDArray[np.float64]:
    """Give the offset (whole seconds) that most pairs of each group have, of equals the nearest to 0, then the less.

    It is not a number where no pair of the group has one.
    """
    likeliest = np.full(groups, np.nan)
    told = ~np.isnan(offsets)
    whole = offsets[told].astype(np.int64)
    low, high = whole.min(initial=0), whole.max(initial=0)
    keys, votes = np.unique(of[told] * (high - low + 1) + whole - low, return_counts=True)
    group, offset = np.divmod(keys, high - low + 1)
    offset += low
    order = np.lexsort((offset, np.abs(offset), -votes, group))
    at, first = np.unique(group[order], return_index=True)
    likeliest[at] = offset[order][first]
    return likeliest
