"""Detectors: how many faces are found in each picture, and which of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evaluation.resampling import Name, Values, Weights, share

OVERLAP = 0.5
"""A found box is a true one's from this intersection over union on (PASCAL VOC, Everingham and others, 2010)."""

Boxes = NDArray[Any]
"""[faces, 4]: x1, y1, x2, y2 in any one unit."""


@dataclass(frozen=True, eq=False)
class Detections:
    """Faces in each picture.

    Attributes:
        true: [items], how many there are.
        found: [items], how many the model finds.
        matched: [items], how many true boxes have a found one, from `matched`; None where boxes are not known.
    """

    true: NDArray[Any]
    found: NDArray[Any]
    matched: NDArray[Any] | None = None

    @property
    def names(self) -> tuple[Name, ...]:
        """Name the metrics: those of boxes only where boxes are known."""
        boxes = () if self.matched is None else (Name("precision"), Name("recall"))
        return (Name("count_right"), Name("count_error"), *boxes)

    def of(self, weights: Weights) -> Values:
        """Measure every resample."""
        total = weights.sum(0)
        right = share(_sum(self.true == self.found, weights), total)
        error = share(_sum(np.abs(self.true - self.found), weights), total)
        if self.matched is None:
            return np.stack([right, error])
        both = _sum(self.matched, weights)
        return np.stack([right, error, *(share(both, _sum(each, weights)) for each in (self.found, self.true))])

    def at(self, inside: NDArray[np.bool_]) -> "Detections":
        """Keep some items."""
        return Detections(self.true[inside], self.found[inside], None if self.matched is None else self.matched[inside])


def _sum(numbers: NDArray[Any], weights: Weights) -> NDArray[np.float64]:
    total: NDArray[np.float64] = numbers.astype(np.float64) @ weights
    return total


def matched(true: Boxes, found: Boxes) -> int:
    """Count true boxes that have a found one, each found one once, `found` from the surest to the least sure.

    A found box takes the true one, of those that are left, that it overlaps most, and at least by half.
    """
    left = list(range(len(true)))
    overlaps = overlap(found, true)
    for row in overlaps:
        best = max(left, key=lambda place: row[place], default=None)
        if best is not None and row[best] >= OVERLAP:
            left.remove(best)
    return len(true) - len(left)


def overlap(one: Boxes, other: Boxes) -> NDArray[np.float64]:
    """Give the intersection over union of each box of `one` with each of `other`; 0 where both are empty."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(-1, dtype=np.float64)
    areas = [np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(-1, dtype=np.float64) for boxes in (one, other)]
    union = areas[0][:, None] + areas[1][None] - common
    shares: NDArray[np.float64] = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    return shares
