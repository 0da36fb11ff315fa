"""Examining: what models say of an evaluation set's files, beside what is true of them."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.errors import Unreadable, UnusableModel
from domain.media import BlobKey, Kind
from domain.model import ModelVersion, Role
from infra.cluster import fan_out
from infra.ledger.evaluation_sets import Item
from infra.world import world
from models.contract import ClassifierContract, Contract, SceneEmbedderContract, TaggerContract
from models.evaluation.pairs import Pairs
from models.evaluation.resampling import Statistics
from models.evaluation.slices import Facts
from models.evaluation.verdicts import Verdicts
from models.inputs import RGB, fitted, normalised
from models.runners.classifier import CARRYING, calibrated
from models.runners.embedder import scene
from models.session import Session
from tasks.decoding import bounds, opened, record_opening
from tasks.inference import look
from tasks.staging import shown_progress

UNDECIDED = (0.5, 0.5)
"""The thresholds of a label that has none: it is yes from 0.5 on."""

_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_COARSE = 4
"""Every fourth pixel each way tells how bright a picture is."""

Said = NDArray[np.float32]
"""What a model says of a file, by the form of its role: a probability for each label, or a vector of unit length."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A file of the set as it was looked at.

    Attributes:
        blob: which.
        kind: picture or video.
        truth: as the set tells it.
        long_side: pixels.
        bits_per_pixel: of the file; NaN of a video, whose frames were not all counted.
        luma: the mean, 0-255.
        said: by each model that was asked, in order.
    """

    blob: BlobKey
    kind: Kind
    truth: str
    long_side: int
    bits_per_pixel: float
    luma: float
    said: tuple[Said, ...]


def say(session: Session, frames: Sequence[RGB]) -> Said:
    """Ask a model of a file: by the rule for films, but with every label told.

    Raises:
        UnusableModel: models of this role cannot be evaluated yet.
    """
    contract = session.contract
    pixels = np.stack([fitted(rgb, contract.input) for rgb in frames])
    runs = (pixels[start : start + contract.batch] for start in range(0, len(pixels), contract.batch))
    answers = [session.run(normalised(run, contract.input)) for run in runs]
    told = {name: np.concatenate([each[name] for each in answers]) for name in answers[0]}
    match contract:
        case ClassifierContract() | TaggerContract():
            probabilities = calibrated(told[contract.outputs.scores], contract)
            together: Said = np.sort(probabilities, axis=0)[-CARRYING:].mean(axis=0)
            return together
        case SceneEmbedderContract():
            return np.frombuffer(scene(told[contract.outputs.embedding]), "<f2").astype(np.float32)
        case _:
            raise UnusableModel(f"{contract.name}: a {contract.role} cannot be evaluated yet; give a reason instead")


def examine_batch(items: Sequence[Item], models: Sequence[ModelVersion]) -> list[Examined | BlobKey]:
    """Have models look at files; of one that cannot be decoded, its key. A Dask worker runs this."""
    outcomes: list[Examined | BlobKey] = []
    for item in items:
        try:
            with opened(item.blob) as content:
                frames = [rgb for _, rgb in look(item.kind, content, bounds())]
        except Unreadable:
            outcomes.append(item.blob)
            continue
        said = tuple(say(_session(model), frames) for model in models)
        height, width = frames[0].shape[:2]
        bits = 8 * item.size / (height * width) if item.kind is Kind.IMAGE else float("nan")
        luma = float(np.mean([(rgb[::_COARSE, ::_COARSE] @ _LUMA).mean() for rgb in frames]))
        outcomes.append(Examined(item.blob, item.kind, item.truth, max(height, width), bits, luma, said))
    return outcomes


@functools.lru_cache(maxsize=4)
def _session(model: ModelVersion) -> Session:
    return Session(world().registry.folder(model))


def _undone(item: Item) -> Examined | BlobKey:
    return item.blob


def examine(items: Sequence[Item], models: Sequence[ModelVersion]) -> list[Examined]:
    """Have models look at the files of a set, on the workers; what cannot be decoded is left out.

    The order is that of the files' keys, whatever the workers' was.
    """
    for model in models:
        world().registry.folder(model)  # fetched once, before every worker of this machine asks for it
    record_opening("evaluate", len(items))
    step = functools.partial(examine_batch, models=tuple(models))
    with shown_progress("evaluate"):
        batches = fan_out(step, items, batch=16, name="evaluate", crashed=_undone)
        found = [each for batch in batches for each in batch if isinstance(each, Examined)]
    return sorted(found, key=lambda each: each.blob)


def facts(examined: Sequence[Examined]) -> Facts:
    """Give what slices are made of."""
    sides, bits, luma = ([getattr(one, name) for one in examined] for name in ("long_side", "bits_per_pixel", "luma"))
    return Facts(tuple(one.kind for one in examined), np.array(sides), np.array(bits), np.array(luma))


def groups(role: Role, examined: Sequence[Examined]) -> tuple[str, ...]:
    """Name what each file is drawn together with: itself; of an embedder, all of its group, whose pairs depend."""
    of_groups = role in (Role.SCENE_EMBEDDER, Role.FACE_EMBEDDER)
    return tuple(one.truth if of_groups else one.blob for one in examined)


def statistics(contract: Contract, examined: Sequence[Examined], place: int) -> Statistics:
    """Set what the model asked as `place` says beside what is true.

    Raises:
        UnusableModel: models of this role cannot be evaluated yet.
    """
    said = np.stack([one.said[place] for one in examined])
    match contract:
        case ClassifierContract() | TaggerContract():
            return _verdicts(contract, [one.truth for one in examined], said)
        case SceneEmbedderContract():
            numbers = {name: number for number, name in enumerate(dict.fromkeys(one.truth for one in examined))}
            return Pairs(said, np.array([numbers[one.truth] for one in examined]))
        case _:
            raise UnusableModel(f"{contract.name}: a {contract.role} cannot be evaluated yet; give a reason instead")


def _verdicts(contract: ClassifierContract | TaggerContract, truths: Sequence[str], said: Said) -> Verdicts:
    """Set a probability for each label beside the label that holds, or of a tagger those that do."""
    holding = [{truth} if contract.role is Role.CLASSIFIER else set(truth.split("|")) for truth in truths]
    truth = np.array([[label in labels for label in contract.labels] for labels in holding], dtype=np.bool_)
    bounds_of = contract.thresholds
    thresholds = tuple(
        (bounds_of[label].no, bounds_of[label].yes) if label in bounds_of else UNDECIDED for label in contract.labels
    )
    return Verdicts(contract.labels, truth, said, thresholds)


def alike(one: Statistics, other: Statistics) -> tuple[Statistics, Statistics]:
    """Leave what both are measured by: of classifiers and taggers, the labels that both have.

    Raises:
        UnusableModel: they have none in common.
    """
    if not isinstance(one, Verdicts) or not isinstance(other, Verdicts):
        return one, other
    labels = [label for label in one.labels if label in other.labels]
    if not labels:
        raise UnusableModel("the two models have no label in common, so that nothing compares them; give a reason")
    return one.only(labels), other.only(labels)
