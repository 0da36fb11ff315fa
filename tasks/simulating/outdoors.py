"""Outdoors: drawn hills, skylines, seas, roads, villages and meadows, without a person in them."""

import numpy as np

from tasks.simulating.canvas import Canvas, Colour, Point, blend, colour
from tasks.simulating.chance import happens, one_of


def _sky(canvas: Canvas, horizon: float) -> tuple[Colour, Colour]:
    """Paint a sky of some hour with a sun or a moon, and give its colours: above, and at the horizon."""
    rng = canvas.rng
    hours = (
        (colour(0.58 + rng.normal(0, 0.02), 0.65, 0.85), colour(0.55, 0.2, 0.97)),
        (colour(0.68, 0.6, 0.35), colour(0.05 + rng.uniform(0, 0.06), 0.65, 0.95)),
        (colour(0.62, 0.75, 0.16), colour(0.6, 0.5, 0.38)),
        (colour(0.57, 0.15, 0.62), colour(0.1, 0.08, 0.85)),
    )
    above, low = one_of(rng, hours)
    canvas.shade(above, low, 0, horizon + 0.25)
    if happens(rng, 0.6):
        canvas.disc(
            rng.uniform(0, canvas.wide), rng.uniform(0.05, horizon), rng.uniform(0.03, 0.1), colour(0.13, 0.25, 1)
        )
    canvas.overcast(blend(low, (255, 255, 255), 0.6), horizon, rng.uniform(0.2, 0.75))
    return above, low


def _ridge(canvas: Canvas, level: float, rough: float) -> list[Point]:
    """Give a skyline of hills about height `level`; `rough` is how far it goes up and down."""
    rng = canvas.rng
    x = np.linspace(-0.02, canvas.wide + 0.02, 90)
    y = np.full_like(x, level)
    for wave in (1.3, 2.9, 6.1, 13.0):
        y += rough / wave * 1.3 * np.sin(x * wave * rng.uniform(1.2, 2.4) + rng.uniform(0, 6.3)) * rng.uniform(0.4, 1)
    return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]


def _ground(canvas: Canvas, ridge: list[Point], fill: Colour) -> None:
    canvas.polygon([*ridge, (canvas.wide + 0.02, 1.01), (-0.02, 1.01)], fill)


def _tree(canvas: Canvas, x: float, y: float, high: float, leaves: Colour) -> None:
    """Plant a fir or a round tree of height `high` with its foot at (x, y)."""
    rng = canvas.rng
    canvas.box(x - high * 0.04, y - high * 0.35, x + high * 0.04, y, colour(0.07, 0.5, 0.28))
    if happens(rng, 0.5):
        for step in range(4):
            foot, half = y - high * (0.18 + 0.2 * step), high * (0.27 - 0.055 * step)
            crown = [(x - half, foot), (x + half, foot), (x, foot - high * 0.36)]
            canvas.polygon(crown, blend(leaves, (10, 30, 20), 0.35 - 0.1 * step))
        return
    for _ in range(7):
        dx, dy = rng.normal(0, high * 0.13, 2)
        canvas.disc(
            x + dx,
            y - high * 0.68 + dy,
            high * rng.uniform(0.12, 0.22),
            blend(leaves, (20, 30, 10), rng.uniform(0, 0.4)),
        )


def hills(canvas: Canvas) -> None:
    """Paint rows of hills, the near ones with fields or trees."""
    rng, horizon = canvas.rng, canvas.rng.uniform(0.3, 0.6)
    _, haze = _sky(canvas, horizon)
    near = colour(rng.uniform(0.08, 0.45), rng.uniform(0.35, 0.7), rng.uniform(0.3, 0.6))
    layers = int(rng.integers(3, 6))
    for layer in range(layers):
        depth = (layer + 1) / layers
        level = horizon + (0.92 - horizon) * (layer / layers) ** 1.2
        ridge = _ridge(canvas, level, rng.uniform(0.05, 0.16))
        _ground(canvas, ridge, blend(haze, near, depth))
        for _ in range(int(rng.integers(0, 9))):
            x, y = one_of(rng, ridge)
            _tree(
                canvas,
                x,
                y + 0.03,
                rng.uniform(0.06, 0.3) * depth,
                colour(rng.uniform(0.2, 0.42), 0.6, 0.2 + 0.35 * depth),
            )


