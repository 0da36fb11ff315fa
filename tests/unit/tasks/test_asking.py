"""Where workers die, what they died of costs itself alone: a file its place, a model its own answer, others nothing."""

import datetime as dt
import io
from dataclasses import replace

import model_folders
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select
from steps import DeadlyName

from domain.counts import Counts
from domain.media import Kind
from domain.model import Alias, Answer, Answered, ModelFault, ModelVersion, Role, Serving
from domain.report import FileFault
from infra.cluster import CONDUCT, running
from infra.ledger import inferences, reports, schema, sealed, shadows
from infra.ledger.engine import migrate, reading, upsert
from infra.ledger.inferences import Waiting
from infra.world import world
from tasks import asking, inference
from tasks.asking import narrowed
from tasks.inference import at_work, classify_files, register
from tasks.looking import View
from tasks.reports.taking import hold

DARK, BRIGHT = 40, 230


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    """Have a world and a cluster of its own, with a champion and a challenger that never ends over bright pictures."""
    place = tmp_path_factory.mktemp("asking")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BREAKWATER_DATA", str(place / "data"))
        patch.setenv("BREAKWATER_WORKERS", "2")
        patch.setenv("BREAKWATER_MAX_MODEL_SECONDS", "2")
        patch.setitem(CONDUCT, "distributed.scheduler.allowed-failures", 0)  # a worker takes seconds to start
        world.cache_clear()
        migrate(world().ledger)
        register(world().registry, model_folders.write(place / "good"), Alias.CHAMPION)
        endless = model_folders.write(place / "endless", graph=model_folders.endless(above=0.5))
        register(world().registry, endless, Alias.CHALLENGER)
        with running():
            yield at_work(world().registry)
        world().ledger.dispose()
        world.cache_clear()
        inference._opened.cache_clear()


def stored(shade, number):
    """Store a picture that no other test has, and have a report name it; give its key."""
    content = io.BytesIO()
    Image.new("RGB", (20 + number, 16), (shade, 10, 10)).save(content, "PNG")
    blobs = world().blobs
    one = hold(blobs.store(io.BytesIO(content.getvalue())))
    blobs.flush()
    with world().ledger.begin() as connection:
        upsert(connection, schema.blob, [reports._blob(one)])
        sealed.record(connection, {one.blob: one.sealed} if one.sealed else {})
        received = dt.datetime(2018, 5, 1, tzinfo=dt.UTC)
        upsert(connection, schema.report, [{"id": one.blob, "external_id": "1", "received_at": received}])
        sighting = {"report_id": one.blob, "ordinal": 0, "file_id": "0", "blob_id": one.blob}
        upsert(connection, schema.sighting, [sighting])
    return one.blob


def said(serving):
    """Give by file why champion and challenger said nothing, or None, of those that they were asked of."""
    with reading(world().ledger) as connection:
        table = schema.inference.c
        rows = connection.execute(select(table.blob_id, table.fault)).all()
        trial = [(told.blob, told.answers[0]) for _, told in shadows.answers(connection, serving[1])]
    champion = {row.blob_id: row.fault for row in rows}
    return champion, {blob: answer.fault for blob, answer in trial}


def faults(blobs):
    with reading(world().ledger) as connection:
        table = schema.blob.c
        return dict(connection.execute(select(table.id, table.fault).where(table.id.in_(blobs))).tuples().all())


def test_a_deadly_file_and_a_network_that_never_ends_cost_themselves_alone(serving, monkeypatch):
    """The first file is bright, over which the challenger never ends; the fourth kills whoever decodes it."""
    monkeypatch.setattr(asking, "MOST_CRASHES", 1)
    monkeypatch.setattr(asking, "MOST_LOST", 1)
    bright, *good, broken, last = blobs = [stored(shade, n) for n, shade in enumerate((BRIGHT, DARK, DARK, DARK, DARK))]
    files = [Waiting(name, Kind.IMAGE, (0, 1)) for name in (bright, *good, DeadlyName(broken), last)]
    counts = asking.ask(inference.classify_batch, files, serving, 4)
    champion, challenger = said(serving)
    assert champion == dict.fromkeys([bright, *good, last])
    assert challenger.items() - {(last, None)} == {(bright, ModelFault.CRASHED)}
    assert faults(blobs) == {**dict.fromkeys(blobs), broken: FileFault.DECODER_CRASHED}
    assert (counts["files_classified"], counts["files_quarantined"]) == (4, 1)
    assert (counts["answers_crashed"], counts["models_set_aside"]) == (1, 1)

    assert classify_files.fn()["files_classified"] == 4 - len(challenger)  # by the challenger, that was asked no more
    assert said(serving)[1] == {bright: ModelFault.CRASHED, **dict.fromkeys([*good, last])}
    assert sum(classify_files.fn().values()) == 0
    newer = replace(serving[1], model=replace(serving[1].model, version=9))
    with reading(world().ledger) as connection:
        assert {each.blob for each in inferences.waiting(connection, [newer])} == {bright, *good, last}


