"""Hashes of a stated distance from each other, and the fingerprints they make."""

import random

BYTES = 32
ORIENTATIONS = 8


def some(number: int) -> bytes:
    """Give a hash of its own for each number; any two are about 128 bits apart."""
    return random.Random(number).randbytes(BYTES)


def turned(one: bytes, bits: int) -> bytes:
    """Turn over the first `bits` bits of a hash."""
    return (int.from_bytes(one) ^ ((1 << bits) - 1)).to_bytes(BYTES)


def oriented(upright: bytes, seed: int = 0, **others: bytes) -> bytes:
    """Give a hash and its seven other orientations: `at_5=…` says the one at place 5, the rest are far from all."""
    hashes = [upright, *(some(10_000 + 10 * seed + place) for place in range(1, ORIENTATIONS))]
    for place, other in others.items():
        hashes[int(place.removeprefix("at_"))] = other
    return b"".join(hashes)
