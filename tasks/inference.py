"""Inference: registered models' word on every file."""

import atexit
import functools
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from domain.counts import Counts
from domain.errors import ModelNotOpened, UnusableModel
from domain.model import OF_FILES, Alias, ModelVersion, Role, Serving
from domain.viewing import Action
from infra.ledger import inferences, media
from infra.ledger.engine import reading
from infra.ledger.inferences import Planned, Waiting
from infra.registry import Registry
from infra.world import world
from models.contract import load_contract
from models.session import Session, driver_present
from tasks.asking import ask, challengers
from tasks.decoders import Decoders
from tasks.decoding import record_opening
from tasks.gpu_decoding import by_gpu, gpu_jpegs
from tasks.looking import Look, Looked, looked
from tasks.seeing import Models, Outcome
from tasks.staging import show_table, shown_progress, step

BATCH = 32
"""Files that a worker takes at a time; more where a network takes so many pictures in a run that these would not fill
four."""


def classify_batch(files: Sequence[Waiting], serving: Sequence[Serving]) -> list[Outcome]:
    """Have the models at work look at the files named, one small outcome each, in order. A Dask worker runs this."""
    models = _opened(tuple(serving))
    orders = [Look(file.blob, file.kind, models.plan(file.wanted).view) for file in files]
    places: list[int] = []

    def arriving() -> Iterator[tuple[Waiting, Looked]]:
        for place, found in _decoded(orders):
            places.append(place)
            yield files[place], found

    outcomes = dict(zip(places, models.see(arriving()), strict=True))
    return [outcomes[place] for place in range(len(files))]


def _decoded(orders: Sequence[Look]) -> Iterator[tuple[int, Looked]]:
    """Decode files on a GPU, if one can; the others here, or by so many processes as the settings say."""
    jpegs = gpu_jpegs() if world().settings.gpu_decoding else None
    return by_gpu(jpegs, orders, _by_cpu) if jpegs else _by_cpu(orders)


def _by_cpu(orders: Sequence[Look]) -> Iterator[tuple[int, Looked]]:
    count = decoders_of(world().settings.decoders)
    if count:
        yield from _decoders(count).looked(orders)
        return
    for place, order in enumerate(orders):
        yield place, looked(order)


def decoders_of(told: int | None) -> int:
    """Give the decoders of a worker: as the settings tell; else one a core but one where there is a GPU, and none else.

    Where there is none, as many workers as there are cores decode and run networks in turn.
    """
    if told is not None:
        return told
    return max(1, (os.cpu_count() or 1) - 1) if driver_present() else 0


@functools.cache
def _decoders(count: int) -> Decoders:
    """Have decoders until the process ends."""
    decoders = Decoders(count)
    atexit.register(decoders.close)
    return decoders


@functools.lru_cache(maxsize=2)
def _opened(serving: tuple[Serving, ...]) -> Models:
    """Open the models at work once a process; two sets of them, for when a champion is replaced."""
    settings = world().settings
    beside = settings.workers * (1 + decoders_of(settings.decoders))
    threads = max(1, (os.cpu_count() or 1) // beside)
    return Models(serving, world().registry.folder, threads, settings.max_model_seconds)


def at_work(registry: Registry) -> tuple[Serving, ...]:
    """Give the models that look at files: the champions there are, and the challengers on trial beside them.

    Models of faces look upon those that the champion among the detectors finds, and have nothing to do without one.

    Raises:
        UnusableModel: a champion was not registered by Breakwater; a challenger that was not, `unfetched` tells of.
    """
    detector = registry.find(Role.FACE_DETECTOR)
    serving = []
    for role in OF_FILES:
        champion = detector if role is Role.FACE_DETECTOR else registry.find(role)
        challenger = registry.named(role, Alias.CHALLENGER)
        upon = f"{detector or ''}" if role.of_faces else ""
        if role.of_faces and not upon:
            continue
        serving += [Serving(champion, upon)] if champion else []
        serving += [Serving(challenger, upon, shadow=True)] if challenger and challenger != champion else []
    return tuple(serving)


def unfetched(serving: Sequence[Serving]) -> dict[Serving, str]:
    """Fetch the files of models here, once, before every worker of this machine asks for them.

    Give the challengers whose files are not what was registered, or were not registered by Breakwater, and why.

    Raises:
        UnusableModel: those of a champion are not.
    """
    aside: dict[Serving, str] = {}
    for each in serving:
        try:
            load_contract(world().registry.folder(each.model))
        except UnusableModel as error:
            aside |= challengers(ModelNotOpened(f"{each.model} cannot be opened: {error}", (each,)))
    return aside


@step
def classify_files(most: int = 0) -> Counts:
    """Have the models at work look at each picture and video that they have not seen, at most `most` (0: all).

    Files that a list settles are skipped as the policy says.
    """
    serving = at_work(world().registry)
    flags = world().gate.flags(Action.CLASSIFY)
    skip = world().policy.skip_settled
    take_over(serving)
    show_plan(serving)
    aside = unfetched(serving)
    able = [each for each in serving if each not in aside]
    with reading(world().ledger) as connection:
        files = inferences.waiting(connection, able, skip_settled=skip, flags=flags, most=most)
        counts = Counts(files_not_classifiable=media.closed(connection, flags))
    record_opening("classify", len(files))
    with shown_progress("classify"):
        return counts + ask(classify_batch, files, able, _batch(able), aside)


def show_plan(serving: Sequence[Serving]) -> list[Planned]:
    """Show what models have to look at still, as the artifact `classify-plan`, and give it."""
    flags, skip = world().gate.flags(Action.CLASSIFY), world().policy.skip_settled
    with reading(world().ledger) as connection:
        planned = inferences.plan(connection, serving, skip_settled=skip, flags=flags)
    show_table("classify-plan", [_told(each) for each in planned], "Files that models have to look at still")
    return planned


def take_over(serving: Sequence[Serving]) -> None:
    """Let what champions said while they were on trial count."""
    for each in serving:
        moved = 0 if each.shadow else 1
        while moved:
            with world().ledger.begin() as connection:
                moved = inferences.take_over(connection, each)


def _told(planned: Planned) -> dict[str, str | int]:
    """Say a line of the plan in words."""
    model = planned.serving.model
    last = "nobody" if planned.last is None else f"version {planned.last}"
    trial = " (on trial)" if planned.serving.shadow else ""
    return {"role": model.role, "model": f"{model}{trial}", "last seen by": last, "files": planned.files}


def _batch(serving: Sequence[Serving]) -> int:
    """Choose how many files a worker takes at a time."""
    runs = [load_contract(world().registry.folder(each.model)).batch for each in serving]
    return max(BATCH, 4 * max(runs, default=0))


def register(registry: Registry, folder: Path, alias: Alias | None = None) -> ModelVersion:
    """Hold a model folder of ours to its contract and register it; a stranger's is for `tasks.promoting.register`.

    Raises:
        UnusableModel: it does not keep its contract.
    """
    contract = Session(folder, half=False).contract
    return registry.register(folder, contract.name, contract.role, licence=contract.licence, alias=alias)


def ensure_reference(registry: Registry) -> tuple[ModelVersion, ...]:
    """Give the champions; where a role that a reference model plays has none, make that model and let it be that."""
    from models.reference.shelf import BUILDERS  # noqa: PLC0415 (workers never make them)

    with tempfile.TemporaryDirectory() as place:
        return tuple(
            registry.find(role) or register(registry, make(Path(place) / role), Alias.CHAMPION)
            for role, make in BUILDERS.items()
        )
