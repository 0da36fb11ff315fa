"""Examining: what models say of an evaluation set's files. Each is decoded as it is for the models at work."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidSettings, Unreadable, UnusableModel
from domain.media import BlobKey, Kind
from domain.model import Answer, Answered, Face, ModelVersion, Role, Serving
from domain.report import FileFault
from infra.cluster import fan_out
from infra.ledger.evaluation_sets import Item
from infra.ledger.inferences import Waiting
from infra.ledger.said import stacked
from infra.limits import at_most
from infra.world import world
from models.contract import ClassifierContract, TaggerContract
from models.inputs import normalised
from models.runners.classifier import CARRYING, calibrated
from models.session import CANNOT, Session
from tasks.asking import undecodable, view_of
from tasks.decoding import bounds, opened, record_opening
from tasks.frames import sample_luma
from tasks.looking import Look, Sight, View, look
from tasks.media import decode_frames
from tasks.seeing import Models
from tasks.staging import shown_progress

BRIGHTNESS_FROM = 64
"""Pixels along each side, at least, that tell how bright a picture is."""

_CHECK_IT = "`breakwater model check` it"

Said = NDArray[np.float32] | Mapping[str, str] | int | None
"""What a model says of a file, by the form of its role: a probability for each label, how many faces there are, a
vector of unit length, or labels by attribute; None where no face was found to look at."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A file of the set as it was looked at.

    Attributes:
        blob: which.
        kind: picture or video.
        truth: as the set tells it.
        long_side: pixels.
        bits_per_pixel: of the file; NaN of a video, whose frames were not all counted.
        luma: the mean, 0-255; of a video that of its first frame.
        said: by each model that was asked, in order.
        group: of the set, of files of one origin; empty for one of its own.
    """

    blob: BlobKey
    kind: Kind
    truth: str
    long_side: int
    bits_per_pixel: float
    luma: float
    said: tuple[Said, ...]
    group: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """The versions of one role that are asked, and the detector on whose faces they look, if they look at faces."""

    models: tuple[ModelVersion, ...]
    detector: ModelVersion | None = None

    @property
    def everyone(self) -> tuple[ModelVersion, ...]:
        """All whose folders are needed."""
        return self.models + ((self.detector,) if self.detector else ())

    @property
    def serving(self) -> tuple[Serving, ...]:
        """All of them, as if they were at work."""
        upon = str(self.detector) if self.detector else ""
        looking = tuple(Serving(model, upon) for model in self.models)
        return looking + ((Serving(self.detector),) if self.detector else ())


def probabilities(session: Session, fitted: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Give a classifier's or tagger's probability for every label, by the rule for films, of a file's fitted frames."""
    contract = session.contract
    assert isinstance(contract, ClassifierContract | TaggerContract)
    runs = (fitted[start : start + contract.batch] for start in range(0, len(fitted), contract.batch))
    scores = [session.run(normalised(run, contract.input))[contract.outputs.scores] for run in runs]
    carrying: NDArray[np.float32] = np.sort(calibrated(np.concatenate(scores), contract), axis=0)[-CARRYING:]
    together: NDArray[np.float32] = carrying.mean(axis=0)
    return together


class _Labelling:
    """Classifiers or taggers, asked for every label, where the models at work keep the best."""

    def __init__(self, panel: Panel) -> None:
        self._seconds, self._names = world().settings.max_model_seconds, ", ".join(map(str, panel.models))
        with at_most(self._seconds):
            self._sessions = [Session(world().registry.folder(model)) for model in panel.models]
        self._inputs = tuple(dict.fromkeys(session.contract.input for session in self._sessions))
        self.view = View(self._inputs)

    def ask(self, looks: Iterator[tuple[Item, tuple[Sight, ...]]]) -> Iterator[tuple[Said, ...]]:
        """Ask each model of each file."""
        for _, sights in looks:
            frames = [np.stack([sight.fitted[place] for sight in sights]) for place in range(len(self._inputs))]
            try:
                with at_most(self._seconds):
                    told = [
                        probabilities(each, frames[self._inputs.index(each.contract.input)]) for each in self._sessions
                    ]
            except CANNOT:
                raise UnusableModel(f"a network of {self._names} cannot be run on a file; {_CHECK_IT}") from None
            yield tuple(told)


class _Answering:
    """Models of any other role, asked as the models at work are."""

    def __init__(self, panel: Panel) -> None:
        self._asked, self._names = len(panel.models), ", ".join(map(str, panel.everyone))
        self._every = tuple(range(len(panel.everyone)))
        seconds = world().settings.max_model_seconds
        self._models = Models(panel.serving, world().registry.folder, seconds=seconds)
        self.view = self._models.plan(self._every).view

    def ask(self, looks: Iterator[tuple[Item, tuple[Sight, ...]]]) -> Iterator[tuple[Said, ...]]:
        """Ask each model of each file."""
        waiting = ((Waiting(item.blob, item.kind, self._every), sights) for item, sights in looks)
        for answered in self._models.see(waiting):
            assert isinstance(answered, Answered)
            if any(answer.fault for answer in answered.answers):
                raise UnusableModel(f"a network of {self._names} gives no answer; {_CHECK_IT}")
            faces = answered.answers[-1].faces
            yield tuple(_said(answer, faces) for answer in answered.answers[: self._asked])


