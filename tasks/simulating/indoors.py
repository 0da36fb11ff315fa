"""Indoors: drawn rooms, still lives and shelves, without a person in them."""

import numpy as np

from tasks.simulating.canvas import Canvas, Colour, blend, colour
from tasks.simulating.chance import happens, one_of


def _wall(canvas: Canvas, foot: float) -> Colour:
    """Paint a papered wall down to height `foot`, and give its colour."""
    rng = canvas.rng
    paper = colour(rng.random(), rng.uniform(0.1, 0.5), rng.uniform(0.45, 0.9))
    canvas.shade(paper, blend(paper, (40, 30, 30), 0.25), 0, foot)
    stripe, step = blend(paper, one_of(rng, ((255, 255, 255), (50, 40, 50))), 0.22), rng.uniform(0.05, 0.16)
    pattern = int(rng.integers(0, 3))
    for column, x in enumerate(np.arange(0, canvas.wide, step)):
        if pattern == 0:
            canvas.box(x, 0, x + step * 0.45, foot, stripe)
        elif pattern == 1:
            for y in np.arange(step * (0.3 + 0.5 * (column % 2)), foot - step * 0.4, step):
                canvas.disc(x + step / 2, y, step * 0.2, stripe)
    return paper


def _boards(canvas: Canvas, top: float) -> None:
    """Lay floor boards in perspective from height `top` down."""
    rng = canvas.rng
    wood = colour(rng.uniform(0.03, 0.12), rng.uniform(0.3, 0.65), rng.uniform(0.35, 0.7))
    canvas.shade(blend(wood, (30, 20, 10), 0.3), wood, top, 1)
    aim = rng.uniform(0.2, 0.8) * canvas.wide
    for foot in np.arange(-2.5, 4.5, 0.24):
        fill = blend(wood, one_of(rng, ((255, 240, 210), (40, 20, 10))), rng.uniform(0.05, 0.3))
        head = aim + (foot - aim) * 0.35
        canvas.polygon([(head, top), (head + 0.075, top), (foot + 0.2, 1.01), (foot, 1.01)], fill)


def room(canvas: Canvas) -> None:
    """Paint a furnished room: window, pictures, sofa or cupboard, lamp, rug and plant."""
    rng, floor = canvas.rng, canvas.rng.uniform(0.58, 0.76)
    paper = _wall(canvas, floor)
    _boards(canvas, floor)
    canvas.stroke([(0, floor), (canvas.wide, floor)], 0.02, blend(paper, (250, 245, 235), 0.6))
    canvas.disc(rng.uniform(0.3, canvas.wide - 0.2), 0.92, rng.uniform(0.3, 0.55), colour(rng.random(), 0.5, 0.5), 0.1)
    spots = rng.permutation(5)[:3]
    for spot in spots:
        x = canvas.wide * (0.1 + 0.2 * float(spot)) + rng.uniform(-0.05, 0.05)
        one_of(rng, (_window, _painting, _painting, _clock))(canvas, x, rng.uniform(0.14, 0.3))
    x = rng.uniform(0.05, 0.45) * canvas.wide
    one_of(rng, (_sofa, _cupboard, _table))(canvas, x, floor)
    one_of(rng, (_lamp, _plant, _cupboard))(canvas, rng.uniform(0.65, 0.92) * canvas.wide, floor)
    if happens(rng, 0.6):
        _plant(canvas, rng.uniform(0.05, 0.95) * canvas.wide, floor + 0.1)


def _window(canvas: Canvas, x: float, y: float) -> None:
    rng = canvas.rng
    half, high = rng.uniform(0.12, 0.2), rng.uniform(0.26, 0.4)
    canvas.box(x - half - 0.02, y - 0.1, x + half + 0.02, y - 0.1 + high + 0.04, (238, 232, 220))
    canvas.box(x - half, y - 0.08, x + half, y - 0.08 + high, colour(0.57, rng.uniform(0.2, 0.7), rng.uniform(0.3, 1)))
    canvas.disc(x - half * 0.3, y - 0.08 + high * 0.85, half * 0.6, colour(0.3, 0.5, 0.4), high * 0.14)
    canvas.stroke([(x, y - 0.08), (x, y - 0.08 + high)], 0.012, (238, 232, 220))
    canvas.stroke([(x - half, y - 0.08 + high / 2), (x + half, y - 0.08 + high / 2)], 0.012, (238, 232, 220))
    cloth = colour(rng.random(), 0.5, 0.6)
    for side in (-1, 1):
        canvas.polygon(
            [(x + side * (half + 0.05), y - 0.12), (x + side * half * 0.4, y - 0.12), (x + side * half, y + high)],
            cloth,
        )


