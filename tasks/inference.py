"""Inference: registered models' word on every file that no list settles."""

import datetime as dt
import functools
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from domain.counts import Counts
from domain.errors import Unreadable
from domain.media import BlobKey, Kind
from domain.model import Alias, Answer, Answered, ModelVersion, Role, Serving
from domain.report import FileFault
from domain.viewing import Action
from infra.cluster import fan_out
from infra.ledger import inferences, media
from infra.ledger.engine import reading
from infra.ledger.inferences import Waiting
from infra.registry import Registry
from infra.world import world
from models.contract import ClassifierContract, SceneEmbedderContract, TaggerContract
from models.inputs import RGB, fitted, normalised
from models.runners.classifier import verdicts
from models.runners.embedder import scene
from models.session import Session
from tasks.decoding import bounds, opened, record_opening
from tasks.frames import Sampling, sample
from tasks.media import crashed, decode_image
from tasks.staging import shown_progress, step

FRAMES = 8
"""Frames of a video that are looked at, at most."""

SERVED = (Role.CLASSIFIER, Role.TAGGER, Role.SCENE_EMBEDDER)
"""Roles whose champions look at files."""

Item = TypeVar("Item")
Seen = list[tuple[float, RGB]]
"""Frames of a file with their seconds."""

Outcome = Answered | tuple[BlobKey, FileFault]


def spread(items: Iterable[Item], most: int) -> list[Item]:
    """Keep at most `most` (an even number) of a stream of unknown length: the first, and every n-th after it.

    n is the smallest power of two that suffices, so that more than half of `most` are kept of a longer stream.
    """
    kept: list[Item] = []
    step = 1
    for ordinal, item in enumerate(items):
        if len(kept) == most and not ordinal % step:
            kept, step = kept[::2], 2 * step
        if not ordinal % step:
            kept.append(item)
    return kept


def look(kind: Kind, content: bytes, sampling: Sampling) -> Seen:
    """Decode a picture, or frames spread evenly over a video.

    Raises:
        Unreadable: it cannot be decoded.
    """
    if kind is Kind.IMAGE:
        return [(0.0, decode_image(content, sampling.max_pixels))]
    return spread(((frame.seconds, frame.rgb) for frame in sample(content, sampling)), FRAMES)


def answer(session: Session, serving: Serving, seen: Seen) -> Answer:
    """Have a model look at the frames of a file, and say of the file what they say together."""
    contract = session.contract
    pixels = np.stack([fitted(rgb, contract.input) for _, rgb in seen])
    runs = (pixels[start : start + contract.batch] for start in range(0, len(pixels), contract.batch))
    answers = [session.run(normalised(run, contract.input)) for run in runs]
    told = {name: np.concatenate([each[name] for each in answers]) for name in answers[0]}
    match contract:
        case ClassifierContract() | TaggerContract():
            seconds = [at for at, _ in seen]
            return Answer(serving, len(seen), verdicts=verdicts(told[contract.outputs.scores], seconds, contract))
        case SceneEmbedderContract():
            return Answer(serving, len(seen), vectors=((0, scene(told[contract.outputs.embedding])),))
        case _:
            raise NotImplementedError(contract.role)


def classify_batch(files: Sequence[Waiting], serving: Sequence[Serving]) -> list[Outcome]:
    """Have the models at work look at the files named, one small outcome each, in order. A Dask worker runs this."""
    outcomes: list[Outcome] = []
    for file in files:
        try:
            with opened(file.blob) as content:
                seen = look(file.kind, content, bounds())
        except Unreadable as unreadable:
            outcomes.append((file.blob, FileFault(unreadable.args[0])))
            continue
        wanted = [serving[place] for place in file.wanted]
        outcomes.append(Answered(file.blob, tuple(answer(_opened(each.model), each, seen) for each in wanted)))
    return outcomes


@functools.lru_cache(maxsize=2 * len(Role))
def _opened(model: ModelVersion) -> Session:
    """Open a registered model once a process; two a role, for when a champion is replaced."""
    return Session(world().registry.folder(model))


def at_work(registry: Registry) -> tuple[Serving, ...]:
    """Give the models that look at files: the champions there are, whose files are fetched here."""
    champions = [model for role in SERVED if (model := registry.find(role))]
    for model in champions:
        registry.folder(model)  # fetched once, before every worker of this machine asks for it
    return tuple(Serving(model) for model in champions)


def _crashed(file: Waiting) -> Outcome:
    return crashed((file.blob, file.kind))


@step
def classify_files() -> Counts:
    """Have every champion look at each picture and video that no list settles and it has not seen."""
    serving = at_work(world().registry)
    flags = world().gate.flags(Action.CLASSIFY)
    with reading(world().ledger) as connection:
        files = inferences.waiting(connection, serving, flags=flags)
        counts = Counts(files_not_classifiable=media.closed(connection, flags))
    look_at = functools.partial(classify_batch, serving=serving)
    record_opening("classify", len(files))
    with shown_progress("classify"):
        for outcomes in fan_out(look_at, files, batch=16, name="classify", crashed=_crashed):
            with world().ledger.begin() as connection:
                counts += inferences.record_answers(connection, outcomes, dt.datetime.now(dt.UTC))
    return counts


def register(registry: Registry, folder: Path, alias: Alias | None = None) -> ModelVersion:
    """Hold a model folder to its contract and register it.

    Raises:
        UnusableModel: it does not keep its contract.
    """
    contract = Session(folder).contract
    return registry.register(folder, contract.name, contract.role, licence=contract.licence, alias=alias)


def ensure_reference(registry: Registry) -> tuple[ModelVersion, ...]:
    """Give the champions; where a role that a reference model plays has none, make that model and let it be that."""
    from models.reference import efficientnet_lite0  # noqa: PLC0415 (workers never make it)

    champions = []
    with tempfile.TemporaryDirectory() as place:
        for role in efficientnet_lite0.ROLES:
            folder = Path(place) / f"{role}"
            champions.append(
                registry.find(role) or register(registry, efficientnet_lite0.build(folder, role), Alias.CHAMPION)
            )
    return tuple(champions)
