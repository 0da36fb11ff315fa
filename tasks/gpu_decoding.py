"""Decoding on a GPU: JPEGs, some at a time, made smaller there; what it refuses is decoded by the CPU, file by file.

nvImageCodec decodes them (https://docs.nvidia.com/cuda/nvimagecodec/), the extra `gpu-decoding`. What comes of a file
is what the CPU makes of it, but for the rounding of two decoders: the same scale, orientation and fit.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from itertools import zip_longest
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from domain.errors import Unreadable
from domain.media import Kind
from infra.limits import at_most
from infra.world import world
from models.inputs import RGB
from models.session import CANNOT, driver_present
from models.shrinking import Shrinker, wait_for_gpu
from tasks.decoding import bounds, opened
from tasks.looking import Look, Looked, sight
from tasks.media import decode_image, jpeg_scale, upright

BATCH = 32
"""Files that are decoded at a time; while networks look at them, the next are."""

LARGEST = 2**25
"""Bytes of a file, or pixels of a picture, beyond which the CPU decodes it: as many at a time take 3 GiB of the GPU."""

TOLERANCE = 2.0
"""Levels, 0-255, by which a picture may differ on average from what the CPU makes of it.

Where the library decoded on a CPU it was 0.9 at most, of drawn pictures and photographs of 1600×1200, at four scales.
"""

_BEGIN, _END = b"\xff\xd8\xff", b"\xff\xd9"
"""Of a JPEG (ITU-T T.81, annex B); without an end it was cut off, and the CPU tells what that is worth."""
_ENDS_WITHIN = 64
_FAILS = (RuntimeError, *CANNOT)

Otherwise = Callable[[Sequence[Look]], Iterator[tuple[int, Looked]]]
"""Decodes files in another way; gives each with its place."""


class Jpegs:
    """A decoder of JPEGs on a GPU.

    Args:
        gpu: on one; or by the same library on the CPU, where it can be held to ours without a GPU.

    Raises:
        ImportError: nvImageCodec is not installed.
        RuntimeError: it cannot be opened.
    """

    def __init__(self, *, gpu: bool = True) -> None:
        nvimgcodec = import_module("nvidia.nvimgcodec")  # an extra
        self._codec, self._gpu = nvimgcodec, gpu
        kinds = nvimgcodec.BackendKind
        wanted = (kinds.HW_GPU_ONLY, kinds.GPU_ONLY, kinds.HYBRID_CPU_GPU) if gpu else (kinds.CPU_ONLY,)
        self._decoder = nvimgcodec.Decoder(
            device_id=0 if gpu else nvimgcodec.NVIMGCODEC_DEVICE_CPU_ONLY,
            max_num_cpu_threads=0 if gpu else 1,
            backends=[nvimgcodec.Backend(kind) for kind in wanted],
            options=":fancy_upsampling=1",  # as libjpeg does
        )
        self._told = nvimgcodec.DecodeParams(apply_exif_orientation=False, color_spec=nvimgcodec.ColorSpec.SRGB)
        self._shrinker = Shrinker()

    def decoded(self, contents: Sequence[bytes], scales: Sequence[int]) -> list[RGB | None]:
        """Decode JPEGs, not turned, each so that `scale` × `scale` pixels become one; None for one that is refused."""
        streams = [self.stream(content) for content in contents]
        images = self.whole([stream for stream in streams if stream is not None])
        found = [next(images) if stream is not None else None for stream in streams]
        return [
            None if image is None else self._smaller(image, scale) for image, scale in zip(found, scales, strict=True)
        ]

    def whole(self, streams: Sequence[Any]) -> Iterator[Any]:
        """Decode streams at full size, where they stay; None for one that cannot be."""
        images = self._decoder.decode(list(streams), params=self._told) if streams else []
        if self._gpu and streams:
            wait_for_gpu()
        return iter(images)

    def stream(self, content: bytes) -> Any:  # noqa: ANN401 (untyped)
        """Read a file's head; None for what is no JPEG of shades or of the usual colours to this library."""
        usual = (self._codec.ColorSpec.SYCC, self._codec.ColorSpec.GRAY)
        try:
            stream = self._codec.CodeStream(content)
            known = stream.codec_name == "jpeg" and stream.color_spec in usual
        except RuntimeError:
            return None
        return stream if known else None

    def _smaller(self, image: Any, scale: int) -> RGB:  # noqa: ANN401
        """Bring a picture to the host, made smaller where it is; one with gaps between its rows is brought whole."""
        height, width = image.height, image.width
        there = image.__cuda_array_interface__ if self._gpu else image.__array_interface__
        if scale > 1 and self._gpu and there["strides"] in (None, (3 * width, 3, 1)):
            return self._shrinker.shrunk(there["data"][0], (height, width), scale, "cuda")
        pixels = np.ascontiguousarray(np.asarray(image.cpu()))
        return self._shrinker.shrunk(pixels.ctypes.data, (height, width), scale, "cpu") if scale > 1 else pixels

    def agrees(self) -> bool:
        """Tell whether a drawn picture is to it what it is to the CPU, at each scale."""
        content, scales = _drawn(), (1, 2, 4, 8)
        found = self.decoded([content] * len(scales), scales)
        sizes = [min(_SIDES) // scale for scale in scales]
        return all(
            one is not None and apart(one, decode_image(content, LARGEST, least)) <= TOLERANCE
            for one, least in zip(found, sizes, strict=True)
        )


_SIDES = (1600, 1200)


def _drawn() -> bytes:
    """Draw a JPEG of soft colours."""
    noise = np.random.default_rng(1).integers(0, 256, (_SIDES[1] // 40, _SIDES[0] // 40, 3), np.uint8)
    picture = Image.fromarray(noise).resize(_SIDES, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


def apart(one: RGB, other: RGB) -> float:
    """Give the mean difference of two pictures in levels, 0-255; endless if they are not of one size."""
    return float(np.abs(one.astype(np.int16) - other).mean()) if one.shape == other.shape else np.inf


@cache
def gpu_jpegs() -> Jpegs | None:
    """Have the GPU's decoder until the process ends; None without a GPU or the library, or where they disagree."""
    if not driver_present():
        return None
    try:
        jpegs = Jpegs()
        return jpegs if jpegs.agrees() else None
    except (ImportError, *_FAILS):
        return None


def by_gpu(jpegs: Jpegs, orders: Sequence[Look], otherwise: Otherwise) -> Iterator[tuple[int, Looked]]:
    """Decode files on a GPU, and those that it refuses otherwise; give what was seen of each with its place."""
    batches = [range(start, min(start + BATCH, len(orders))) for start in range(0, len(orders), BATCH)]
    refused: list[int] = []
    with ThreadPoolExecutor(1) as thread:

        def begun(batch: range | None) -> Any:  # noqa: ANN401
            return thread.submit(_looked, jpegs, [orders[place] for place in batch or ()])

        coming = begun(batches[0] if batches else None)
        for batch, after in zip_longest(batches, batches[1:]):
            found, coming = coming.result(), begun(after)
            for place, one in zip(batch, found, strict=True):
                if one is None:
                    refused.append(place)
                else:
                    yield place, one
    if refused:
        for at, one in otherwise([orders[place] for place in refused]):
            yield refused[at], one


def _looked(jpegs: Jpegs, orders: Sequence[Look]) -> list[Looked | None]:
    """Decode some files; None for each that is refused, and for all where the GPU fails."""
    taken = [_taken(order) for order in orders]
    wanted = [each for each in taken if each]
    try:
        with at_most(world().settings.max_decode_seconds):
            pixels = iter(jpegs.decoded([content for content, _, _ in wanted], [scale for _, scale, _ in wanted]))
    except _FAILS:
        return [None] * len(orders)
    return [_seen(order, next(pixels), each[2]) if each else None for order, each in zip(orders, taken, strict=True)]


def _taken(order: Look) -> tuple[bytes, int, int] | None:
    """Read a file that a GPU can decode: its bytes, its scale and its orientation."""
    if order.kind is not Kind.IMAGE:
        return None
    try:
        with opened(order.blob) as content:
            if not content.startswith(_BEGIN) or _END not in content[-_ENDS_WITHIN:] or len(content) > LARGEST:
                return None
            told = jpeg_scale(content, min(bounds().max_pixels, LARGEST), order.view.least)
            return (content, *told) if told else None
    except Unreadable:
        return None


def _seen(order: Look, pixels: RGB | None, orientation: int) -> Looked | None:
    return None if pixels is None else (sight(order.view, upright(pixels, orientation, order.view.least)),)