def _said(answer: Answer, faces: Sequence[Face]) -> Said:
    """Take from an answer what is judged: of a model of faces, what it says of the largest one."""
    if answer.serving.model.role is Role.FACE_DETECTOR:
        seconds = [face.seconds for face in answer.faces]
        return max((seconds.count(each) for each in seconds), default=0)  # of a film, in the frame that has the most
    if answer.serving.model.role is Role.SCENE_EMBEDDER:
        return _vector(answer.vectors[0][1])
    largest = max(range(len(faces)), key=lambda place: _area(faces[place]), default=-1)
    if answer.serving.model.role is Role.FACE_ATTRIBUTES:
        return {each.name: each.label for each in answer.attributes if each.face == largest} or None
    return next((_vector(vector) for face, vector in answer.vectors if face == largest), None)


def _vector(content: bytes) -> NDArray[np.float32]:
    vector: NDArray[np.float32] = stacked([content])[0]
    return vector


def _area(face: Face) -> float:
    return (face.right - face.left) * (face.bottom - face.top)


def examine_batch(items: Sequence[Item], panel: Panel) -> list[Examined | BlobKey | Item]:
    """Have models look at files; of one that cannot be decoded, its key. A Dask worker runs this."""
    asking = _opened(panel)
    facts: dict[BlobKey, tuple[int, float, float]] = {}
    told = list(asking.ask(_looks(items, asking.view, facts)))
    said = dict(zip(facts, told, strict=True))
    return [
        Examined(item.blob, item.kind, item.truth, *facts[item.blob], said[item.blob], item.group)
        if item.blob in facts else item.blob
        for item in items
    ]  # fmt: skip


def _looks(
    items: Sequence[Item], view: View, facts: dict[BlobKey, tuple[int, float, float]]
) -> Iterator[tuple[Item, tuple[Sight, ...]]]:
    """Decode files one by one, and note what they are like; those that cannot be decoded are passed by."""
    for item in items:
        try:
            with opened(item.blob) as content:
                like = _like(item, content)
                sights = look(item.kind, content, view, bounds(films=True))
        except Unreadable:
            continue
        facts[item.blob] = like
        yield item, sights


def _like(item: Item, content: bytes) -> tuple[int, float, float]:
    """Tell longer side, bits of the file for each pixel, and mean luma."""
    frames = (
        decode_frames(content, bounds().max_pixels, BRIGHTNESS_FROM)
        if item.kind is Kind.IMAGE
        else sample_luma(content, bounds())
    )
    picture = next(iter(frames), None)
    if picture is None:
        raise Unreadable(FileFault.UNDECODABLE)
    height, width, pixels = picture[1].height, picture[1].width, picture[1].pixels
    bits = 8 * item.size / (height * width) if item.kind is Kind.IMAGE else float("nan")
    return max(height, width), bits, float(pixels.mean())


@functools.lru_cache(maxsize=2)
def _opened(panel: Panel) -> _Labelling | _Answering:
    labelled = panel.models[0].role in (Role.CLASSIFIER, Role.TAGGER)
    return _Labelling(panel) if labelled else _Answering(panel)


def _lost(item: Item) -> Examined | BlobKey | Item:
    return item


def blame(lost: Sequence[Item], panel: Panel) -> None:
    """Find out what workers died of over these files.

    Raises:
        UnusableModel: of a network, since one of them can be decoded.
    """
    if not lost:
        return
    view = view_of(panel.serving)
    if len(undecodable([Look(each.blob, each.kind, view) for each in lost])) < len(lost):
        names = ", ".join(map(str, panel.everyone))
        raise UnusableModel(f"a network of {names} ends its worker over a file that can be decoded; {_CHECK_IT}")


def panel_of(models: Sequence[ModelVersion]) -> Panel:
    """Seat versions of one role; those that look at faces, with the champion of the detectors.

    Raises:
        InvalidSettings: they look at faces, and no detector serves.
    """
    if not models[0].role.of_faces:
        return Panel(tuple(models))
    detector = world().registry.find(Role.FACE_DETECTOR)
    if detector is None:
        raise InvalidSettings(f"{models[0].role} looks at faces that a detector finds; promote a detector first")
    return Panel(tuple(models), detector)


def examine(items: Sequence[Item], models: Sequence[ModelVersion]) -> list[Examined]:
    """Have models look at the files of a set, on the workers; what cannot be decoded is left out.

    The order is that of the files' keys, whatever the workers' was.
    """
    panel = panel_of(models)
    for model in panel.everyone:
        world().registry.folder(model)  # fetched once, before every worker of this machine asks for it
    record_opening("evaluate", len(items))
    step = functools.partial(examine_batch, panel=panel)
    with shown_progress("evaluate"):
        told = [each for batch in fan_out(step, items, batch=16, name="evaluate", crashed=_lost) for each in batch]
        blame([each for each in told if isinstance(each, Item)], panel)
    return sorted((each for each in told if isinstance(each, Examined)), key=lambda each: each.blob)
