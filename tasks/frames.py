"""Frames: still pictures out of a video, at a steady rate, within bounds."""

import functools
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

import av
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

from domain.errors import Unreadable
from domain.report import FileFault
from tasks.media import RGB, Picture

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg"
"""FFmpeg's readers that hostile bytes may reach. Others (sdp, hls, rtsp, concat …) open what a file names."""
_OFFLINE = {"protocol_whitelist": "none"}
_FFMPEG_LEAST = 1 << 20
"""FFmpeg's own bound is no finer: it counts the margins of its buffers in."""
_LUMA_FIRST = re.compile(r"yuva?j?4[0-4]{2}p|nv12|nv21|gray")
"""FFmpeg's pixel formats whose first plane is 8-bit luma."""
_FULL_RANGE = 2
"""FFmpeg's AVCOL_RANGE_JPEG."""
_EXACT = "flags=bicubic+accurate_rnd"
"""How FFmpeg's scaler made the colours that the published vPDQ hashes are of."""

Item = TypeVar("Item")
View = TypeVar("View")


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame; `seconds` counts from the video's first frame."""

    seconds: float
    rgb: RGB


@dataclass(frozen=True, slots=True)
class Sampling:
    """How much of a video is looked at: one frame each `every` seconds, at most `frames`, up to `seconds`.

    Every frame where `every` is 0.
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
    for seconds, rgb in _seen(content, sampling, _colours):
        yield Frame(seconds, rgb)


def sample_luma(content: bytes, sampling: Sampling, *, exact: bool = False) -> Iterator[tuple[float, Picture]]:
    """As `sample`, each frame as its luma plane, its colours on demand; for `exact`, in the colours that vPDQ hashes.

    A frame's pixels are to be looked at before the next one is asked for.

    Raises:
        Unreadable: as `sample`.
    """
    scaler = _Scaler()
    return _seen(content, sampling, scaler.colours if exact else scaler.luma)


def sample_small(content: bytes, sampling: Sampling, least: int) -> Iterator[tuple[float, Picture]]:
    """As `sample_luma`, the colours on demand upright, and small, as long as `least` pixels are left along each side.

    Raises:
        Unreadable: as `sample`; so does what gives the colours, where FFmpeg cannot.
    """
    scaler = _Scaler()
    return _seen(
        content, sampling, lambda frame: replace(scaler.luma(frame), colours=functools.partial(_small, frame, least))
    )


def paced(frames: Iterable[tuple[float, Item]], sampling: Sampling) -> Iterator[tuple[float, Item]]:
    """Keep of frames and their moments (in seconds, from whenever) those that `sampling` asks for, counted from 0."""
    taken, due, start = 0, 0, 0.0
    for ordinal, (moment, frame) in enumerate(frames):
        start = start if ordinal else moment
        seconds = max(0.0, moment - start)
        if seconds > sampling.seconds or taken >= sampling.frames:
            return
        if seconds + 1e-6 >= due * sampling.every:
            taken += 1
            due = math.floor((seconds + 1e-6) / sampling.every) + 1 if sampling.every else 0
            yield seconds, frame


def _seen(content: bytes, sampling: Sampling, view: Callable[[av.VideoFrame], View]) -> Iterator[tuple[float, View]]:
    taken = 0
    try:
        frames = _decoded(content, sampling.max_pixels, sampling.max_frames)
        for seconds, frame in paced(((float(frame.time or 0.0), frame) for frame in frames), sampling):
            seen = view(frame)
            taken += 1
            yield seconds, seen
    except Unreadable:
        if not taken:  # a film that breaks off later keeps the frames before the break
            raise
    except (av.FFmpegError, ValueError, IndexError) as error:
        if not taken:
            raise Unreadable(FileFault.UNDECODABLE) from error
    if not taken:
        raise Unreadable(FileFault.UNDECODABLE)


def _colours(frame: av.VideoFrame) -> RGB:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _small(frame: av.VideoFrame, least: int) -> Picture:
    """Convert a frame to colours and make it smaller in one go; a film that was taken sideways is turned.

    Raises:
        Unreadable: FFmpeg cannot.
    """
    smaller = max(1, min(frame.width, frame.height) // least) if least else 1
    width, height = -(-frame.width // smaller), -(-frame.height // smaller)
    try:
        pixels = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")
        turns = round(frame.rotation / 90)
    except (av.FFmpegError, ValueError) as error:
        raise Unreadable(FileFault.UNDECODABLE) from error
    return _picture(np.ascontiguousarray(np.rot90(pixels, turns), np.uint8))


def _picture(pixels: NDArray[np.uint8]) -> Picture:
    return Picture(pixels, pixels.shape[0], pixels.shape[1])


class _Scaler:
    """Turns frames into the colours that vPDQ hashes, by a graph of filters for each kind of frame that comes."""

    def __init__(self) -> None:
        self._kind: tuple[object, ...] = ()
        self._graph = Graph()

    def luma(self, frame: av.VideoFrame) -> Picture:
        """Look at the luma plane where it lies; its range is 16–235 unless the frame says otherwise."""
        plane, name = frame.planes[0], frame.format.name
        if not _LUMA_FIRST.fullmatch(name) or plane.line_size < frame.width:
            return self.colours(frame)
        lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
        full = "j" in name or name == "gray" or frame.color_range == _FULL_RANGE
        gain = 1.0 if full else 255 / 219
        return Picture(lines, frame.height, frame.width, gain=gain, colours=functools.partial(self.colours, frame))

    def colours(self, frame: av.VideoFrame) -> Picture:
        """Convert a frame.

        Raises:
            Unreadable: FFmpeg cannot.
        """
        kind = (frame.width, frame.height, frame.format.name)
        try:
            if kind != self._kind:
                self._kind, self._graph = kind, self._built(frame)
            self._graph.push(frame)
            return _picture(np.asarray(self._graph.pull().to_ndarray(), np.uint8))
        except (av.FFmpegError, ValueError) as error:
            raise Unreadable(FileFault.UNDECODABLE) from error

    @staticmethod
    def _built(frame: av.VideoFrame) -> Graph:
        graph = Graph()
        graph.link_nodes(
            graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base),
            graph.add("scale", _EXACT),
            graph.add("format", "pix_fmts=rgb24"),
            graph.add("buffersink"),
        ).configure()
        return graph


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
