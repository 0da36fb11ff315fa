"""Inference: a registered model's word on every file that no list settles."""

import functools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from domain.counts import Counts
from domain.errors import Unreadable
from domain.media import BlobKey, Kind
from domain.model import Alias, Classified, ModelVersion, Role, Score
from domain.report import FileFault
from domain.viewing import Action
from infra.cluster import fan_out
from infra.ledger import inferences, media
from infra.ledger.engine import reading
from infra.registry import Registry
from infra.world import world
from models.runners.classifier import Answer, Classifier, unit
from models.session import Session
from tasks.decoding import bounds, opened, record_opening
from tasks.frames import Sampling, sample
from tasks.media import crashed, decode_image
from tasks.staging import shown_progress, step

FRAMES = 8
"""Frames of a video that are classified, at most."""

TOP = 5
LEAST = 0.05
"""Labels that are kept: of the best five those of a probability of at least 0.05, and the best one anyway."""

RUN = 16
"""Pictures in one run of the network: 10 MB of input at 224 × 224."""

Item = TypeVar("Item")
Prepared = NDArray[np.float32]
Outcome = Classified | tuple[BlobKey, FileFault]


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


def aggregate(blob: BlobKey, answers: Sequence[Answer], labels: Sequence[str]) -> Classified:
    """Say of a file what its frames (one or more) say together.

    A label's probability is its mean over the frames; the embedding is the frames' mean, made unit length.
    """
    probabilities = np.mean([answer.probabilities for answer in answers], axis=0)
    best = np.argsort(-probabilities, kind="stable")[:TOP]
    kept = [index for place, index in enumerate(best) if place == 0 or probabilities[index] >= LEAST]
    scores = tuple(Score(labels[index], float(probabilities[index])) for index in kept)
    embedding = unit(np.mean([answer.embedding for answer in answers], axis=0))
    return Classified(blob, scores, embedding.astype("<f2").tobytes(), len(answers))


@dataclass(frozen=True, slots=True)
class _Looked:
    """A file's frames, as the network takes them."""

    blob: BlobKey
    frames: list[Prepared]


def look(classifier: Classifier, kind: Kind, content: bytes, sampling: Sampling) -> list[Prepared]:
    """Prepare a picture, or frames spread evenly over a video, for the network.

    Raises:
        Unreadable: it cannot be decoded.
    """
    if kind is Kind.IMAGE:
        return [classifier.prepare(decode_image(content, sampling.max_pixels))]
    return spread((classifier.prepare(frame.rgb) for frame in sample(content, sampling)), FRAMES)


def answered(classifier: Classifier, files: Sequence[_Looked]) -> Iterator[Classified]:
    """Run the network over the frames of all files together, and say of each file what its frames say."""
    frames = [frame for file in files for frame in file.frames]
    runs = (classifier.classify(frames[start : start + RUN]) for start in range(0, len(frames), RUN))
    answers = (answer for run in runs for answer in run)
    for file in files:
        yield aggregate(file.blob, [next(answers) for _ in file.frames], classifier.labels)


def classify_batch(files: Sequence[tuple[BlobKey, Kind]], model: ModelVersion) -> list[Outcome]:
    """Classify the files named, one small outcome each, in order. A Dask worker runs this."""
    classifier = _opened(model)
    looked: list[_Looked | tuple[BlobKey, FileFault]] = []
    for blob, kind in files:
        try:
            with opened(blob) as content:
                looked.append(_Looked(blob, look(classifier, kind, content, bounds())))
        except Unreadable as unreadable:
            looked.append((blob, FileFault(unreadable.args[0])))
    classified = answered(classifier, [each for each in looked if isinstance(each, _Looked)])
    return [next(classified) if isinstance(each, _Looked) else each for each in looked]


@functools.lru_cache(maxsize=2)
def _opened(model: ModelVersion) -> Classifier:
    """Open a registered model once a process; two, for when a champion is replaced."""
    return Classifier(world().registry.folder(model))


@step
def classify_files() -> Counts:
    """Classify, by the champion, every picture and video that no list settles and it has not seen."""
    model = world().registry.resolve(Role.CLASSIFIER)
    world().registry.folder(model)  # fetched once, before every worker of this machine asks for it
    flags = world().gate.flags(Action.CLASSIFY)
    with reading(world().ledger) as connection:
        files = inferences.unclassified(connection, model, flags=flags)
        counts = Counts(files_not_classifiable=media.closed(connection, flags))
    look_at = functools.partial(classify_batch, model=model)
    record_opening("classify", len(files))
    with shown_progress("classify"):
        for outcomes in fan_out(look_at, files, batch=16, name="classify", crashed=crashed):
            with world().ledger.begin() as connection:
                counts += inferences.record_inferences(connection, model, outcomes)
    return counts


def register(registry: Registry, folder: Path, alias: Alias | None = None) -> ModelVersion:
    """Hold a model folder to its contract and register it.

    Raises:
        UnusableModel: it does not keep its contract.
    """
    contract = Session(folder).contract
    return registry.register(folder, contract.name, contract.role, licence=contract.licence, alias=alias)


def ensure_reference(registry: Registry) -> ModelVersion:
    """Give the champion classifier; where there is none, make the reference model and let it be that."""
    champion = registry.find(Role.CLASSIFIER)
    if champion:
        return champion
    from models.reference import efficientnet_lite0  # noqa: PLC0415 (workers never make it)

    with tempfile.TemporaryDirectory() as place:
        return register(registry, efficientnet_lite0.build(Path(place) / efficientnet_lite0.NAME), Alias.CHAMPION)
