"""Media: what a file is by its own bytes, and its pixels, within bounds."""

import io
import struct

import numpy as np
import puremagic
from numpy.typing import NDArray
from PIL import Image, ImageOps

from domain.errors import Unreadable
from domain.media import BlobKey, Kind
from domain.report import FileFault

RGB = NDArray[np.uint8]
"""Pixels, H × W × 3, 0–255."""

UNKNOWN_TYPE = "application/octet-stream"
_MEDIA_NAMES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".avif",
                ".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".3gp", ".wmv", ".flv")  # fmt: skip
_TS_PACKET = 188
"""Bytes of a packet of an MPEG transport stream (ISO/IEC 13818-1); each begins with a G."""
_FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "TIFF", "WEBP")
"""Pillow's decoders that hostile bytes may reach: one that is left out, EPS, runs another program on the file."""
_DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, KeyError, TypeError, RuntimeError,
    ArithmeticError, MemoryError,
)  # fmt: skip
"""What Pillow's decoders raise on broken files, format by format; none of them is a fault of ours."""

Image.MAX_IMAGE_PIXELS = None  # our own bound stands below, and is a recorded reason, not a warning


def claims_media(file_name: str) -> bool:
    """Whether a file name ends as an image's or a video's does."""
    return file_name.lower().endswith(_MEDIA_NAMES)


def sniff(head: bytes) -> str:
    """Name the media type of a file by its first bytes; `application/octet-stream` where nothing is recognised."""
    if len(head) > 2 * _TS_PACKET and head[::_TS_PACKET][:3] == b"GGG":
        return "video/mp2t"
    if head[4:8] == b"ftyp":
        return "image/avif" if head[8:12] in (b"avif", b"avis") else _iso_media(head[8:12])
    try:
        return str(puremagic.from_string(head, mime=True)) or UNKNOWN_TYPE
    except (puremagic.PureError, ValueError):
        return UNKNOWN_TYPE


def _iso_media(brand: bytes) -> str:
    """Tell stills from films in the ISO base media format (ISO/IEC 14496-12) by the major brand."""
    return "image/heic" if brand in (b"heic", b"heix", b"mif1", b"msf1", b"hevc") else "video/mp4"


def kind_of(media_type: str) -> Kind:
    """Sort a media type into the paper's three kinds."""
    family = media_type.partition("/")[0]
    return {"image": Kind.IMAGE, "video": Kind.VIDEO}.get(family, Kind.OTHER)


def decode_image(content: bytes, max_pixels: int) -> RGB:
    """Decode a picture, upright as its EXIF orientation says; the first frame of an animation.

    Raises:
        Unreadable: with `FileFault.TOO_MANY_PIXELS` or `FileFault.UNDECODABLE`.
    """
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > max_pixels:
                raise Unreadable(FileFault.TOO_MANY_PIXELS)
            ImageOps.exif_transpose(picture, in_place=True)
            if picture.mode.startswith("I;16"):  # Pillow would cut off what is over 255
                return np.asarray(Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8)).convert("RGB"))
            return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))
    except _DECODER_ERRORS as error:
        raise Unreadable(FileFault.UNDECODABLE) from error


def crashed(file: tuple[BlobKey, Kind]) -> tuple[BlobKey, FileFault]:
    """Give the outcome of a file that killed the worker that decoded it."""
    return file[0], FileFault.DECODER_CRASHED
