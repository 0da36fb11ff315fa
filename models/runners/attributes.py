"""Attributes: how a face looks, by each head of a network, from its box and a margin around it."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.model import Attribute, Face
from models.contract import AttributesContract
from models.inputs import RGB


def cut(rgb: RGB, face: Face, margin: float) -> RGB:
    """Cut a face out of its frame (H x W x 3): a square around its box, `margin` of the longer side added on each side.

    Beyond the frame its edge goes on. What is given is yet to be fitted to the input.
    """
    height, width = rgb.shape[:2]
    left, right, top, bottom = face.left * width, face.right * width, face.top * height, face.bottom * height
    side = max(1, round(max(right - left, bottom - top) * (1 + 2 * margin)))
    rows, columns = (
        np.clip(round((low + high - side) / 2) + np.arange(side), 0, most - 1)
        for low, high, most in ((top, bottom, height), (left, right, width))
    )
    return rgb[np.ix_(rows, columns)]


def attributes(
    outputs: Mapping[str, NDArray[np.float32]], faces: Sequence[int], contract: AttributesContract
) -> tuple[Attribute, ...]:
    """Read the network's `outputs` on the faces of these ordinals: of each face and attribute the best label."""
    return tuple(
        Attribute(face, name, head.labels[best], float(min(1.0, max(0.0, scores[best]))))
        for name, head in contract.outputs.items()
        for face, scores in zip(faces, outputs[head.scores], strict=True)
        for best in [int(np.argmax(scores))]
    )
