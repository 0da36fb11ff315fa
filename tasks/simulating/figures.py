"""Figures: drawn robots, masks, snowmen, animals and statues in coats and hats, before a drawn scene.

They stand in for what is depicted in real material and are all made up, stylised, clothed or not human.
"""

import numpy as np
from PIL import Image

from tasks.simulating.canvas import Canvas, Colour, blend, colour
from tasks.simulating.chance import happens, one_of
from tasks.simulating.scenes import PATTERNS, PLACES, SIZES


def robot(canvas: Canvas, x: float, foot: float, high: float) -> None:
    """Draw a boxy robot with its feet at (x, foot)."""
    rng, metal = canvas.rng, colour(canvas.rng.random(), canvas.rng.uniform(0.1, 0.7), canvas.rng.uniform(0.5, 0.9))
    dark, light = blend(metal, (20, 24, 30), 0.6), blend(metal, (255, 255, 255), 0.5)
    for side in (-1, 1):
        canvas.box(
            x + side * high * 0.09 - high * 0.04, foot - high * 0.3, x + side * high * 0.09 + high * 0.04, foot, dark
        )
        canvas.box(x + side * high * 0.03, foot - high * 0.05, x + side * high * 0.17, foot, metal, high * 0.02)
        elbow = (x + side * high * rng.uniform(0.24, 0.34), foot - high * rng.uniform(0.4, 0.75))
        canvas.stroke([(x + side * high * 0.15, foot - high * 0.6), elbow], high * 0.06, dark)
        canvas.disc(*elbow, high * 0.05, metal)
    canvas.box(x - high * 0.17, foot - high * 0.66, x + high * 0.17, foot - high * 0.27, metal, high * 0.03)
    canvas.box(x - high * 0.11, foot - high * 0.58, x + high * 0.11, foot - high * 0.42, dark, high * 0.01)
    for lamp in (-0.07, 0.0, 0.07):
        canvas.disc(x + high * lamp, foot - high * 0.5, high * 0.025, colour(rng.random(), 0.8, 1))
    canvas.box(x - high * 0.13, foot - high * 0.95, x + high * 0.13, foot - high * 0.7, light, high * 0.03)
    canvas.stroke([(x, foot - high * 0.95), (x, foot - high * 1.06)], high * 0.015, dark)
    canvas.disc(x, foot - high * 1.07, high * 0.025, colour(rng.random(), 0.9, 1))
    for eye in (-0.06, 0.06):
        canvas.disc(x + high * eye, foot - high * 0.85, high * 0.035, dark)
        canvas.disc(x + high * eye, foot - high * 0.85, high * 0.018, (255, 236, 150))
    canvas.box(x - high * 0.07, foot - high * 0.77, x + high * 0.07, foot - high * 0.745, dark)


def mask(canvas: Canvas, x: float, foot: float, high: float) -> None:
    """Draw a painted carnival mask that hangs above `foot`."""
    rng, paint = canvas.rng, colour(canvas.rng.random(), canvas.rng.uniform(0.2, 0.8), canvas.rng.uniform(0.5, 1))
    trim, y, size = colour(rng.random(), 0.8, 0.8), foot - high * 0.5, high * 0.36
    for turn in np.linspace(-2.6, -0.5, int(rng.integers(4, 10))):
        tip = (x + size * 1.75 * np.cos(turn), y + size * 1.75 * np.sin(turn))
        canvas.polygon(
            [(x - size * 0.25, y - size * 0.3), (x + size * 0.25, y - size * 0.3), tip],
            blend(trim, paint, rng.random()),
        )
    canvas.disc(x, y, size * 0.86, paint, size * 1.15)
    for side in (-1, 1):
        canvas.polygon(
            [
                (x + side * size * 0.14, y - size * 0.1),
                (x + side * size * 0.4, y - size * 0.38),
                (x + side * size * 0.68, y - size * 0.16),
            ],
            (24, 20, 28),
        )
        canvas.disc(x + side * size * 0.48, y + size * 0.3, size * 0.16, blend(trim, paint, 0.3))
        canvas.stroke(
            [(x + side * size * 0.1, y - size * 0.42), (x + side * size * 0.7, y - size * 0.55)], size * 0.09, trim
        )
    canvas.polygon(
        [(x - size * 0.13, y + size * 0.3), (x + size * 0.13, y + size * 0.3), (x, y - size * 0.25)],
        blend(paint, (30, 20, 20), 0.3),
    )
    canvas.slice(x, y + size * 0.55, size * 0.34, one_of(rng, ((0, 180), (180, 360))), (96, 24, 36))
    canvas.disc(x, y - size * 0.75, size * 0.15, trim)


