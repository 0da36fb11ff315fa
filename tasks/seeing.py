"""Seeing: models over the frames of many files at a time, each network in runs as full as its contract allows."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import numpy as np

from domain.errors import ModelNotOpened, UnusableModel
from domain.model import Answer, Answered, ModelFault, ModelVersion, Role, Serving
from domain.report import FileFault
from infra.ledger.inferences import Waiting
from infra.ledger.media import Unreadable
from infra.limits import at_most
from models.contract import (
    AttributesContract,
    ClassifierContract,
    Contract,
    DetectorContract,
    FaceEmbedderContract,
    SceneEmbedderContract,
    TaggerContract,
    load_contract,
)
from models.inputs import RGB, Input, fitted
from models.runners.attributes import attributes, cut
from models.runners.classifier import verdicts
from models.runners.detector import Found, faces
from models.runners.embedder import aligned, embeddable, rows, scene
from models.session import CANNOT, Session
from tasks.looking import Looked, Sight, View
from tasks.runs import SECONDS, Line, Row

Outcome = Answered | Unreadable
Key = tuple[str, Input]
"""A network and how it is fed: the digest of its file, and its input."""


@dataclass(slots=True)
class Sheet:
    """What is told of one file so far, by the places of the models at work: of frames and of faces, by ordinal."""

    file: Waiting
    seconds: tuple[float, ...]
    told: dict[int, list[tuple[int, Row]]] = field(default_factory=lambda: defaultdict(list))
    found: dict[int, list[Found]] = field(default_factory=lambda: defaultdict(list))
    faults: dict[int, ModelFault] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """Who looks at what of a file's frames.

    Attributes:
        view: what is wanted of them.
        whole: models, by their places, that look at whole pictures by one network, and which of the view's inputs.
        finding: detectors, by their places, in the order of the view's.
    """

    view: View
    whole: tuple[tuple[tuple[int, ...], int], ...]
    finding: tuple[int, ...]


class Models:
    """The models at work, opened; one session for those of one network and input, whose outputs it gives together.

    Args:
        serving: the models; who looks at faces is there with the detector that it looks upon.
        folder: gives a model's folder.
        threads: of the CPU, for one run of a network.
        seconds: after which a run, or opening a network, ends its worker.

    Raises:
        ModelNotOpened: one of them cannot be opened.
    """

    def __init__(
        self,
        serving: Sequence[Serving],
        folder: Callable[[ModelVersion], Path],
        threads: int = 1,
        seconds: float = SECONDS,
    ) -> None:
        self.serving, self._seconds = tuple(serving), seconds
        folders: list[Path] = []
        self._contracts: list[Contract] = []
        for each in serving:
            with _opening([each]):
                folders.append(folder(each.model))
                self._contracts.append(load_contract(folders[-1]))
        self._keys = [(each.model.digest, told.input) for each, told in zip(serving, self._contracts, strict=True)]
        self._sessions = {}
        for key, place in dict(zip(self._keys, folders, strict=True)).items():
            sharing = [each for each, own in zip(serving, self._keys, strict=True) if own == key]
            with _opening(sharing), at_most(seconds):
                self._sessions[key] = Session(place, threads, pixels=True, half=None if self._may_halve(key) else False)
        self._detectors = {f"{each.model}": at for at, each in enumerate(serving) if _finds(each)}
        self.plan = cache(self._plan)

    def _may_halve(self, key: Key) -> bool:
        """Whether all models of a network allow half precision."""
        return all(told.half for told, own in zip(self._contracts, self._keys, strict=True) if own == key)

    def _plan(self, wanted: tuple[int, ...]) -> Plan:
        """Plan a look at a file for the models at these places."""
        detectors = {self._detectors[self.serving[place].upon] for place in wanted if self.serving[place].upon}
        finding = tuple(sorted(detectors | {place for place in wanted if _finds(self.serving[place])}))
        together: dict[Key, list[int]] = defaultdict(list)
        for place in wanted:
            if place not in finding and not self.serving[place].upon:
                together[self._keys[place]].append(place)
        inputs = {_size(told): told for _, told in together}
        sizes = list(inputs)
        whole = tuple((tuple(places), sizes.index(_size(told))) for (_, told), places in together.items())
        return Plan(View(tuple(inputs.values()), tuple(self._contracts[at].input for at in finding)), whole, finding)

    def see(self, looked: Iterable[tuple[Waiting, Looked]]) -> list[Outcome]:
        """Have the models look at files, in whatever order these come; what is told is in that order.

        A frame is held until the networks have looked at it, which is at the latest when as many are as fill a run.
        """
        lines = self._lines()
        sheets: list[Sheet | Unreadable] = []
        for file, sights in looked:
            if isinstance(sights, FileFault):
                sheets.append((file.blob, sights))
                continue
            sheets.append(sheet := Sheet(file, tuple(each.seconds for each in sights)))
            for ordinal, sight in enumerate(sights):
                self._ask(lines, sheet, ordinal, sight)
        for of_faces in (False, True):
            for each, line in zip(self.serving, lines, strict=True):
                if bool(each.upon) is of_faces:
                    line.run()
        return [self._answered(each) if isinstance(each, Sheet) else each for each in sheets]

    def _lines(self) -> list[Line]:
        """Give each model its line; those of one network stand in one."""
        lines = {}
        for key, session in self._sessions.items():
            told = [contract for contract, own in zip(self._contracts, self._keys, strict=True) if own == key]
            lines[key] = Line(session, min(contract.batch for contract in told), told, self._seconds)
        return [lines[key] for key in self._keys]

    def _ask(self, lines: Sequence[Line], sheet: Sheet, ordinal: int, sight: Sight) -> None:
        """Have a frame looked at by the networks of all that want it."""
        plan = self.plan(sheet.file.wanted)
        for places, at in plan.whole:
            lines[places[0]].ask(sight.fitted[at], partial(_noted, sheet, places, ordinal))
        for at, place in enumerate(plan.finding):
            found = partial(self._found, lines, sheet, place, sight.seconds, sight.kept[at])
            lines[place].ask(sight.fitted[len(plan.view.inputs) + at], found)

    def _found(
        self, lines: Sequence[Line], sheet: Sheet, detector: int, seconds: float, kept: RGB, row: Row | ModelFault
    ) -> None:
        """Note the faces of a frame, and have them looked at by all that want faces of this detector's."""
        told = self._contracts[detector]
        assert isinstance(told, DetectorContract)
        noted = sheet.found[detector]
        upon = f"{self.serving[detector].model}"
        if isinstance(row, ModelFault):
            silent = [detector, *(place for place in sheet.file.wanted if self.serving[place].upon == upon)]
            sheet.faults |= dict.fromkeys(silent, row)
            return
        for one in faces({name: each[np.newaxis] for name, each in row.items()}, [(seconds, kept)], told):
            ordinal = len(noted)
            noted.append(one)
            for place in sheet.file.wanted:
                if self.serving[place].upon == upon and (chip := _chip(kept, one, self._contracts[place])) is not None:
                    lines[place].ask(chip, partial(_noted, sheet, [place], ordinal))

    def _answered(self, sheet: Sheet) -> Answered:
        """Give what every model says that was asked, or why it says nothing."""
        return Answered(sheet.file.blob, tuple(self._answer(sheet, place) for place in sheet.file.wanted))

    def _answer(self, sheet: Sheet, place: int) -> Answer:
        """Say of a file what a model says of its frames, or of the faces in them, together."""
        serving, contract, told = self.serving[place], self._contracts[place], sheet.told[place]
        frames, ordinals = len(sheet.seconds), [ordinal for ordinal, _ in told]
        names = contract.outputs_told()
        uneven = len({tuple(row[name].shape for name in names) for _, row in told}) > 1
        fault = sheet.faults.get(place, ModelFault.CANNOT_RUN if uneven else None)
        if fault:
            return Answer(serving, frames, fault=fault)
        outputs = {name: np.stack([row[name] for _, row in told]) for name in names} if told else {}
        match contract:
            case ClassifierContract() | TaggerContract():
                scores = outputs[contract.outputs.scores]
                return Answer(serving, frames, verdicts=verdicts(scores, sheet.seconds, contract))
            case SceneEmbedderContract():
                return Answer(serving, frames, vectors=((0, scene(outputs[contract.outputs.embedding])),))
            case DetectorContract():
                return Answer(serving, frames, faces=tuple(each.face for each in sheet.found[place]))
            case FaceEmbedderContract():
                vectors = rows(outputs[contract.outputs.embedding]) if told else ()
                return Answer(serving, frames, vectors=tuple(zip(ordinals, vectors, strict=True)))
            case AttributesContract():
                return Answer(serving, frames, attributes=attributes(outputs, ordinals, contract) if told else ())