def _painting(canvas: Canvas, x: float, y: float) -> None:
    rng = canvas.rng
    half, high = rng.uniform(0.07, 0.17), rng.uniform(0.07, 0.16)
    canvas.box(
        x - half - 0.015, y - high - 0.015, x + half + 0.015, y + high + 0.015, colour(0.1, 0.6, rng.uniform(0.2, 0.7))
    )
    canvas.box(x - half, y - high, x + half, y + high, colour(rng.random(), 0.3, 0.85))
    for _ in range(4):
        dx, dy = rng.uniform(-0.6, 0.6, 2)
        canvas.disc(
            x + half * dx,
            y + high * dy,
            high * rng.uniform(0.15, 0.38),
            colour(rng.random(), 0.65, rng.uniform(0.3, 0.9)),
        )


def _clock(canvas: Canvas, x: float, y: float) -> None:
    size = canvas.rng.uniform(0.07, 0.13)
    canvas.disc(x, y, size, colour(canvas.rng.random(), 0.5, 0.35))
    canvas.disc(x, y, size * 0.85, (245, 240, 228))
    for turn, long in zip(canvas.rng.uniform(0, 6.3, 2), (0.45, 0.7), strict=True):
        canvas.stroke([(x, y), (x + size * long * np.cos(turn), y + size * long * np.sin(turn))], 0.01, (30, 30, 36))


def _sofa(canvas: Canvas, x: float, floor: float) -> None:
    rng = canvas.rng
    cloth, broad = colour(rng.random(), 0.6, rng.uniform(0.3, 0.8)), rng.uniform(0.5, 0.8)
    canvas.box(x, floor - 0.2, x + broad, floor + 0.12, blend(cloth, (0, 0, 0), 0.2), 0.05)
    for seat in range(2):
        canvas.box(
            x + broad * (0.1 + 0.4 * seat), floor - 0.02, x + broad * (0.49 + 0.4 * seat), floor + 0.08, cloth, 0.02
        )
    for arm in (0.0, 0.9):
        canvas.box(
            x + broad * arm,
            floor - 0.1,
            x + broad * (arm + 0.1),
            floor + 0.13,
            blend(cloth, (255, 255, 255), 0.12),
            0.03,
        )
    pillow = x + broad * rng.uniform(0.15, 0.6)
    canvas.box(pillow, floor - 0.13, pillow + 0.14, floor, colour(rng.random(), 0.6, 0.9), 0.03)


def _cupboard(canvas: Canvas, x: float, floor: float) -> None:
    rng = canvas.rng
    wood, broad, high = (
        colour(rng.uniform(0.02, 0.13), 0.55, rng.uniform(0.25, 0.6)),
        rng.uniform(0.24, 0.4),
        rng.uniform(0.3, 0.6),
    )
    x = min(x, canvas.wide - broad)
    canvas.box(x, floor + 0.08 - high, x + broad, floor + 0.08, wood)
    rows = int(rng.integers(2, 5))
    for row in range(rows):
        top = floor + 0.08 - high + high * row / rows
        canvas.box(x + 0.015, top + 0.015, x + broad - 0.015, top + high / rows - 0.012, blend(wood, (20, 12, 8), 0.55))
        _books(canvas, x + 0.02, top + high / rows - 0.012, broad - 0.05, high / rows * 0.72)


def _books(canvas: Canvas, x: float, foot: float, broad: float, high: float) -> None:
    rng, end = canvas.rng, x + broad
    while x < end:
        thick = rng.uniform(0.012, 0.035)
        canvas.box(
            x,
            foot - high * rng.uniform(0.6, 1),
            min(end, x + thick),
            foot,
            colour(rng.random(), 0.6, rng.uniform(0.3, 0.9)),
        )
        x += thick + (0.03 if happens(rng, 0.1) else 0.002)


def _table(canvas: Canvas, x: float, floor: float) -> None:
    rng, broad = canvas.rng, canvas.rng.uniform(0.4, 0.7)
    wood = colour(0.08, 0.6, rng.uniform(0.3, 0.7))
    for leg in (0.06, 0.9):
        canvas.box(x + broad * leg, floor - 0.14, x + broad * (leg + 0.05), floor + 0.12, blend(wood, (0, 0, 0), 0.3))
    canvas.box(x, floor - 0.18, x + broad, floor - 0.13, wood)
    _vase(canvas, x + broad * rng.uniform(0.2, 0.8), floor - 0.18, rng.uniform(0.1, 0.2))


def _lamp(canvas: Canvas, x: float, floor: float) -> None:
    rng, high = canvas.rng, canvas.rng.uniform(0.4, 0.6)
    canvas.stroke([(x, floor + 0.05), (x, floor + 0.05 - high)], 0.014, (60, 52, 46))
    canvas.disc(x, floor + 0.05, 0.08, (60, 52, 46), 0.02)
    top = floor + 0.05 - high
    canvas.polygon(
        [(x - 0.06, top - 0.08), (x + 0.06, top - 0.08), (x + 0.11, top + 0.06), (x - 0.11, top + 0.06)],
        colour(rng.uniform(0.08, 0.16), 0.4, 1),
    )


