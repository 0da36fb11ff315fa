"""Slices of an evaluation set: by kind, size, compression and brightness, since a mean hides where a model fails."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.media import Kind
from models.evaluation.resampling import ALL, Slices

SIZE = (256, 1600)
"""Pixels of the longer side: less is small, more is large."""
COMPRESSION = (0.75, 2.0)
"""Bits of the file for each pixel: less is strong, more is light; a JPEG of usual quality lies between."""
BRIGHTNESS = (60, 190)
"""Mean luma, 0–255: less is dark, more is bright."""


@dataclass(frozen=True, eq=False)
class Facts:
    """What slices are made of, one for each item; NaN where a number is not known, and the item is in no such slice.

    Attributes:
        kinds: of `domain.media.Kind`.
        long_side: pixels.
        bits_per_pixel: of the file, over the pixels of all its frames.
        luma: the mean, 0–255.
    """

    kinds: tuple[str, ...]
    long_side: NDArray[Any]
    bits_per_pixel: NDArray[Any]
    luma: NDArray[Any]


def slices(facts: Facts) -> Slices:
    """Give every slice that has an item, the whole set first; the names say dimension and level."""
    kinds = np.asarray(facts.kinds)
    every = {
        ALL: np.ones(len(kinds), np.bool_),
        **{f"kind: {kind}": kinds == kind for kind in (Kind.IMAGE.value, Kind.VIDEO.value)},
        **_levels("size", ("small", "medium", "large"), facts.long_side, SIZE),
        **_levels("compression", ("strong", "usual", "light"), facts.bits_per_pixel, COMPRESSION),
        **_levels("brightness", ("dark", "middle", "bright"), facts.luma, BRIGHTNESS),
    }
    return {name: inside for name, inside in every.items() if inside.any()}


def _levels(
    what: str, names: tuple[str, str, str], values: NDArray[Any], bounds: tuple[float, float]
) -> dict[str, NDArray[np.bool_]]:
    low, high = bounds
    inside = (values < low, (values >= low) & (values <= high), values > high)
    return {f"{what}: {name}": which for name, which in zip(names, inside, strict=True)}
