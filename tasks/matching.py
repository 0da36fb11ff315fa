"""Match: stored fingerprints against lists of known hashes."""

import csv
import hashlib
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from domain.counts import Counts
from domain.match import VIDEO_SHARE, KnownHash, Match, SignalType
from domain.media import MATCH_RADIUS, BlobKey, Kind
from infra.index.hash_index import HashIndex, words
from infra.ledger import lists, media
from infra.world import world
from tasks.staging import step

Frames = Sequence[tuple[BlobKey, Kind, bytes]]
Digests = Sequence[tuple[BlobKey, Kind, str]]
Known = Sequence[tuple[str, KnownHash]]

ENTRY_LENGTH, CATEGORY_LENGTH = 128, 96
"""Characters of an entry's name and of a category that a list may use."""

_DIGITS = {SignalType.PDQ: 64, SignalType.MD5: 32, SignalType.VIDEO_MD5: 32}
_MD5_OF = {Kind.IMAGE: SignalType.MD5, Kind.VIDEO: SignalType.VIDEO_MD5}


def parse_list(content: str) -> tuple[list[KnownHash], int]:
    """Read a list in the ThreatExchange tools' CSV form: its hashes, and how many lines were malformed.

    Columns: `signal_type,signal_str,collab,category,tags`; the tag `entry:ID` joins the hashes of one entry.
    """
    known, malformed = [], 0
    for row in _rows(content):
        one = _known(row)
        if one:
            known.append(one)
        else:
            malformed += 1
    return known, malformed


def _rows(content: str) -> Iterator[dict[str, str | None]]:
    """Read CSV; a line that is none gives a row of nothing."""
    lines = csv.DictReader(io.StringIO(content, newline=None))
    while True:
        try:
            yield next(lines)
        except StopIteration:
            return
        except csv.Error:
            yield {}


def _known(row: dict[str, str | None]) -> KnownHash | None:
    """Read one line; None if it is malformed."""
    signal_type, signal = row.get("signal_type") or "", (row.get("signal_str") or "").strip().lower()
    entry = next((tag[6:] for tag in (row.get("tags") or "").split() if tag.startswith("entry:")), signal)
    category = (row.get("category") or "").strip()
    if signal_type not in set(SignalType) or not 0 < len(entry) <= ENTRY_LENGTH or len(category) > CATEGORY_LENGTH:
        return None
    if not (entry + category).isprintable():
        return None
    if not re.fullmatch(f"[0-9a-f]{{{_DIGITS[SignalType(signal_type)]}}}", signal):
        return None
    return KnownHash(entry, SignalType(signal_type), signal, category)


def match_pictures(frames: Frames, known: Known) -> list[Match]:
    """Match by PDQ, within 31 of 256 bits, in any orientation.

    A video stands on an entry when at least half of its matchable frames agree with one of the entry's hashes.
    """
    stored = [(name, one) for name, one in known if one.signal_type is SignalType.PDQ]
    if not stored or not frames:
        return []
    closest: defaultdict[tuple[BlobKey, int], dict[int, tuple[int, str]]] = defaultdict(dict)
    places = list(dict.fromkeys((name, one.entry) for name, one in stored))
    ordinals = {entry: ordinal for ordinal, entry in enumerate(places)}
    place_of = [ordinals[name, one.entry] for name, one in stored]
    orientations = len(frames[0][2]) // 32
    index = HashIndex()
    index.add(np.arange(len(stored)), words([bytes.fromhex(one.signal) for _, one in stored]))
    for queries, hits, distances in index.within(words([bits for _, _, bits in frames]), MATCH_RADIUS):
        for query, hit, distance in zip(
            (queries // orientations).tolist(), hits.tolist(), distances.tolist(), strict=True
        ):
            agreeing = closest[frames[query][0], place_of[hit]]
            near = (distance, stored[hit][1].category)
            agreeing[query] = min(near, agreeing.get(query, near))
    lengths: defaultdict[BlobKey, int] = defaultdict(int)
    for blob, _, _ in frames:
        lengths[blob] += 1
    return [
        Match(blob, *places[place], best[1], SignalType.PDQ, best[0], share)
        for (blob, place), agreeing in closest.items()
        if (share := len(agreeing) / lengths[blob]) >= VIDEO_SHARE and (best := min(agreeing.values()))
    ]


def match_digests(files: Digests, known: Known) -> list[Match]:
    """Match by MD5. It can be forged: what only it finds is told apart by its signal type, and settles nothing."""
    entries: defaultdict[tuple[SignalType, str], list[tuple[str, KnownHash]]] = defaultdict(list)
    for name, one in known:
        entries[one.signal_type, one.signal].append((name, one))
    return [
        Match(blob, name, one.entry, one.category, one.signal_type, 0, 1.0)
        for blob, kind, md5 in files
        for name, one in entries.get((_MD5_OF[kind], md5), ())
    ]


def match_all(frames: Frames, files: Digests, known: Known) -> list[Match]:
    """Match by picture and by digest; a file's match with one entry stands once, by picture where both found it."""
    both = [*match_digests(files, known), *match_pictures(frames, known)]
    return list({(one.blob, one.list_name, one.entry): one for one in both}.values())


@step
def intake_lists(folder: Path) -> Counts:
    """Read every list (`*.csv`) of a folder; one that says what it said is not written again."""
    counts = Counts()
    for file in sorted(file for file in folder.glob("*.csv") if file.is_file()):
        content = file.read_bytes()
        known, malformed = parse_list(content.decode(errors="replace"))
        with world().ledger.begin() as connection:
            changed = lists.record_list(
                connection, file.stem[:CATEGORY_LENGTH], hashlib.sha256(content).hexdigest(), known, malformed
            )
        counts += Counts(list_hashes=len(known), list_hashes_new=changed, list_lines_malformed=malformed)
    return counts


@step
def match_files() -> Counts:
    """Match every stored file with every list."""
    with world().ledger.begin() as connection:
        matches = match_all(media.matchable(connection), media.digests(connection), lists.known_hashes(connection))
        changed = lists.record_matches(connection, matches)
    return Counts(files_matched=len({match.blob for match in matches}), matches_new=changed)
