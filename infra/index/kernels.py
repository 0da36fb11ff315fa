"""The loops of the exact search, compiled: the tables, the probes and the self-join.

A hash of 256 bits is 16 chunks of 16 bits on a ring. Let two hashes differ in at most r bits. Then at some chunk
starts a run of which the first chunk differs in at most r/16 bits, and the first three together in at most 3r/16:
start after the place where the running sum of (bits that differ − r/16) is greatest, and no sum from there on is
above nought. (The pigeonhole principle on a ring: Qin and Xiao, "Pigeonring", VLDB 2018.) So 16 tables find every
pair: each sorts the hashes into buckets by one chunk, and holds beside each the two chunks that follow, by which
nearly every candidate is dismissed.

What is compiled together stands in this one module, since numba looks for changes in one file alone.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic
from numba.np.arrayobj import make_array
from numpy.typing import NDArray

from infra.compiling import compiled

TABLES = 16
BUCKETS = 1 << 16
LANES = 16
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
        following: the two chunks after it (N × uint32), bucket by bucket; behind the last, 16 more can be read.
        rows: whose they are (N × uint32).
    """

    number: int
    starts: NDArray[np.uint32]
    following: NDArray[np.uint32]
    rows: NDArray[np.uint32]


class Tables(NamedTuple):
    """All sixteen, each array of theirs below the other."""

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
    """Count the bits that differ between two words of 64 bits."""

    def generate(_context: Any, builder: Any, _signature: Any, words: Any) -> Any:  # noqa: ANN401
        return builder.ctpop(builder.xor(*words))

    return types.int64(one, other), generate


differing = cast("Callable[[Any, Any], int]", intrinsic(_type_of_differing))


def _type_of_nearby(_context: Any, following: Any, _at: Any, _own: Any, _limit: Any) -> Any:  # noqa: ANN401
    """Tell by 16 bits which of 16 candidates from `at` on have two chunks at most `limit` bits from a query's own.

    Written in vectors, since no compiler makes them of a loop that is so short.
    """

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:  # noqa: ANN401
        array, place, *others = given
        word = ir.IntType(32)
        vector = ir.VectorType(word, LANES)
        words = make_array(signature.args[0])(context, builder, array).data  # type: ignore[no-untyped-call]
        candidates = builder.load(builder.bitcast(builder.gep(words, [place]), vector.as_pointer()), align=4)
        nothing = ir.Constant(vector, ir.Undefined)
        everywhere = ir.Constant(vector, [word(0)] * LANES)
        own, limit = (
            builder.shuffle_vector(builder.insert_element(nothing, each, word(0)), nothing, everywhere)
            for each in others
        )
        count = get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, ir.FunctionType(vector, [vector]), f"llvm.ctpop.v{LANES}i32"
        )
        near = builder.icmp_signed("<=", builder.call(count, [builder.xor(candidates, own)]), limit)
        return builder.zext(builder.bitcast(near, ir.IntType(LANES)), ir.IntType(64))

    return types.int64(following, types.int64, types.uint32, types.int32), generate


nearby = cast("Callable[[NDArray[np.uint32], int, np.uint32, int], int]", intrinsic(_type_of_nearby))


@compiled
def whole(number: np.integer[Any]) -> int:
    """See a number as 64 bits with a sign: unsigned and signed ones together would become floats."""
    return np.int64(number)  # type: ignore[return-value]


@compiled
def trailing_zeros(number: int) -> int:
    """Count the zeros behind the last one of a number that is not nought."""
    return differing(np.uint64((number & -number) - 1), np.uint64(0))


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
def _take(
    queries: Words, query: int, stored: Stored, table: Table, lanes: tuple[int, int, int], wanted: Wanted, found: Found
) -> None:
    """Add what is near a query among 16 candidates, of which `lanes` says: where they start, who may be, the end."""
    at, near, stop = lanes
    while near:
        lane = trailing_zeros(near)
        near &= near - 1
        if at + lane < stop:
            _verify(queries, query, stored, table, whole(table.rows[at + lane]), wanted, found)


