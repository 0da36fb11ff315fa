"""Match: exact search within 31 of 256 bits, and what it connects, beside faiss and threatexchange.

`python -m bench match` takes a million hashes; `python -m bench.match 10000000` another number. Peers come with
`.venv/bin/uv sync --inexact --group bench`; what is not installed is said and left out. Each figure is seconds of CPU
of one thread; ours and the peer's rounds take turns, and the ratio is the median of theirs. Peers are asked in their
own shape: faiss a batch, threatexchange one hash a call.
"""

import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from llvmlite.binding import get_host_cpu_name

from domain.media import MATCH_RADIUS
from infra.index.graph import components
from infra.index.hash_index import HashIndex
from infra.index.kernels import Words

ROUNDS = 5
BATCH = 10_000
JOINED = 10_000_000
"""Hashes beyond which the self-join is left out: it takes hours."""


def hashes(number: int, seed: int) -> Words:
    """Draw hashes of which three in ten, at most three million, are copies of others, with 0 to 40 bits turned over."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, 2**64, (number, 4), dtype=np.uint64)
    copies = np.unique(rng.integers(0, number, min(number * 3 // 10, 3_000_000)))
    drawn[copies] = turned(drawn[rng.integers(0, number, len(copies))], rng)
    return drawn


def turned(some: Words, rng: np.random.Generator) -> Words:
    """Turn over 0 to 40 bits of each."""
    some = some.copy()
    bits = rng.integers(0, 41, len(some))
    for turn in range(40):
        which = np.flatnonzero(bits > turn)
        some[which, rng.integers(0, 4, len(which))] ^= np.uint64(1) << rng.integers(0, 64, len(which), np.uint64)
    return some


def cpu(work: Callable[[], object]) -> float:
    """Give the seconds of CPU that work takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def line(what: str, rates: list[float], unit: str, peers: dict[str, list[float]]) -> None:
    """Print our median beside each peer's, and the median of the ratios."""
    print(f"{what:<34} {median(rates):>12,.0f} {unit}")
    for name, theirs in peers.items():
        ratio = median(ours / other for ours, other in zip(rates, theirs, strict=True))
        print(f"  {name:<32} {median(theirs):>12,.1f} {unit:<12} ours is {ratio:,.0f} times as fast")


class Faiss:
    """faiss's multi-index hash: exact at radius 31 with 16 tables of 16 bits and one flip; strict, so asked for 32."""

    def __init__(self, stored: Words) -> None:
        import faiss  # noqa: PLC0415 (a peer need not be there)

        faiss.omp_set_num_threads(1)
        self._index: Any = faiss.IndexBinaryMultiHash(256, 16, 16)
        self._index.nflip = 1
        self._index.add(stored.view(np.uint8).reshape(-1, 32))

    def found(self, queries: Words) -> set[tuple[int, int]]:
        """Give places of queries and of stored that are near."""
        limits, _, places = self._index.range_search(queries.view(np.uint8).reshape(-1, 32), MATCH_RADIUS + 1)
        return {(each, int(at)) for each in range(len(queries)) for at in places[limits[each] : limits[each + 1]]}


class ThreatExchange:
    """threatexchange's PDQ index, which takes and gives one hash a call, in hex."""

    def __init__(self, stored: Words) -> None:
        from threatexchange.signal_type.pdq.pdq_index import PDQIndex  # noqa: PLC0415 (a peer need not be there)

        self._index: Any = PDQIndex.build([(each.tobytes().hex(), at) for at, each in enumerate(stored)])

    def found(self, queries: Words) -> set[tuple[int, int]]:
        """Give places of queries and of stored that are near."""
        texts = [each.tobytes().hex() for each in queries]
        return {(at, each.metadata) for at, text in enumerate(texts) for each in self._index.query(text)}


def peers(number: int, stored: Words) -> dict[str, Faiss | ThreatExchange]:
    """Make the peers' indexes: threatexchange's up to a million hashes only, since it takes a kilobyte for each."""
    made: dict[str, Faiss | ThreatExchange] = {}
    for name, peer, limit in (("threatexchange", ThreatExchange, 10**6), ("faiss", Faiss, 10**7)):
        if find_spec(name) is None:
            print(f"  {name} is not installed, so nothing is measured beside it")
        elif number > limit:
            print(f"  {name} is not measured beyond {limit:,} hashes")
        else:
            made[name] = peer(stored)
    return made


