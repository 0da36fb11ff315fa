"""The index: 256-bit hashes under ids, found exactly within a radius; added to and withdrawn from without a rebuild.

What is added becomes a small segment, never changed again; small segments are merged, so that each is at least four
times as large as the one after it. What is withdrawn is marked, and left out when half of its segment is. In a folder
the segments are files, and one small file says which are in force: it is replaced as the last act of each change.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from domain.errors import IndexDamaged
from domain.media import MATCH_RADIUS
from infra.index import files
from infra.index.kernels import LANES, Wanted, Words, fixed, search
from infra.index.segment import Ids, Segment, build, canonical

Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Three columns of one length."""

GROWTH = 4
LARGEST = 1 << 23
"""Hashes beyond which segments are not merged: a merge needs 120 bytes of memory for each, and a second a million."""

PIECE = 1 << 17
"""Pairs that are given at once."""

QUERIES = 1 << 16
"""Queries that are put in order at once."""


def words(hashes: list[bytes]) -> Words:
    """Pack hashes of 32 bytes, or several hashes in a row, into words (N × 4)."""
    return np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, 4)


class HashIndex:
    """Hashes of 256 bits under ids of the caller's (64 bits): an id may bear several, and a hash several ids.

    In a folder, other processes see a change by `refresh`; one writes at a time.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._segments: tuple[Segment, ...] = ()
        self._said = self._note = ""
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.refresh()

    def __len__(self) -> int:
        return sum(segment.living for segment in self._segments)

    @property
    def size(self) -> int:
        """Bytes of ids, hashes and tables."""
        return sum(segment.size for segment in self._segments)

    @property
    def note(self) -> str:
        """What the last change said of how far the index reaches; empty where nothing did."""
        return self._note

    def within(self, queries: Words, radius: int = MATCH_RADIUS) -> Iterator[Pairs]:
        """Find all that is at most `radius` bits (0–31) from each query (N × 4): places of queries, ids, distances.

        The pairs come in pieces of bounded size, in no stated order, each once; all are of the state of the call.
        """
        if not 0 <= radius <= MATCH_RADIUS:
            raise ValueError(f"the index answers within 0 to {MATCH_RADIUS} bits, not {radius}")
        return self._within(fixed(queries), Wanted(radius, once=True), self._segments)

    def _within(self, queries: Words, wanted: Wanted, segments: tuple[Segment, ...]) -> Iterator[Pairs]:
        found = np.empty((PIECE + LANES + 1, 3), np.int64)
        for segment in segments:
            found[-1, 0] = 0
            for start in range(0, len(queries), QUERIES):
                order = _by_bucket(queries[start : start + QUERIES]) + start
                at = np.zeros(4, np.int64)
                while not search(queries, order, segment.stored, segment.tables, wanted, at, found):
                    yield _emptied(found, segment)
            if found[-1, 0]:
                yield _emptied(found, segment)

    def under(self, ids: Ids) -> Words:
        """Give the hashes (N × 4) under these ids, in no stated order."""
        found = [segment.under(ids) for segment in self._segments]
        return np.concatenate([np.empty((0, 4), np.uint64), *found])

    def add(self, ids: Ids, hashes: Words, note: tuple[str, str] | None = None) -> int:
        """Add hashes (N × 4) under ids (N); what is there already is not added again. Gives how many are new.

        Args:
            ids: whose they are.
            hashes: the hashes.
            note: what the index must have noted, and what it notes with this change.

        Raises:
            IndexDamaged: it has noted something else, or its files are not whole.
        """
        ids, hashes = canonical(ids, hashes)
        with self._changing(note):
            new = np.ones(len(ids), np.bool_)
            for segment in self._segments:
                new &= ~segment.holds(ids, hashes)
            if not new.all():
                ids, hashes = ids[new], hashes[new]
            if len(ids):
                self._settle([*self._segments, build(ids, hashes, self._folder)])
        return len(ids)

    def withdraw(self, ids: Ids) -> int:
        """Withdraw all that is under these ids. Gives how many hashes that is."""
        with self._changing():
            before = len(self)
            self._settle([segment.without(ids) for segment in self._segments])
            return before - len(self)

    def empty(self) -> None:
        """Withdraw everything, and note nothing."""
        with self._changing((self._note, "")):
            self._segments = ()

    def compact(self) -> None:
        """Make one segment of all; it is byte for byte what adding the same to an empty index makes."""
        with self._changing():
            self._segments = self._merged(self._segments)

    def _settle(self, segments: list[Segment]) -> None:
        """Keep the segments few, and most of each in force."""
        settled: list[Segment] = []
        for segment in segments:
            whole = 2 * segment.living > len(segment)
            settled += [segment] if whole else self._merged((segment,))
            while len(settled) > 1 and _worth_merging(settled[-2].living, settled[-1].living):
                settled[-2:] = self._merged(tuple(settled[-2:]))
        self._segments = tuple(settled)

    def _merged(self, segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
        """Make one segment of these, none if nothing is left of them."""
        left = [segment.left() for segment in segments]
        if not any(len(ids) for ids, _ in left):
            return ()
        ids, hashes = (np.concatenate(parts) for parts in zip(*left, strict=True))
        return (build(*canonical(ids, hashes), self._folder),)

    @contextmanager
    def _changing(self, note: tuple[str, str] | None = None) -> Iterator[None]:
        """Let nobody else change the index until the block ends, and put in force then what it made."""
        if self._folder is None:
            yield
            return
        with files.locked(self._folder):
            self.refresh()
            before, after = note or (self._note, self._note)
            if before != self._note:
                raise IndexDamaged("another process has changed the index meanwhile; follow the ledger again")
            kept = self._segments
            try:
                yield
                self._said, self._note = files.put_in_force(self._folder, self._segments, after), after
                kept = self._segments
            finally:
                self._segments = kept

    def refresh(self) -> None:
        """See what other processes have changed.

        Raises:
            IndexDamaged: the files are not whole.
        """
        if self._folder is not None and files.said(self._folder) != self._said:
            self._said, self._note, self._segments = files.read(self._folder, self._segments)


def _worth_merging(larger: int, smaller: int) -> bool:
    return larger < GROWTH * smaller and larger + smaller <= LARGEST


def _by_bucket(queries: Words) -> NDArray[np.int64]:
    """Order queries for each table by their bucket, so that those of one find it in the processor's cache."""
    return np.argsort(np.ascontiguousarray(queries.view(np.uint16).T), axis=1, kind="stable")


def _emptied(found: NDArray[np.int64], segment: Segment) -> Pairs:
    queries, rows, distances = found[: found[-1, 0]].T.copy()
    found[-1, 0] = 0
    return queries, segment.ids[rows], distances