@compiled
def _verify(queries: Words, query: int, stored: Stored, table: Table, row: int, wanted: Wanted, found: Found) -> None:
    """Add a candidate to the findings, if it is near as a whole, not withdrawn, and no other table's to tell."""
    bits = _distance(queries, query, stored.hashes, row)
    if bits > wanted.radius or stored.withdrawn[row]:
        return
    if wanted.once and _first_table(queries, query, stored.hashes, row, wanted.radius) != table.number:
        return
    last = len(found) - 1
    count = found[last, 0]
    found[count, 0], found[count, 1], found[count, 2] = query, row, bits
    found[last, 0] = count + 1


@compiled
def _search(
    queries: Words,
    order: NDArray[np.int64],
    stored: Stored,
    table: Table,
    wanted: Wanted,
    at: NDArray[np.int64],
    found: Found,
) -> bool:
    """Find what one table tells of queries, from where `at` says."""
    starts, following, full = table.starts, table.following, len(found) - 1 - LANES
    for turn in range(at[0], len(order)):
        query = order[turn]
        key, own = chunk(queries, query, table.number), two_after(queries, query, table.number)
        for probe in range(at[1], 17 if wanted.radius >= TABLES else 1):
            bucket = key ^ ((1 << probe) >> 1)
            limit = 3 * wanted.radius // TABLES - (1 if probe else 0)
            start, stop = max(whole(starts[bucket]), at[2]), whole(starts[bucket + 1])
            for place in range(start, stop, LANES):
                near = nearby(following, place, own, limit)
                if near:
                    if found[full + LANES, 0] > full:
                        at[0], at[1], at[2] = turn, probe, place
                        return False
                    _take(queries, query, stored, table, (place, near, stop), wanted, found)
            at[2] = 0
        at[1] = 0
    return True


@compiled
def search(
    queries: Words,
    order: NDArray[np.int64],
    stored: Stored,
    tables: Tables,
    wanted: Wanted,
    at: NDArray[np.int64],
    found: Found,
) -> bool:
    """Find what all tables tell of queries, taken by each in its row of `order`; False if `found` is full.

    Emptied, and called again with the same `at` (four zeros at first), it goes on from there.
    """
    for number in range(at[0], TABLES):
        table = Table(number, tables.starts[number], tables.following[number], tables.rows[number])
        if not _search(queries, order[number], stored, table, wanted, at[1:], found):
            at[0] = number
            return False
        at[1:] = 0
    at[0] = TABLES
    return True


@compiled
def join(stored: Stored, table: Table, wanted: Wanted, at: NDArray[np.int64], found: Found) -> bool:
    """Find what one table tells of all pairs among the stored themselves, each one way; called as `search` is."""
    starts, following, full = table.starts, table.following, len(found) - 1 - LANES
    for bucket in range(at[0], BUCKETS):
        for probe in range(at[1], 17 if wanted.radius >= TABLES else 1):
            other = bucket ^ ((1 << probe) >> 1)
            if other < bucket:
                continue
            limit = 3 * wanted.radius // TABLES - (1 if probe else 0)
            begin, stop = whole(starts[other]), whole(starts[other + 1])
            for mine in range(max(whole(starts[bucket]), at[2]), whole(starts[bucket + 1])):
                own = following[mine]
                for place in range(max(begin, at[3], mine + 1 if probe == 0 else 0), stop, LANES):
                    near = nearby(following, place, own, limit)
                    if near:
                        if found[full + LANES, 0] > full:
                            at[0], at[1], at[2], at[3] = bucket, probe, mine, place
                            return False
                        row = whole(table.rows[mine])
                        _take(stored.hashes, row, stored, table, (place, near, stop), wanted, found)
                at[3] = 0
            at[2] = 0
        at[1] = 0
    at[0] = BUCKETS
    return True
