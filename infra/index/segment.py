"""A segment: hashes that came together, sorted once into the 16 tables, in memory or in one file that is mapped."""

import hashlib
import math
import mmap
import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infra.compiling import compiled
from infra.index.kernels import BUCKETS, LANES, TABLES, Stored, Table, Tables, Words, fill, fixed

Ids = NDArray[np.int64]

MARK = int.from_bytes(b"bwindex1", "little")
"""How a segment's file starts; the number of its hashes follows, each as 64 bits."""

HEADER_BYTES = 16


@dataclass(frozen=True)
class Segment:
    """Hashes and whose they are, sorted by id and then by hash; none stands twice.

    Attributes:
        name: SHA-256 (hex) of ids and hashes; its file bears it.
        ids: whose each hash is (N).
        stored: the hashes (N × 4), and which of them are withdrawn.
        tables: the sixteen.
    """

    name: str
    ids: Ids
    stored: Stored
    tables: Tables

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def size(self) -> int:
        """Bytes of ids, hashes and tables."""
        return _size(len(self))

    @property
    def living(self) -> int:
        """How many are not withdrawn."""
        return len(self) - int(np.count_nonzero(self.stored.withdrawn))

    def left(self) -> tuple[Ids, Words]:
        """Give what is not withdrawn."""
        if self.living == len(self):
            return self.ids, self.stored.hashes
        kept = ~self.stored.withdrawn
        return self.ids[kept], self.stored.hashes[kept]

    def _rows_of(self, ids: Ids) -> NDArray[np.int64]:
        """Give the rows that bear one of these ids."""
        wanted = np.unique(ids)
        first, after = (np.searchsorted(self.ids, wanted, side) for side in ("left", "right"))
        counts = after - first
        return np.repeat(first - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())

    def under(self, ids: Ids) -> Words:
        """Give the hashes under these ids that are not withdrawn."""
        rows = self._rows_of(ids)
        return self.stored.hashes[rows[~self.stored.withdrawn[rows]]]

    def holds(self, ids: Ids, hashes: Words) -> NDArray[np.bool_]:
        """Tell of each of these hashes whether it is here under its id, and not withdrawn."""
        rows = np.empty(len(ids), np.int64)
        _find(self.ids, self.stored.hashes, ids, hashes, rows)
        here = rows >= 0
        here[here] = ~self.stored.withdrawn[rows[here]]
        return here

    def marked(self, withdrawn: NDArray[np.bool_]) -> "Segment":
        """Give the same segment with these rows withdrawn; whoever holds this one goes on with it."""
        return replace(self, stored=Stored(self.stored.hashes, fixed(withdrawn)))

    def without(self, ids: Ids) -> "Segment":
        """Give the same segment with what is under these ids withdrawn as well."""
        withdrawn = self.stored.withdrawn.copy()
        withdrawn[self._rows_of(ids)] = True
        return self.marked(withdrawn)


def canonical(ids: Ids, hashes: Words) -> tuple[Ids, Words]:
    """Sort by id and then by hash; of what stands twice, one is kept."""
    ids, hashes = np.ascontiguousarray(ids, np.int64), np.ascontiguousarray(hashes, np.uint64).reshape(-1, 4)
    if len(ids) != len(hashes):
        raise ValueError(f"{len(ids)} ids for {len(hashes)} hashes")
    if np.all(ids[1:] > ids[:-1]):
        return ids, hashes
    order = np.argsort(ids, kind="stable")
    ids, hashes = ids[order], hashes[order]
    for words in (1, 4):  # most are in order already, or are by their first words
        rows = _out_of_order(ids, hashes)
        if len(rows):
            order = rows[np.lexsort((*hashes[rows, :words].T[::-1], ids[rows]))]
            hashes[rows] = hashes[order]
    new = np.ones(len(ids), np.bool_)
    new[1:] = (ids[1:] != ids[:-1]) | np.any(hashes[1:] != hashes[:-1], axis=1)
    return (ids, hashes) if new.all() else (ids[new], hashes[new])


def _out_of_order(ids: Ids, hashes: Words) -> NDArray[np.int64]:
    """Give all rows of those ids, sorted, whose hashes are not."""
    same = ids[1:] == ids[:-1]
    greater = np.zeros(len(same), np.bool_)
    for word in range(3, -1, -1):
        before, after = hashes[:-1, word], hashes[1:, word]
        greater = (before > after) | ((before == after) & greater)
    groups = np.concatenate([[0], np.cumsum(~same)])
    wrong = np.zeros(groups[-1] + 1, np.bool_)
    wrong[groups[1:][same & greater]] = True
    return np.flatnonzero(wrong[groups])


