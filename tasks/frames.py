"""Frames: still pictures out of a video, at a steady rate, within bounds."""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import av
import numpy as np

from domain.errors import Unreadable
from domain.report import FileFault
from tasks.media import RGB

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg"
"""FFmpeg's readers that hostile bytes may reach. Others (sdp, hls, rtsp, concat …) open what a file names."""
_OFFLINE = {"protocol_whitelist": "none"}
_FFMPEG_LEAST = 1 << 20
"""FFmpeg's own bound is no finer: it counts the margins of its buffers in."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame; `seconds` counts from the video's first frame."""

    seconds: float
    rgb: RGB


@dataclass(frozen=True, slots=True)
class Sampling:
    """How much of a video is looked at: one frame each `every` seconds, at most `frames`, up to `seconds`.

    At most `max_frames` are decoded on the way, whatever the film's clock says.
    """

    every: float = 1.0
    frames: int = 3600
    seconds: float = 3600.0
    max_pixels: int = 100_000_000
    max_frames: int = 1_000_000


def sample(content: bytes, sampling: Sampling) -> Iterator[Frame]:
    """Give the first frame at or after each whole multiple of `sampling.every`; one for several where frames lack.

    Raises:
        Unreadable: no video is in it, a frame is over the bound, or it cannot be decoded up to its first frame.
    """
    taken, due, start = 0, 0, 0.0
    try:
        for ordinal, frame in enumerate(_decoded(content, sampling.max_pixels, sampling.max_frames)):
            moment = float(frame.time or 0.0)
            start = start if ordinal else moment
            seconds = max(0.0, moment - start)
            if seconds > sampling.seconds or taken >= sampling.frames:
                return
            if seconds + 1e-6 >= due * sampling.every:
                taken, due = taken + 1, math.floor((seconds + 1e-6) / sampling.every) + 1
                yield Frame(seconds, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
    except Unreadable:
        if not taken:  # a film that breaks off later keeps the frames before the break
            raise
    except (av.FFmpegError, ValueError, IndexError) as error:
        if not taken:
            raise Unreadable(FileFault.UNDECODABLE) from error
    if not taken:
        raise Unreadable(FileFault.UNDECODABLE)


def _decoded(content: bytes, max_pixels: int, max_frames: int) -> Iterator[av.VideoFrame]:
    """Decode every frame of the first video stream."""
    with av.open(io.BytesIO(content), mode="r", options={**_OFFLINE, "format_whitelist": FORMATS}) as container:
        stream = container.streams.video[0]
        if stream.codec_context is None:  # a codec that FFmpeg does not know
            raise Unreadable(FileFault.UNDECODABLE)
        if stream.codec_context.width * stream.codec_context.height > max_pixels:
            raise Unreadable(FileFault.TOO_MANY_PIXELS)
        stream.codec_context.options = {"max_pixels": str(max(max_pixels, _FFMPEG_LEAST))}
        for frame in islice(container.decode(stream), max_frames):
            if frame.width * frame.height > max_pixels:  # sizes may change on the way
                raise Unreadable(FileFault.TOO_MANY_PIXELS)
            yield frame