def snowman(canvas: Canvas, x: float, foot: float, high: float) -> None:
    """Draw a snowman with a hat, a scarf and arms of twigs."""
    rng, wool = canvas.rng, colour(canvas.rng.random(), 0.8, 0.8)
    canvas.disc(x, foot, high * 0.34, (150, 164, 186), high * 0.05)
    for level, size in ((0.22, 0.24), (0.54, 0.18), (0.8, 0.125)):
        canvas.disc(x + high * 0.012, foot - high * level, high * size, (196, 208, 226))
        canvas.disc(x, foot - high * level, high * size * 0.94, (246, 249, 255))
    for side in (-1, 1):
        canvas.stroke(
            [
                (x + side * high * 0.16, foot - high * 0.56),
                (x + side * high * 0.4, foot - high * rng.uniform(0.55, 0.85)),
            ],
            high * 0.018,
            (86, 58, 36),
        )
        canvas.disc(x + side * high * 0.045, foot - high * 0.83, high * 0.016, (24, 24, 30))
    for button in (0.46, 0.54, 0.62):
        canvas.disc(x, foot - high * button, high * 0.018, (40, 40, 48))
    canvas.polygon(
        [(x, foot - high * 0.81), (x, foot - high * 0.77), (x + high * 0.14, foot - high * 0.785)], (240, 130, 40)
    )
    canvas.box(x - high * 0.12, foot - high * 0.71, x + high * 0.12, foot - high * 0.66, wool, high * 0.02)
    canvas.box(x + high * 0.04, foot - high * 0.69, x + high * 0.1, foot - high * 0.5, wool)
    canvas.box(x - high * 0.15, foot - high * 0.92, x + high * 0.15, foot - high * 0.895, (30, 30, 38))
    canvas.box(x - high * 0.09, foot - high * 1.08, x + high * 0.09, foot - high * 0.9, (30, 30, 38))


def cat(canvas: Canvas, x: float, foot: float, high: float) -> None:
    """Draw a sitting cat."""
    fur = one_of(canvas.rng, ((52, 48, 54), (222, 150, 84), (236, 230, 220), (120, 112, 110), (150, 96, 60)))
    dark = blend(fur, (20, 14, 14), 0.35)
    canvas.stroke(
        [
            (x + high * 0.2, foot - high * 0.06),
            (x + high * 0.42, foot - high * 0.12),
            (x + high * 0.4, foot - high * 0.38),
        ],
        high * 0.07,
        dark,
    )
    canvas.disc(x, foot - high * 0.26, high * 0.24, fur, high * 0.27)
    for stripe in (0.18, 0.28, 0.38):
        canvas.stroke(
            [(x - high * 0.2, foot - high * stripe), (x - high * 0.06, foot - high * (stripe - 0.03))],
            high * 0.025,
            dark,
        )
    canvas.disc(x, foot - high * 0.2, high * 0.11, blend(fur, (255, 255, 255), 0.5), high * 0.17)
    for side in (-1, 1):
        canvas.disc(x + side * high * 0.09, foot - high * 0.02, high * 0.08, fur, high * 0.04)
    _cat_head(canvas, x, foot, high, fur)