def _plant(canvas: Canvas, x: float, foot: float) -> None:
    rng = canvas.rng
    for turn in rng.uniform(-2.6, -0.5, 14):
        long = rng.uniform(0.12, 0.3)
        tip = (x + long * np.cos(turn), foot - 0.1 + long * np.sin(turn))
        canvas.stroke([(x, foot - 0.1), tip], 0.02, colour(rng.uniform(0.25, 0.42), 0.65, rng.uniform(0.25, 0.6)))
        canvas.disc(*tip, 0.03, colour(rng.uniform(0.25, 0.42), 0.6, rng.uniform(0.3, 0.6)))
    canvas.polygon(
        [(x - 0.07, foot - 0.1), (x + 0.07, foot - 0.1), (x + 0.05, foot + 0.03), (x - 0.05, foot + 0.03)],
        colour(rng.random(), 0.6, 0.6),
    )


def _vase(canvas: Canvas, x: float, foot: float, high: float) -> None:
    rng, glaze = canvas.rng, colour(canvas.rng.random(), canvas.rng.uniform(0.3, 0.8), canvas.rng.uniform(0.35, 0.9))
    for turn in rng.uniform(-2.5, -0.6, int(rng.integers(0, 9))):
        bloom = (x + high * 1.1 * np.cos(turn), foot - high + high * 1.1 * np.sin(turn))
        canvas.stroke([(x, foot - high * 0.9), bloom], 0.008, (50, 96, 44))
        canvas.disc(*bloom, high * 0.2, colour(rng.random(), 0.7, 0.9))
    canvas.disc(x, foot - high * 0.4, high * 0.38, glaze, high * 0.4)
    canvas.box(x - high * 0.16, foot - high, x + high * 0.16, foot - high * 0.5, glaze)
    canvas.disc(x - high * 0.14, foot - high * 0.5, high * 0.07, blend(glaze, (255, 255, 255), 0.6), high * 0.14)


def still_life(canvas: Canvas) -> None:
    """Paint fruit, vases and bottles on a table before a wall."""
    rng, edge = canvas.rng, canvas.rng.uniform(0.4, 0.62)
    _wall(canvas, edge)
    cloth = colour(rng.random(), rng.uniform(0.2, 0.6), rng.uniform(0.4, 0.9))
    canvas.shade(cloth, blend(cloth, (20, 16, 16), 0.45), edge, 1)
    check, step = blend(cloth, (255, 255, 255), 0.35), rng.uniform(0.1, 0.25)
    for x in np.arange(-1.0, canvas.wide + 1, step):
        canvas.polygon(
            [(x, edge), (x + step * 0.4, edge), (x * 1.5 + step * 0.6 - 0.3, 1.01), (x * 1.5 - 0.3, 1.01)], check
        )
    for foot in np.sort(rng.uniform(edge + 0.06, 0.95, int(rng.integers(6, 13)))):
        thing = one_of(rng, (_vase, _bottle, _fruit, _fruit, _fruit, _bowl))
        thing(canvas, rng.uniform(0.08, canvas.wide - 0.08), float(foot), rng.uniform(0.18, 0.42))


def _bottle(canvas: Canvas, x: float, foot: float, high: float) -> None:
    glass = colour(canvas.rng.random(), 0.7, canvas.rng.uniform(0.2, 0.6))
    canvas.box(x - high * 0.16, foot - high * 0.7, x + high * 0.16, foot, glass, 0.03)
    canvas.box(x - high * 0.06, foot - high * 1.1, x + high * 0.06, foot - high * 0.6, glass)
    canvas.box(x - high * 0.16, foot - high * 0.45, x + high * 0.16, foot - high * 0.2, (236, 226, 200))
    canvas.stroke(
        [(x - high * 0.1, foot - high * 0.65), (x - high * 0.1, foot - high * 0.06)],
        0.012,
        blend(glass, (255, 255, 255), 0.5),
    )


def _fruit(canvas: Canvas, x: float, foot: float, high: float) -> None:
    skin, size = (
        colour(one_of(canvas.rng, (0.0, 0.07, 0.13, 0.27, 0.8)), 0.8, canvas.rng.uniform(0.5, 0.95)),
        high * 0.28,
    )
    canvas.disc(x + size * 0.15, foot + size * 0.05, size * 1.1, (36, 26, 26), size * 0.22)
    canvas.disc(x, foot - size * 0.9, size, skin, size * 0.95)
    canvas.disc(x - size * 0.3, foot - size * 1.25, size * 0.3, blend(skin, (255, 255, 255), 0.5), size * 0.22)
    canvas.stroke([(x, foot - size * 1.75), (x + size * 0.15, foot - size * 2.1)], 0.01, (70, 50, 30))


def _bowl(canvas: Canvas, x: float, foot: float, high: float) -> None:
    for step in (-0.5, 0.0, 0.5):
        _fruit(canvas, x + high * step * 0.9, foot - high * 0.3, high * 0.8)
    glaze = colour(canvas.rng.random(), 0.35, canvas.rng.uniform(0.5, 0.95))
    canvas.slice(x, foot - high * 0.45, high * 0.75, (0, 180), glaze)
    canvas.box(x - high * 0.25, foot + high * 0.2, x + high * 0.25, foot + high * 0.32, blend(glaze, (20, 20, 20), 0.3))
