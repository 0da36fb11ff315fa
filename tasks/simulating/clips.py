"""Clips: short films of one to three shots that pan and zoom over drawn pictures."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from PIL import Image

from tasks.simulating.chance import happens, one_of
from tasks.simulating.edits import ORIGINAL
from tasks.simulating.figures import draw_figure
from tasks.simulating.scenes import draw_scene

RATE = 10
"""Frames per second."""

SIZES = ((320, 240), (320, 240), (320, 240), (320, 240), (400, 300), (480, 360))
_PAINTED = (480, 360)

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a clip is written; `share` is the size of its frames relative to the original's."""

    suffix: str
    container: str
    codec: str
    options: Mapping[str, str]
    share: float = 1.0


_H264 = Encoding("mp4", "mp4", "libx264", {"preset": "ultrafast", "crf": "26"})
_REENCODED = (
    Encoding("mp4", "mp4", "libx264", {"preset": "ultrafast", "crf": "34"}),
    Encoding("webm", "webm", "libvpx", {"deadline": "realtime", "cpu-used": "-8", "b": "300k"}),
    Encoding("avi", "avi", "mpeg4", {"flags": "+qscale", "global_quality": "944"}),
)
_RESIZED = Encoding("mp4", "mp4", "libx264", {"preset": "ultrafast", "crf": "27"}, 0.6)

VIDEO_EDITS = ("reencode", "resize")


def choose_encoding(edit: str, rng: np.random.Generator) -> Encoding:
    """Choose how a clip is written after `edit` (one of `VIDEO_EDITS`, or `ORIGINAL`)."""
    return {ORIGINAL: _H264, "resize": _RESIZED}.get(edit) or one_of(rng, _REENCODED)


def film(rng: np.random.Generator) -> list[Image.Image]:
    """Shoot a clip of 3 to 6 seconds: frames at `RATE` a second, RGB, one size, even numbers of pixels."""
    size, shots = one_of(rng, SIZES), int(rng.integers(1, 4))
    lengths = [max(8, round(RATE * rng.uniform(3, 6) / shots)) for _ in range(shots)]
    return [frame for length in lengths for frame in _shot(rng, size, length)]


def _shot(rng: np.random.Generator, size: tuple[int, int], frames: int) -> Iterator[Image.Image]:
    """Move over one picture in a straight line, nearing or leaving it."""
    picture = (draw_figure if happens(rng, 0.4) else draw_scene)(rng, _PAINTED)
    start, end = _view(rng), _view(rng)
    for step in np.linspace(0, 1, frames):
        left, top, right, bottom = (a + (b - a) * float(step) for a, b in zip(start, end, strict=True))
        yield picture.resize(size, Image.Resampling.BILINEAR, (left, top, right, bottom))


def _view(rng: np.random.Generator) -> Box:
    """Choose a part of the painted picture, 60 to 95 % of its sides."""
    wide, high = _PAINTED
    share = rng.uniform(0.6, 0.95)
    left, top = rng.uniform(0, 1 - share, 2)
    return left * wide, top * high, (left + share) * wide, (top + share) * high


def encode_clip(frames: list[Image.Image], encoding: Encoding) -> bytes:
    """Write the frames in one thread, bit for bit the same each time."""
    content, converter = io.BytesIO(), VideoReformatter()
    wide, high = (round(length * encoding.share / 2) * 2 for length in frames[0].size)
    with av.open(content, "w", format=encoding.container, options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(encoding.codec, rate=RATE, options=dict(encoding.options))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = wide, high, "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.time_base = Fraction(1, RATE)
        for number, picture in enumerate(frames):
            frame = converter.reformat(
                av.VideoFrame.from_ndarray(np.asarray(picture)), wide, high, "yuv420p", threads=1
            )
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return content.getvalue()
