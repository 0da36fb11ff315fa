"""Many hashes: uniform ones, and such as photographs have; and what comparing every pair says."""

import functools

import numpy as np


def turned(hashes, bits, rng):
    """Turn over as many bits of each hash as `bits` says, each another one."""
    hashes = hashes.copy()
    for each, count in zip(hashes, bits, strict=True):
        for place in rng.choice(256, count, replace=False).tolist():
            each[place // 64] ^= np.uint64(1 << place % 64)
    return hashes


def uniform(number, seed):
    """Draw hashes, half of them copies of others with 0 to 40 bits turned over."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, 2**64, (number, 4), dtype=np.uint64)
    copies = rng.choice(number, number // 2, replace=False)
    drawn[copies] = turned(drawn[rng.integers(0, number, len(copies))], rng.integers(0, 41, len(copies)), rng)
    return drawn


@functools.cache
def crops():
    """Hash pieces of photographs, and blends of two: their bits are neither even nor independent."""
    from tasks.hashing.pdq import pdq
    from tasks.simulating.photographs import PHOTOGRAPHS, read_photograph

    rng = np.random.default_rng(1)
    pieces = []
    for photograph in PHOTOGRAPHS:
        picture = np.asarray(read_photograph(photograph))
        for _ in range(12):
            side = int(rng.integers(64, min(picture.shape[:2]) // 2))
            top, left = (int(rng.integers(0, length - side)) for length in picture.shape[:2])
            step = max(1, side // 96)
            pieces.append(picture[top : top + side : step, left : left + side : step][:64, :64])
    blends = [
        (one // 2 + other // 2)
        for one, other in zip(pieces, np.roll(np.arange(len(pieces)), 7), strict=True)
        for other in [pieces[other]]
        if one.shape == other.shape
    ]
    return np.frombuffer(b"".join(pdq(each).bits[:32] for each in [*pieces, *blends]), np.uint64).reshape(-1, 4)


def photographic(number, seed):
    """Draw hashes of pieces of photographs, in heaps of very different sizes, with 0 to 40 bits turned over."""
    rng = np.random.default_rng(seed)
    of = (rng.pareto(1.0, number) * 3).astype(np.int64) % len(crops())
    return turned(crops()[of], rng.integers(0, 41, number), rng)


def distances(one, other):
    """Count the bits that differ for every pair."""
    total = np.zeros((len(one), len(other)), np.int64)
    for word in range(4):
        total += np.bitwise_count(one[:, word, None] ^ other[None, :, word])
    return total


def triples(pieces):
    """Give all rows of columns that came in pieces, sorted."""
    return sorted(row for piece in pieces for row in zip(*(column.tolist() for column in piece), strict=True))


def compared(queries, ids, hashes, radius):
    """Compare every query with every hash."""
    bits = distances(queries, hashes)
    at, other = np.nonzero(bits <= radius)
    return sorted(zip(at.tolist(), ids[other].tolist(), bits[at, other].tolist(), strict=True))
