"""Frames: still pictures out of a video, at a steady rate, within bounds."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np

from domain.errors import Unreadable
from domain.report import FileFault
from tasks.media import RGB


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame; `seconds` counts from the video's start."""

    seconds: float
    rgb: RGB


@dataclass(frozen=True, slots=True)
class Sampling:
    """How much of a video is looked at: one frame each `every` seconds, at most `frames`, up to `seconds`."""

    every: float = 1.0
    frames: int = 3600
    seconds: float = 3600.0
    max_pixels: int = 100_000_000


def sample(content: bytes, sampling: Sampling) -> Iterator[Frame]:
    """Give the first frame at or after each whole multiple of `sampling.every`.

    Raises:
        Unreadable: no video is in it, a frame is over the bound, or it cannot be decoded up to its first frame.
    """
    taken = 0
    try:
        for frame in _decoded(content, sampling.max_pixels):
            seconds = float(frame.time or 0.0)
            if seconds > sampling.seconds or taken >= sampling.frames:
                return
            if seconds + 1e-6 >= taken * sampling.every:
                taken += 1
                yield Frame(seconds, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
    except (av.FFmpegError, ValueError, IndexError) as error:
        if not taken:  # a film that breaks off later keeps the frames before the break
            raise Unreadable(FileFault.UNDECODABLE) from error
    if not taken:
        raise Unreadable(FileFault.UNDECODABLE)


def _decoded(content: bytes, max_pixels: int) -> Iterator[av.VideoFrame]:
    """Decode every frame of the first video stream."""
    with av.open(io.BytesIO(content), mode="r") as container:
        stream = container.streams.video[0]
        if stream.codec_context.width * stream.codec_context.height > max_pixels:
            raise Unreadable(FileFault.TOO_MANY_PIXELS)
        yield from container.decode(stream)
