"""Estimates with intervals, by a seeded bootstrap over groups; two models over one set are compared in pairs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1_000
LEVEL = 0.95
ALL = "all"
"""The slice that is the whole set."""
MACRO = ""
"""The label of a number that is the mean over labels, or of no label."""

RAISED = frozenset({"calibration_error"})
"""Metrics that chance alone raises, so that resamples lie above the value, by about as much as it above the truth.

Their intervals are reflected about the value (the "basic" bootstrap, Davison and Hinkley, "Bootstrap Methods and
their Application", 1997, section 2.4). A single model's hold the value and end at 0, and their lower end is moved
down by the mean rise once more: near 0, chance raises the value by more than resamples show.
"""

_BLOCK = 50  # resamples at a time: the weights of ten thousand items are 4 MB then

Weights = NDArray[np.float64]
"""[items, resamples]: how often each item was drawn."""
Values = NDArray[np.float64]
"""[numbers, resamples]: what was measured of each resample; NaN where it is not defined."""
Slices = Mapping[str, NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Name:
    """What a number is: the metric, and the label it is of; `MACRO` for the mean over labels, or for no label."""

    metric: str
    label: str = MACRO


class Statistics(Protocol):
    """A model's answers beside the truth, measured under any weights of the items."""

    @property
    def names(self) -> tuple[Name, ...]:
        """Name the numbers that `of` gives, in order."""
        ...

    def of(self, weights: Weights) -> Values:
        """Measure every resample: `weights` [items, resamples] to [len(names), resamples]."""
        ...

    def at(self, inside: NDArray[np.bool_]) -> Self:
        """Keep the items that are `inside` [items]."""
        ...


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number on one slice of `n` items, with its 95 % interval; NaN where it is not defined.

    Of a comparison the number is the candidate's less the champion's, and `chance` the share of resamples, 0-1, in
    which it is not below 0. `groups` are those that the items are drawn in.
    """

    name: Name
    slice: str
    n: int
    value: float
    low: float
    high: float
    chance: float = np.nan
    groups: int = 0


def evaluate(answers: Statistics, groups: Sequence[str], slices: Slices, seed: int = 1) -> tuple[Estimate, ...]:
    """Estimate every number of `answers` on every slice, with intervals that do not depend on the items' order.

    `groups` names for each item what it is drawn together with: the picture that several items were made from, the
    person; items that belong to nothing have a group of their own. The intervals are percentiles of 1,000 bootstrap
    resamples of the groups (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13; whole groups,
    and within them everything, as in Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8,
    and Field and Welsh, "Bootstrapping clustered data", 2007); of the metrics in `RAISED` they are reflected. The same
    seed draws the same groups, whatever is measured.
    """
    return _measured(answers, groups, slices, seed, alone=True)


def _measured(
    answers: Statistics, groups: Sequence[str], slices: Slices, seed: int, *, alone: bool
) -> tuple[Estimate, ...]:
    parts = {name: answers.at(inside) for name, inside in slices.items()}
    drawn: dict[str, list[Values]] = {name: [] for name in slices}
    in_slice = {name: len(np.unique(np.asarray(groups)[inside])) for name, inside in slices.items()}
    for weights in resamples(groups, seed):
        for name, inside in slices.items():
            drawn[name].append(parts[name].of(weights[inside]))
    return tuple(
        replace(_estimate(what, name, int(slices[name].sum()), float(value), row, alone=alone), groups=in_slice[name])
        for name, part in parts.items()
        for what, value, row in zip(
            part.names, part.of(np.ones((int(slices[name].sum()), 1)))[:, 0], np.hstack(drawn[name]), strict=True
        )
    )


def compare(
    candidate: Statistics, champion: Statistics, groups: Sequence[str], slices: Slices, seed: int = 1
) -> tuple[Estimate, ...]:
    """Estimate the candidate's numbers less the champion's over the same items, each resample of both the same.

    Raises:
        ValueError: the two are not measured by the same numbers; take the labels that both have.
    """
    return _measured(_Difference(candidate, champion), groups, slices, seed, alone=False)


@dataclass(frozen=True)
class _Difference:
    candidate: Statistics
    champion: Statistics

    def __post_init__(self) -> None:
        if self.candidate.names != self.champion.names:
            raise ValueError("the two models are not measured by the same numbers; take the labels that both have")

    @property
    def names(self) -> tuple[Name, ...]:
        return self.candidate.names

    def of(self, weights: Weights) -> Values:
        return self.candidate.of(weights) - self.champion.of(weights)

    def at(self, inside: NDArray[np.bool_]) -> "_Difference":
        return _Difference(self.candidate.at(inside), self.champion.at(inside))


def resamples(groups: Sequence[str], seed: int, count: int = RESAMPLES) -> Iterator[Weights]:
    """Draw as many groups as there are, with replacement, `count` times; blocks of `Weights`."""
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    rng = np.random.default_rng(seed)
    even = np.full(len(names), 1 / max(1, len(names)))
    for start in range(0, count, _BLOCK):
        drawn = rng.multinomial(len(names), even, size=min(_BLOCK, count - start))
        yield np.ascontiguousarray(drawn.T, np.float64)[place]


def _estimate(name: Name, where: str, n: int, value: float, drawn: NDArray[Any], *, alone: bool) -> Estimate:
    low, high = interval(drawn, value)
    if name.metric in RAISED:
        low, high = 2 * value - high, 2 * value - low
        rise = float(np.mean(drawn)) - value
        low, high = (max(0.0, min(value, low - rise)), max(value, high)) if alone else (low, high)
    defined = drawn[np.isfinite(drawn)]
    chance = float(np.mean(defined >= 0)) if len(defined) else np.nan
    return Estimate(name, where, n, value, low, high, chance)


def interval(drawn: NDArray[Any], value: float) -> tuple[float, float]:
    """Give the middle 95 % of what was drawn; NaN where less than half of it, or `value` itself, is defined."""
    defined = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or 2 * len(defined) < len(drawn):
        return (np.nan, np.nan)
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return (float(low), float(high))


def share(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """Divide, NaN where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shares: NDArray[np.float64] = np.where(whole > 0, part / whole, np.nan)
    return shares


def mean_of_defined(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over the first axis what is defined; NaN where nothing is."""
    there = np.isfinite(values)
    return share(np.where(there, values, 0.0).sum(0), there.sum(0))
