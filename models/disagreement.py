"""Disagreement: where two models differ over the same files, whichever of them is right; arrays in, values out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.metrics import confusion_matrix

from domain.model import Says

WORDS = (Says.YES, Says.UNSURE, Says.NO)
NEAREST = 10
MOST_FILES = 2_000
"""Files among which neighbours are looked for; of more, so many are drawn, seeded."""

_SEED = 1


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """Two models on one label.

    Attributes:
        n: files of which both give a probability.
        said: files of which both say yes, unsure or no.
        agreement: of these, the share of which they say the same; NaN where there are none.
        kappa: the agreement beyond chance (J. Cohen, "A coefficient of agreement for nominal scales", 1960), 1 for
            full agreement and 0 for chance; NaN where chance leaves no room, as when both say the same of every file.
        counts: files by what the champion says (rows) and what the challenger says (columns), in the order of `WORDS`.
        correlation: of the probabilities' ranks (Spearman, 1904), -1 to 1; NaN where either is always the same.
    """

    label: str
    n: int
    said: int
    agreement: float
    kappa: float
    counts: tuple[tuple[int, ...], ...]
    correlation: float


@dataclass(frozen=True, slots=True)
class CountAgreement:
    """Two detectors on the number of faces in each of `n` files.

    Attributes:
        same: the share of files in which they find as many.
        difference: the challenger's faces less the champion's, on average.
        by_difference: files by that difference, in order.
    """

    n: int
    same: float
    difference: float
    by_difference: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class AttributeAgreement:
    """Two models on one attribute of `n` faces, by the label that each holds most probable.

    Attributes:
        agreement: the share of faces to which both give the same label, 0-1; NaN where there are none.
        kappa: the agreement beyond chance, as of labels; NaN where chance leaves no room.
    """

    name: str
    n: int
    agreement: float
    kappa: float


@dataclass(frozen=True, slots=True)
class NeighbourAgreement:
    """Two embedders on who is near whom.

    Attributes:
        n: files looked at.
        nearest: how many neighbours of each; fewer than ten where there are few files.
        common: the share of neighbours that both name, 0-1; chance alone gives `nearest / (n - 1)`.
    """

    n: int
    nearest: int
    common: float


def label_agreement(
    label: str,
    says: tuple[Sequence[Says | None], Sequence[Says | None]],
    probabilities: tuple[NDArray[Any], NDArray[Any]],
) -> LabelAgreement:
    """Compare champion and challenger, in this order, on a label of the same files."""
    both = [pair for pair in zip(*says, strict=True) if None not in pair]
    counts = np.zeros((len(WORDS), len(WORDS)), np.int64)
    if both:
        champion, challenger = zip(*both, strict=True)
        counts = confusion_matrix(champion, challenger, labels=list(WORDS))
    return LabelAgreement(
        label=label,
        n=len(probabilities[0]),
        said=len(both),
        agreement=float(np.trace(counts)) / len(both) if both else np.nan,
        kappa=kappa(counts),
        counts=tuple(tuple(int(number) for number in row) for row in counts),
        correlation=rank_correlation(*probabilities),
    )


def kappa(counts: NDArray[Any]) -> float:
    """Give Cohen's kappa of a square of counts; NaN where chance agrees in full, or nothing was counted."""
    total = counts.sum()
    if total == 0:
        return np.nan
    agreed = np.trace(counts) / total
    by_chance = float((counts.sum(0) / total) @ (counts.sum(1) / total))
    return float((agreed - by_chance) / (1 - by_chance)) if by_chance < 1 else np.nan


def rank_correlation(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Give Spearman's correlation of two lists of numbers, ties at their mean rank; NaN where a list does not vary."""
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return np.nan
    return float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])


def count_agreement(champion: NDArray[Any], challenger: NDArray[Any]) -> CountAgreement:
    """Compare two detectors' numbers of faces in the same files [n]."""
    apart = challenger.astype(np.int64) - champion.astype(np.int64)
    found = sorted(Counter(apart.tolist()).items())
    if not len(apart):
        return CountAgreement(0, np.nan, np.nan, ())
    return CountAgreement(len(apart), float((apart == 0).mean()), float(apart.mean()), tuple(found))


def attribute_agreement(name: str, champion: Sequence[str], challenger: Sequence[str]) -> AttributeAgreement:
    """Compare the labels that two models give to the same faces [n]."""
    n = len(champion)
    if not n:
        return AttributeAgreement(name, 0, np.nan, np.nan)
    labels, codes = np.unique([*champion, *challenger], return_inverse=True)
    counts = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(counts, (codes[:n], codes[n:]), 1)
    return AttributeAgreement(name, n, float(np.trace(counts)) / n, kappa(counts))


def neighbour_agreement(champion: NDArray[Any], challenger: NDArray[Any]) -> NeighbourAgreement:
    """Compare two embedders' unit vectors of the same files [n, width] and [n, another width].

    Of each file the ten nearest others by cosine are named by both; the share that both name is averaged. Vectors of
    different models have no common space, but they have neighbours.
    """
    if len(champion) > MOST_FILES:
        kept = np.sort(np.random.default_rng(_SEED).choice(len(champion), MOST_FILES, replace=False))
        champion, challenger = champion[kept], challenger[kept]
    nearest = min(NEAREST, len(champion) - 1)
    if nearest < 1:
        return NeighbourAgreement(len(champion), 0, np.nan)
    ours, theirs = neighbours(champion, nearest), neighbours(challenger, nearest)
    common = [len(set(one) & set(other)) for one, other in zip(ours.tolist(), theirs.tolist(), strict=True)]
    return NeighbourAgreement(len(champion), nearest, float(np.mean(common)) / nearest)


def neighbours(vectors: NDArray[Any], nearest: int) -> NDArray[np.intp]:
    """Name the nearest others of each vector [n, width] by cosine: [n, nearest], in no order."""
    wide = vectors.astype(np.float32)
    cosines = wide @ wide.T
    np.fill_diagonal(cosines, -np.inf)
    return np.argpartition(-cosines, nearest - 1, axis=1)[:, :nearest]
