"""Patterns: drawn mosaics, arcs, waves and rings, and walls of boxes; nothing that could be read as writing."""

import numpy as np

from tasks.simulating.canvas import Canvas, Colour, blend, colour
from tasks.simulating.chance import happens, one_of


def _palette(canvas: Canvas, number: int = 5) -> list[Colour]:
    """Choose `number` colours that go together."""
    rng = canvas.rng
    hue, spread = rng.random(), rng.uniform(0.05, 0.35)
    return [
        colour(hue + spread * rng.normal(), rng.uniform(0.2, 0.85), value)
        for value in rng.permutation(np.linspace(0.15, 0.98, number))
    ]


def mosaic(canvas: Canvas) -> None:
    """Paint a mosaic of slanted tiles whose tones follow large waves."""
    rng, tones = canvas.rng, _palette(canvas, 6)
    step, slant = rng.uniform(0.06, 0.13), rng.uniform(-0.5, 0.5)
    (a, b, c, d), phase = rng.uniform(1, 7, 4), rng.uniform(0, 6.3)
    for y in np.arange(-step, 1, step):
        for x in np.arange(-1, canvas.wide + 1, step):
            tone = np.sin(a * x + phase) + np.sin(b * y) + np.sin(c * x * y + d) + rng.normal(0, 0.35)
            fill = tones[int(np.clip((tone + 3) / 6 * len(tones), 0, len(tones) - 1))]
            left = x + slant * y
            canvas.polygon(
                [
                    (left, y),
                    (left + step * 0.94, y),
                    (left + step * (0.94 + slant), y + step * 0.94),
                    (left + step * slant, y + step * 0.94),
                ],
                fill,
            )


def arcs(canvas: Canvas) -> None:
    """Paint quarter circles in a grid, each turned by chance."""
    rng, tones, rows = canvas.rng, _palette(canvas), int(canvas.rng.integers(4, 9))
    step = 1 / rows
    for row in range(rows):
        for column in range(int(canvas.wide / step) + 1):
            x, y = column * step, row * step
            canvas.box(x, y, x + step, y + step, one_of(rng, tones))
            turn = int(rng.integers(0, 4))
            corner = (x + step * (turn in (1, 2)), y + step * (turn in (2, 3)))
            for radius in (1.0, 0.66, 0.33):
                canvas.slice(*corner, step * radius, (turn * 90, turn * 90 + 90), one_of(rng, tones))


def waves(canvas: Canvas) -> None:
    """Paint bands of waves over one another."""
    rng, tones, x = canvas.rng, _palette(canvas, 7), np.linspace(-0.02, canvas.wide + 0.02, 80)
    canvas.shade(tones[0], tones[1])
    level = rng.uniform(-0.1, 0.1)
    while level < 1.1:
        long, high, lean = rng.uniform(2, 14), rng.uniform(0.02, 0.14), rng.uniform(-0.3, 0.3)
        crest = level + high * np.sin(x * long + rng.uniform(0, 6.3)) + lean * x
        edge = [(float(a), float(b)) for a, b in zip(x, crest, strict=True)]
        canvas.polygon([*edge, (canvas.wide + 0.02, 2.5), (-0.02, 2.5)], one_of(rng, tones))
        level += rng.uniform(0.05, 0.17)


def rings(canvas: Canvas) -> None:
    """Paint targets of rings, large and small, over one another."""
    rng, tones = canvas.rng, _palette(canvas, 6)
    canvas.shade(tones[0], tones[-1])
    for _ in range(int(rng.integers(9, 22))):
        x, y, size = rng.uniform(0, canvas.wide), rng.uniform(0, 1), rng.uniform(0.08, 0.4)
        for ring in np.linspace(1, 0.15, int(rng.integers(2, 7))):
            canvas.disc(x, y, size * float(ring), one_of(rng, tones))


def boxes(canvas: Canvas) -> None:
    """Paint a wall of crates and tins in rows, as in a store room."""
    rng = canvas.rng
    canvas.shade((52, 46, 44), (92, 84, 78))
    foot = rng.uniform(0.15, 0.3)
    while foot < 1.2:
        high, x = rng.uniform(0.12, 0.28), -rng.uniform(0, 0.2)
        while x < canvas.wide:
            broad, fill = (
                rng.uniform(0.07, 0.3),
                colour(rng.uniform(-0.05, 0.65), rng.uniform(0.2, 0.7), rng.uniform(0.3, 0.9)),
            )
            top = foot - high * rng.uniform(0.5, 0.95)
            canvas.box(x, top, x + broad, foot, fill, 0.015 if happens(rng, 0.5) else 0)
            canvas.box(
                x + broad * 0.2,
                top + 0.02,
                x + broad * 0.8,
                top + (foot - top) * 0.4,
                blend(fill, (255, 255, 255), 0.4),
            )
            x += broad + rng.uniform(0, 0.06)
        canvas.box(0, foot, canvas.wide, foot + 0.025, (120, 92, 66))
        foot += high + 0.03
