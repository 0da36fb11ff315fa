"""Media: what a file is by its own bytes, and its pixels, within bounds."""

import functools
import io
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
import pi_heif
import puremagic
from numpy.typing import NDArray
from PIL import ExifTags, Image
from puremagic.main import PureMagic

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
_FORMATS = ("JPEG", "AVIF", "BMP", "GIF", "HEIF", "JPEG2000", "PNG", "TIFF", "WEBP")
"""Pillow's decoders that hostile bytes may reach: one that is left out, EPS, runs another program on the file."""
_DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, KeyError, TypeError, RuntimeError,
    ArithmeticError, MemoryError,
)  # fmt: skip
"""What Pillow's decoders raise on broken files, format by format; none of them is a fault of ours."""

_STILL = ("JPEG", "MPO")
"""What further pictures such a file holds are previews, depths or gains of the first one."""
_STILL_SECONDS = 1.0
"""How long a page stands that says nothing of it; 0 means what browsers make of it, a tenth."""
_TURNS = {1: (1, 1), 2: (1, -1), 3: (-1, -1), 4: (-1, 1), 5: (1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}
"""EXIF's orientations: the steps in which rows and columns are read, after both were exchanged from 5 on."""

Image.MAX_IMAGE_PIXELS = None  # our own bound stands below, and is a recorded reason, not a warning
pi_heif.register_heif_opener(thumbnails=False, decode_threads=1)


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels as they are stored: perhaps reduced, not turned.

    Attributes:
        pixels: shades (H × W) or colours (H × W × 3), 0–255.
        height, width: at full size, in pixels as stored.
        scale: pixels along each axis that became one, 1, 2, 4 or 8; the last block may be short.
        orientation: EXIF's, 1–8: how to turn the picture upright.
        gain: what stretches the shades to the full range of 0–255.
        colours: gives the same picture at full size and in colours, where less was looked at so far.
    """

    pixels: NDArray[np.uint8]
    height: int
    width: int
    scale: int = 1
    orientation: int = 1
    gain: float = 1.0
    colours: "Callable[[], Picture] | None" = None

    @property
    def upright(self) -> tuple[int, int]:
        """Height and width as it is looked at."""
        return (self.width, self.height) if self.orientation >= 5 else (self.height, self.width)


def claims_media(file_name: str) -> bool:
    """Whether a file name ends as an image's or a video's does."""
    return file_name.lower().endswith(_MEDIA_NAMES)


def sniff(head: bytes) -> str:
    """Name the media type of a file by its first bytes; `application/octet-stream` where nothing is recognised."""
    if len(head) > 2 * _TS_PACKET and head[::_TS_PACKET][:3] == b"GGG":
        return "video/mp2t"
    if head[4:8] == b"ftyp":
        return "image/avif" if head[8:12] in (b"avif", b"avis") else _iso_media(head[8:12])
    found = [row for (start, stop), rows in _SIGNATURES.items() if (row := rows.get(head[start:stop]))]
    found.sort(key=_ORDER.__getitem__)
    found += [longer for row in found for longer in _prolonged(row, head)]
    longest = max(found, key=lambda row: len(row.byte_match), default=None)
    return longest.mime_type or UNKNOWN_TYPE if longest else UNKNOWN_TYPE


_ROWS = (*puremagic.magic_header_array, *puremagic.magic_footer_array)
_ORDER = {row: order for order, row in reversed(list(enumerate(_ROWS)))}


def _signatures() -> dict[tuple[int, int | None], dict[bytes, PureMagic]]:
    """Sort puremagic's signatures by where they stand, so that a file is looked up once for all that stand there.

    puremagic itself tries 1,400 of them one after the other, which takes 0.7 ms. As there, the longest counts, and the
    first of several as long.
    """
    places: dict[tuple[int, int | None], dict[bytes, PureMagic]] = {}
    for row in _ROWS:
        place = row.offset, row.offset + len(row.byte_match) or None
        places.setdefault(place, {}).setdefault(row.byte_match, row)
    return places


_SIGNATURES = _signatures()


def _prolonged(row: PureMagic, head: bytes) -> Iterator[PureMagic]:
    """Give the signatures that begin with this one and have a second part elsewhere in the file."""
    for part in puremagic.multi_part_dict.get(row.byte_match, ()):
        stop = part.offset + len(part.byte_match)
        if head[part.offset : stop or None] == part.byte_match:
            whole = row.byte_match + part.byte_match if part.offset < 0 else head[row.offset : stop]
            yield part._replace(byte_match=whole)


def _iso_media(brand: bytes) -> str:
    """Tell stills from films in the ISO base media format (ISO/IEC 14496-12) by the major brand."""
    return "image/heic" if brand in (b"heic", b"heix", b"mif1", b"msf1", b"hevc") else "video/mp4"


def kind_of(media_type: str) -> Kind:
    """Sort a media type into the paper's three kinds."""
    family = media_type.partition("/")[0]
    return {"image": Kind.IMAGE, "video": Kind.VIDEO}.get(family, Kind.OTHER)


def decode_image(content: bytes, max_pixels: int, least: int = 0) -> RGB:
    """Decode a picture in colours, upright; the first frame of an animation.

    Raises:
        Unreadable: as `decode_colours`.
    """
    return next(decode_colours(content, max_pixels, least))[1]


def decode_colours(content: bytes, max_pixels: int, least: int = 0) -> Iterator[tuple[float, RGB]]:
    """Decode a picture, or an animation frame by frame, in colours and upright, each with its second.

    It is made smaller as long as `least` pixels are left along each side: a JPEG to a half, a quarter or an eighth as
    it is decoded, anything else, and what is left, by whole pixels afterwards; not at all where `least` is 0.

    Raises:
        Unreadable: as `decode_frames`.
    """
    for seconds, picture in decode_frames(content, max_pixels, least, colours=True):
        yield seconds, upright(picture.pixels, picture.orientation, least)


def upright(pixels: NDArray[np.uint8], orientation: int, least: int) -> RGB:
    """Turn shades or colours as EXIF says (1-8), make them smaller by whole pixels to no less than `least` a side."""
    smaller = min(pixels.shape[:2]) // least if least else 1
    if smaller > 1:
        pixels = np.asarray(Image.fromarray(pixels).reduce(smaller))
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    down, right = _TURNS[orientation]
    pixels = pixels[::down, ::right]
    return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else np.ascontiguousarray(pixels)


def decode_frames(
    content: bytes, max_pixels: int, least: int = 0, *, colours: bool = False
) -> Iterator[tuple[float, Picture]]:
    """Decode a picture, or an animation frame by frame, each with its second; a later frame that is broken ends it.

    A JPEG is decoded to a half, a quarter or an eighth of its size as long as `least` pixels are left along each side,
    and to shades alone, straight from its luma plane, unless `colours`; at full size and in colours where `least` is 0.

    Raises:
        Unreadable: with `FileFault.TOO_MANY_PIXELS` or `FileFault.UNDECODABLE`, for the first frame.
    """
    seconds = 0.0
    for ordinal in count():
        try:
            if not ordinal:
                picture = _opened(content, max_pixels)
                orientation = _orientation(picture)
                stored = picture.mode
                full, scale = _reduced(picture, least, "RGB" if colours else "L")
                less = scale > 1 or picture.mode != stored
            else:
                picture.seek(ordinal)
                full, scale, less = picture.size, 1, False
                if full[0] * full[1] > max_pixels:
                    return
            whole = functools.partial(_whole, content, max_pixels) if less else None
            frame = Picture(_pixels(picture), full[1], full[0], scale, orientation, colours=whole)
        except _DECODER_ERRORS as error:
            if ordinal:
                return
            raise Unreadable(FileFault.UNDECODABLE) from error
        yield seconds, frame
        if picture.format in _STILL:
            return
        shown = picture.info.get("duration")
        seconds += _STILL_SECONDS if shown is None else float(shown) / 1000 or 0.1


def _whole(content: bytes, max_pixels: int) -> Picture:
    return next(decode_frames(content, max_pixels))[1]


def _opened(content: bytes, max_pixels: int) -> Image.Image:
    picture = Image.open(io.BytesIO(content), formats=_FORMATS)
    if picture.width * picture.height > max_pixels:
        raise Unreadable(FileFault.TOO_MANY_PIXELS)
    return picture


def _orientation(picture: Image.Image) -> int:
    told = picture.getexif().get(ExifTags.Base.Orientation, 1)
    return told if told in range(1, 9) else 1


def _reduced(picture: Image.Image, least: int, mode: str) -> tuple[tuple[int, int], int]:
    """Have a JPEG decoded small, in a mode; give its full size (width, height) and how many pixels become one."""
    full = picture.size
    if not least or not picture.draft(mode, (least, least)):
        return full, 1
    scales = (scale for scale in (1, 2, 4, 8) if picture.size == (-(-full[0] // scale), -(-full[1] // scale)))
    return full, next(scales)


def jpeg_scale(content: bytes, max_pixels: int, least: int) -> tuple[int, int] | None:
    """Tell of a JPEG by its head how many of its pixels become one, as in `decode_frames`, and its orientation.

    None for what is no JPEG of shades or of the usual three colours, and what is larger than may be decoded.
    """
    try:
        picture = _opened(content, max_pixels)
        orientation = _orientation(picture)
        if picture.format not in _STILL or picture.mode not in ("L", "RGB"):
            return None
        return _reduced(picture, least, "RGB")[1], orientation
    except (Unreadable, *_DECODER_ERRORS):
        return None


def _pixels(picture: Image.Image) -> NDArray[np.uint8]:
    """Give shades, or colours; what is transparent is taken as opaque."""
    if picture.mode in ("L", "RGB"):
        return np.asarray(picture)
    if picture.mode in ("1", "LA"):
        return np.asarray(picture.convert("L"))
    if picture.mode.startswith("I;16"):  # Pillow would cut off what is over 255
        return (np.asarray(picture) >> 8).astype(np.uint8)
    if picture.mode in ("I", "F"):
        return _shades(np.nan_to_num(np.asarray(picture, np.float64)))
    return np.asarray(picture.convert("RGB"))


def _shades(of: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Bring shades of unknown range to 0–255: the brightest tells whether white is 1, 255 or 65 535."""
    brightest = float(of.max(initial=0))
    white = next((white for white in (1, 255, 65_535) if brightest <= white), brightest)
    return np.clip(of * (255 / white), 0, 255).astype(np.uint8)


def crashed(file: tuple[BlobKey, Kind]) -> tuple[BlobKey, FileFault]:
    """Give the outcome of a file that killed the worker that decoded it."""
    return file[0], FileFault.DECODER_CRASHED
