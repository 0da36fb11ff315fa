"""Chance: every object of the simulation draws from a generator of its own, so no order of work matters."""

import zlib
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")


def chance(seed: int, *path: int | str) -> np.random.Generator:
    """Give the generator of the object that `path` names; words count by their CRC-32."""
    steps = [zlib.crc32(step.encode()) if isinstance(step, str) else step for step in path]
    return np.random.default_rng(np.random.SeedSequence([seed, *steps]))


def one_of(rng: np.random.Generator, items: Sequence[Item]) -> Item:
    """Draw one of `items`, all equally likely."""
    return items[int(rng.integers(len(items)))]


def weighted(rng: np.random.Generator, weights: Mapping[Item, float]) -> Item:
    """Draw one key of `weights` (positive, any sum)."""
    shares = np.cumsum(np.fromiter(weights.values(), float))
    return tuple(weights)[int(np.searchsorted(shares, rng.uniform(0, shares[-1]), side="right"))]


def happens(rng: np.random.Generator, probability: float) -> bool:
    """Toss a coin that falls on True with `probability` (0-1)."""
    return bool(rng.random() < probability)
