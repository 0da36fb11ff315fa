"""Embedders: vectors of unit length, near each other where pictures are alike."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.contract import FaceEmbedderContract
from models.inputs import RGB
from models.runners.detector import Found, Points

Vectors = NDArray[np.float32]
"""[N, width]."""


def unit(vectors: Vectors) -> Vectors:
    """Make vectors of length 1 along the last axis; those of zeros stay as they are."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    made: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return made


def scene(vectors: Vectors) -> bytes:
    """Give the vector of a file from those of its frames: their mean direction, as float16."""
    return unit(unit(vectors).mean(axis=0)).astype("<f2").tobytes()


def embeddable(found: Found, size: tuple[int, int], contract: FaceEmbedderContract) -> bool:
    """Tell whether a face in a frame of `size` (height, width) has landmarks, and pixels enough, to be embedded."""
    face, (height, width) = found.face, size
    side = min((face.right - face.left) * width, (face.bottom - face.top) * height)
    return found.landmarks is not None and side >= contract.least_pixels


def aligned(rgb: RGB, landmarks: Points, contract: FaceEmbedderContract) -> RGB:
    """Cut a face out of a picture, upright: its landmarks (shares of the picture) as near to `align` as can be.

    Gives height x width x 3 of the contract's input; black where the picture does not reach.
    """
    height, width = rgb.shape[:2]
    template = np.array(contract.align, np.float64)
    marks = landmarks[: len(template)].astype(np.float64) * (width, height)
    told = contract.input
    return warped(rgb, *similarity(template, marks), (told.width, told.height))


def similarity(points: NDArray[np.float64], onto: NDArray[np.float64]) -> tuple[complex, complex]:
    """Find how points (n x 2) are turned, scaled and moved so that they lie nearest to `onto`, by least squares.

    With a point as the complex number x + iy, the result (a, b) takes z to a z + b: Umeyama, "Least-squares
    estimation of transformation parameters between two point patterns" (1991), in the plane and without reflection.
    Points that all coincide are only moved.
    """
    z, w = (each @ np.array([1, 1j]) for each in (points, onto))
    around, target = z - z.mean(), w - w.mean()
    spread = np.vdot(around, around).real
    turn = complex(np.vdot(around, target) / spread) if spread > 0 else 1 + 0j
    return turn, complex(w.mean() - turn * z.mean())


def warped(rgb: RGB, turn: complex, shift: complex, size: tuple[int, int]) -> RGB:
    """Draw a picture of `size` (width, height) whose point z is the point `turn` z + `shift` of `rgb`.

    Where it is made much smaller, whole pixels are averaged before, so that no detail is missed between samples.
    """
    step = max(1, int(abs(turn)))
    source = Image.fromarray(rgb)
    if step > 1:
        corners = turn * np.array([0, size[0], 1j * size[1], size[0] + 1j * size[1]]) + shift
        left, right = _covering(corners.real, rgb.shape[1])
        top, bottom = _covering(corners.imag, rgb.shape[0])
        source = source.reduce(step, (left, top, right, bottom))
        turn, shift = turn / step, (shift - complex(left, top)) / step
    affine = (turn.real, -turn.imag, shift.real, turn.imag, turn.real, shift.imag)
    return np.asarray(source.transform(size, Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR), np.uint8)


def _covering(places: NDArray[np.float64], end: int) -> tuple[int, int]:
    """Give the pixels from and to which an axis of length `end` covers `places`; one at least."""
    first = min(max(0, int(np.floor(places.min()))), end - 1)
    return first, max(first + 1, min(int(np.ceil(places.max())) + 1, end))


def rows(vectors: Vectors) -> Sequence[bytes]:
    """Give vectors of unit length, one by one, as float16."""
    return [vector.astype("<f2").tobytes() for vector in unit(vectors)]