def skyline(canvas: Canvas) -> None:
    """Paint three rows of towers with lit windows."""
    rng, horizon = canvas.rng, canvas.rng.uniform(0.62, 0.92)
    above, low = _sky(canvas, horizon)
    canvas.shade(blend(low, (40, 40, 50), 0.5), blend(above, (15, 15, 25), 0.7), horizon, 1)
    glow, paint = colour(rng.uniform(0.08, 0.16), 0.55, 1), colour(rng.uniform(0, 1), 0.25, 0.25)
    for row in range(3):
        x = -rng.uniform(0, 0.1)
        fill = blend(low, paint, 0.3 + 0.32 * row)
        while x < canvas.wide:
            broad, top = rng.uniform(0.06, 0.22), horizon - rng.uniform(0.08, 0.62 - 0.14 * row)
            canvas.box(x, top, x + broad, horizon, blend(fill, (255, 255, 255), rng.uniform(0, 0.12)))
            if happens(rng, 0.3):
                canvas.polygon([(x, top), (x + broad / 2, top - rng.uniform(0.03, 0.14)), (x + broad, top)], fill)
            if row:
                _windows(canvas, (x, top, x + broad, horizon), glow)
            x += broad + rng.uniform(0, 0.05)
    for _ in range(int(rng.integers(10, 40))):
        x, y = rng.uniform(0, canvas.wide), rng.uniform(horizon + 0.01, 1)
        canvas.stroke([(x, y), (x + rng.uniform(0.04, 0.2), y)], 0.006, blend(glow, low, rng.uniform(0.2, 0.9)))


def _windows(canvas: Canvas, wall: tuple[float, float, float, float], glow: Colour) -> None:
    left, top, right, foot = wall
    step = canvas.rng.uniform(0.026, 0.045)
    for x in np.arange(left + step / 2, right - step / 2, step):
        for y in np.arange(top + step / 2, foot - step, step * 1.3):
            if happens(canvas.rng, 0.5):
                canvas.box(x, y, x + step * 0.5, y + step * 0.7, blend(glow, (40, 40, 60), canvas.rng.uniform(0, 0.7)))


def sea(canvas: Canvas) -> None:
    """Paint a sea with islands, sails and sometimes a lighthouse."""
    rng, horizon = canvas.rng, canvas.rng.uniform(0.28, 0.66)
    above, low = _sky(canvas, horizon)
    deep = colour(rng.uniform(0.45, 0.64), 0.7, rng.uniform(0.25, 0.6))
    for _ in range(int(rng.integers(0, 4))):
        x, half = rng.uniform(0, canvas.wide), rng.uniform(0.1, 0.45)
        isle = [
            (x + half * t, horizon + 0.02 - half * 0.5 * (1 - t * t) * rng.uniform(0.7, 1))
            for t in np.linspace(-1, 1, 15)
        ]
        canvas.polygon(isle, blend(low, colour(0.3, 0.4, 0.3), rng.uniform(0.3, 0.9)))
    canvas.shade(blend(deep, low, 0.45), deep, horizon, 1)
    for _ in range(140):
        y = horizon + (1 - horizon) * rng.uniform(0, 1) ** 1.3
        x, near = rng.uniform(-0.1, canvas.wide), (y - horizon) / (1 - horizon)
        long = 0.02 + 0.22 * near * rng.random()
        crest = [(x, y), (x + long / 2, y - 0.012 * near), (x + long, y)]
        canvas.stroke(
            crest, 0.003 + 0.006 * near, blend(deep, one_of(rng, (low, above, (255, 255, 255))), rng.uniform(0.2, 0.6))
        )
    for _ in range(int(rng.integers(1, 5))):
        _sail(canvas, rng.uniform(0.05, canvas.wide), horizon + (1 - horizon) * rng.uniform(0.02, 0.6), horizon)
    if happens(rng, 0.4):
        _lighthouse(canvas, rng.uniform(0.1, canvas.wide - 0.1), rng.uniform(0.72, 1.0))


