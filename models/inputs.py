"""Inputs: how a picture becomes what a network takes."""

from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

RGB = NDArray[np.uint8]
"""Pixels, H × W × 3, 0-255; with an axis before for several pictures of one size."""

Batch = NDArray[Any]
"""What a network takes: [N, *input.shape], of the input's type."""

Text = Annotated[str, Field(min_length=1)]
PerChannel = tuple[float, float, float]

GREY = 114
"""What a letterboxed picture is laid on, as YOLO's authors do (https://github.com/ultralytics/yolov5)."""

_REDUCING_GAP = 2.0
"""Pillow first shrinks by whole pixels, to no less than twice the size: a third less time on a large photograph."""


class Part(BaseModel):
    """A part of a contract: unchangeable, and without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Input(Part):
    """How a picture becomes the network's input: fitted to the size, in this colour order, `(value - mean) / std`.

    Attributes:
        name: the graph's input, one picture per row of its first axis.
        layout: where the channels stand.
        height, width: pixels.
        dtype: `uint8` takes the pixels as they are; range, mean and std must then leave them so.
        range: what 0 and 255 become before mean and std, which are in these units.
        mean, std: one number for each channel in the order of `colour`.
        resize: `stretch` the whole picture to the size, `crop` the largest middle part of its proportions, or
            `letterbox` the whole in its own proportions at the top left, grey (114) where it does not reach.
    """

    name: Text
    layout: Literal["NCHW", "NHWC"]
    height: int = Field(ge=1, le=4096)
    width: int = Field(ge=1, le=4096)
    colour: Literal["RGB", "BGR"]
    dtype: Literal["float32", "float16", "uint8"]
    range: tuple[float, float] = (0.0, 255.0)
    mean: PerChannel
    std: PerChannel
    resize: Literal["stretch", "crop", "letterbox"]

    @field_validator("std")
    @classmethod
    def _divides(cls, std: PerChannel) -> PerChannel:
        if min(std) <= 0:
            raise ValueError("every number of std is above 0")
        return std

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.range[0] >= self.range[1]:
            raise ValueError("range runs from the lower to the higher number")
        if self.dtype == "uint8" and (self.range, self.mean, self.std) != ((0, 255), (0, 0, 0), (1, 1, 1)):
            raise ValueError("an input of uint8 takes pixels as they are: range [0, 255], mean 0, std 1")
        return self

    @property
    def shape(self) -> tuple[int, int, int]:
        """One picture's axes, as the network takes them."""
        return (3, self.height, self.width) if self.layout == "NCHW" else (self.height, self.width, 3)


def fitted(rgb: RGB, told: Input) -> RGB:
    """Fit a picture (H × W × 3, any size) to the input's height and width, as the contract tells."""
    height, width = rgb.shape[:2]
    if told.resize == "letterbox":
        scale = scale_of(height, width, told)
        size = (min(told.width, max(1, round(width * scale))), min(told.height, max(1, round(height * scale))))
        boxed = np.full((told.height, told.width, 3), GREY, np.uint8)
        boxed[: size[1], : size[0]] = _resized(rgb, size, (0, 0, width, height))
        return boxed
    return _resized(rgb, (told.width, told.height), _taken(rgb, told))


def scale_of(height: int, width: int, told: Input) -> float:
    """Tell by how much letterboxing makes a picture larger: its pixels of the input for one of its own."""
    return min(told.width / width, told.height / height)


def normalised(pixels: RGB, told: Input) -> Batch:
    """Make the network's input of fitted pictures (N × height × width × 3)."""
    if told.colour == "BGR":
        pixels = pixels[..., ::-1]
    if told.dtype != "uint8":
        gain, offset = scaling(told)
        pixels = (pixels * gain + offset).astype(told.dtype, copy=False)
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2) if told.layout == "NCHW" else pixels)


def scaling(told: Input) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give what each channel's values are multiplied by, and what is added then, to range, mean and std."""
    low, high = told.range
    mean, std = (np.array(each, np.float32) for each in (told.mean, told.std))
    return np.float32((high - low) / 255) / std, (np.float32(low) - mean) / std


def _resized(rgb: RGB, size: tuple[int, int], box: tuple[float, float, float, float]) -> RGB:
    """Resize a part of a picture to a size (width, height)."""
    bilinear = Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(rgb).resize(size, bilinear, box=box, reducing_gap=_REDUCING_GAP), np.uint8)


def _taken(rgb: RGB, told: Input) -> tuple[float, float, float, float]:
    """Tell what is resized: all of the picture, or the largest middle part of the input's proportions."""
    height, width = rgb.shape[:2]
    if told.resize == "stretch":
        return (0, 0, width, height)
    scale = min(width / told.width, height / told.height)
    aside, above = (width - told.width * scale) / 2, (height - told.height * scale) / 2
    return (max(0.0, aside), max(0.0, above), min(width, width - aside), min(height, height - above))
