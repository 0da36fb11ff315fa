"""The loops of the exact search, compiled: the tables, the probes and the self-join.

A hash of 256 bits is 16 chunks of 16 bits on a ring. Let two hashes differ in at most r bits. Then at some chunk
starts a run of which the first chunk differs in at most r/16 bits, and the first three together in at most 3r/16:
start after the place where the running sum of (bits that differ − r/16) is greatest, and no sum from there on is
above nought. (The pigeonhole principle on a ring: Qin and Xiao, "Pigeonring", VLDB 2018.) So 16 tables find every
pair: each sorts the hashes into buckets by one chunk, and holds beside each the two chunks that follow, by which
nearly every candidate is dismissed.

All that is compiled stands in this module, since numba looks for changes in one file alone.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from infra.index.compiling import compiled

TABLES = 16
BUCKETS = 1 << 16
BLOCK = 4096
"""Candidates looked at together; a buffer has room for as many findings before they are looked at."""

Words = NDArray[np.uint64]
"""Hashes as N × 4 words of 64 bits."""

Found = NDArray[np.int64]
"""Findings, a row each: query, row, bits that differ."""


Kind = TypeVar("Kind", bound=np.generic)


def fixed(array: NDArray[Kind]) -> NDArray[Kind]:
    """See an array as one that cannot be written, as a mapped file is: the loops are compiled for one sort alone."""
    seen = np.ascontiguousarray(array).view()
    seen.flags.writeable = False
    return seen


class Table(NamedTuple):
    """One of the 16 tables.

    Attributes:
        number: the chunk by which it sorts, 0–15.
        starts: where each bucket starts (65,537 × uint32); it ends where the next one starts.
        following: the two chunks after it (N × uint32), bucket by bucket.
        rows: whose they are (N × uint32).
    """

    number: int
    starts: NDArray[np.uint32]
    following: NDArray[np.uint32]
    rows: NDArray[np.uint32]


class Stored(NamedTuple):
    """What is searched: hashes (N × 4), and which of them are withdrawn (N)."""

    hashes: Words
    withdrawn: NDArray[np.bool_]


class Wanted(NamedTuple):
    """Which pairs: at most `radius` bits apart, 0–31; `once`, or each time that a table finds it."""

    radius: int
    once: bool


def _type_of_differing(_context: Any, one: Any, other: Any) -> Any:  # noqa: ANN401 (numba is untyped)
    """Count the bits that differ between two words of 32 or of 64 bits; loops of it become vector instructions."""

    def generate(_context: Any, builder: Any, _signature: Any, words: Any) -> Any:  # noqa: ANN401
        return builder.ctpop(builder.xor(*words))

    return (types.int32 if one.bitwidth == 32 else types.int64)(one, other), generate


differing = cast("Callable[[Any, Any], int]", intrinsic(_type_of_differing))


@compiled
def whole(number: np.integer[Any]) -> int:
    """See a number as 64 bits with a sign: unsigned and signed ones together would become floats."""
    return np.int64(number)  # type: ignore[return-value]


@compiled
def chunk(hashes: Words, row: int, number: int) -> int:
    """Give one of a hash's 16 chunks; numbers go round."""
    number &= 15
    return whole((hashes[row, number >> 2] >> np.uint64((number & 3) << 4)) & np.uint64(0xFFFF))


@compiled
def two_after(hashes: Words, row: int, number: int) -> np.uint32:
    """Give the two chunks that follow one."""
    return np.uint32(chunk(hashes, row, number + 1) | (chunk(hashes, row, number + 2) << 16))


@compiled
def fill(hashes: Words, table: Table) -> None:
    """Sort all hashes into a table, whose `starts` are zeros; in a bucket they keep their order."""
    for row in range(len(hashes)):
        table.starts[chunk(hashes, row, table.number) + 1] += np.uint32(1)
    for bucket in range(BUCKETS):
        table.starts[bucket + 1] += table.starts[bucket]
    ends = table.starts[:-1].copy()
    for row in range(len(hashes)):
        key = chunk(hashes, row, table.number)
        at = ends[key]
        ends[key] = at + np.uint32(1)
        table.following[at] = two_after(hashes, row, table.number)
        table.rows[at] = row


@compiled
def _least(following: NDArray[np.uint32], start: int, stop: int, own: np.uint32) -> int:
    """Give the fewest bits by which any of these candidates' chunks differ from a query's."""
    least: int = np.int32(32)  # type: ignore[assignment]
    for at in range(start, stop):
        bits = differing(following[at], own)
        least = min(least, bits)
    return least


@compiled
def _distance(one: Words, row: int, other: Words, place: int) -> int:
    """Count the bits that differ between two hashes."""
    bits = 0
    for word in range(4):
        bits += differing(one[row, word], other[place, word])
    return bits


