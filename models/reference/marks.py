"""Marks: a drawn sticker, a ring around three bars, that pictures of the made-up class "marked" bear.

The mark stands for whatever a real classifier of this work would be trained to see. It means nothing. Beside it there
are stickers that look like it and are none.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from models.inputs import RGB

Colour = tuple[int, int, int]
Centre = tuple[float, float]
"""x and y of a sticker's middle, in shares of the picture's width and height."""

SMALLEST, LARGEST = 0.26, 0.46
"""Diameter of a sticker, in shares of the picture's shorter side."""
LEAST_CONTRAST = 90
"""Grey levels at least between the ink and the paper of a sticker."""

_FINE = 2
"""Stickers are drawn this much larger and reduced, which smooths their edges."""


class _Sticker:
    """A disc of paper, to be drawn on in ink. Lengths are shares of its side."""

    def __init__(self, pixels: int, paper: Colour, ink: Colour) -> None:
        self._pixels = pixels
        self._ink = ink
        self.image = Image.new("RGBA", (pixels, pixels), (*paper, 0))
        self._pen = ImageDraw.Draw(self.image)
        self._pen.ellipse((0, 0, pixels - 1, pixels - 1), fill=(*paper, 255))

    def ring(self, radius: float) -> None:
        """Draw a ring about the middle."""
        self._pen.ellipse(self._square(radius), outline=self._ink, width=max(1, round(0.09 * self._pixels)))

    def disc(self, radius: float) -> None:
        """Draw a disc in the middle."""
        self._pen.ellipse(self._square(radius), fill=self._ink)

    def frame(self, half: float) -> None:
        """Draw the edges of a square about the middle."""
        self._pen.rectangle(self._square(half), outline=self._ink, width=max(1, round(0.08 * self._pixels)))

    def bar(self, x: float, y: float, wide: float, high: float) -> None:
        """Draw a bar about (x, y)."""
        corners = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
        self._pen.rectangle([each * self._pixels for each in corners], fill=self._ink)

    def triangle(self) -> None:
        """Draw a triangle in the middle."""
        corners = ((0.5, 0.22), (0.26, 0.66), (0.74, 0.66))
        self._pen.polygon([(x * self._pixels, y * self._pixels) for x, y in corners], fill=self._ink)

    def _square(self, half: float) -> tuple[float, float, float, float]:
        low, high = (0.5 - half) * self._pixels, (0.5 + half) * self._pixels
        return (low, low, high, high)


Inside = Callable[[_Sticker], None]


def draw_mark(pixels: RGB, rng: np.random.Generator) -> RGB:
    """Lay a mark over a picture (H x W x 3), whole and anywhere; size, turn and colours by chance."""
    return place_mark(pixels, rng)[0]


def place_mark(pixels: RGB, rng: np.random.Generator) -> tuple[RGB, Centre]:
    """Lay a mark over a picture, and tell where."""
    return _laid(pixels, rng, _ring, _bars(3))


def draw_lookalike(pixels: RGB, rng: np.random.Generator) -> RGB:
    """Lay a sticker over a picture that resembles a mark in part and is none."""
    kinds: tuple[tuple[Inside, Inside], ...] = (
        (_ring, _nothing), (_ring, _bars(1)), (_ring, _cross), (_ring, _dot), (_ring, _Sticker.triangle),
        (_nothing, _bars(3)), (_nothing, _nothing), (_nothing, _cross), (_frame, _dot), (_frame, _cross),
    )  # fmt: skip
    return _laid(pixels, rng, *kinds[int(rng.integers(len(kinds)))])[0]


def _laid(pixels: RGB, rng: np.random.Generator, *insides: Inside) -> tuple[RGB, Centre]:
    """Stick a drawn disc on a picture, and tell where."""
    height, width = pixels.shape[:2]
    side = max(4, round(min(height, width) * float(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))))
    paper, ink = colours(rng)
    sticker = _Sticker(_FINE * side, paper, ink)
    for inside in insides:
        inside(sticker)
    small = sticker.image.rotate(float(rng.uniform(0, 360)), Image.Resampling.BILINEAR).reduce(_FINE)
    picture = Image.fromarray(pixels)
    place = (int(rng.integers(0, width - side + 1)), int(rng.integers(0, height - side + 1)))
    picture.paste(small, place, small.getchannel("A"))
    return np.asarray(picture, np.uint8), ((place[0] + side / 2) / width, (place[1] + side / 2) / height)


def colours(rng: np.random.Generator) -> tuple[Colour, Colour]:
    """Draw two colours of enough contrast by chance."""
    while True:
        first, second = rng.integers(0, 256, (2, 3))
        if abs(float((first - second) @ (0.299, 0.587, 0.114))) >= LEAST_CONTRAST:
            return (int(first[0]), int(first[1]), int(first[2])), (int(second[0]), int(second[1]), int(second[2]))


def _nothing(_sticker: _Sticker) -> None:
    """Leave the disc as it is."""


def _ring(sticker: _Sticker) -> None:
    sticker.ring(0.45)


def _frame(sticker: _Sticker) -> None:
    sticker.frame(0.34)


def _dot(sticker: _Sticker) -> None:
    sticker.disc(0.17)


def _cross(sticker: _Sticker) -> None:
    sticker.bar(0.5, 0.5, 0.5, 0.1)
    sticker.bar(0.5, 0.5, 0.1, 0.5)


def _bars(number: int) -> Inside:
    def draw(sticker: _Sticker) -> None:
        for place in range(number):
            sticker.bar(0.5, 0.5 + 0.18 * (place - (number - 1) / 2), 0.48, 0.09)

    return draw
