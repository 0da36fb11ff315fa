"""Scenery: small drawn pictures to train the stand-in classifier on, with a mark or without, and what befalls pictures.

Every picture is drawn from chance alone; the same generator gives the same picture.
"""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from models.inputs import RGB
from models.reference.marks import Centre, draw_lookalike, place_mark

_SHORT, _LONG = 180, 400
"""Least and greatest side of a drawn picture, in pixels."""


def draw_example(rng: np.random.Generator, *, marked: bool) -> tuple[RGB, Centre | None]:
    """Draw a picture (H x W x 3), and do to it what is done to pictures that are passed on; tell where its mark is."""
    pixels = draw_scenery(rng)
    for _ in range(int(rng.integers(0, 3))):
        pixels = draw_lookalike(pixels, rng)
    centre = None
    if marked:
        pixels, centre = place_mark(pixels, rng)
    return worn(pixels, rng), centre


def draw_scenery(rng: np.random.Generator) -> RGB:
    """Draw a picture of some size: a shaded ground, and shapes, stripes or tiles on it."""
    width, height = (int(side) for side in rng.integers(_SHORT, _LONG, 2))
    picture = _ground(rng, width, height)
    pen = ImageDraw.Draw(picture)
    for kind in rng.choice(len(_KINDS), int(rng.integers(1, 4))):
        _KINDS[int(kind)](pen, rng, width, height)
    grain = rng.normal(0, rng.uniform(0, 8), (height, width, 1))
    return np.clip(np.asarray(picture, np.float32) + grain, 0, 255).astype(np.uint8)


def worn(pixels: RGB, rng: np.random.Generator) -> RGB:
    """Make a picture brighter or darker, smaller, softer, and compress it, each by chance."""
    picture = Image.fromarray(pixels)
    if rng.random() < 0.5:
        gain, shift = rng.uniform(0.45, 1.5), rng.uniform(-30, 30)
        picture = picture.point(lambda value: value * gain + shift)
    if rng.random() < 0.4:
        share = rng.uniform(0.55, 1.0)
        width, height = picture.size
        picture = picture.resize((round(width * share), round(height * share)), Image.Resampling.BILINEAR)
    if rng.random() < 0.2:
        picture = picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1.0))))
    if rng.random() < 0.7:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=int(rng.integers(20, 96)))
        picture = Image.open(file)
    return np.asarray(picture.convert("RGB"), np.uint8)


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in rng.integers(0, 256, 3))
    return red, green, blue


def _ground(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Shade a picture softly between a few colours."""
    few = rng.integers(0, 256, (int(rng.integers(1, 6)), int(rng.integers(1, 6)), 3)).astype(np.uint8)
    return Image.fromarray(few).resize((width, height), Image.Resampling.BICUBIC)


def _ellipses(pen: ImageDraw.ImageDraw, rng: np.random.Generator, width: int, height: int) -> None:
    """Draw discs and rings of any size, some within one another."""
    for _ in range(int(rng.integers(2, 12))):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        across = rng.uniform(0.03, 0.35) * min(width, height)
        tall = across * (rng.uniform(0.4, 1.6) if rng.random() < 0.5 else 1)
        for share in np.linspace(1, 0.2, int(rng.integers(1, 6))):
            corners = (x - across * share, y - tall * share, x + across * share, y + tall * share)
            if rng.random() < 0.3:
                pen.ellipse(corners, outline=_colour(rng), width=max(1, round(0.15 * across)))
            else:
                pen.ellipse(corners, fill=_colour(rng))


def _rectangles(pen: ImageDraw.ImageDraw, rng: np.random.Generator, width: int, height: int) -> None:
    """Draw upright rectangles, some with rows of windows."""
    for _ in range(int(rng.integers(2, 10))):
        left, top = rng.uniform(-0.1, 0.9) * width, rng.uniform(-0.1, 0.9) * height
        right, bottom = left + rng.uniform(0.05, 0.5) * width, top + rng.uniform(0.05, 0.6) * height
        pen.rectangle((left, top, right, bottom), fill=_colour(rng))
        if rng.random() < 0.5:
            step, light = rng.uniform(5, 24), _colour(rng)
            for y in np.arange(top + step / 2, bottom - step / 2, step):
                for x in np.arange(left + step / 2, right - step / 2, step):
                    pen.rectangle((x, y, x + step * 0.5, y + step * 0.55), fill=light)


def _polygons(pen: ImageDraw.ImageDraw, rng: np.random.Generator, width: int, height: int) -> None:
    """Draw triangles and other polygons."""
    for _ in range(int(rng.integers(2, 10))):
        middle = rng.uniform(0, 1, 2)
        corners = middle + rng.normal(0, rng.uniform(0.03, 0.25), (int(rng.integers(3, 7)), 2))
        pen.polygon([(float(x) * width, float(y) * height) for x, y in corners], fill=_colour(rng))


def _lines(pen: ImageDraw.ImageDraw, rng: np.random.Generator, width: int, height: int) -> None:
    """Draw bundles of parallel lines, and lines alone."""
    for _ in range(int(rng.integers(1, 6))):
        start, turn = rng.uniform(0, 1, 2) * (width, height), rng.uniform(0, np.pi)
        along, aside = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
        long, gap, thick = rng.uniform(10, width), rng.uniform(4, 30), max(1, round(rng.uniform(1, 10)))
        for place in range(int(rng.integers(1, 9))):
            first = start + aside * gap * place
            last = first + along * long
            pen.line([(float(first[0]), float(first[1])), (float(last[0]), float(last[1]))], _colour(rng), thick)


def _tiles(pen: ImageDraw.ImageDraw, rng: np.random.Generator, width: int, height: int) -> None:
    """Draw a grid of tiles, of quarter discs or plain."""
    step, tones, round_ones = rng.uniform(12, 70), [_colour(rng) for _ in range(4)], rng.random() < 0.5
    for y in np.arange(0, height, step):
        for x in np.arange(0, width, step):
            pen.rectangle((x, y, x + step, y + step), fill=tones[int(rng.integers(4))])
            if round_ones:
                corner_x, corner_y = x + step * rng.integers(0, 2), y + step * rng.integers(0, 2)
                for share in (1.0, 0.66, 0.33):
                    reach = (corner_x - step * share, corner_y - step * share, corner_x + step * share,
                             corner_y + step * share)  # fmt: skip
                    pen.pieslice(reach, *_quarter(x, y, corner_x, corner_y), fill=tones[int(rng.integers(4))])


def _quarter(x: float, y: float, corner_x: float, corner_y: float) -> tuple[int, int]:
    """Give the angles of the quarter disc about a corner that lies in the tile at (x, y)."""
    start = {(False, False): 0, (True, False): 90, (True, True): 180, (False, True): 270}[corner_x > x, corner_y > y]
    return start, start + 90


def _waves(pen: ImageDraw.ImageDraw, rng: np.random.Generator, width: int, height: int) -> None:
    """Draw bands of waves over one another, as hills or a sea."""
    x = np.linspace(-2, width + 2, 40)
    level = rng.uniform(0.1, 0.7) * height
    while level < height:
        crest = level + rng.uniform(2, 30) * np.sin(x / rng.uniform(12, 90) + rng.uniform(0, 6.3))
        edge = [(float(a), float(b)) for a, b in zip(x, crest, strict=True)]
        pen.polygon([*edge, (width + 2, height + 2), (-2, height + 2)], fill=_colour(rng))
        level += rng.uniform(0.06, 0.3) * height


_KINDS = (_ellipses, _ellipses, _rectangles, _polygons, _lines, _tiles, _waves)