@compiled
def _first_table(one: Words, row: int, other: Words, place: int, radius: int) -> int:
    """Give the first table that finds a pair."""
    for number in range(TABLES):
        bits, run = 0, 0
        for after in range(3):
            apart = chunk(one, row, number + after) ^ chunk(other, place, number + after)
            run += differing(np.uint64(apart), np.uint64(0))
            if after == 0:
                bits = run
        if bits <= radius // TABLES and run <= 3 * radius // TABLES:
            return number
    return TABLES


@compiled
def _look(
    queries: Words, query: int, stored: Stored, table: Table, span: tuple[int, int, int], wanted: Wanted, found: Found
) -> int:
    """Add to the findings what is near a query among the candidates of `span`: from, to, bits their chunks may differ.

    The last row of `found` counts them; give how many there are.
    """
    start, stop, limit = span
    last = len(found) - 1
    count = whole(found[last, 0])
    own = two_after(queries, query, table.number)
    for at in range(start, stop):
        if differing(table.following[at], own) <= limit:
            row = whole(table.rows[at])
            bits = _distance(queries, query, stored.hashes, row)
            if bits > wanted.radius or stored.withdrawn[row]:
                continue
            if wanted.once and _first_table(queries, query, stored.hashes, row, wanted.radius) != table.number:
                continue
            found[count, 0], found[count, 1], found[count, 2] = query, row, bits
            count += 1
    found[last, 0] = count
    return count


@compiled
def search(
    queries: Words, order: NDArray[np.int64], stored: Stored, table: Table, wanted: Wanted, at: NDArray[np.int64],
    found: Found,
) -> bool:  # fmt: skip
    """Find what one table tells of queries, taken in `order`; False if `found` is full, to be emptied.

    Called again with the same `at` (three zeros at first), it goes on from there.
    """
    room = len(found) - 1 - BLOCK
    for turn in range(at[0], len(order)):
        query = order[turn]
        key, own = chunk(queries, query, table.number), two_after(queries, query, table.number)
        for probe in range(at[1], 17 if wanted.radius >= TABLES else 1):
            bucket = key ^ ((1 << probe) >> 1)
            limit = 3 * wanted.radius // TABLES - (1 if probe else 0)
            start, stop = max(whole(table.starts[bucket]), at[2]), whole(table.starts[bucket + 1])
            while start < stop:
                end = min(start + BLOCK, stop)
                if _least(table.following, start, end, own) <= limit:
                    if found[room + BLOCK, 0] > room:
                        at[0], at[1], at[2] = turn, probe, start
                        return False
                    _look(queries, query, stored, table, (start, end, limit), wanted, found)
                start = end
            at[2] = 0
        at[1] = 0
    at[0] = len(order)
    return True


@compiled
def join(stored: Stored, table: Table, wanted: Wanted, at: NDArray[np.int64], found: Found) -> bool:
    """Find what one table tells of all pairs among the stored themselves, each pair one way; as `search` otherwise.

    `at` is four zeros at first.
    """
    room = len(found) - 1 - BLOCK
    for bucket in range(at[0], BUCKETS):
        for probe in range(at[1], 17 if wanted.radius >= TABLES else 1):
            other = bucket ^ ((1 << probe) >> 1)
            limit = 3 * wanted.radius // TABLES - (1 if probe else 0)
            first, after = whole(table.starts[bucket]), whole(table.starts[bucket + 1])
            for place in range(max(first, at[2]), after if other >= bucket else first):
                start = max(whole(table.starts[other]), at[3], place + 1 if other == bucket else 0)
                stop = whole(table.starts[other + 1])
                while start < stop:
                    end = min(start + BLOCK, stop)
                    if _least(table.following, start, end, table.following[place]) <= limit:
                        if found[room + BLOCK, 0] > room:
                            at[0], at[1], at[2], at[3] = bucket, probe, place, start
                            return False
                        row = whole(table.rows[place])
                        _look(stored.hashes, row, stored, table, (start, end, limit), wanted, found)
                    start = end
                at[3] = 0
            at[2] = 0
        at[1] = 0
    at[0] = BUCKETS
    return True


@compiled
def unite(parents: NDArray[np.int64], found: Found, count: int) -> None:
    """Join the components of the first `count` pairs; the parent of each row is a smaller row of its component."""
    for at in range(count):
        one, other = found[at, 0], found[at, 1]
        while parents[one] != one:
            parents[one] = parents[parents[one]]
            one = parents[one]
        while parents[other] != other:
            parents[other] = parents[parents[other]]
            other = parents[other]
        parents[max(one, other)] = min(one, other)


@compiled
def find(
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
