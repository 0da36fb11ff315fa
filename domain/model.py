"""Models: the roles they play, which version serves, and what they say of a file."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a model is for. Each role has a champion; what stands before the dash is the form of its contract.

    classifier: how far each of its labels holds for a picture: what the platform is about.
    tagger: scenes, objects and landmarks in a picture.
    detector-face: where faces are. embedder-face, attributes-face: whose one is like, and how it looks.
    embedder-scene: where a picture stands among others.
    ranker: how likely a report is to help, by its evidence; the one role whose models look at no file.
    """

    CLASSIFIER = "classifier"
    TAGGER = "tagger"
    FACE_DETECTOR = "detector-face"
    FACE_EMBEDDER = "embedder-face"
    SCENE_EMBEDDER = "embedder-scene"
    FACE_ATTRIBUTES = "attributes-face"
    RANKER = "ranker"

    @property
    def of_faces(self) -> bool:
        """Whether its models look at faces that a detector has found."""
        return self in (Role.FACE_EMBEDDER, Role.FACE_ATTRIBUTES)


OF_FILES = tuple(role for role in Role if role is not Role.RANKER)
"""Roles whose models look at files."""


class Alias(StrEnum):
    """Which version of a role serves, is on trial beside it, or served before it."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    PREVIOUS = "previous"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A registered model: every stored score names one.

    `digest` is the SHA-256 of `model.onnx`; empty where others registered it in MLflow, of which it can say nothing.
    """

    name: str
    version: int
    digest: str

    @property
    def role(self) -> Role:
        """The role that it is registered for: its name up to the stroke."""
        return Role(self.name.partition("/")[0])

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


@dataclass(frozen=True, slots=True)
class Registered:
    """A version as it stands in the registry.

    Attributes:
        model: which.
        aliases: under which it serves now.
        licence: SPDX identifier of its weights' licence.
        registered_at: in UTC.
        headline: the main number of its last evaluation, with its interval and the set; empty where there was none.
        reason: why it serves as it does, or did last, in words; empty where nothing was said.
    """

    model: ModelVersion
    aliases: tuple[Alias, ...]
    licence: str
    registered_at: datetime
    headline: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Serving:
    """A model version at work.

    Attributes:
        model: which.
        upon: the face detector on whose faces it looks, as text; empty for models of whole pictures.
        shadow: it is on trial: what it says is kept apart and shown to nobody.
    """

    model: ModelVersion
    upon: str = ""
    shadow: bool = False


class Says(StrEnum):
    """What a model with thresholds says of a label; between them it abstains."""

    YES = "yes"
    UNSURE = "unsure"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One label of a file.

    Attributes:
        label: of the model's contract.
        score: as the network gave it, 0-1.
        probability: the score, calibrated, 0-1; the score itself where the contract has no calibration.
        says: None where the contract has no thresholds.
        seconds: when the frames stand that carry it, the strongest first; of a picture 0.
        kind: of a tagger's label: `scene`, `object` or `landmark`.
        country: where a landmark stands (ISO 3166-1, two letters), if the contract says it.
    """

    label: str
    score: float
    probability: float
    says: Says | None = None
    seconds: tuple[float, ...] = (0.0,)
    kind: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a frame: its box in shares of the picture's width and height, 0-1, and how well it can be seen.

    Attributes:
        seconds: the frame's time; of a picture 0.
        left, top, right, bottom: shares of the upright picture.
        confidence: the detector's, 0-1.
        quality: 0-100: size, sharpness and confidence together.
        blurred: whether it is too unsharp to be told from others.
    """

    seconds: float
    left: float
    top: float
    right: float
    bottom: float
    confidence: float
    quality: int
    blurred: bool


AGE_GROUP = "age_group"
"""The attribute that may tell of a minor."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """How a face looks by one attribute (an age group, a hair colour): a label and its probability, 0-1.

    `face` is the ordinal of the face among those of its file.
    """

    face: int
    name: str
    label: str
    probability: float


class ModelFault(StrEnum):
    """Why a model that was asked of a file gave no answer: the closed list.

    no_numbers: its network, or that of its detector, gives what is no number.
    cannot_run: onnxruntime cannot run the network on it, for want of memory say, or its answer is of another shape
        than the contract says.
    crashed: its process ended, or was ended for its memory or its time, over a file that can be decoded.
    """

    NO_NUMBERS = "no_numbers"
    CANNOT_RUN = "cannot_run"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one model says of one file; which of the fields are filled is its role's business.

    Attributes:
        serving: who says it.
        frames: looked at.
        verdicts: of a classifier or tagger, the most probable first.
        faces: of a detector; their order numbers them.
        attributes: of faces.
        vectors: of an embedder, float16 of unit length, by ordinal: of a scene 0, else the face's.
        fault: why it gave none, for which this version is not asked of the file again; None where it answered.
    """

    serving: Serving
    frames: int = 1
    verdicts: tuple[Verdict, ...] = ()
    faces: tuple[Face, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    vectors: tuple[tuple[int, bytes], ...] = ()
    fault: ModelFault | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What all models that had not seen a file say of it."""

    blob: str
    answers: tuple[Answer, ...]
