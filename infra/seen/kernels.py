"""Loops over sightings and over what was seen, compiled; all in one file, since numba looks for changes in one alone.

A key of 128 bits stands as two numbers, the greater half first; keys are digests, so that they spread evenly.
"""

import numpy as np
from numpy.typing import NDArray

from infra.compiling import compiled

Numbers = NDArray[np.uint64]


@compiled
def add_up(
    sightings: Numbers, order: NDArray[np.int64], keys: Numbers, firsts: Numbers, lasts: Numbers, reports: Numbers
) -> int:
    """Add up sightings (rows of key, key, moment) of one key that follow one another in `order`; give how many keys.

    −1: the order is wrong, since keys agree in their greater half.
    """
    count = -1
    high, low = np.uint64(0), np.uint64(0)
    for place in order:
        key, rest, moment = sightings[place, 0], sightings[place, 1], sightings[place, 2]
        if count >= 0 and key == high and rest == low:
            firsts[count] = min(firsts[count], moment)
            lasts[count] = max(lasts[count], moment)
            reports[count] += np.uint64(1)
            continue
        if count >= 0 and key == high and rest < low:
            return -1
        count += 1
        high, low = key, rest
        keys[0, count], keys[1, count] = key, rest
        firsts[count], lasts[count], reports[count] = moment, moment, np.uint64(1)
    return count + 1


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
