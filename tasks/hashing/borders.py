"""Borders: bars and margins of one shade around a picture, cut off so that what is inside can be matched."""

import dataclasses
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tasks.media import Picture

SPREAD = 24
"""Shades that a line of a border may spread over: compression leaves traces."""

DRIFT = 12
"""Shades by which a line's mean may differ from the outermost line's."""

LEAST_CUT = 1 / 50
"""Share of a side below which a border is left alone."""

LEAST_LEFT = 1 / 4
"""Share of each side that must be left; otherwise it is no border but an empty picture."""


def trimmed(picture: Picture) -> Picture | None:
    """Cut the borders off; None where there is none to speak of."""
    plane = picture.pixels if picture.pixels.ndim == 2 else picture.pixels[:, :, 1]  # green is most of the luma
    height, width = plane.shape
    top, bottom = _flat(plane), _flat(plane[::-1])
    if top + bottom >= height:  # all of one shade, or two that run into each other
        return None
    within = plane[top : height - bottom].T
    left, right = _flat(within), _flat(within[::-1])
    rows, columns = height - top - bottom, width - left - right
    cut = max((height - rows) / height, (width - columns) / width)
    if cut < LEAST_CUT or rows < LEAST_LEFT * height or columns < LEAST_LEFT * width:
        return None
    return _cut(picture, (slice(top, height - bottom), slice(left, width - right)))


def _cut(picture: Picture, box: tuple[slice, slice]) -> Picture:
    """Cut a box (rows and columns of its pixels) out of a picture, and out of its colours when they are asked for."""
    scale, colours = picture.scale, picture.colours
    sizes = zip(box, (picture.height, picture.width), strict=True)
    rows, columns = (slice(scale * part.start, min(scale * part.stop, size)) for part, size in sizes)
    return dataclasses.replace(
        picture,
        pixels=picture.pixels[box],
        height=rows.stop - rows.start,
        width=columns.stop - columns.start,
        colours=(lambda: _cut(colours(), (rows, columns))) if colours else None,
    )


def _flat(lines: Iterable[NDArray[np.uint8]]) -> int:
    """Count the lines from the first on that are of one shade, the first one's."""
    shade, count = None, 0
    for count, line in enumerate(lines):
        mean = float(line.mean())
        shade = mean if shade is None else shade
        if int(line.max()) - int(line.min()) > SPREAD or abs(mean - shade) > DRIFT:
            return count
    return count + 1
