"""Shots: which frames of a film models look at: the first of each shot, and others now and then, within bounds."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.media import Picture

Frame = TypeVar("Frame")
View = TypeVar("View")

Glance = NDArray[np.int16]
"""A frame as 16 × 16 shades."""

CUT = 10.0
"""A shot begins with a frame whose glance differs by so much from the one before it: the mean, in shades of 0-255."""
SUDDEN = 2.5
"""How many times it must be that of the frames before: what pans, zooms or flickers differs at every frame.

On 90 drawn clips whose shots pan and zoom fast, 100 cuts among them, both sides of a cut differ by 23 to 70, neighbours
within a shot by 18 at most. `tests/unit/tasks/test_shots.py` holds both numbers to such clips, and to dissolves.
"""
_BEFORE = 0.5
"""Weight of the newest difference in the running mean of those before."""

_SIDE = 16
_LOOKED_AT = 120
"""Pixels along the shorter side that tell as much; all of a large frame's would take a quarter as long as decoding."""


def glance(pixels: NDArray[np.uint8]) -> Glance:
    """Give what a frame (shades or colours) is like at first sight, by every n-th pixel of large ones."""
    step = max(1, min(pixels.shape[:2]) // _LOOKED_AT)
    some = np.ascontiguousarray(pixels[::step, ::step] if pixels.ndim == 2 else pixels[::step, ::step, 1])
    return np.asarray(Image.fromarray(some).resize((_SIDE, _SIDE), Image.Resampling.BOX), np.int16)


def cuts(frames: Iterable[tuple[float, Picture]]) -> Iterator[tuple[float, Picture, bool]]:
    """Say of each frame whether a shot begins with it; one does with the first.

    A dissolve or a fade is no cut: what it leads to is seen by the floor rate of `chosen`.
    """
    last, before = None, CUT
    for seconds, picture in frames:
        now = glance(picture.pixels)
        apart = 0.0 if last is None else float(np.abs(now - last).mean())
        cut = last is None or (apart >= CUT and apart >= SUDDEN * before)
        before = CUT if cut else _BEFORE * apart + (1 - _BEFORE) * before
        last = now
        yield seconds, picture, cut


def chosen(frames: Iterable[tuple[float, Picture]], every: float) -> Iterator[tuple[float, Picture]]:
    """Choose the first frame of each shot, and one whenever `every` seconds have gone by without any."""
    due = 0.0
    for seconds, picture, cut in cuts(frames):
        if cut or seconds + 1e-6 >= due:
            due = seconds + every
            yield seconds, picture


def spread(items: Iterable[Frame], most: int, view: Callable[[Frame], View]) -> list[View]:
    """Keep at most `most` of a stream of unknown length: the first, and every n-th after it.

    n is the smallest power of two that suffices, so that more than half of `most` are kept of a longer stream. What
    is kept is looked at by `view` before the next one comes; what is not kept is not looked at.
    """
    kept: list[View] = []
    step = 1
    for ordinal, item in enumerate(items):
        if len(kept) == most and not ordinal % step:
            kept, step = kept[::2], 2 * step
        if not ordinal % step:
            kept.append(view(item))
    return kept
