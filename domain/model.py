"""Models: the roles they play and the contract they keep."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a model is for."""

    CLASSIFIER = "classifier"
    DETECTOR = "detector"
    EMBEDDER = "embedder"
    ATTRIBUTES = "attributes"
    TAGGER = "tagger"


class Alias(StrEnum):
    """Which version of a model serves."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A registered model: every stored score names one. `digest` is the SHA-256 of `model.onnx`."""

    name: str
    version: int
    digest: str

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


@dataclass(frozen=True, slots=True)
class Score:
    """One label and its probability, 0–1."""

    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class Classified:
    """What a classifier says of one file: its best labels, and the scene embedding (float16, unit length)."""

    blob: str
    scores: tuple[Score, ...]
    embedding: bytes
    frames: int = 1