def _cat_head(canvas: Canvas, x: float, foot: float, high: float, fur: Colour) -> None:
    for side in (-1, 1):
        ear = [
            (x + side * high * 0.03, foot - high * 0.78),
            (x + side * high * 0.19, foot - high * 0.7),
            (x + side * high * 0.16, foot - high * 0.96),
        ]
        canvas.polygon(ear, blend(fur, (20, 14, 14), 0.35))
    canvas.disc(x, foot - high * 0.65, high * 0.21, fur, high * 0.18)
    iris = colour(canvas.rng.uniform(0.15, 0.6), 0.7, 0.9)
    for side in (-1, 1):
        canvas.disc(x + side * high * 0.09, foot - high * 0.68, high * 0.05, iris, high * 0.04)
        canvas.disc(x + side * high * 0.09, foot - high * 0.68, high * 0.016, (16, 14, 18), high * 0.038)
        for whisker in (-0.03, 0.02):
            canvas.stroke(
                [(x + side * high * 0.08, foot - high * 0.58), (x + side * high * 0.3, foot - high * (0.58 + whisker))],
                high * 0.008,
                (250, 248, 244),
            )
    canvas.polygon(
        [(x - high * 0.03, foot - high * 0.62), (x + high * 0.03, foot - high * 0.62), (x, foot - high * 0.585)],
        (214, 120, 120),
    )


def owl(canvas: Canvas, x: float, foot: float, high: float) -> None:
    """Draw an owl on a branch."""
    rng, feather = (
        canvas.rng,
        colour(canvas.rng.uniform(0.02, 0.14), canvas.rng.uniform(0.2, 0.7), canvas.rng.uniform(0.35, 0.85)),
    )
    dark, breast = blend(feather, (24, 16, 10), 0.5), blend(feather, (255, 246, 224), 0.6)
    canvas.stroke(
        [(x - high * 0.6, foot + high * 0.02), (x + high * 0.6, foot - high * 0.04)], high * 0.06, (84, 62, 44)
    )
    for side in (-1, 1):
        canvas.polygon(
            [
                (x + side * high * 0.06, foot - high * 0.86),
                (x + side * high * 0.26, foot - high * 0.74),
                (x + side * high * 0.24, foot - high * 1.02),
            ],
            dark,
        )
    canvas.disc(x, foot - high * 0.45, high * 0.3, feather, high * 0.46)
    canvas.disc(x, foot - high * 0.34, high * 0.2, breast, high * 0.3)
    for row in range(4):
        for column in range(-1 - row % 2, 2):
            spot = x + high * (0.09 * column + 0.045 * (row % 2))
            canvas.slice(spot, foot - high * (0.2 + 0.09 * row), high * 0.045, (0, 180), dark)
    for side in (-1, 1):
        canvas.disc(x + side * high * 0.27, foot - high * 0.36, high * 0.07, dark, high * 0.28)
        canvas.disc(x + side * high * 0.12, foot - high * 0.7, high * 0.12, (250, 240, 214))
        canvas.disc(x + side * high * 0.12, foot - high * 0.7, high * 0.065, colour(rng.uniform(0.08, 0.14), 0.9, 0.95))
        canvas.disc(x + side * high * 0.12, foot - high * 0.7, high * 0.035, (16, 14, 18))
    canvas.polygon(
        [(x - high * 0.04, foot - high * 0.64), (x + high * 0.04, foot - high * 0.64), (x, foot - high * 0.53)],
        (226, 160, 60),
    )


def fish(canvas: Canvas, x: float, foot: float, high: float) -> None:
    """Draw a striped fish that swims at half height."""
    rng, scale = canvas.rng, colour(canvas.rng.random(), 0.75, canvas.rng.uniform(0.6, 1))
    fin, y, way = blend(scale, (255, 240, 120), 0.5), foot - high * 0.5, one_of(canvas.rng, (-1, 1))
    tail = [
        (x - way * high * 0.35, y),
        (x - way * high * 0.66, y - high * 0.24),
        (x - way * high * 0.58, y),
        (x - way * high * 0.66, y + high * 0.24),
    ]
    canvas.polygon(tail, fin)
    canvas.polygon(
        [
            (x - way * high * 0.2, y - high * 0.2),
            (x + way * high * 0.15, y - high * 0.2),
            (x - way * high * 0.1, y - high * 0.42),
        ],
        fin,
    )
    canvas.disc(x, y, high * 0.44, scale, high * 0.27)
    stripe = one_of(rng, ((255, 255, 255), (30, 30, 60), (255, 220, 90)))
    for place in (-0.2, -0.02, 0.16):
        canvas.disc(x + way * high * place, y, high * 0.035, stripe, high * 0.2)
    canvas.disc(x + way * high * 0.3, y - high * 0.06, high * 0.05, (255, 255, 255))
    canvas.disc(x + way * high * 0.31, y - high * 0.06, high * 0.026, (16, 16, 24))
    for bubble in range(4):
        canvas.disc(
            x + way * high * 0.55, y - high * (0.05 + 0.13 * bubble), high * (0.02 + 0.008 * bubble), (214, 238, 250)
        )


