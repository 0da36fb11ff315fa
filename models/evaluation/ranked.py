"""Rankings of reports beside what became of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.curves import Ranking, area, average_precision
from models.evaluation.resampling import Name, Values, Weights


@dataclass(frozen=True)
class Ranked:
    """Scores of reports, and whether each helped: both [reports]."""

    scores: NDArray[np.float64]
    helped: NDArray[np.bool_]

    @property
    def names(self) -> tuple[Name, ...]:
        """As every `Statistics`."""
        return Name("auc"), Name("average_precision")

    def of(self, weights: Weights) -> Values:
        """As every `Statistics`."""
        curve = Ranking(self.scores, self.helped).under(weights)
        return np.stack([area(curve), average_precision(curve)])

    def at(self, inside: NDArray[np.bool_]) -> "Ranked":
        """As every `Statistics`."""
        return Ranked(self.scores[inside], self.helped[inside])
