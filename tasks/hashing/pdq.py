"""PDQ: a picture to its hash in eight orientations, exactly as published or folded.

Source: "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm" (Facebook, 2019), section 5.
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.media import Algorithm, Fingerprint, Mode
from tasks.hashing.bits import exact_quality, exact_terms, hashes, packed
from tasks.hashing.doubts import FAINT, MOST, error_of
from tasks.hashing.exact import exact_luma, exact_small
from tasks.hashing.folding import folded
from tasks.hashing.tents import tents
from tasks.media import RGB, Picture


@dataclass(frozen=True, slots=True)
class _Turn:
    """An orientation: by which reversals of its axes, and then whether by a transposition, it comes about."""

    name: str
    rows: int
    columns: int
    transposed: bool

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        turned = picture[:: -1 if self.rows else 1, :: -1 if self.columns else 1]
        return turned.swapaxes(0, 1) if self.transposed else turned


_TURNS = (
    _Turn("upright", 0, 0, transposed=False),
    _Turn("rotated_90", 0, 1, transposed=True),
    _Turn("rotated_180", 1, 1, transposed=False),
    _Turn("rotated_270", 1, 0, transposed=True),
    _Turn("mirrored", 0, 1, transposed=False),
    _Turn("flipped", 1, 0, transposed=False),
    _Turn("transposed", 0, 0, transposed=True),
    _Turn("transverse", 1, 1, transposed=True),
)
ORIENTATIONS = tuple(turn.name for turn in _TURNS)
"""The dihedral group, rotations counter-clockwise, in the order of `domain.media.Fingerprint.bits`."""

_CORNERS = np.arange(4, dtype=np.uint8).reshape(2, 2)
_NUMBERS = {turn(_CORNERS).tobytes(): number for number, turn in enumerate(_TURNS)}
_AFTER = [tuple(_NUMBERS[turn(first(_CORNERS)).tobytes()] for turn in _TURNS) for first in _TURNS]
"""Which orientation two after one another are: the first picks the row."""

_OF_EXIF = dict(zip(range(1, 9), (0, 4, 2, 5, 6, 3, 7, 1), strict=True))
"""Which orientation of the stored picture stands upright, by its EXIF orientation."""

LEAST_SIDE = 5
"""Smaller pictures have a hash of zeros and no quality, as in the published program."""


def pdq(rgb: RGB, seconds: float = 0.0) -> Fingerprint:
    """Compute the PDQ hash of colours (H × W × 3) at full size in all eight orientations."""
    return hashed(Picture(rgb, *rgb.shape[:2]), seconds)


def hashed(picture: Picture, seconds: float = 0.0, mode: Mode = Mode.MATCH, *, turned: bool = True) -> Fingerprint:
    """Hash a decoded picture, upright, in all eight orientations or, unless `turned`, in the upright one alone.

    Where its luma plane is not enough, its colours at full size are hashed.

    Raises:
        Unreadable: it has no colours after all.
    """
    upright = _OF_EXIF.get(picture.orientation, 0)
    wanted = _AFTER[upright] if turned else (upright,)
    if min(picture.height, picture.width) < LEAST_SIDE:
        return Fingerprint(bytes(32 * len(wanted)), 0, seconds, mode=mode)
    give = _exactly if mode is Mode.EXACT else _folding
    bits, grade, doubtful = give(picture, wanted)
    if picture.colours and (grade < FAINT or doubtful > MOST):
        bits, grade, _ = give(picture.colours(), wanted)
    return Fingerprint(bits.tobytes(), grade, seconds, Algorithm.PDQ, mode)


def _folding(picture: Picture, wanted: tuple[int, ...]) -> tuple[NDArray[np.uint8], int, int]:
    """Give a hash for each number of an orientation, and of the first its quality and its doubtful bits."""
    chosen, turns = _chosen(wanted)
    rows, columns = tents(picture.height, picture.scale, turns), tents(picture.width, picture.scale, turns)
    error = error_of(picture.pixels) if picture.colours else 0.0
    return hashes(folded(picture.pixels, rows, columns), chosen, picture.gain, error)


@functools.cache
def _chosen(wanted: tuple[int, ...]) -> tuple[NDArray[np.int64], int]:
    """Give the reversals and transpositions of each number, and how many turns of an axis they need."""
    chosen = np.array(
        [(turn.rows, turn.columns, turn.transposed) for turn in map(_TURNS.__getitem__, wanted)], np.int64
    )
    return chosen, int(chosen[:, :2].max()) + 1


def _exactly(picture: Picture, wanted: tuple[int, ...]) -> tuple[NDArray[np.uint8], int, int]:
    """As `_folding`, each orientation from pixels that are turned first, at full size."""
    smalls = [exact_small(exact_luma(np.ascontiguousarray(_TURNS[number](picture.pixels)))) for number in wanted]
    return packed(np.stack([exact_terms(small) for small in smalls])), exact_quality(smalls[0]), 0