def statue(canvas: Canvas, x: float, foot: float, high: float) -> None:
    """Draw a monument of stone or bronze: an adult in a long coat and a hat on a pedestal, with no face."""
    rng, stone = canvas.rng, one_of(canvas.rng, ((150, 150, 148), (96, 124, 110), (128, 100, 70), (196, 188, 172)))
    dark, light = blend(stone, (20, 20, 24), 0.4), blend(stone, (255, 255, 255), 0.3)
    canvas.box(x - high * 0.24, foot - high * 0.22, x + high * 0.24, foot, blend(stone, (90, 84, 80), 0.5))
    canvas.box(x - high * 0.28, foot - high * 0.25, x + high * 0.28, foot - high * 0.21, light)
    for side in (-1, 1):
        canvas.box(x + side * high * 0.02, foot - high * 0.34, x + side * high * 0.09, foot - high * 0.25, dark)
    coat = [
        (x - high * 0.1, foot - high * 0.78),
        (x + high * 0.1, foot - high * 0.78),
        (x + high * 0.18, foot - high * 0.31),
        (x - high * 0.18, foot - high * 0.31),
    ]
    canvas.polygon(coat, stone)
    canvas.stroke([(x, foot - high * 0.74), (x + high * 0.01, foot - high * 0.32)], high * 0.012, dark)
    canvas.box(x - high * 0.13, foot - high * 0.57, x + high * 0.13, foot - high * 0.53, dark)
    lean, raised = one_of(rng, (-1, 1)), rng.uniform(0.5, 0.95)
    canvas.stroke(
        [(x + lean * high * 0.1, foot - high * 0.74), (x + lean * high * 0.26, foot - high * raised)],
        high * 0.065,
        light,
    )
    canvas.stroke(
        [(x - lean * high * 0.1, foot - high * 0.74), (x - lean * high * 0.19, foot - high * 0.5)], high * 0.065, dark
    )
    if happens(rng, 0.5):
        canvas.stroke(
            [(x - lean * high * 0.2, foot - high * 0.56), (x - lean * high * 0.22, foot - high * 0.25)],
            high * 0.016,
            dark,
        )
    canvas.disc(x, foot - high * 0.86, high * 0.07, light, high * 0.085)
    canvas.box(x - high * 0.13, foot - high * 0.92, x + high * 0.13, foot - high * 0.9, dark, high * 0.008)
    canvas.box(x - high * 0.075, foot - high * 1.02, x + high * 0.075, foot - high * 0.9, dark, high * 0.02)


FIGURES = (robot, mask, snowman, cat, owl, fish, statue)


def _backcloth(canvas: Canvas) -> Colour:
    """Paint what stands behind the figures, and give the colour of the light on it."""
    one_of(canvas.rng, PLACES + PATTERNS)(canvas)
    return colour(canvas.rng.random(), 0.15, 0.95)


def draw_figure(rng: np.random.Generator, size: tuple[int, int] | None = None) -> Image.Image:
    """Draw one to three figures of one sort before a scene of `size` (width, height), or of a size drawn by chance."""
    canvas = Canvas(size or one_of(rng, SIZES), rng)
    glow = _backcloth(canvas)
    figure, number = one_of(rng, FIGURES), int(rng.choice([1, 1, 1, 2, 3]))
    high = rng.uniform(0.55, 0.85) / number**0.35  # one height for a group: no figure may look like a child's
    for spot in rng.permutation(number):
        x = canvas.wide * (spot + rng.uniform(0.35, 0.65)) / number
        foot = rng.uniform(0.86, 1.0)
        canvas.disc(x, foot, high * 0.36, blend(glow, (30, 30, 36), 0.75), high * 0.06)
        figure(canvas, float(x), foot, high)
    return canvas.finish()