@contextmanager
def _opening(sharing: Sequence[Serving]) -> Iterator[None]:
    """Say whose network it is that cannot be opened in the block."""
    try:
        yield
    except (UnusableModel, MemoryError, *CANNOT) as error:
        names, why = ", ".join(f"{each.model}" for each in sharing), f"{error}" or "there is not enough memory"
        raise ModelNotOpened(f"{names} cannot be opened on a worker: {why}", tuple(sharing)) from None


def _finds(serving: Serving) -> bool:
    return serving.model.role is Role.FACE_DETECTOR


def _size(told: Input) -> tuple[int, int, str]:
    """Give what of an input decides how a picture is fitted to it."""
    return told.height, told.width, told.resize


def _noted(sheet: Sheet, places: Sequence[int], ordinal: int, row: Row | ModelFault) -> None:
    if isinstance(row, ModelFault):
        sheet.faults |= dict.fromkeys(places, row)
        return
    for place in places:
        sheet.told[place].append((ordinal, row))


def _chip(kept: RGB, found: Found, contract: Contract) -> RGB | None:
    """Cut a face out for a model, if it can look at it."""
    match contract:
        case FaceEmbedderContract():
            if found.landmarks is None or not embeddable(found, (kept.shape[0], kept.shape[1]), contract):
                return None
            return aligned(kept, found.landmarks, contract)
        case AttributesContract():
            return fitted(cut(kept, found.face, contract.margin), contract.input)
        case _:
            return None
