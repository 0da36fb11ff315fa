"""Canvas: the few brushes that every drawn scene and figure is painted with.

Lengths are in canvas heights: y runs from 0 (top) to 1, x from 0 to `wide`, so discs are round in every format.
"""

import colorsys
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]

_FINE = 2
"""Pictures are painted this much larger and reduced, which smooths their edges."""


def colour(hue: float, saturation: float, value: float) -> Colour:
    """Mix a colour; hue in turns (any number), saturation and value 0-1 (clipped)."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, min(1, max(0, saturation)), min(1, max(0, value)))
    return round(red * 255), round(green * 255), round(blue * 255)


def blend(first: Colour, second: Colour, share: float) -> Colour:
    """Mix two colours; `share` 0-1 is how much of the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def clouds(rng: np.random.Generator, columns: int, rows: int) -> NDArray[np.float32]:
    """Draw soft noise, `rows` × `columns`, mean about 0, deviation about 1: three octaves of random grids."""
    total = np.zeros((rows, columns), np.float32)
    for octave, weight in ((3, 1.0), (6, 0.7), (12, 0.45)):
        grid = Image.fromarray(rng.normal(size=(octave + 1, octave + 2)).astype(np.float32))
        total += weight * np.asarray(grid.resize((columns, rows), Image.Resampling.BICUBIC))
    return total


class Canvas:
    """A picture being painted."""

    def __init__(self, size: tuple[int, int], rng: np.random.Generator) -> None:
        self.size = size
        self.rng = rng
        self.wide = size[0] / size[1]
        self._unit = size[1] * _FINE
        self._image = Image.new("RGB", (size[0] * _FINE, size[1] * _FINE))
        self._draw = ImageDraw.Draw(self._image)

    def _pixels(self, points: Iterable[Point]) -> list[Point]:
        return [(x * self._unit, y * self._unit) for x, y in points]

    def shade(self, top: Colour, bottom: Colour, start: float = 0.0, end: float = 1.0) -> None:
        """Fill the band from height `start` to `end` with a vertical gradient."""
        strip = Image.new("RGB", (1, 2))
        strip.putpixel((0, 0), top)
        strip.putpixel((0, 1), bottom)
        first, last = round(start * self._unit), round(end * self._unit)
        ramp = strip.resize((1, max(1, last - first)), Image.Resampling.BILINEAR)
        self._image.paste(ramp.resize((self._image.width, ramp.height), Image.Resampling.NEAREST), (0, first))

    def overcast(self, tone: Colour, end: float, cover: float = 0.4) -> None:
        """Lay soft clouds of colour `tone` over the sky down to height `end`; `cover` 0-1."""
        noise = np.clip(clouds(self.rng, 96, 48) * 90 + 255 * (cover - 0.5), 0, 220).astype(np.uint8)
        height = max(1, round(end * self._unit))
        veil = Image.fromarray(noise).resize((self._image.width, height), Image.Resampling.BILINEAR)
        self._image.paste(Image.new("RGB", veil.size, tone), (0, 0), veil)

    def polygon(self, points: Iterable[Point], fill: Colour) -> None:
        """Fill a polygon."""
        self._draw.polygon(self._pixels(points), fill=fill)

    def box(self, left: float, top: float, right: float, bottom: float, fill: Colour, corner: float = 0.0) -> None:
        """Fill an upright rectangle; `corner` is the radius of its corners."""
        corners = self._pixels([(min(left, right), min(top, bottom)), (max(left, right), max(top, bottom))])
        self._draw.rounded_rectangle(corners, corner * self._unit, fill=fill)

    def disc(self, x: float, y: float, across: float, fill: Colour, tall: float | None = None) -> None:
        """Fill a disc of radius `across`, or an ellipse that is `tall` high (half axis)."""
        high = across if tall is None else tall
        self._draw.ellipse(self._pixels([(x - across, y - high), (x + across, y + high)]), fill=fill)

    def slice(self, x: float, y: float, radius: float, angles: tuple[float, float], fill: Colour) -> None:
        """Fill a piece of a pie, from and to `angles` in degrees, clockwise from the right."""
        corners = self._pixels([(x - radius, y - radius), (x + radius, y + radius)])
        self._draw.pieslice(corners, *angles, fill=fill)

    def stroke(self, points: Iterable[Point], thick: float, fill: Colour) -> None:
        """Draw a line through `points`."""
        self._draw.line(self._pixels(points), fill=fill, width=max(1, round(thick * self._unit)), joint="curve")

    def finish(self, light: float = 26.0, grain: float = 4.5) -> Image.Image:
        """Give the picture, unevenly lit and slightly grained as photographs are (deviations in grey levels)."""
        picture = self._image.reduce(_FINE)
        uneven = np.clip(128 + clouds(self.rng, 80, 60) * light * 0.7, 0, 255).astype(np.uint8)
        lamp = Image.fromarray(uneven).resize(self.size, Image.Resampling.BILINEAR)
        half = (self.size[1] // 2, self.size[0] // 2)
        speckle = np.clip(self.rng.normal(128, grain, half), 0, 255).astype(np.uint8)
        dust = Image.fromarray(speckle).resize(self.size, Image.Resampling.BILINEAR)
        veil = ImageChops.add(lamp, dust, 1.0, -128)
        return ImageChops.overlay(picture, Image.merge("RGB", (veil, veil, veil)))
