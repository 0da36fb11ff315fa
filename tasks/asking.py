"""Asking: models look at files on workers; where workers die of it, what they died of is found and costs itself alone.

A file that cannot be decoded by itself is quarantined. Over one that can, each model is asked by itself, and who ends
its worker even so is not asked of that file again. So a network costs its own answers, and neither files nor what
others say of them. A challenger that cannot be opened is asked of no file; a champion that cannot ends the stage.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from domain.counts import Counts
from domain.errors import ModelNotOpened, UnusableModel
from domain.media import BlobKey
from domain.model import Answer, Answered, ModelFault, Role, Serving
from domain.report import FileFault
from infra.cluster import fan_out
from infra.ledger import inferences
from infra.ledger.inferences import Waiting
from infra.world import world
from models.contract import load_contract
from tasks.looking import Look, View, looked
from tasks.seeing import Outcome
from tasks.staging import show_table

MOST_LOST = 64
"""Files over which workers died, from which on it is found out why before more are looked at."""

MOST_CRASHES = 4
"""Files over which a model may end its workers, asked by itself, in one run; it is asked no more then."""

SET_ASIDE = "models-set-aside"
"""The table of models that were asked no more in a run: role, model, why."""

FEW = 16
"""Files that a worker takes at a time where the last ones killed it."""


class Ask(Protocol):
    """Has models look at files; a Dask worker runs it."""

    def __call__(self, files: Sequence[Waiting], serving: Sequence[Serving]) -> list[Outcome]:
        """Give one outcome a file, in order."""


def ask(
    models: Ask,
    files: Sequence[Waiting],
    serving: Sequence[Serving],
    batch: int,
    unopened: Mapping[Serving, str] | None = None,
) -> Counts:
    """Have the models at work look at files on the workers, `batch` at a time, and record what they say as it comes.

    Challengers that are known to be `unopened`, by why, are told of and not asked, nor those that a worker cannot open.

    Raises:
        UnusableModel: a worker cannot open a champion; the message says what to do.
    """
    counts, crashes, aside = Counts(), Counter[Serving](), dict(unopened or {})
    files, serving = narrowed(files, serving, [place for place, each in enumerate(serving) if each not in aside])
    while files:
        lost: list[Waiting] = []
        told: set[BlobKey] = set()
        try:
            for outcomes in fan_out(partial(models, serving=serving), files, batch=batch, name="classify", lost=lost):
                counts += _recorded(outcomes)
                told.update(each.blob if isinstance(each, Answered) else each[0] for each in outcomes)
                if len(lost) >= MOST_LOST:
                    break
            counts += _traced(models, lost, serving, crashes)
            told.update(file.blob for file in lost)
        except ModelNotOpened as error:
            aside |= challengers(error)
        aside |= {each: _DEADLY for each, number in crashes.items() if number >= MOST_CRASHES}
        left = [file for file in files if file.blob not in told]
        files, serving = narrowed(left, serving, [place for place, each in enumerate(serving) if each not in aside])
    return counts + _told(aside)


_DEADLY = "it ends its workers over files that can be decoded"


def challengers(error: ModelNotOpened) -> dict[Serving, str]:
    """Name the challengers that cannot be opened, and why.

    Raises:
        UnusableModel: a champion cannot.
    """
    concerned: Sequence[Serving] = error.args[1]
    for each in concerned:
        if not each.shadow:
            role = each.model.role
            mend = f"put the one before it back, `breakwater model rollback {role} --reason WORDS`, or promote another"
            raise UnusableModel(f"{error}. {each.model} is champion: {mend}") from None
    return dict.fromkeys(concerned, f"{error}")


def _told(aside: Mapping[Serving, str]) -> Counts:
    """Count models that were set aside, and show why."""
    if not aside:
        return Counts()
    rows = [{"role": each.model.role, "model": f"{each.model}", "why": why} for each, why in aside.items()]
    show_table(SET_ASIDE, rows, "Models that were asked no more in this run")
    unopened = sum(why != _DEADLY for why in aside.values())
    return Counts(models_set_aside=len(aside)) + (Counts(challengers_not_opened=unopened) if unopened else Counts())


def narrowed(
    files: Sequence[Waiting], serving: Sequence[Serving], kept: Sequence[int]
) -> tuple[list[Waiting], tuple[Serving, ...]]:
    """Ask of files the models at the places `kept` alone; those on whose faces they look are there, and not asked."""
    upon = {serving[place].upon for place in kept}
    there = [place for place, each in enumerate(serving) if place in kept or (_finds(each) and f"{each.model}" in upon)]
    asked = ((file, tuple(there.index(place) for place in file.wanted if place in kept)) for file in files)
    few = [Waiting(file.blob, file.kind, wanted) for file, wanted in asked if wanted]
    return few, tuple(serving[place] for place in there)


def _traced(models: Ask, lost: Sequence[Waiting], serving: Sequence[Serving], crashes: Counter[Serving]) -> Counts:
    """Find out what workers died of, and record it; `crashes` counts of how many files each model did not survive."""
    if not lost:
        return Counts()
    view = view_of(serving)
    bad = undecodable([Look(file.blob, file.kind, view) for file in lost])
    counts = _recorded(list(bad.items()))
    good = [file for file in lost if file.blob not in bad]
    for place, each in enumerate(serving):
        for outcomes in _alone(models, good, serving, place):
            counts += Counts(**{**_recorded(outcomes), "files_classified": 0})
            crashes[each] += sum(map(_fatal, outcomes))
            if crashes[each] >= MOST_CRASHES:
                break
    return counts + Counts(files_classified=len(good))


def _fatal(outcome: Outcome) -> bool:
    return isinstance(outcome, Answered) and outcome.answers[0].fault is ModelFault.CRASHED


def _alone(models: Ask, files: Sequence[Waiting], serving: Sequence[Serving], place: int) -> Iterator[list[Outcome]]:
    """Have one model look at files by itself."""
    few, its = narrowed(files, serving, [place])

    def crashed(file: Waiting) -> Outcome:
        return Answered(file.blob, (Answer(serving[place], frames=0, fault=ModelFault.CRASHED),))

    return fan_out(partial(models, serving=its), few, batch=FEW, name="classify", crashed=crashed)


def decode_batch(orders: Sequence[Look]) -> list[tuple[BlobKey, FileFault | None]]:
    """Decode files and nothing else; say why one cannot be decoded, if it cannot. A Dask worker runs this."""
    found = [(order.blob, looked(order)) for order in orders]
    return [(blob, each if isinstance(each, FileFault) else None) for blob, each in found]


def undecodable(orders: Sequence[Look]) -> dict[BlobKey, FileFault]:
    """Say which files cannot be decoded by themselves, and why."""
    batches = fan_out(decode_batch, orders, batch=FEW, name="decode", crashed=_crashed)
    return {blob: fault for batch in batches for blob, fault in batch if fault}


def _crashed(order: Look) -> tuple[BlobKey, FileFault | None]:
    return order.blob, FileFault.DECODER_CRASHED


def view_of(serving: Sequence[Serving]) -> View:
    """Give a view of files in which they are decoded as for all of these models."""
    contracts = [load_contract(world().registry.folder(each.model)) for each in serving]
    whole = [told.input for told, each in zip(contracts, serving, strict=True) if not (each.upon or _finds(each))]
    finding = [told.input for told, each in zip(contracts, serving, strict=True) if _finds(each)]
    return View(tuple(whole), tuple(finding))


def _finds(serving: Serving) -> bool:
    return serving.model.role is Role.FACE_DETECTOR


def _recorded(outcomes: Sequence[Outcome]) -> Counts:
    with world().ledger.begin() as connection:
        return inferences.record_answers(connection, outcomes, datetime.now(UTC))
