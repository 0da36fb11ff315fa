"""Drift: whether what a model says today is spread as it was when it was found good; arrays in, values out.

Neither measure needs the truth: a model whose answers have moved has met other files, or has changed.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, ks_2samp

BINS = 10
FLOOR = 1e-4
"""Least share of a bin, so that an empty one does not make the index endless."""

PSI_WATCH, PSI_MOVED = 0.1, 0.25
"""The usual bounds of the population stability index (N. Siddiqi, "Credit Risk Scorecards", 2006)."""
KS_WATCH, KS_MOVED = 0.125, 0.2
"""Distances between two normal distributions whose index is at the bounds: a shift s has an index of about s²."""
NORM_WATCH, NORM_MOVED = 0.2, 0.4
"""How far the mean of embeddings may move, in units of how far a single one is from the mean."""
CHANCE = 1e-3
"""How rarely chance alone is to be taken for a move; it was by 1 to 3 in a thousand simulated samples."""
LEAST = 200
"""Fewest values on either side of which anything is said."""

Numbers = NDArray[Any]


class State(StrEnum):
    """What is said of a day."""

    STEADY = "steady"
    WATCH = "watch"
    MOVED = "moved"
    TOO_FEW = "too few"


@dataclass(frozen=True, slots=True)
class Drift:
    """A day's values beside the reference's.

    Attributes:
        reference, day: how many values each.
        psi: the population stability index, from 0; NaN where there are too few values.
        ks: the largest distance of the two cumulative distributions, 0-1.
        p: how likely chance makes one as large (Kolmogorov and Smirnov, two samples).
        norm: of embeddings, how far the mean has moved, in units of how far a single one is from the mean; else None.
    """

    state: State
    reference: int
    day: int
    psi: float = np.nan
    ks: float = np.nan
    p: float = np.nan
    norm: float | None = None


def drift_of_scores(reference: Numbers, day: Numbers) -> Drift:
    """Compare a label's probabilities [n] (or any numbers of files) of a day with the reference's [m]."""
    if min(len(reference), len(day)) < LEAST:
        return Drift(State.TOO_FEW, len(reference), len(day))
    edges = edges_of(reference)
    psi = stability(shares(reference, edges), shares(day, edges))
    ks = ks_2samp(reference, day, method="asymp")
    by_chance = chi2.isf(CHANCE, max(1, len(edges))) * (1 / len(reference) + 1 / len(day))
    moved = _beyond(psi, PSI_WATCH, PSI_MOVED, by_chance)
    if ks.pvalue < CHANCE:
        moved = max(moved, _beyond(float(ks.statistic), KS_WATCH, KS_MOVED, 0))
    return Drift(_STATES[moved], len(reference), len(day), psi, float(ks.statistic), float(ks.pvalue))


def drift_of_embeddings(reference: Numbers, day: Numbers) -> Drift:
    """Compare unit vectors of a day [n, width] with the reference's [m, width].

    Compared are their cosines to the reference's mean, as scores are, and the two means: the distance over the root
    mean square distance of the reference's vectors from their mean.
    """
    if min(len(reference), len(day)) < LEAST:
        return Drift(State.TOO_FEW, len(reference), len(day))
    old, new = reference.astype(np.float64), day.astype(np.float64)
    mean = old.mean(0)
    direction = mean / max(float(np.linalg.norm(mean)), np.finfo(np.float64).tiny)
    cosines = drift_of_scores(old @ direction, new @ direction)
    norm = mean_shift(old, new)
    by_chance = _shift_by_chance(old, len(day))
    moved = max(_STATES.index(cosines.state), _beyond(norm, NORM_WATCH, NORM_MOVED, by_chance))
    return Drift(_STATES[moved], len(old), len(new), cosines.psi, cosines.ks, cosines.p, norm)


_STATES = (State.STEADY, State.WATCH, State.MOVED)


def _beyond(value: float, watch: float, moved: float, by_chance: float) -> int:
    """Count the bounds that a value reaches, each no lower than what chance alone may reach."""
    return sum(value >= max(bound, by_chance) for bound in (watch, moved))


def edges_of(reference: Numbers) -> NDArray[np.float64]:
    """Give the deciles between ten bins of the reference, fewer where many values are the same."""
    inner = np.quantile(reference.astype(np.float64), np.linspace(0, 1, BINS + 1)[1:-1])
    return np.unique(inner)


def shares(values: Numbers, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the share of values in each bin, `len(edges) + 1` of them; a value at an edge is in the bin below."""
    places = np.searchsorted(edges, values.astype(np.float64), side="left")
    return np.bincount(places, minlength=len(edges) + 1) / len(values)


def stability(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Give the population stability index of two lists of shares, the same either way round; 0 where they are equal.

    The sum over bins of (p - q) ln(p / q), also known as Jeffreys' divergence (H. Jeffreys, 1946); shares below
    `FLOOR` count as that. Of two samples of one distribution it is about (1/m + 1/n) times a chi-squared number with
    one degree of freedom fewer than bins (B. Yurdakul and J. Naranjo, "Statistical properties of the population
    stability index", 2020).
    """
    p, q = np.maximum(one, FLOOR), np.maximum(other, FLOOR)
    return float(((p - q) * np.log(p / q)).sum())


def mean_shift(reference: NDArray[np.float64], day: NDArray[np.float64]) -> float:
    """Give the distance of two means [n, width] over the reference's root mean square distance from its own."""
    mean = reference.mean(0)
    spread = float(np.sqrt(((reference - mean) ** 2).sum(1).mean()))
    apart = float(np.linalg.norm(day.mean(0) - mean))
    return apart / spread if spread > 0 else (np.inf if apart > 0 else 0.0)


def _shift_by_chance(reference: NDArray[np.float64], day: int) -> float:
    """Give the shift that chance reaches once in a thousand days.

    The squared shift is a sum of squares weighted by the variances along the principal axes; it is taken for a
    chi-squared number of the same mean and variance (F. E. Satterthwaite, 1946).
    """
    around = reference - reference.mean(0)
    small = around @ around.T if len(around) < around.shape[1] else around.T @ around
    total, squares = float(np.trace(small)), float((small**2).sum())
    if total == 0:
        return 0.0
    freedom = total**2 / squares
    return float(np.sqrt((1 / len(reference) + 1 / day) * chi2.isf(CHANCE, freedom) / freedom))
