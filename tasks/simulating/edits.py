"""Edits: what people do to a picture before they share it again, and how it is encoded."""

import io
from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from tasks.simulating.chance import happens, one_of, weighted

ORIGINAL = "original"
Edit = Callable[[Image.Image, np.random.Generator], Image.Image]

_CAPTIONS = (
    "look at this one",
    "holiday 2014",
    "seen on example.org",
    "no words",
    "monday again",
    "repost",
    "good morning",
)
_FORMATS = {"JPEG": 0.88, "PNG": 0.05, "WEBP": 0.07}
_SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}


def _resize(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    share = rng.uniform(0.4, 0.85)
    return picture.resize((round(picture.width * share), round(picture.height * share)), Image.Resampling.BILINEAR)


def _crop(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Cut 5 to 25 % off each axis, the cut shared by chance between its two sides."""
    cut_x, cut_y = (rng.uniform(0.05, 0.25) * length for length in picture.size)
    left, top = rng.random() * cut_x, rng.random() * cut_y
    corners = (left, top, left + picture.width - cut_x, top + picture.height - cut_y)
    return picture.crop((round(corners[0]), round(corners[1]), round(corners[2]), round(corners[3])))


def _recompress(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Pass the picture through a poor JPEG (quality 15-40)."""
    poor = io.BytesIO()
    picture.save(poor, "JPEG", quality=int(rng.integers(15, 41)))
    with Image.open(poor) as worn:
        return worn.convert("RGB")


def _recolour(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    if happens(rng, 0.25):
        return ImageOps.grayscale(picture).convert("RGB")
    for enhancer in (ImageEnhance.Color, ImageEnhance.Brightness, ImageEnhance.Contrast):
        picture = enhancer(picture).enhance(rng.uniform(0.75, 1.25))
    return picture


def _mirror(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    del rng  # there is one way to mirror
    return ImageOps.mirror(picture)


def _caption(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Write a line on a band at the top or the foot of the picture."""
    marked, high = picture.copy(), round(picture.height * rng.uniform(0.07, 0.12))
    top = 0 if happens(rng, 0.4) else picture.height - high
    draw = ImageDraw.Draw(marked)
    draw.rectangle((0, top, picture.width, top + high), fill=(12, 12, 12))
    font = ImageFont.load_default(high * 0.6)
    draw.text((picture.width / 2, top + high / 2), one_of(rng, _CAPTIONS), fill=(250, 250, 250), font=font, anchor="mm")
    return marked


def _letterbox(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    bar = round(picture.height * rng.uniform(0.06, 0.16))
    return ImageOps.expand(picture, (0, bar), (0, 0, 0))


def _tilt(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Turn by 4 to 12 degrees either way; what is turned out of the frame is lost, and the corners are black."""
    degrees = rng.uniform(4, 12) * (1 if happens(rng, 0.5) else -1)
    return picture.rotate(degrees, Image.Resampling.BILINEAR)


def _quarter(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    return picture.transpose(one_of(rng, (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270)))


IMAGE_EDITS: Mapping[str, Edit] = {
    "resize": _resize,
    "crop": _crop,
    "recompress": _recompress,
    "recolour": _recolour,
    "mirror": _mirror,
    "caption": _caption,
    "letterbox": _letterbox,
    "tilt": _tilt,
    "quarter": _quarter,
}


def edit_picture(picture: Image.Image, edit: str, rng: np.random.Generator) -> Image.Image:
    """Apply the edit named (a key of `IMAGE_EDITS`, or `ORIGINAL`) to an RGB picture."""
    return picture if edit == ORIGINAL else IMAGE_EDITS[edit](picture, rng)


def encode_picture(picture: Image.Image, rng: np.random.Generator, encoding: str = "") -> tuple[bytes, str]:
    """Encode a picture (mostly JPEG, or as `encoding` says), and give its bytes and the suffix of its name."""
    encoding, content = encoding or weighted(rng, _FORMATS), io.BytesIO()
    if encoding == "PNG":
        picture.save(content, encoding, compress_level=1)
    elif encoding == "WEBP":
        picture.save(content, encoding, quality=int(rng.integers(70, 92)), method=0)
    else:
        picture.save(content, encoding, quality=int(rng.integers(68, 92)))
    return content.getvalue(), _SUFFIXES[encoding]
