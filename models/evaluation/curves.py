"""Curves of a ranking: sorted once, then measured under any weights of the items."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evaluation.resampling import Values, Weights, share

Numbers = NDArray[np.float64]
"""[resamples]"""


@dataclass(frozen=True, slots=True)
class Curve:
    """The true items from the highest score to the lowest, in each resample; all arrays are [true items, resamples].

    Attributes:
        weight: how often the item was drawn.
        true: weight of true items of its score or a higher one.
        false: weight of false items of its score or a higher one.
        above: weight of false items above it, those of its own score half.
        falses: [resamples], weight of all false items.
    """

    weight: Values
    true: Values
    false: Values
    above: Values
    falses: Numbers


class Ranking:
    """Items by falling score; items of one score stand together, so that ties have no order.

    Args:
        scores: [items], finite.
        truth: [items], whether the item is what the score looks for.
    """

    def __init__(self, scores: NDArray[Any], truth: NDArray[np.bool_]) -> None:
        self._order = np.argsort(-scores, kind="stable")
        falling, truth = -scores[self._order], truth[self._order]
        self._places = np.flatnonzero(truth)
        self._first, self._past = (np.searchsorted(falling, falling[truth], side) for side in ("left", "right"))
        trues_before = np.concatenate([[0], np.cumsum(truth)])
        self._first_true, self._past_true = trues_before[self._first], trues_before[self._past]

    def under(self, weights: Weights) -> Curve:
        """Weigh the ranking: `weights` [items, resamples], the items in their own order."""
        drawn = weights[self._order]
        weight = drawn[self._places]
        every, trues = _summed(drawn), _summed(weight)
        true = trues[self._past_true]
        false = every[self._past] - true
        above = (false + every[self._first] - trues[self._first_true]) / 2
        return Curve(weight, true, false, above, every[-1] - trues[-1])


def _summed(weights: Values) -> Values:
    """Sum what stands before each row, and last of all everything."""
    sums = np.zeros((len(weights) + 1, weights.shape[1]))
    np.cumsum(weights, axis=0, out=sums[1:])
    return sums


def area(curve: Curve) -> Numbers:
    """Give the area under the ROC curve: how often a true item outranks a false one, a tie counting half.

    NaN without an item of either. Hanley and McNeil, "The meaning and use of the area under a receiver operating
    characteristic (ROC) curve", 1982.
    """
    return 1 - share(_total(curve.weight, curve.above), curve.weight.sum(0) * curve.falses)


def average_precision(curve: Curve) -> Numbers:
    """Give the precision at each true item, averaged over them; NaN without one.

    Without interpolation, as scikit-learn's `average_precision_score`.
    """
    taken = curve.true + curve.false
    precision = np.divide(curve.true, taken, out=np.zeros_like(taken), where=taken > 0)
    return share(_total(curve.weight, precision), curve.weight.sum(0))


def true_accepted(curve: Curve, false_accepted: float) -> Numbers:
    """Give the largest share of true items above a score that at most the share `false_accepted` of false ones reach.

    NaN without an item of either.
    """
    accepted = curve.false <= false_accepted * curve.falses + 1e-9
    return share(_total(curve.weight, accepted), np.where(curve.falses > 0, curve.weight.sum(0), 0.0))


def _total(weight: Values, numbers: NDArray[Any]) -> Numbers:
    """Add up numbers [items, resamples] by weight."""
    total: Numbers = np.einsum("ij,ij->j", weight, numbers)
    return total
