"""Classifiers: a picture in; a probability for each label, and where the picture stands among others."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.contract import Input
from models.session import Session

RGB = NDArray[np.uint8]
Row = NDArray[np.float32]

_REDUCING_GAP = 2.0
"""Pillow first shrinks by whole pixels, to no less than twice the size: a third less time on a large photograph."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the network says of a picture: `probabilities`, one a label, and `embedding`, of unit length."""

    probabilities: Row
    embedding: Row


class Classifier:
    """The classifier in a model folder.

    Raises:
        UnusableModel: the folder does not keep its contract.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._session = Session(folder, threads)

    @property
    def labels(self) -> tuple[str, ...]:
        """One name for each probability, in order."""
        return self._session.contract.labels

    @property
    def provider(self) -> str:
        """The execution provider in use."""
        return self._session.provider

    def prepare(self, rgb: RGB) -> NDArray[np.float32]:
        """Make one input of the network from a picture (H × W × 3, 0–255, any size)."""
        return prepared(rgb, self._session.contract.input)

    def classify(self, batch: Sequence[NDArray[np.float32]]) -> list[Answer]:
        """Classify prepared pictures, one answer each, in order. Embeddings are made unit length here."""
        if not len(batch):
            return []
        outputs = self._session.contract.outputs
        answers = self._session.run(np.stack(batch))
        rows = zip(answers[outputs.probabilities], answers[outputs.embedding], strict=True)
        return [Answer(probabilities, unit(embedding)) for probabilities, embedding in rows]


def prepared(rgb: RGB, told: Input) -> NDArray[np.float32]:
    """Resize a picture (H × W × 3, 0–255) and normalise it as the contract tells."""
    small = Image.fromarray(rgb).resize(
        (told.width, told.height),
        Image.Resampling.BILINEAR,
        box=_taken(rgb, told),
        reducing_gap=_REDUCING_GAP,
    )
    pixels = np.asarray(small, np.float32)
    if told.colour == "BGR":
        pixels = pixels[..., ::-1]
    mean, std = (np.array(each, np.float32) for each in (told.mean, told.std))
    normal = (pixels - mean) / std
    return np.ascontiguousarray(normal.transpose(2, 0, 1) if told.layout == "NCHW" else normal)


def _taken(rgb: RGB, told: Input) -> tuple[float, float, float, float]:
    """Tell what is resized: all of the picture, or the largest middle part of the input's proportions."""
    height, width = rgb.shape[:2]
    if told.resize == "stretch":
        return (0, 0, width, height)
    scale = min(width / told.width, height / told.height)
    aside, above = (width - told.width * scale) / 2, (height - told.height * scale) / 2
    return (max(0.0, aside), max(0.0, above), min(width, width - aside), min(height, height - above))


def unit(vector: Row) -> Row:
    """Make a vector of length 1; one of zeros stays as it is."""
    length = np.linalg.norm(vector)
    return (vector / length if length > 0 else vector).astype(np.float32)