def _sail(canvas: Canvas, x: float, y: float, horizon: float) -> None:
    rng, size = canvas.rng, 0.05 + 0.5 * (y - horizon)
    hull, cloth = colour(rng.random(), 0.6, 0.4), colour(rng.random(), rng.uniform(0, 0.6), 0.95)
    canvas.polygon(
        [
            (x - size * 0.6, y),
            (x + size * 0.6, y),
            (x + size * 0.4, y + size * 0.22),
            (x - size * 0.4, y + size * 0.22),
        ],
        hull,
    )
    canvas.stroke([(x, y), (x, y - size * 1.4)], size * 0.05, (70, 50, 40))
    canvas.polygon([(x + size * 0.05, y - 0.04), (x + size * 0.6, y - 0.04), (x + size * 0.05, y - size * 1.35)], cloth)
    canvas.polygon(
        [(x - size * 0.05, y - 0.04), (x - size * 0.45, y - 0.04), (x - size * 0.05, y - size)], blend(cloth, hull, 0.2)
    )


def _lighthouse(canvas: Canvas, x: float, foot: float) -> None:
    rng = canvas.rng
    high, band = rng.uniform(0.35, 0.6), colour(rng.random(), 0.8, 0.7)
    canvas.disc(x, foot + 0.03, 0.22, (70, 66, 62), 0.09)
    for part in range(6):
        low, top = foot - high * part / 6, foot - high * (part + 1) / 6
        wide_low, wide_top = 0.06 - 0.005 * part, 0.055 - 0.005 * part
        corners = [(x - wide_low, low), (x + wide_low, low), (x + wide_top, top), (x - wide_top, top)]
        canvas.polygon(corners, band if part % 2 else (240, 236, 228))
    canvas.box(x - 0.03, foot - high - 0.05, x + 0.03, foot - high, (255, 232, 150))
    canvas.polygon([(x - 0.045, foot - high - 0.05), (x + 0.045, foot - high - 0.05), (x, foot - high - 0.1)], band)


def road(canvas: Canvas) -> None:
    """Paint a road that runs to the horizon between poles, bushes and hills."""
    rng, horizon = canvas.rng, canvas.rng.uniform(0.3, 0.58)
    _, low = _sky(canvas, horizon)
    _ground(
        canvas, _ridge(canvas, horizon - 0.05, rng.uniform(0.04, 0.2)), blend(low, colour(rng.random(), 0.3, 0.3), 0.55)
    )
    land = colour(rng.uniform(0.06, 0.36), rng.uniform(0.3, 0.65), rng.uniform(0.4, 0.75))
    canvas.shade(blend(land, low, 0.35), land, horizon, 1)
    aim, left, right = (
        rng.uniform(0.15, 0.85) * canvas.wide,
        rng.uniform(-0.5, 0.4) * canvas.wide,
        rng.uniform(0.6, 1.5) * canvas.wide,
    )
    canvas.polygon([(aim, horizon), (left, 1.01), (right, 1.01)], blend(colour(0.6, 0.1, 0.3), land, 0.15))
    middle = (left + right) / 2
    for dash in range(9):
        near, far = (1 - dash * 0.115) ** 2.2, (1 - dash * 0.115 - 0.06) ** 2.2
        span = [
            (aim + (middle - aim) * t + side * 0.014 * t, horizon + (1 - horizon) * t)
            for t, side in ((near, -1), (near, 1), (far, 1), (far, -1))
        ]
        canvas.polygon(span, (235, 225, 190))
    side = one_of(rng, (-1, 1))
    for pole in range(7):
        t = (0.95 - pole * 0.13) ** 1.8
        edge = aim + ((right if side > 0 else left) - aim) * t + side * 0.1 * t
        y = horizon + (1 - horizon) * t
        canvas.stroke([(edge, y), (edge, y - 0.75 * t)], 0.022 * t + 0.002, (66, 50, 42))
        canvas.stroke([(edge - 0.1 * t, y - 0.68 * t), (edge + 0.1 * t, y - 0.68 * t)], 0.014 * t + 0.002, (66, 50, 42))
    for _ in range(int(rng.integers(4, 20))):
        t = rng.uniform(0.05, 0.8)
        x = aim + ((left if side > 0 else right) - aim) * t - side * rng.uniform(0.1, 0.8) * t
        _tree(
            canvas,
            x,
            horizon + (1 - horizon) * t,
            0.5 * t * rng.uniform(0.4, 1),
            colour(rng.uniform(0.2, 0.4), 0.6, 0.45),
        )


