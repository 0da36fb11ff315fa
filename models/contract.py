"""The contract of a model: a folder of `model.onnx`, `contract.json` and `card.md`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError, field_validator, model_validator

from domain.errors import UnusableModel
from domain.model import Role
from models.inputs import Input, Part, Text

NETWORK = "model.onnx"
CONTRACT = "contract.json"
CARD = "card.md"
LONGEST = 2**22
"""Bytes of a contract or a card."""

Label = Annotated[str, Field(min_length=1, max_length=96)]
Share = Annotated[float, Field(ge=0, le=1)]
Point = tuple[float, float]


class Thresholds(Part):
    """Calibrated probabilities from which on a label holds, and up to which it does not; between them none is said."""

    no: Share
    yes: Share

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.no >= self.yes:
            raise ValueError("no is below yes")
        return self


class _Model(Part):
    """What every model promises.

    Attributes:
        name: the model's own name.
        batch: most pictures in one run; the graph's batch axis is dynamic.
        half: whether it may be run in half precision on a GPU.
        licence: SPDX identifier of the weights' licence.
        data: what it was trained on.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
    input: Input
    batch: int = Field(default=16, ge=1, le=1024)
    half: bool = False
    licence: Text
    data: Text

    def outputs_told(self) -> dict[str, tuple[int | None, ...]]:
        """Give the graph's outputs and their axes but the first; None for an axis of any length."""
        raise NotImplementedError


class Scores(Part):
    """`scores`: the graph's output [N, labels], each 0-1."""

    scores: Text


def _differ(labels: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(labels)) != len(labels):
        raise ValueError("no two labels are the same")
    return labels


