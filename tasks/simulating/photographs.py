"""Photographs: the few that installed packages ship, each looked at and pinned by its digest."""

import hashlib
import importlib.util
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from domain.errors import InvalidSettings


@dataclass(frozen=True, slots=True)
class Photograph:
    """One photograph: its file in an installed package, and the SHA-256 of that file.

    `plain` tells a picture with too little structure for a perceptual hash that may stand on a list.
    """

    name: str
    package: str
    file: str
    sha256: str
    plain: bool = False


_SKIMAGE = "skimage"
_SKLEARN = "sklearn"

PHOTOGRAPHS = (
    Photograph(
        "motorcycle-left",
        _SKIMAGE,
        "data/motorcycle_left.png",
        "db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179",
    ),
    Photograph(
        "motorcycle-right",
        _SKIMAGE,
        "data/motorcycle_right.png",
        "5fc913ae870e42a4b662314bc904d1786bcad8e2f0b9b67dba5a229406357797",
    ),
    Photograph(
        "hubble",
        _SKIMAGE,
        "data/hubble_deep_field.jpg",
        "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4",
    ),
    Photograph(
        "coffee", _SKIMAGE, "data/coffee.png", "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7"
    ),
    Photograph("cat", _SKIMAGE, "data/chelsea.png", "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb"),
    Photograph("grass", _SKIMAGE, "data/grass.png", "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89"),
    Photograph(
        "gravel", _SKIMAGE, "data/gravel.png", "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12"
    ),
    Photograph(
        "rocket", _SKIMAGE, "data/rocket.jpg", "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c"
    ),
    Photograph("brick", _SKIMAGE, "data/brick.png", "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf"),
    Photograph("moon", _SKIMAGE, "data/moon.png", "78739619d11f7eb9c165bb5d2efd4772cee557812ec847532dbb1d92ef71f577"),
    Photograph("horse", _SKIMAGE, "data/horse.png", "c7fb60789fe394c485f842291ea3b21e50d140f39d6dcb5fb9917cc178225455"),
    Photograph(
        "clock",
        _SKIMAGE,
        "data/clock_motion.png",
        "f029226b28b642e80113d86622e9b215ee067a0966feaf5e60604a1e05733955",
        plain=True,
    ),
    Photograph(
        "pagoda",
        _SKLEARN,
        "datasets/images/china.jpg",
        "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
    ),
    Photograph(
        "dahlia",
        _SKLEARN,
        "datasets/images/flower.jpg",
        "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
    ),
)
"""Places, things and animals; no person. A picture joins this list only after somebody has looked at it."""


def locate(photograph: Photograph) -> Path:
    """Find the photograph's file without importing its package.

    Raises:
        InvalidSettings: the package is not installed.
    """
    found = importlib.util.find_spec(photograph.package)
    if found is None or found.origin is None:
        raise InvalidSettings(
            f"Install {photograph.package}: the simulator takes the photograph {photograph.name} from it."
        )
    return Path(found.origin).parent / photograph.file


def read_photograph(photograph: Photograph) -> Image.Image:
    """Read the photograph in RGB, transparent parts white.

    Raises:
        InvalidSettings: the file is not the one that was looked at.
    """
    path = locate(photograph)
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != photograph.sha256:
        raise InvalidSettings(
            f"{photograph.package}/{photograph.file} is not the file that was looked at: "
            "look at it, then pin its SHA-256 in tasks/simulating/photographs.py."
        )
    with Image.open(io.BytesIO(content)) as picture:
        solid = picture.convert("RGBA")
        white = Image.new("RGBA", solid.size, "white")
        return Image.alpha_composite(white, solid).convert("RGB")
