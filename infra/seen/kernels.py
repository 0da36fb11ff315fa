"""Loops over sightings and over what was seen, compiled; all in one file, since numba looks for changes in one alone.

A key of 128 bits stands as two numbers, the greater half first; keys are digests, so that they spread evenly.
"""

import numpy as np
from numpy.typing import NDArray

from infra.compiling import compiled

Numbers = NDArray[np.uint64]


@compiled
def add_up(sightings: Numbers, least: np.uint64, shift: np.uint64, buckets: int, totals: Numbers) -> int:
    """Add sightings up (rows of key, key, moment) into columns of key, key, first, last, reports; give how many.

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
            count += _put_in(totals, first, count, shared[row])
    return count


@compiled
def _put_in(totals: Numbers, first: int, end: int, sighting: Numbers) -> int:
    """Put a sighting in where it belongs in columns `first` to `end`; give 1 if its key is a new one."""
    high, low, moment = sighting[0], sighting[1], sighting[2]
    at = end
    while at > first and (totals[0, at - 1] > high or (totals[0, at - 1] == high and totals[1, at - 1] > low)):
        at -= 1
    if at > first and totals[0, at - 1] == high and totals[1, at - 1] == low:
        totals[2, at - 1] = min(totals[2, at - 1], moment)
        totals[3, at - 1] = max(totals[3, at - 1], moment)
        totals[4, at - 1] += np.uint64(1)
        return 0
    for row in range(5):
        for place in range(end, at, -1):
            totals[row, place] = totals[row, place - 1]
    totals[0, at], totals[1, at], totals[2, at], totals[3, at], totals[4, at] = high, low, moment, moment, np.uint64(1)
    return 1


@compiled
def find(keys: Numbers, wanted: Numbers) -> NDArray[np.int64]:
    """Find where each of `wanted` stands among `keys`, both (2, …) and ascending; −1: nowhere.

    From one to the next the step doubles until it is past it, and is then halved.
    """
    places = np.full(wanted.shape[1], -1, np.int64)
    end, low = keys.shape[1], 0
    for number in range(wanted.shape[1]):
        high_half, low_half = wanted[0, number], wanted[1, number]
        step = 1
        while low + step < end and keys[0, low + step] < high_half:
            low += step
            step *= 2
        high = min(low + step, end)
        while low < high:
            middle = (low + high) // 2
            key = keys[0, middle]
            if key < high_half or (key == high_half and keys[1, middle] < low_half):
                low = middle + 1
            else:
                high = middle
        while low < end and keys[0, low] == high_half and keys[1, low] < low_half:
            low += 1
        if low < end and keys[0, low] == high_half and keys[1, low] == low_half:
            places[number] = low
    return places


@compiled
def interleave(old: Numbers, new: Numbers) -> NDArray[np.int64]:
    """Merge two ascending rows of keys, each (2, …) and without repeats: places in `old`, then those in `new`.

    Where both have a key, the new one's place stands.
    """
    here, there = old.shape[1], new.shape[1]
    order = np.empty(here + there, np.int64)
    one = two = count = 0
    while one < here or two < there:
        if two == there:
            takes_old, both = True, False
        elif one == here:
            takes_old, both = False, False
        else:
            both = old[0, one] == new[0, two] and old[1, one] == new[1, two]
            takes_old = not both and (
                old[0, one] < new[0, two] or (old[0, one] == new[0, two] and old[1, one] < new[1, two])
            )
        if takes_old:
            order[count] = one
            one += 1
        else:
            order[count] = here + two
            two += 1
            one += both
        count += 1
    return order[:count]


@compiled
def checksum(words: Numbers) -> np.uint64:
    """Sum words up, each weighed by its place: a word that changes, or two that change places, change the sum."""
    total = np.uint64(0)
    for place in range(len(words)):
        total += words[place] * np.uint64(2 * place + 1)
    return total