class _Labelled(_Model):
    """What a model promises that gives a score for each label.

    Attributes:
        labels: one for each column of the scores, in order, all different.
        calibration: by label, points (score, probability) of a line that turns one into the other; both rise. A label
            without points has its score as its probability.
        thresholds: by label; without them the label is told, and nothing is said of it.
    """

    outputs: Scores
    labels: tuple[Label, ...] = Field(min_length=1)
    calibration: dict[Label, tuple[tuple[Share, Share], ...]] = Field(default_factory=dict)
    thresholds: dict[Label, Thresholds] = Field(default_factory=dict)

    @field_validator("labels")
    @classmethod
    def _labels(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        return _differ(labels)

    @model_validator(mode="after")
    def _known(self) -> Self:
        strange = sorted((self.calibration.keys() | self.thresholds.keys()) - set(self.labels))
        if strange:
            raise ValueError(f"{strange[0]} is none of the labels")
        for label, points in self.calibration.items():
            scores, probabilities = [point[0] for point in points], [point[1] for point in points]
            if len(points) < 2 or scores != sorted(set(scores)) or probabilities != sorted(probabilities):
                raise ValueError(f"the calibration of {label} has two points or more, and rises")
        return self

    def outputs_told(self) -> dict[str, tuple[int | None, ...]]:
        """As in every model."""
        return {self.outputs.scores: (len(self.labels),)}


class ClassifierContract(_Labelled):
    """A classifier: how far each label holds for a picture."""

    role: Literal[Role.CLASSIFIER]


class Kind(Part):
    """What a tag is: a scene, an object, or a landmark, which stands in a country (ISO 3166-1, two letters)."""

    kind: Literal["scene", "object", "landmark"]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None


class TaggerContract(_Labelled):
    """A tagger; labels that `kinds` does not name are objects."""

    role: Literal[Role.TAGGER]
    kinds: dict[Label, Kind] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _of_labels(self) -> Self:
        strange = sorted(self.kinds.keys() - set(self.labels))
        if strange:
            raise ValueError(f"{strange[0]} is none of the labels")
        return self


class Boxes(Part):
    """The graph's outputs.

    Attributes:
        boxes: [N, K, 4]: left, top, right, bottom in pixels of the input.
        scores: [N, K], 0-1.
        landmarks: [N, K, 5, 2], where there are any: x and y of the left eye, the right eye, the nose, and the left and
            right corner of the mouth, left and right as one looks at the picture.
    """

    boxes: Text
    scores: Text
    landmarks: Text | None = None


class DetectorContract(_Model):
    """A detector: its graph gives K candidates, decoded.

    Attributes:
        threshold: least score of a candidate that is kept.
        overlap: area in common over area covered beyond which the best of two is kept alone.
    """

    role: Literal[Role.FACE_DETECTOR]
    outputs: Boxes
    threshold: Share
    overlap: Share = 0.3

    def outputs_told(self) -> dict[str, tuple[int | None, ...]]:
        """As in every model."""
        told: dict[str, tuple[int | None, ...]] = {self.outputs.boxes: (None, 4), self.outputs.scores: (None,)}
        return told | ({self.outputs.landmarks: (None, 5, 2)} if self.outputs.landmarks else {})


class Embedding(Part):
    """`embedding`: the graph's output [N, any width]; it is made unit length after the network."""

    embedding: Text


class _Embedder(_Model):
    """What embedders promise.

    Attributes:
        alike: average cosine from which on two groups of vectors are taken for one; the card says at which precision.
    """

    outputs: Embedding
    alike: Share = 0.7

    def outputs_told(self) -> dict[str, tuple[int | None, ...]]:
        """As in every model."""
        return {self.outputs.embedding: (None,)}


class SceneEmbedderContract(_Embedder):
    """An embedder of whole pictures."""

    role: Literal[Role.SCENE_EMBEDDER]


class FaceEmbedderContract(_Embedder):
    """An embedder of faces.

    Attributes:
        align: where the detector's landmarks come to stand, in pixels of the input: two points for the eyes, or five.
        least_pixels: side of a face's box in the decoded picture below which it is not embedded.
    """

    role: Literal[Role.FACE_EMBEDDER]
    align: tuple[Point, Point] | tuple[Point, Point, Point, Point, Point]
    least_pixels: int = Field(default=32, ge=1)


class Head(Part):
    """One attribute: the graph's output [N, labels], 0-1, and its labels."""

    scores: Text
    labels: Annotated[tuple[Label, ...], Field(min_length=1)]

    @field_validator("labels")
    @classmethod
    def _labels(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        return _differ(labels)


class AttributesContract(_Model):
    """A model of how faces look: `outputs` by attribute (`age_group`, `blurred`, `hair_colour`, `eye_colour`, `part`).

    Attributes:
        margin: how much of the box's longer side is added on each side.
    """

    role: Literal[Role.FACE_ATTRIBUTES]
    outputs: Annotated[dict[Label, Head], Field(min_length=1)]
    margin: float = Field(default=0.2, ge=0, le=1)

    def outputs_told(self) -> dict[str, tuple[int | None, ...]]:
        """As in every model."""
        return {head.scores: (len(head.labels),) for head in self.outputs.values()}


Contract = (
    ClassifierContract | TaggerContract | DetectorContract | SceneEmbedderContract | FaceEmbedderContract
    | AttributesContract
)  # fmt: skip
Labelled = ClassifierContract | TaggerContract
AnyContract = TypeVar("AnyContract")

_READER: TypeAdapter[Contract] = TypeAdapter(Annotated[Contract, Field(discriminator="role")])


def load_contract(folder: Path) -> Contract:
    """Read the contract in `folder` of a model that looks at files; as `read`."""
    return read(folder, _READER)


def read(folder: Path, reader: TypeAdapter[AnyContract]) -> AnyContract:
    """Read the contract in `folder`.

    Raises:
        UnusableModel: a file is missing, is a link or no text, or a field is wrong; the message says what to mend.
    """
    for name in (NETWORK, CONTRACT, CARD):
        if not (folder / name).is_file():
            raise UnusableModel(f"{folder.name}: {name} is missing; a model is {NETWORK}, {CONTRACT} and {CARD}")
        if (folder / name).is_symlink():
            raise UnusableModel(f"{folder.name}: {name} is a link; put the file itself there")
    for name in (CONTRACT, CARD):
        if (folder / name).stat().st_size > LONGEST:
            raise UnusableModel(f"{folder.name}: {name} is larger than {LONGEST:,} bytes; shorten it")
    try:
        (folder / CARD).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UnusableModel(f"{folder.name}: {CARD} is no UTF-8; save it as that") from None
    try:
        return reader.validate_json((folder / CONTRACT).read_bytes())
    except ValidationError as error:
        wrong = "; ".join(f"{_place(each['loc'])}: {each['msg']}" for each in error.errors())
        raise UnusableModel(f"{folder.name}: mend {CONTRACT}: {wrong}") from None


def misshapen(contract: Contract, answers: Mapping[str, NDArray[Any]], count: int) -> str:
    """Say which answers to `count` pictures are not of the contract's shape; empty where all are.

    What may be of any length is as long in all outputs: the candidates of a detector.
    """
    free: dict[int, str] = {}
    for name, axes in contract.outputs_told().items():
        shape, wanted = answers[name].shape, (count, *axes)
        if len(shape) != len(wanted) or any(want not in (None, size) for size, want in zip(shape, wanted, strict=True)):
            told = ", ".join("any" if want is None else str(want) for want in wanted)
            return f"{name} is {list(shape)}, not [{told}], for {count} pictures"
        free |= {size: name for size, want in zip(shape, wanted, strict=True) if want is None}
    return "" if len(free) < 2 else " and ".join(f"{name} has {size}" for size, name in free.items()) + " candidates"


def _place(loc: tuple[int | str, ...]) -> str:
    """Name a field as the file has it; the reader's own first step is the role."""
    return ".".join(map(str, loc[1:] if loc and loc[0] in set(Role) else loc)) or "the file"
