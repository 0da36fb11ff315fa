"""Detectors: from a network's candidates to the faces of a picture, and how well each can be seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from domain.model import Face
from models.contract import DetectorContract
from models.inputs import RGB, Input

Boxes = NDArray[np.float32]
"""[K, 4]: left, top, right, bottom."""
Points = NDArray[np.float32]
"""[5, 2]: x and y of the eyes, the nose and the corners of the mouth."""

FULL_SIZE = 112
"""Pixels a side from which on a face's size is no reason to see it worse: what embedders of faces commonly take."""
_CHIP = 48
SHARP = 0.13
"""Sharpness of a sharp face: 95 of 100 adult portraits had more (models/cards/centerface.md)."""
BLURRED = 0.02
"""Sharpness below which a face is blurred: portraits had less when softened by a twentieth of the face's side."""

Seen = Sequence[tuple[float, RGB]]
"""Frames of a file with their seconds; a picture is one, at 0."""


@dataclass(frozen=True, slots=True)
class Found:
    """A face, where it was found among the frames, and its landmarks.

    Attributes:
        frame: index of the frame.
        landmarks: in shares of the frame's width and height, as in the contract; None if the network has none.
    """

    face: Face
    frame: int
    landmarks: Points | None


def faces(outputs: Mapping[str, NDArray[np.float32]], seen: Seen, contract: DetectorContract) -> list[Found]:
    """Read the network's `outputs` on all frames of a file: the faces, frame by frame, the surest first.

    `seen` are the frames as decoded, before they were fitted to the input: size and sharpness are measured there.
    """
    told = contract.outputs
    found: list[Found] = []
    for frame, (seconds, rgb) in enumerate(seen):
        places, scores = outputs[told.boxes][frame], outputs[told.scores][frame]
        likely = np.flatnonzero(scores >= contract.threshold)
        best = likely[apart(places[likely], scores[likely], contract.overlap)]
        size = rgb.shape[0], rgb.shape[1]
        boxes = np.clip(shares(places[best].reshape(-1, 2, 2), size, contract.input), 0, 1).reshape(-1, 4)
        marks = shares(outputs[told.landmarks][frame][best], size, contract.input) if told.landmarks else None
        found += [
            Found(_face(rgb, box, float(scores[index]), seconds), frame, None if marks is None else marks[place])
            for place, (index, box) in enumerate(zip(best, boxes, strict=True))
            if box[0] < box[2] and box[1] < box[3]
        ]
    return found


def apart(boxes: Boxes, scores: NDArray[np.float32], overlap: float) -> NDArray[np.intp]:
    """Choose boxes, the best first, none of which overlaps a better chosen one by more than `overlap`.

    The overlap of two boxes is the area in common over the area covered. Gives the indices of the chosen.
    """
    order = np.argsort(-scores, kind="stable")
    chosen: list[int] = []
    while len(order):
        best, rest = order[0], order[1:]
        chosen.append(int(best))
        order = rest[_overlaps(boxes[best], boxes[rest]) <= overlap]
    return np.array(chosen, np.intp)


def _overlaps(box: NDArray[np.float32], boxes: Boxes) -> NDArray[np.float32]:
    """Tell how much each of `boxes` overlaps `box`, 0-1."""
    inner = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    common = np.clip(inner, 0, None).prod(axis=1)
    covered = (box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) - common
    overlaps: NDArray[np.float32] = np.divide(common, covered, out=np.zeros_like(common), where=covered > 0)
    return overlaps


def shares(points: NDArray[np.float32], size: tuple[int, int], told: Input) -> NDArray[np.float32]:
    """Turn points (..., 2: x, y) from pixels of the input to shares of the picture of `size` (height, width)."""
    height, width = size
    across, down = width / told.width, height / told.height
    if told.resize != "stretch":
        across = down = max(across, down) if told.resize == "letterbox" else min(across, down)
    aside, above = 0.0, 0.0
    if told.resize == "crop":
        aside, above = (width - told.width * across) / 2, (height - told.height * down) / 2
    placed = points * np.array([across, down], np.float32) + np.array([aside, above], np.float32)
    return (placed / np.array([width, height], np.float32)).astype(np.float32)


def _face(rgb: RGB, box: NDArray[np.float32], confidence: float, seconds: float) -> Face:
    left, top, right, bottom = (float(side) for side in box)
    height, width = rgb.shape[:2]
    corners = (left * width, top * height, right * width, bottom * height)
    seen = sharpness(rgb, corners)
    side = float(np.sqrt((corners[2] - corners[0]) * (corners[3] - corners[1])))
    return Face(
        seconds=seconds, left=left, top=top, right=right, bottom=bottom, confidence=min(1.0, confidence),
        quality=quality(side, seen, confidence), blurred=seen < BLURRED,
    )  # fmt: skip


def quality(side: float, sharp: float, confidence: float) -> int:
    """Grade how well a face can be seen, 0-100: the geometric mean of size, sharpness and confidence.

    `side` in pixels counts up to `FULL_SIZE`, `sharp` up to `SHARP`, `confidence` up to 1.
    """
    size, clear = min(1.0, side / FULL_SIZE), min(1.0, sharp / SHARP)
    return round(100 * float(np.cbrt(size * clear * min(1.0, confidence))))


def sharpness(rgb: RGB, box: tuple[float, float, float, float]) -> float:
    """Measure how sharp a part of a picture (left, top, right, bottom in pixels) is, by a measure that light leaves.

    The variance of the Laplacian (Pech-Pacheco and others, "Diatom autofocusing in brightfield microscopy", 2000)
    over the variance of the grey levels, on the part made 48 pixels a side. A part of fewer pixels is therefore soft.
    """
    left, top = int(box[0]), int(box[1])
    part = Image.fromarray(rgb[top : int(np.ceil(box[3])), left : int(np.ceil(box[2]))]).convert("L")
    inside = (box[0] - left, box[1] - top, box[2] - left, box[3] - top)
    chip = part.resize((_CHIP, _CHIP), Image.Resampling.BILINEAR, box=inside, reducing_gap=2.0)
    grey = np.asarray(chip, np.float32)
    middle = grey[1:-1, 1:-1]
    edges = 4 * middle - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    return float(edges.var() / (grey.var() + 1))
