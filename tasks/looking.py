"""Looking: a file decoded once, its frames made what every model at work wants of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PIL import Image

from domain.errors import Unreadable
from domain.media import BlobKey, Kind
from domain.report import FileFault
from models.inputs import RGB, Input, fitted
from tasks.decoding import bounds, opened
from tasks.frames import Sampling, paced, sample_small
from tasks.media import Picture, decode_colours
from tasks.shots import chosen, spread

OF_A_DETECTOR = 2
"""Frames in which faces are looked for are kept at twice the detector's input, or at their own size if that is less.

A face of 16 pixels a side in the input, about the least that detectors find, has 32 then, the least that is embedded
unless a contract says otherwise.
"""


@dataclass(frozen=True, slots=True)
class View:
    """What is wanted of a file's frames.

    Attributes:
        inputs: of networks that look at whole pictures, no two of one size and way of fitting.
        detectors: inputs of networks that look for faces; frames are kept for what looks at these.
    """

    inputs: tuple[Input, ...] = ()
    detectors: tuple[Input, ...] = ()

    @property
    def least(self) -> int:
        """Pixels that a picture keeps along each side when it is decoded, so that nothing is made larger again."""
        sides = [side for each in self.inputs for side in (each.height, each.width)]
        sides += [OF_A_DETECTOR * side for each in self.detectors for side in (each.height, each.width)]
        return max(sides, default=1)


@dataclass(frozen=True, slots=True)
class Sight:
    """A frame, as it was wanted.

    Attributes:
        seconds: its time; of a picture 0.
        fitted: for each input of the view, in its size; then for each of its detectors'.
        kept: for each detector, the frame that was fitted to its input.
    """

    seconds: float
    fitted: tuple[RGB, ...]
    kept: tuple[RGB, ...] = ()


Looked = tuple[Sight, ...] | FileFault
"""The frames of a file that are looked at, or why there are none."""


@dataclass(frozen=True, slots=True)
class Look:
    """A file to decode, and what is wanted of it."""

    blob: BlobKey
    kind: Kind
    view: View


def look(kind: Kind, content: bytes, view: View, sampling: Sampling) -> tuple[Sight, ...]:
    """Decode a picture, or the frames of a film or an animation that are looked at.

    Those are the first frame of each shot and one after each `sampling.every` seconds without any; where there are more
    than `sampling.frames`, every second, fourth, eighth … of them.

    Raises:
        Unreadable: it cannot be decoded up to its first frame.
    """
    every = replace(sampling, every=0.0, frames=sampling.max_frames)
    if kind is Kind.VIDEO:
        frames = sample_small(content, every, view.least)
    else:
        frames = paced(_pictures(content, sampling.max_pixels, view.least), every)
    return tuple(spread(chosen(frames, sampling.every), sampling.frames, partial(_sight, view)))


def _pictures(content: bytes, max_pixels: int, least: int) -> Iterator[tuple[float, Picture]]:
    for seconds, rgb in decode_colours(content, max_pixels, least):
        yield seconds, Picture(rgb, rgb.shape[0], rgb.shape[1])


def sight(view: View, rgb: RGB) -> Sight:
    """Make of a picture that was decoded, upright, what is wanted of it."""
    return _sight(view, (0.0, Picture(rgb, rgb.shape[0], rgb.shape[1])))


def _sight(view: View, frame: tuple[float, Picture]) -> Sight:
    seconds, picture = frame
    rgb = picture.colours().pixels if picture.colours else picture.pixels
    kept = tuple(_kept(rgb, each) for each in view.detectors)
    pairs = [*((rgb, each) for each in view.inputs), *zip(kept, view.detectors, strict=True)]
    return Sight(seconds, tuple(fitted(pixels, each) for pixels, each in pairs), kept)


def _kept(rgb: RGB, told: Input) -> RGB:
    """Make a frame no larger than twice a detector's input, in its own proportions."""
    height, width = rgb.shape[:2]
    share = min(OF_A_DETECTOR * told.height / height, OF_A_DETECTOR * told.width / width)
    if share >= 1:
        return rgb
    size = max(1, round(share * width)), max(1, round(share * height))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0), np.uint8)


def looked(order: Look) -> Looked:
    """Open a file and look at it, within the bounds of the settings."""
    try:
        with opened(order.blob) as content:
            return look(order.kind, content, order.view, bounds(films=True))
    except Unreadable as unreadable:
        return FileFault(unreadable.args[0])
