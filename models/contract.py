"""The contract of a model: a folder of `model.onnx`, `contract.json` and `card.md`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from domain.errors import UnusableModel
from domain.model import Role

NETWORK = "model.onnx"
CONTRACT = "contract.json"
CARD = "card.md"

Text = Annotated[str, Field(min_length=1)]
Label = Annotated[str, Field(min_length=1, max_length=96)]
PerChannel = tuple[float, float, float]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Input(_Part):
    """How a picture becomes the network's input: resized, in this colour order, `(value - mean) / std`.

    Attributes:
        name: the graph's input, one picture per row of its first axis.
        height, width: pixels.
        mean, std: one number for each channel in the order of `colour`, in units of 0-255.
        resize: `stretch` the whole picture to the size, or `crop` the largest middle part of its proportions.
    """

    name: Text
    layout: Literal["NCHW", "NHWC"]
    height: int = Field(ge=1, le=4096)
    width: int = Field(ge=1, le=4096)
    colour: Literal["RGB", "BGR"]
    dtype: Literal["float32"]
    mean: PerChannel
    std: PerChannel
    resize: Literal["stretch", "crop"]

    @field_validator("std")
    @classmethod
    def _divides(cls, std: PerChannel) -> PerChannel:
        if min(std) <= 0:
            raise ValueError("every number of std is above 0")
        return std

    @property
    def shape(self) -> tuple[int, int, int]:
        """One picture's axes, as the network takes them."""
        return (3, self.height, self.width) if self.layout == "NCHW" else (self.height, self.width, 3)


class Outputs(_Part):
    """Names of the graph's outputs: `probabilities` [N, labels] and `embedding` [N, any width], float32."""

    probabilities: Text
    embedding: Text


class Contract(_Part):
    """What a model promises, as its `contract.json` says.

    Attributes:
        role: what it is for; the registry keeps one registered model a role.
        name: the model's own name.
        labels: one for each column of `probabilities`, in order, all different.
        licence: SPDX identifier of the weights' licence.
        data: what it was trained on.
    """

    role: Role
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
    input: Input
    outputs: Outputs
    labels: tuple[Label, ...] = Field(min_length=1)
    licence: Text
    data: Text

    @field_validator("labels")
    @classmethod
    def _differ(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(labels)) != len(labels):
            raise ValueError("no two labels are the same")
        return labels


def load_contract(folder: Path) -> Contract:
    """Read the contract in `folder`.

    Raises:
        UnusableModel: a file is missing, or a field is; the message says what to mend.
    """
    for name in (NETWORK, CONTRACT, CARD):
        if not (folder / name).is_file():
            raise UnusableModel(f"{folder.name}: {name} is missing; a model is {NETWORK}, {CONTRACT} and {CARD}")
    try:
        return Contract.model_validate_json((folder / CONTRACT).read_bytes())
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'the file'}: {each['msg']}" for each in error.errors())
        raise UnusableModel(f"{folder.name}: mend {CONTRACT}: {wrong}") from None
