"""Weights: what outcomes say that factors are worth, on the scale of the points that they have."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.resampling import interval

RESAMPLES = 200
STRENGTH = 1.0
"""C of scikit-learn: weights are drawn from a normal distribution of mean 0 and deviation 1, in log-odds for a unit."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weight:
    """Points for a unit of one factor, as outcomes have it, with their 95 % interval."""

    points: float
    low: float
    high: float


def learned(units: Numbers, good: NDArray[np.bool_], points: Numbers, seed: int = 1) -> tuple[Weight, ...]:
    """Estimate what a unit of each factor is worth, all factors together, and put it on the scale of `points`.

    A logistic regression with an intercept and an L2 penalty (scikit-learn). Its log-odds are stretched so that the
    sums they give spread as much as the sums that `points` give (their standard deviations are the same): a policy that
    is right in proportion finds its own points. Intervals are percentiles of 200 resamples of the reports; in each of
    them all is done again.

    Args:
        units: [reports, factors], at least 0.
        good: [reports], some true and some false.
        points: [factors], for a unit, with their sign.
        seed: the same seed gives the same.
    """
    alike, times = np.unique(np.column_stack([units, good]), axis=0, return_counts=True)
    units, good = alike[:, :-1], alike[:, -1] > 0
    whole = _stretched(units, good, points, times.astype(np.float64))
    drawn = np.array([
        _stretched(units, good, points, weights.astype(np.float64))
        for weights in np.random.default_rng(seed).multinomial(times.sum(), times / times.sum(), RESAMPLES)
    ])  # fmt: skip
    return tuple(
        Weight(float(value), *interval(column, float(value))) for value, column in zip(whole, drawn.T, strict=True)
    )


def _stretched(units: Numbers, good: NDArray[np.bool_], points: Numbers, weights: Numbers) -> Numbers:
    """Fit the weighted reports and stretch what was found; NaN where it tells no two reports apart."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (half a second that a flow need not pay)

    there = weights > 0
    units, good, weights = units[there], good[there], weights[there]
    if len(np.unique(good)) < 2:
        return np.full(len(points), np.nan)
    fit = LogisticRegression(C=STRENGTH, solver="newton-cholesky").fit(units, good, weights)
    odds: Numbers = fit.coef_[0]
    spread = _spread(units @ odds, weights)
    return odds * (_spread(units @ points, weights) / spread) if spread > 0 else np.full(len(points), np.nan)


def _spread(values: Numbers, weights: Numbers) -> float:
    """Give the weighted standard deviation."""
    mean = np.average(values, weights=weights)
    return float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
