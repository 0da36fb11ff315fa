"""Embedders: whether two items of one group lie nearer to each other than two of different groups."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evaluation.curves import Ranking, area, true_accepted
from models.evaluation.resampling import Name, Values, Weights

FALSE_ACCEPTED = 1e-2
MOST_PAIRS = 20_000
"""Pairs of either sort that are looked at; more are drawn from, seeded."""

_SEED = 1


@dataclass(frozen=True, eq=False)
class Pairs:
    """Embeddings of items that belong together and that do not.

    Attributes:
        vectors: [items, width], unit length.
        groups: [items], numbers; two items of one number belong together (one person, one scene).
        drawn: [items], numbers; two items of one number are drawn together, as all of one group are; `groups`
            themselves, unless several of these are of one origin.
    """

    vectors: NDArray[Any]
    groups: NDArray[np.intp]
    drawn: NDArray[np.intp] | None = None
    _left: NDArray[np.intp] = field(init=False, repr=False)
    _right: NDArray[np.intp] = field(init=False, repr=False)
    _together: NDArray[np.bool_] = field(init=False, repr=False)
    _ranking: Ranking = field(init=False, repr=False)

    def __post_init__(self) -> None:
        left, right = drawn_pairs(self.groups)
        same = self.groups[left] == self.groups[right]
        vectors = self.vectors.astype(np.float64)
        cosines = np.einsum("ij,ij->i", vectors[left], vectors[right])
        drawn = self.groups if self.drawn is None else self.drawn
        object.__setattr__(self, "_left", left)
        object.__setattr__(self, "_right", right)
        object.__setattr__(self, "_together", drawn[left] == drawn[right])
        object.__setattr__(self, "_ranking", Ranking(cosines, same))

    @property
    def names(self) -> tuple[Name, ...]:
        """Name the metrics."""
        return (Name("verification_auc"), Name("true_accepted"))

    def of(self, weights: Weights) -> Values:
        """Measure every resample: a pair that is drawn together weighs as that, another as the product of both.

        So are persons drawn, not pictures, whose pairs depend on each other (Bolle, Ratha and Pankanti, "Error
        analysis of pattern recognition systems: the subsets bootstrap", 2004).
        """
        one, other = weights[self._left], weights[self._right]
        curve = self._ranking.under(np.where(self._together[:, None], one, one * other))
        return np.stack([area(curve), true_accepted(curve, FALSE_ACCEPTED)])

    def at(self, inside: NDArray[np.bool_]) -> "Pairs":
        """Keep some items."""
        drawn = None if self.drawn is None else self.drawn[inside]
        return Pairs(self.vectors[inside], self.groups[inside], drawn)


def drawn_pairs(groups: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Give the items of each pair, of one group and of two, at most `MOST_PAIRS` of either sort."""
    rng = np.random.default_rng(_SEED)
    left, right = np.triu_indices(len(groups), 1)
    same = groups[left] == groups[right]
    kept = [_some(np.flatnonzero(which), rng) for which in (same, ~same)]
    chosen = np.concatenate(kept)
    return left[chosen], right[chosen]


def _some(places: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    return places if len(places) <= MOST_PAIRS else rng.choice(places, MOST_PAIRS, replace=False)
