"""The portraits of adults that installed packages ship, for tests and evaluation of face models alone; and edits.

They are read where they are installed and copied nowhere: an astronaut (NASA, public domain, in scikit-image) and
Rear Admiral Grace Hopper (US Navy, public domain, in Matplotlib).
"""

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import matplotlib as mpl
import skimage
import sklearn
from PIL import Image, ImageEnhance

PHOTOGRAPHS = Path(skimage.__file__).parent / "data"
MORE_PHOTOGRAPHS = Path(sklearn.__file__).parent / "datasets" / "images"

PORTRAITS = {
    "astronaut": PHOTOGRAPHS / "astronaut.png",
    "admiral": Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg",
}
FACELESS = (
    *(PHOTOGRAPHS / name for name in ("brick.png", "chelsea.png", "clock_motion.png", "coffee.png", "grass.png",
      "gravel.png", "horse.png", "hubble_deep_field.jpg", "moon.png", "motorcycle_left.png", "rocket.jpg")),
    MORE_PHOTOGRAPHS / "china.jpg", MORE_PHOTOGRAPHS / "flower.jpg",
)  # fmt: skip


def photograph(file: Path | io.BytesIO) -> Image.Image:
    """Read a picture as RGB."""
    return Image.open(file).convert("RGB")


def _compressed(picture: Image.Image) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=20)
    return photograph(file)


EDITS: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "as it is": lambda picture: picture,
    "half": lambda picture: picture.resize((picture.width // 2, picture.height // 2)),
    "compressed": _compressed,
    "dark": lambda picture: ImageEnhance.Brightness(picture).enhance(0.5),
    "bright": lambda picture: ImageEnhance.Brightness(picture).enhance(1.4),
    "turned": lambda picture: picture.rotate(8, Image.Resampling.BICUBIC),
    "turned back": lambda picture: picture.rotate(-12, Image.Resampling.BICUBIC),
    "mirrored": lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
}