def ours(index: HashIndex, queries: Words) -> set[tuple[int, int]]:
    """Give places of queries and of stored that are near."""
    return {pair for found, at, _ in index.within(queries) for pair in zip(found.tolist(), at.tolist(), strict=True)}


def looked_up(number: int, stored: Words) -> None:
    """Measure the index: building it, searching it, changing it."""
    index = HashIndex()
    for _ in range(2):  # to have everything compiled
        index.add(np.arange(10), stored[:10])
    index = HashIndex()
    print(f"{'build':<34} {cpu(lambda: index.add(np.arange(number), stored)):>12.1f} s")
    print(f"{'bytes a hash':<34} {index.size / number:>12.0f}")
    search(number, stored, index)
    changes(number, index)


def search(number: int, stored: Words, index: HashIndex) -> None:
    """Measure batches of 10,000, and one query a call."""
    rng = np.random.default_rng(2)
    queries = np.concatenate([turned(stored[rng.integers(0, number, BATCH // 2)], rng), hashes(BATCH // 2, 3)])
    rng.shuffle(queries)
    some = dict.fromkeys(("threatexchange", "faiss"), queries[: 200 if number <= 10**6 else 60])
    others = peers(number, stored)
    ours(index, queries[:1])
    batch, single = [], []
    theirs: dict[str, list[float]] = {name: [] for name in others}
    for _ in range(ROUNDS):
        batch.append(BATCH / cpu(lambda: list(index.within(queries))))
        single.append(200 / cpu(lambda: [list(index.within(each[None])) for each in queries[:200]]))
        for name, peer in others.items():
            theirs[name].append(len(some[name]) / cpu(lambda peer=peer, name=name: peer.found(some[name])))  # type: ignore[misc]
    for name, peer in others.items():
        same = peer.found(some[name]) == ours(index, some[name])
        print(f"  {name} finds {'exactly the same' if same else 'SOMETHING ELSE'} in {len(some[name])} queries")
    line("batches of 10,000 queries", batch, "queries/s", theirs)
    line("one query a call", single, "queries/s", theirs)


def changes(number: int, index: HashIndex) -> None:
    """Measure adding, and matching new entries with all that is stored."""
    new = hashes(BATCH, 4)
    ids = np.arange(number, number + BATCH)
    print(f"{'add 10,000':<34} {cpu(lambda: index.add(ids, new)):>12.2f} s")
    print(f"{'match these with all stored':<34} {cpu(lambda: list(index.within(new))):>12.2f} s")
    print(f"{'withdraw 10,000':<34} {cpu(lambda: index.withdraw(ids)):>12.2f} s")


def joined(number: int, stored: Words) -> None:
    """Measure the self-join with its components; a peer, which has none, by queries for a share of its hashes."""
    if number > JOINED:
        print(f"the self-join is not measured beyond {JOINED:,} hashes")
        return
    components(stored[:1000])
    own = [cpu(lambda: components(stored)) for _ in range(3 if number <= 10**6 else 1)]
    print(f"{'self-join and components':<34} {median(own):>12.1f} s")
    if find_spec("faiss") and number <= 10**6:
        share = stored[:: number // 1000]
        peer = Faiss(stored)
        theirs = [cpu(lambda: peer.found(share)) * number / len(share) for _ in range(3)]
        ratio = median(other / mine for mine, other in zip(own, theirs, strict=True))
        print(f"  faiss, by {len(share):,} of its queries    {median(theirs):>12,.0f} s            ratio {ratio:,.0f}")


def run(number: int = 1_000_000) -> None:
    """Print the tables for so many stored hashes."""
    installed = [f"{name} {version(name)}" for name in ("numba", "faiss-cpu", "threatexchange") if _there(name)]
    print(f"\nmatch: {number:,} hashes, radius {MATCH_RADIUS}, CPU of one thread, median of {ROUNDS}")
    print(f"{get_host_cpu_name()}, {processor()}; {', '.join(installed)}")
    stored = hashes(number, 1)
    looked_up(number, stored)
    joined(number, stored)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{'peak memory of this process':<34} {peak:>12.1f} GiB")


def processor() -> str:
    """Name the processor, and say whether it counts bits of vectors."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [line.partition(": ")[2] for line in text.splitlines() if line.startswith("model name")]
    return f"{(names or ['?'])[0]} {'with' if 'avx512_vpopcntdq' in text else 'without'} AVX-512 VPOPCNTDQ"


def _there(name: str) -> bool:
    return find_spec(name.split("-", maxsplit=1)[0]) is not None


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