def build(ids: Ids, hashes: Words, folder: Path | None = None) -> Segment:
    """Make the segment of what `canonical` gave; in a folder, its file is there whole and durable, or not at all."""
    digest = hashlib.sha256(ids.data)
    digest.update(hashes.data)
    name = digest.hexdigest()
    if folder is None:
        content = np.zeros(_size(len(ids)), np.uint8)
        _write(content, ids, hashes)
        return _carve(name, content)
    draft = folder / f"{name}.{secrets.token_hex(4)}"
    with draft.open("xb+") as file:
        file.truncate(_size(len(ids)))
        with mmap.mmap(file.fileno(), 0) as mapped:
            _write(np.frombuffer(mapped, np.uint8), ids, hashes)
            mapped.flush()
        os.fsync(file.fileno())
    draft.replace(folder / name)
    return load(folder, name)


def load(folder: Path, name: str) -> Segment:
    """Map a segment's file; the pages are shared by all processes of a host, and none of them can change it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not whole.
    """
    with (folder / name).open("rb") as file:
        content = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
    if len(content) < HEADER_BYTES or _size(_rows(content)) != len(content):
        raise ValueError("a segment's file is not whole")
    return _carve(name, content)


def _layout(rows: int) -> tuple[tuple[type[np.generic], tuple[int, ...]], ...]:
    """Say what lies in a segment's file, one after the other."""
    return (
        (np.uint64, (2,)),
        (np.int64, (rows,)),
        (np.uint64, (rows, 4)),
        (np.uint32, (TABLES, BUCKETS + 1)),
        (np.uint32, (TABLES, rows)),
        (np.uint32, (LANES, 1)),
        (np.uint32, (TABLES, rows)),
    )


def _size(rows: int) -> int:
    return sum(np.dtype(kind).itemsize * math.prod(shape) for kind, shape in _layout(rows))


def _rows(content: NDArray[np.uint8]) -> int:
    """Read how many hashes a segment's bytes hold; 0 where they are none of a segment."""
    mark, rows = content[:HEADER_BYTES].view(np.uint64).tolist()
    return rows if mark == MARK else 0


def _parts(content: NDArray[np.uint8], rows: int) -> list[NDArray[Any]]:
    """Cut a segment's bytes into its arrays."""
    parts, at = [], 0
    for kind, shape in _layout(rows):
        size = np.dtype(kind).itemsize * math.prod(shape)
        parts.append(content[at : at + size].view(kind).reshape(shape))
        at += size
    return parts


def _carve(name: str, content: NDArray[np.uint8]) -> Segment:
    """See a segment in its bytes; nobody can change them any more."""
    content.flags.writeable = False
    rows = _rows(content)
    _, ids, hashes, starts, following, _, of = _parts(content, rows)
    return Segment(name, ids, Stored(hashes, fixed(np.zeros(rows, np.bool_))), Tables(starts, following, of))


def _write(content: NDArray[np.uint8], ids: Ids, hashes: Words) -> None:
    """Write a segment's bytes, zeros so far."""
    header, own_ids, own_hashes, starts, following, _, of = _parts(content, len(ids))
    header[:], own_ids[:], own_hashes[:] = (MARK, len(ids)), ids, hashes
    for number in range(TABLES):
        fill(fixed(own_hashes), Table(number, starts[number], following[number], of[number]))


@compiled
def _find(
    ids: NDArray[np.int64], hashes: Words, own_ids: NDArray[np.int64], own: Words, rows: NDArray[np.int64]
) -> None:
    """Find the row of each own id and hash among those sorted by id and hash; -1 where there is none."""
    for each in range(len(own_ids)):
        low, high = 0, len(ids)
        while low < high:
            middle = (low + high) // 2
            before = ids[middle] < own_ids[each]
            same = ids[middle] == own_ids[each]
            for word in range(4):
                before |= same & (hashes[middle, word] < own[each, word])
                same &= hashes[middle, word] == own[each, word]
            low, high = (middle + 1, high) if before else (low, middle)
        found = low < len(ids) and ids[low] == own_ids[each]
        for word in range(4):
            found = found and hashes[low, word] == own[each, word]
        rows[each] = low if found else -1
