"""Scenes: one drawn picture of a place or a pattern, chosen by chance."""

import numpy as np
from PIL import Image

from tasks.simulating.canvas import Canvas
from tasks.simulating.chance import one_of
from tasks.simulating.indoors import room, still_life
from tasks.simulating.outdoors import hills, meadow, road, sea, skyline, village
from tasks.simulating.patterns import arcs, boxes, mosaic, rings, waves

PLACES = (hills, skyline, sea, road, village, meadow, room, room, still_life, still_life)
PATTERNS = (mosaic, arcs, waves, rings, boxes)
_COMMON = ((480, 360), (480, 360), (480, 640), (640, 480), (640, 480), (720, 540), (600, 800), (800, 600))
SIZES = (*_COMMON, *_COMMON, (1024, 768), (1280, 960))
"""Width and height in pixels."""


def draw_scene(rng: np.random.Generator, size: tuple[int, int] | None = None) -> Image.Image:
    """Draw a scene of `size` (width, height), or of a size drawn by chance."""
    canvas = Canvas(size or one_of(rng, SIZES), rng)
    one_of(rng, PLACES + PATTERNS)(canvas)
    return canvas.finish()
