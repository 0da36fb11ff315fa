"""Classifiers and taggers: from a score for each label and frame to what is said of a file."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.model import Says, Verdict
from models.contract import Kind, Labelled, TaggerContract, Thresholds

Scores = NDArray[np.float32]
"""[frames, labels], 0-1."""

OBJECT = Kind(kind="object")
"""What a tag is that the contract does not name."""

CARRYING = 3
"""Frames of a film that carry a label together: one alone may be a slip of the network's."""

TOP = 5
LEAST = 0.05
"""Labels that are kept: of the best five those of a probability of at least 0.05, the best one anyway, and every one
that has thresholds."""


def calibrated(scores: Scores, contract: Labelled) -> Scores:
    """Turn scores into probabilities, label by label, by the contract's calibration."""
    probabilities = scores.astype(np.float32)
    for label, points in contract.calibration.items():
        column = contract.labels.index(label)
        at, told = zip(*points, strict=True)
        probabilities[:, column] = np.interp(scores[:, column], at, told)
    return probabilities


def said(probability: float, thresholds: Thresholds | None) -> Says | None:
    """Say yes, no, or neither of a calibrated probability."""
    if thresholds is None:
        return None
    return Says.YES if probability >= thresholds.yes else Says.NO if probability <= thresholds.no else Says.UNSURE


def verdicts(scores: Scores, seconds: Sequence[float], contract: Labelled) -> tuple[Verdict, ...]:
    """Say of a file what its frames (one or more) say together, the most probable label first.

    A label's score and probability are the means over the three frames in which it is the most probable, or over all
    where there are fewer: what is seen in a few frames of a long film counts, and what one frame alone shows of three
    or more does not count in full. These frames are told.
    """
    kinds = contract.kinds if isinstance(contract, TaggerContract) else None
    probabilities = calibrated(scores, contract)
    carrying = np.argsort(-probabilities, axis=0, kind="stable")[:CARRYING]
    together = np.take_along_axis(probabilities, carrying, axis=0).mean(axis=0)
    raw = np.take_along_axis(scores, carrying, axis=0).mean(axis=0)
    order = np.argsort(-together, kind="stable")
    kept = [
        column
        for place, column in enumerate(order)
        if place == 0 or (place < TOP and together[column] >= LEAST) or contract.labels[column] in contract.thresholds
    ]
    return tuple(
        Verdict(
            label=(label := contract.labels[column]),
            score=float(raw[column]),
            probability=float(together[column]),
            says=said(float(together[column]), contract.thresholds.get(label)),
            seconds=tuple(float(seconds[frame]) for frame in carrying[:, column]),
            kind=kinds.get(label, OBJECT).kind if kinds is not None else None,
            country=kinds.get(label, OBJECT).country if kinds is not None else None,
        )
        for column in kept
    )
