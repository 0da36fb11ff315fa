"""Attributes: what is said of each face, beside what is true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.resampling import MACRO, Name, Values, Weights, mean_of_defined, share

UNKNOWN = ""
"""The truth of an attribute that nobody knows of a face: it is left out."""


@dataclass(frozen=True, eq=False)
class Attributes:
    """Labels of each face by attribute: `truth` and `said` have the same attributes, and a label for each face.

    A model that says nothing of a known attribute is wrong there.
    """

    truth: Mapping[str, Sequence[str]]
    said: Mapping[str, Sequence[str]]

    def __post_init__(self) -> None:
        if set(self.truth) != set(self.said):
            raise ValueError("truth and what is said have the same attributes")

    @property
    def names(self) -> tuple[Name, ...]:
        """Name the accuracy of each attribute, and their mean."""
        return tuple(Name("accuracy", label) for label in (*sorted(self.truth), MACRO))

    def of(self, weights: Weights) -> Values:
        """Measure every resample."""
        each = np.stack([self._accuracy(attribute, weights) for attribute in sorted(self.truth)])
        return np.concatenate([each, mean_of_defined(each)[None]])

    def at(self, inside: NDArray[np.bool_]) -> "Attributes":
        """Keep some items."""
        kept = np.flatnonzero(inside).tolist()
        truth, said = (
            {name: [labels[place] for place in kept] for name, labels in each.items()}
            for each in (self.truth, self.said)
        )
        return Attributes(truth, said)

    def _accuracy(self, attribute: str, weights: Weights) -> NDArray[np.float64]:
        truth, said = np.asarray(self.truth[attribute]), np.asarray(self.said[attribute])
        known = truth != UNKNOWN
        return share((known & (truth == said)).astype(np.float64) @ weights, known.astype(np.float64) @ weights)