def village(canvas: Canvas) -> None:
    """Paint rows of gabled houses on a slope."""
    rng, horizon = canvas.rng, canvas.rng.uniform(0.25, 0.5)
    _, low = _sky(canvas, horizon)
    grass = colour(rng.uniform(0.15, 0.4), 0.5, 0.5)
    _ground(canvas, _ridge(canvas, horizon, 0.12), blend(low, grass, 0.6))
    for row in range(int(rng.integers(2, 4))):
        foot = horizon + 0.16 + row * 0.24
        _ground(canvas, _ridge(canvas, foot - 0.06, 0.04), blend(grass, (30, 40, 20), 0.15 * row))
        x = -rng.uniform(0, 0.2)
        while x < canvas.wide:
            broad = rng.uniform(0.12, 0.24) * (1 + row * 0.35)
            if happens(rng, 0.75):
                _house(canvas, x, foot + rng.uniform(-0.04, 0.04), broad)
            else:
                _tree(canvas, x + broad / 2, foot + 0.03, broad * 1.5, colour(rng.uniform(0.2, 0.4), 0.6, 0.4))
            x += broad * rng.uniform(1.05, 1.6)


def _house(canvas: Canvas, x: float, foot: float, broad: float) -> None:
    rng = canvas.rng
    wall, tiles = (
        colour(rng.random(), rng.uniform(0.05, 0.5), rng.uniform(0.65, 0.95)),
        colour(rng.uniform(-0.05, 0.1), 0.6, rng.uniform(0.3, 0.6)),
    )
    high = broad * rng.uniform(0.6, 1.1)
    canvas.box(x, foot - high, x + broad, foot, wall)
    canvas.polygon(
        [
            (x - broad * 0.08, foot - high),
            (x + broad / 2, foot - high - broad * rng.uniform(0.35, 0.7)),
            (x + broad * 1.08, foot - high),
        ],
        tiles,
    )
    glass = one_of(rng, (colour(0.13, 0.5, 1), colour(0.58, 0.3, 0.45)))
    for column in (0.16, 0.62):
        canvas.box(x + broad * column, foot - high * 0.85, x + broad * (column + 0.2), foot - high * 0.55, glass)
    canvas.box(x + broad * 0.4, foot - high * 0.42, x + broad * 0.6, foot, blend(tiles, (20, 10, 5), 0.4))


def meadow(canvas: Canvas) -> None:
    """Paint a meadow of large flowers under a strip of sky."""
    rng, horizon = canvas.rng, canvas.rng.uniform(0.08, 0.32)
    _sky(canvas, horizon)
    grass = colour(rng.uniform(0.2, 0.4), 0.6, rng.uniform(0.3, 0.55))
    canvas.shade(blend(grass, (200, 220, 160), 0.3), blend(grass, (10, 30, 10), 0.5), horizon, 1)
    for _ in range(260):
        x, y = rng.uniform(0, canvas.wide), rng.uniform(horizon, 1.05)
        blade = [(x, y), (x + rng.normal(0, 0.03), y - 0.12 * y * rng.random())]
        canvas.stroke(blade, 0.004, blend(grass, one_of(rng, ((250, 250, 170), (0, 40, 10))), rng.uniform(0.1, 0.5)))
    hues = rng.random(3)
    for y in np.sort(rng.uniform(horizon + 0.06, 1.0, int(rng.integers(9, 28)))):
        petal = colour(float(one_of(rng, tuple(hues))), rng.uniform(0.3, 0.85), rng.uniform(0.75, 1))
        _flower(canvas, rng.uniform(0, canvas.wide), float(y), 0.03 + 0.16 * (float(y) - horizon), petal)


def _flower(canvas: Canvas, x: float, y: float, size: float, petal: Colour) -> None:
    rng = canvas.rng
    canvas.stroke([(x, y), (x + rng.normal(0, 0.02), y + size * 2.2)], size * 0.12, colour(0.33, 0.6, 0.3))
    petals = int(rng.integers(5, 10))
    for turn in np.arange(petals) * (2 * np.pi / petals) + rng.random():
        canvas.disc(
            x + size * 0.62 * np.cos(turn),
            y + size * 0.62 * np.sin(turn),
            size * 0.42,
            blend(petal, (60, 20, 40), rng.uniform(0, 0.25)),
        )
    canvas.disc(x, y, size * 0.36, colour(0.12, 0.8, 0.85))
