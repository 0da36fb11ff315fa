"""Examples of a card: drawn pictures, and what the model must say of them.

They stand in the card in a fenced block named `examples`, one JSON object a line:
`{"picture": {"flat": [255, 0, 0]}, "expect": {"red": [0.9, 1]}}`. A card of a network with several roles has a block
for each, named `examples ROLE`.
"""

import base64
import binascii
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from PIL import Image, UnidentifiedImageError
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from domain.errors import UnusableModel
from domain.model import Role
from models.checking.findings import Finding, failed, passed
from models.contract import CARD, AttributesContract, ClassifierContract, DetectorContract, TaggerContract
from models.inputs import RGB, Part, fitted, normalised
from models.runners.classifier import calibrated
from models.runners.detector import faces
from models.runners.embedder import unit
from models.session import CANNOT, Session

EXAMPLES = "examples of the card"
MEND = "mend the example in card.md, or the model"

_BLOCK = re.compile(r"^```examples([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SIDE = 256
_MOST_PIXELS = 4096 * 4096

Range = tuple[float, float]
Byte = Annotated[int, Field(ge=0, le=255)]
Squares = Annotated[int, Field(le=2**16)]


class Picture(Part):
    """A picture that is drawn here, 256 pixels a side, or held in the card.

    Attributes:
        flat: one colour, red, green and blue, 0-255.
        checker: black and white squares of so many pixels.
        noise: the seed of even noise.
        png: a PNG file, base64.
    """

    flat: tuple[Byte, Byte, Byte] | None = None
    checker: Squares | tuple[Squares] | None = None
    noise: int | None = None
    png: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "Picture":
        if len(self.model_fields_set) != 1:
            raise ValueError("a picture is one of flat, checker, noise and png")
        return self

    def drawn(self) -> RGB:
        """Draw it: H × W × 3.

        Raises:
            ValueError: the PNG cannot be read.
        """
        if self.png is not None:
            return _read(self.png)
        if self.flat is not None:
            return np.full((_SIDE, _SIDE, 3), self.flat, np.uint8)
        if self.noise is not None:
            return np.random.default_rng(self.noise).integers(0, 256, (_SIDE, _SIDE, 3)).astype(np.uint8)
        squares = max(1, self.checker[0] if isinstance(self.checker, tuple) else self.checker or 1)
        rows, columns = np.indices((_SIDE, _SIDE))
        return np.repeat(((rows // squares + columns // squares) % 2 * 255).astype(np.uint8)[..., None], 3, axis=2)


def _read(png: str) -> RGB:
    try:
        with Image.open(io.BytesIO(base64.b64decode(png, validate=True)), formats=["PNG"]) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise ValueError("the PNG is too large")
            return np.asarray(image.convert("RGB"))
    except (binascii.Error, UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise ValueError(f"the PNG cannot be read: {error}") from None


class Vector(Part):
    """What an embedder must give: the first numbers of the unit vector, each within so much."""

    first: tuple[float, ...] = Field(min_length=1)
    within: float = Field(default=1e-3, gt=0)


class Faces(Part):
    """How many faces a detector must find."""

    faces: int = Field(ge=0)


class Example(Part):
    """One line of the block."""

    picture: Picture
    expect: dict[str, Any] = Field(min_length=1)


_LABELS = TypeAdapter(dict[str, Range])
_HEADS = TypeAdapter(dict[str, dict[str, Range]])


def examine_examples(folder: Path, session: Session) -> Finding:
    """Run the card's own examples, and hold the model to them."""
    lines = list(_lines((folder / CARD).read_text(encoding="utf-8"), session.contract.role))
    if not lines:
        return passed(EXAMPLES, "none; a few would show that the model is prepared here as where it was trained")
    for number, line in enumerate(lines, 1):
        try:
            wrong = unmet(Example.model_validate_json(line), session)
        except (ValidationError, ValueError) as error:
            return failed(EXAMPLES, f"example {number} cannot be read: {_told(error)}", MEND)
        except (UnusableModel, *CANNOT) as error:
            return failed(EXAMPLES, f"example {number} gets no answer: {str(error).splitlines()[0][:200]}", MEND)
        if wrong:
            return failed(EXAMPLES, f"example {number}: {wrong}", MEND)
    return passed(EXAMPLES, f"{len(lines)} hold{'s' * (len(lines) == 1)}")


def _lines(card: str, role: Role) -> Iterator[str]:
    """Give the lines of the blocks that are for a role: those that name it, and those that name none."""
    for named, block in _BLOCK.findall(card):
        if not named.split() or role.value in named.split():
            yield from (line for line in block.splitlines() if line.strip())


def _told(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'the line'}: {first['msg']}"
    return str(error)


def unmet(example: Example, session: Session) -> str:
    """Say what the model does not do that the example expects; empty where it does.

    Raises:
        ValueError: the example is not of the form of the model's role.
    """
    contract, rgb = session.contract, example.picture.drawn()
    outputs = session.run(normalised(fitted(rgb, contract.input)[np.newaxis], contract.input))
    match contract:
        case ClassifierContract() | TaggerContract():
            row = calibrated(outputs[contract.outputs.scores], contract)[0]
            return _outside(
                dict(zip(contract.labels, row.tolist(), strict=True)), _LABELS.validate_python(example.expect)
            )
        case AttributesContract():
            return _heads(contract, outputs, _HEADS.validate_python(example.expect))
        case DetectorContract():
            wanted = Faces.model_validate(example.expect).faces
            found = len(faces(outputs, [(0.0, rgb)], contract))
            return "" if found == wanted else f"{found} faces, not {wanted}"
        case _:
            return _vector(unit(outputs[contract.outputs.embedding])[0], Vector.model_validate(example.expect))


def _heads(contract: AttributesContract, outputs: Mapping[str, Any], wanted: Mapping[str, Mapping[str, Range]]) -> str:
    for name, ranges in wanted.items():
        if name not in contract.outputs:
            raise ValueError(f"{name} is none of the attributes")
        head = contract.outputs[name]
        wrong = _outside(dict(zip(head.labels, outputs[head.scores][0].tolist(), strict=True)), ranges)
        if wrong:
            return f"{name}: {wrong}"
    return ""


def _outside(found: Mapping[str, float], wanted: Mapping[str, Range]) -> str:
    for label, (low, high) in wanted.items():
        if label not in found:
            raise ValueError(f"{label} is none of the labels")
        if not low <= found[label] <= high:
            return f"{label} is {found[label]:.3f}, not {low:g} to {high:g}"
    return ""


def _vector(vector: Any, wanted: Vector) -> str:  # noqa: ANN401 (numbers of any kind)
    first = [float(number) for number in vector[: len(wanted.first)]]
    if len(first) < len(wanted.first):
        raise ValueError(f"the embedding has {len(first)} numbers")
    apart = max(abs(one - other) for one, other in zip(first, wanted.first, strict=True))
    return "" if apart <= wanted.within else f"the embedding is {apart:.3g} off, more than {wanted.within:g}"
