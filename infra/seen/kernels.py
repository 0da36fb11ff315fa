"""Loops over sightings and over what was seen, compiled; all in one file, since numba looks for changes in one alone.

A key of 128 bits stands as two numbers, the greater half first; keys are digests, so that they spread evenly. A row of
what was seen is key, key, first moment, last moment, reports.
"""

import numpy as np
from numpy.typing import NDArray

from infra.compiling import compiled

Numbers = NDArray[np.uint64]

WIDTH = 5
"""Numbers of a row of what was seen."""

BLOCK = 64
"""Rows that have a checksum together: few, so that little is read to look one file up."""

_STEP, _MIX, _MORE = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
"""Those of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014)."""


@compiled
def _before(high: np.uint64, low: np.uint64, other_high: np.uint64, other_low: np.uint64) -> bool:
    """Whether a key stands before another."""
    return bool(high < other_high or (high == other_high and low < other_low))


@compiled
def add_up(sightings: Numbers, least: np.uint64, shift: np.uint64, buckets: int, rows: Numbers) -> int:
    """Add sightings up (key, key, moment) into `rows` of what was seen; give how many.

    They are shared out among buckets by key, and each is put where it belongs among the few of its bucket.
    """
    ends = np.zeros(buckets + 1, np.int64)
    for row in range(len(sightings)):
        ends[((sightings[row, 0] - least) >> shift) + np.uint64(1)] += 1
    for bucket in range(buckets):
        ends[bucket + 1] += ends[bucket]
    shared, places = np.empty_like(sightings), ends.copy()
    for row in range(len(sightings)):
        bucket = (sightings[row, 0] - least) >> shift
        place = places[bucket]
        places[bucket] += 1
        for column in range(3):
            shared[place, column] = sightings[row, column]
    count = 0
    for bucket in range(buckets):
        first = count
        for row in range(ends[bucket], ends[bucket + 1]):
            count += _put_in(rows, first, count, shared[row])
    return count


@compiled
def _put_in(rows: Numbers, first: int, end: int, sighting: Numbers) -> int:
    """Put a sighting in where it belongs in rows `first` to `end`; give 1 if its key is a new one."""
    high, low, moment = sighting[0], sighting[1], sighting[2]
    at = end
    while at > first and _before(high, low, rows[at - 1, 0], rows[at - 1, 1]):
        at -= 1
    if at > first and rows[at - 1, 0] == high and rows[at - 1, 1] == low:
        rows[at - 1, 2] = min(rows[at - 1, 2], moment)
        rows[at - 1, 3] = max(rows[at - 1, 3], moment)
        rows[at - 1, 4] += np.uint64(1)
        return 0
    for place in range(end, at, -1):
        for column in range(WIDTH):
            rows[place, column] = rows[place - 1, column]
    rows[at, 0], rows[at, 1], rows[at, 2], rows[at, 3], rows[at, 4] = high, low, moment, moment, np.uint64(1)
    return 1


@compiled
def checksum(words: Numbers) -> np.uint64:
    """Sum words up, each mixed with its place: what changes, or changes places, changes the sum."""
    total, step = np.uint64(0), np.uint64(0)
    for place in range(len(words)):
        step += _STEP
        word = words[place] + step
        word = (word ^ (word >> np.uint64(30))) * _MIX
        word = (word ^ (word >> np.uint64(27))) * _MORE
        total += word ^ (word >> np.uint64(31))
    return total


@compiled
def blocks_of(rows: Numbers) -> Numbers:
    """Give of each block of rows its first key, in two halves, and its checksum."""
    words, count = rows.reshape(-1), (len(rows) + BLOCK - 1) // BLOCK
    blocks = np.empty((count, 3), np.uint64)
    for block in range(count):
        first = block * BLOCK
        blocks[block, 0], blocks[block, 1] = rows[first, 0], rows[first, 1]
        blocks[block, 2] = checksum(words[first * WIDTH : (first + BLOCK) * WIDTH])
    return blocks


@compiled
def find(rows: Numbers, blocks: Numbers, wanted: Numbers, held: Numbers) -> bool:
    """Copy what `rows` have of the keys of `wanted`, which ascend as they do, into the same rows of `held`.

    Every block that is looked into is checked before. False: one of them has changed.
    """
    words, block, checked = rows.reshape(-1), 0, -1
    for number in range(len(wanted) if len(rows) else 0):
        high, low = wanted[number, 0], wanted[number, 1]
        step = 1
        while block + step < len(blocks) and not _before(high, low, blocks[block + step, 0], blocks[block + step, 1]):
            block += step
            step *= 2
        end = min(block + step, len(blocks))
        while end - block > 1:
            middle = (block + end) // 2
            if _before(high, low, blocks[middle, 0], blocks[middle, 1]):
                end = middle
            else:
                block = middle
        place, end = block * BLOCK, min((block + 1) * BLOCK, len(rows))
        if block != checked and checksum(words[place * WIDTH : end * WIDTH]) != blocks[block, 2]:
            return False
        checked = block
        while end - place > 1:
            middle = (place + end) // 2
            if _before(high, low, rows[middle, 0], rows[middle, 1]):
                end = middle
            else:
                place = middle
        if rows[place, 0] == high and rows[place, 1] == low:
            for column in range(2, WIDTH):
                held[number, column] = rows[place, column]
    return True


@compiled
def merge(old: Numbers, new: Numbers) -> Numbers:
    """Merge ascending rows; of a key in both the new row stands."""
    rows = np.empty((len(old) + len(new), WIDTH), np.uint64)
    one = two = count = 0
    while one < len(old) or two < len(new):
        takes_old = two == len(new) or (one < len(old) and _before(old[one, 0], old[one, 1], new[two, 0], new[two, 1]))
        if takes_old:
            rows[count] = old[one]
            one += 1
        else:
            rows[count] = new[two]
            one += one < len(old) and old[one, 0] == new[two, 0] and old[one, 1] == new[two, 1]
            two += 1
        count += 1
    return rows[:count]
