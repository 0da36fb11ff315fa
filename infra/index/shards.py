"""Shards: one index in several folders, each searched by whichever worker of the run's cluster is free."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from domain.errors import IndexDamaged
from domain.media import MATCH_RADIUS
from infra.cluster import fan_out
from infra.index.hash_index import HashIndex, Pairs
from infra.index.kernels import Words
from infra.index.segment import Ids

QUERIES = 10_000
"""Queries that a worker takes at once."""

PAIRS = 1 << 22
"""Pairs that a worker gives at once; it is asked again with half of the queries where there are more."""


class Asked(NamedTuple):
    """What a worker is asked: queries, the first of which has the place `first` among all."""

    number: int
    folder: Path
    first: int
    queries: Words
    radius: int


Answer = tuple[int, Pairs | None]
"""The number of what was asked, and what was found; None where that is too much."""


@cache
def _opened(folder: Path) -> HashIndex:
    return HashIndex(folder)


def search_shards(questions: Sequence[Asked]) -> list[Answer]:
    """Search shards that this process keeps mapped. A Dask worker runs this."""
    return [(asked.number, _answered(asked)) for asked in questions]


def _answered(asked: Asked) -> Pairs | None:
    """Find what is asked for; a single query is answered however much that is."""
    index = _opened(asked.folder)
    index.refresh()
    pieces, size = [], 0
    for queries, ids, distances in index.within(asked.queries, asked.radius):
        pieces.append((queries + asked.first, ids, distances))
        size += len(ids)
        if size > PAIRS and len(asked.queries) > 1:
            return None
    columns = zip(*pieces, strict=True) if pieces else ([np.empty(0, np.int64)] for _ in range(3))
    one, two, three = (np.concatenate(list(column)) for column in columns)
    return one, two, three


class Shards:
    """An index in `number` parts, by id; the folder is one that all workers reach.

    Raises:
        IndexDamaged: the folder holds another number of shards.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self._folders = [folder / f"{shard:04}-of-{number:04}" for shard in range(number)]
        if {each.name for each in folder.glob("*-of-*")} - {each.name for each in self._folders}:
            raise IndexDamaged(f"the index is not in {number} shards; remove its folder, it is built from the ledger")
        for each in self._folders:
            HashIndex(each)

    def add(self, ids: Ids, hashes: Words) -> int:
        """Add hashes (N × 4) under ids (N) to their shards. Gives how many are new."""
        of = np.asarray(ids, np.int64) % len(self._folders)
        return sum(_opened(each).add(ids[of == at], hashes[of == at]) for at, each in enumerate(self._folders))

    def withdraw(self, ids: Ids) -> int:
        """Withdraw all that is under these ids. Gives how many hashes that is."""
        return sum(_opened(each).withdraw(ids) for each in self._folders)

    def within(self, queries: Words, radius: int = MATCH_RADIUS) -> Iterator[Pairs]:
        """Find as `HashIndex.within` does, on the run's workers. Call it inside `infra.cluster.running()`."""
        starts = range(0, len(queries), QUERIES)
        todo = [
            Asked(0, folder, start, queries[start : start + QUERIES], radius)
            for start in starts
            for folder in self._folders
        ]
        while todo:
            asked = [each._replace(number=number) for number, each in enumerate(todo)]
            again: list[Asked] = []
            for number, found in chain.from_iterable(fan_out(search_shards, asked, batch=1, name="search")):
                if found is None:
                    again += _halves(asked[number])
                else:
                    yield found
            todo = again


def _halves(asked: Asked) -> list[Asked]:
    middle = len(asked.queries) // 2
    later = asked._replace(first=asked.first + middle, queries=asked.queries[middle:])
    return [asked._replace(queries=asked.queries[:middle]), later]
