"""Classifiers and taggers: a probability for each label, what it is worth, and what is said of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import binomtest

from models.evaluation.curves import Ranking, area, average_precision
from models.evaluation.resampling import MACRO, Name, Values, Weights, mean_of_defined, share

BINS = 10
METRICS = ("average_precision", "auc", "accuracy", "brier", "calibration_error", "abstained")


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What a model says of each item and label, beside the truth.

    Attributes:
        labels: one a column.
        truth: [items, labels], whether the item has the label.
        probabilities: [items, labels], calibrated, 0–1.
        thresholds: `(no, yes)` for each label: below or at `no` it says no, from `yes` on yes, between it abstains.
    """

    labels: tuple[str, ...]
    truth: NDArray[np.bool_]
    probabilities: NDArray[Any]
    thresholds: tuple[tuple[float, float], ...]
    _rankings: tuple[Ranking | None, ...] = field(init=False, repr=False)
    _sums: NDArray[np.float64] = field(init=False, repr=False)
    _excess: csr_array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.truth.shape != self.probabilities.shape or self.truth.shape[1] != len(self.labels):
            raise ValueError("truth and probabilities have a row for each item and a column for each label")
        said, true = self.probabilities.T.astype(np.float64), self.truth.T  # [labels, items]
        no, yes = np.array(self.thresholds).T[:, :, np.newaxis]
        decided = (said <= no) | (said >= yes)
        right = decided & ((said >= yes) == true)
        rankings = tuple(Ranking(row, holds) if holds.any() else None for row, holds in zip(said, true, strict=True))
        object.__setattr__(self, "_rankings", rankings)
        object.__setattr__(self, "_sums", np.concatenate([right, decided, (said - true) ** 2]))
        object.__setattr__(self, "_excess", _by_bin(said, said - true))

    @property
    def names(self) -> tuple[Name, ...]:
        """Name the metrics of each label, and the means of the labels for which they are defined."""
        return tuple(Name(metric, label) for label in (*self.labels, MACRO) for metric in METRICS)

    def of(self, weights: Weights) -> Values:
        """Measure every resample."""
        shape, total = (len(self.labels), weights.shape[1]), weights.sum(0)
        right, decided, squares = (self._sums @ weights).reshape(3, *shape)
        excess = np.abs((self._excess @ weights).reshape(len(self.labels), BINS, -1)).sum(1)
        precision, areas = np.full((2, *shape), np.nan)
        for place, ranking in enumerate(self._rankings):
            if ranking:
                curve = ranking.under(weights)
                precision[place], areas[place] = average_precision(curve), area(curve)
        shares = [share(part, total) for part in (squares, excess, total - decided)]
        each = np.stack([precision, areas, share(right, decided), *shares], axis=1)  # [labels, metrics, resamples]
        return np.concatenate([each, mean_of_defined(each)[np.newaxis]]).reshape(-1, weights.shape[1])

    def at(self, inside: NDArray[np.bool_]) -> "Verdicts":
        """Keep some items."""
        return Verdicts(self.labels, self.truth[inside], self.probabilities[inside], self.thresholds)

    def only(self, labels: Sequence[str]) -> "Verdicts":
        """Keep these labels, in this order: two models are compared by those that both have."""
        kept = [self.labels.index(label) for label in labels]
        thresholds = tuple(self.thresholds[column] for column in kept)
        return Verdicts(tuple(labels), self.truth[:, kept], self.probabilities[:, kept], thresholds)


def _by_bin(said: NDArray[np.float64], numbers: NDArray[np.float64]) -> csr_array:
    """Spread numbers [labels, items] over the bins of what is said: [labels * bins, items], nearly all of it empty."""
    labels, items = said.shape
    rows = BINS * np.arange(labels)[:, np.newaxis] + bins_of(said)
    columns = np.broadcast_to(np.arange(items), said.shape)
    return csr_array((numbers.ravel(), (rows.ravel(), columns.ravel())), shape=(BINS * labels, items))


def bins_of(probabilities: NDArray[Any]) -> NDArray[np.intp]:
    """Tell which of ten equally wide bins each probability is in; 1 is in the last."""
    return np.minimum((probabilities * BINS).astype(np.intp), BINS - 1)


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of a reliability diagram: `n` items, their mean probability, and the share that has the label.

    `low` and `high` are Wilson's 95 % interval of the share (E. B. Wilson, 1927).
    """

    label: str
    n: int
    probability: float
    share: float
    low: float
    high: float


def reliability(verdicts: Verdicts) -> tuple[Bin, ...]:
    """Give the bins that have items, label by label: a calibrated model's shares are its probabilities."""
    found = []
    for label, truth, probabilities in zip(verdicts.labels, verdicts.truth.T, verdicts.probabilities.T, strict=True):
        places = bins_of(probabilities)
        for place in np.unique(places):
            inside = places == place
            n, true = int(inside.sum()), int(truth[inside].sum())
            sure = binomtest(true, n).proportion_ci(method="wilson")
            found.append(
                Bin(label, n, float(probabilities[inside].mean()), true / n, float(sure.low), float(sure.high))
            )
    return tuple(found)
