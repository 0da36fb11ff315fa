"""Search: queries a second of the exact search within 31 of 256 bits."""

import time

import numpy as np

from domain.media import MATCH_RADIUS
from infra.index.exact import within

QUERIES = 1000


def run() -> None:
    """Print queries a second against lists of growing length."""
    print("\nsearch: exact, radius 31, one thread, batches of 1,000 queries")
    rng = np.random.default_rng(1)
    for stored in (10_000, 100_000, 1_000_000):
        hashes = rng.integers(0, 2**64, (stored, 4), dtype=np.uint64)
        queries = hashes[:QUERIES].copy()
        queries[:, 0] ^= np.uint64(0b1011)
        began = time.process_time()
        found = sum(len(at) for at, _, _ in within(queries, hashes, MATCH_RADIUS))
        took = time.process_time() - began
        print(f"{stored:>12,} stored {QUERIES / took:>10,.0f} queries/s   {found:,} found of {QUERIES:,} planted")