ONE, TWO = (Serving(ModelVersion(f"classifier/{number}", number, f"{number}" * 64)) for number in (1, 2))
FINDER = Serving(ModelVersion(f"{Role.FACE_DETECTOR}/finder", 1, "f" * 64), shadow=True)
FACES = Serving(ModelVersion(f"{Role.FACE_EMBEDDER}/one", 1, "e" * 64), f"{FINDER.model}")
ALL = (ONE, TWO, FINDER, FACES)
PLACES = st.sets(st.sampled_from(range(len(ALL))))


class _DiedError(Exception):
    """Stands for the death of a worker."""


def _fan_out(step, items, *, batch, crashed=None, lost=None, **_):
    """Do as workers do, of which each that dies is given up at once."""

    def results(some):
        try:
            return step(some)
        except _DiedError:
            return None

    deadly = []
    for start in range(0, len(items), batch):
        some = items[start : start + batch]
        told = results(some)
        if told is None:
            (deadly if lost is None else lost).extend(some)
        yield told or []
    for item in deadly:
        yield results([item]) or [crashed(item)]


class Trial:
    """Files of which each is wanted of some models, kills some of them, and perhaps whoever decodes it."""

    def __init__(self, files):
        self.files = files
        self.told, self.broken = [], set()

    def deadly(self, name, place):
        """Whether a model dies of a file; who looks at faces dies with its detector."""
        return bool(self.files[int(name)][1] & ({2, 3} if place == 3 else {place}))

    def bad(self, name):
        return self.files[int(name)][2]

    def models(self, files, serving):
        for file in files:
            if self.bad(file.blob) or any(self.deadly(file.blob, ALL.index(serving[at])) for at in file.wanted):
                raise _DiedError
        return [Answered(each.blob, tuple(Answer(serving[place]) for place in each.wanted)) for each in files]

    def decode(self, order):
        if self.bad(order.blob):
            raise _DiedError
        return ()

    def record(self, outcomes):
        whole = [each for each in outcomes if isinstance(each, Answered)]
        self.broken |= {each[0] for each in outcomes if not isinstance(each, Answered)}
        self.told += [(each.blob, ALL.index(one.serving), one.fault) for each in whole for one in each.answers]
        return Counts()


@given(
    st.lists(st.tuples(PLACES.filter(bool), PLACES, st.booleans()), max_size=9), st.integers(1, 4), st.integers(1, 9)
)
def test_whatever_workers_die_of_everybody_answers_who_can(files, batch, patience):
    trial = Trial(files)
    waiting = [Waiting(f"{number}", Kind.IMAGE, tuple(sorted(wanted))) for number, (wanted, *_) in enumerate(files)]
    stand_ins = {"fan_out": _fan_out, "looked": trial.decode, "_recorded": trial.record, "view_of": lambda _: View(),
                 "MOST_CRASHES": patience, "MOST_LOST": 3, "FEW": 2}  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, stand_in in stand_ins.items():
            patch.setattr(asking, name, stand_in)
        counts = asking.ask(trial.models, waiting, ALL, batch)

    answers = {(name, place): fault for name, place, fault in trial.told}
    assert len(answers) == len(trial.told), "nobody is asked twice"
    assert all(map(trial.bad, trial.broken)), "no good file is blamed"
    for (name, place), fault in answers.items():
        assert fault == (ModelFault.CRASHED if trial.deadly(name, place) else None), "no model is blamed for another"
    crashes = [place for (_, place), fault in answers.items() if fault]
    aside = {place for place in crashes if crashes.count(place) >= patience}
    assert counts["models_set_aside"] == len(aside)
    silent = {(each.blob, at) for each in waiting for at in each.wanted if each.blob not in trial.broken} - set(answers)
    assert {place for _, place in silent} <= aside, "who was not set aside has answered"


def test_a_question_to_some_models_brings_the_detectors_on_whose_faces_they_look():
    finder, other = (ModelVersion(f"{Role.FACE_DETECTOR}/finder", number, "f" * 64) for number in (1, 2))
    every = (
        Serving(ModelVersion("classifier/one", 1, "1" * 64)),
        Serving(finder),
        Serving(other, shadow=True),
        Serving(ModelVersion(f"{Role.FACE_EMBEDDER}/one", 1, "2" * 64), f"{finder}"),
    )
    files = [Waiting("a", Kind.IMAGE, (0, 1, 2, 3)), Waiting("b", Kind.IMAGE, (0, 2))]
    assert narrowed(files, every, [3]) == ([Waiting("a", Kind.IMAGE, (1,))], (every[1], every[3]))
    assert narrowed(files, every, [0, 3]) == (
        [Waiting("a", Kind.IMAGE, (0, 2)), Waiting("b", Kind.IMAGE, (0,))],
        (every[0], every[1], every[3]),
    )
    assert narrowed(files, every, [0, 1, 2, 3]) == (files, every)
