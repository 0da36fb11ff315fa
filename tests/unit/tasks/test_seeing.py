"""Seeing: what models say of many files together is what each says of each alone; a network runs once, in full runs."""

import dataclasses
import itertools
import pickle

import face_folders
import model_folders
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ModelNotOpened
from domain.media import Kind
from domain.model import Answered, ModelFault, ModelVersion, Role, Serving
from domain.report import FileFault
from infra.ledger.inferences import Waiting
from models.inputs import fitted
from models.session import CANNOT, Session
from tasks.looking import Sight, _kept
from tasks.runs import Line
from tasks.seeing import Models

DETECTOR = ModelVersion("detector-face/two_places", 1, "d" * 64)
UPON = f"{DETECTOR}"
SERVING = (
    Serving(ModelVersion("classifier/colour", 1, "c" * 64)),
    Serving(ModelVersion("tagger/colour", 1, "c" * 64)),
    Serving(ModelVersion("embedder-scene/colour", 1, "c" * 64)),
    Serving(ModelVersion("classifier/large", 2, "e" * 64), shadow=True),
    Serving(DETECTOR),
    Serving(ModelVersion("embedder-face/colour", 1, "c" * 64), UPON),
    Serving(ModelVersion("attributes-face/colour", 1, "c" * 64), UPON),
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("folders")
    faces = face_folders.write_all(place)
    large = {"height": 12, "width": 20, "resize": "crop"}
    return {
        SERVING[0].model: model_folders.write(place / "classifier", batch=4),
        SERVING[1].model: model_folders.write(place / "tagger", role="tagger", batch=3),
        SERVING[2].model: model_folders.write(place / "scene", base=model_folders.EMBEDDER),
        SERVING[3].model: model_folders.write(place / "large", input=large,
                                              graph=model_folders.network(shape=("N", 3, 12, 20))),
        **{each.model: faces[each.model.role] for each in SERVING[4:]},
    }  # fmt: skip


@pytest.fixture(scope="module")
def models(folders):
    return Models(SERVING, folders.__getitem__)


def sights(models, wanted, frames, seed):
    """Draw the frames of a file, and make of each what is wanted."""
    rng = np.random.default_rng(seed)
    view = models.plan(wanted).view
    for seconds in range(frames):
        rgb = (rng.random((30, 40, 1)) * rng.integers(40, 255, 3)).astype(np.uint8)
        kept = tuple(_kept(rgb, each) for each in view.detectors)
        pairs = [*((rgb, each) for each in view.inputs), *zip(kept, view.detectors, strict=True)]
        yield Sight(float(seconds), tuple(fitted(pixels, each) for pixels, each in pairs), kept)


def close(one, other):
    """See that two answers are the same but for rounding."""
    assert (one.serving, one.frames, len(one.faces)) == (other.serving, other.frames, len(other.faces))
    assert {each.label: each.probability for each in one.verdicts} == pytest.approx(
        {each.label: each.probability for each in other.verdicts}, abs=1e-5
    )
    assert [(each.face, each.name, each.label) for each in one.attributes] == [
        (each.face, each.name, each.label) for each in other.attributes
    ]
    assert [at for at, _ in one.vectors] == [at for at, _ in other.vectors]
    for (_, mine), (_, theirs) in zip(one.vectors, other.vectors, strict=True):
        assert np.allclose(np.frombuffer(mine, "<f2"), np.frombuffer(theirs, "<f2"), atol=2e-3)
    for mine, theirs in zip(one.faces, other.faces, strict=True):
        assert mine.confidence == pytest.approx(theirs.confidence, abs=1e-5)
        assert dataclasses.replace(mine, confidence=1.0) == dataclasses.replace(theirs, confidence=1.0)


EVERY = tuple(range(len(SERVING)))
FILES = st.lists(
    st.tuples(st.sets(st.sampled_from(EVERY), min_size=1).map(sorted).map(tuple), st.integers(1, 6)), max_size=7
)


@given(FILES, st.integers(0, 2**32 - 1))
def test_what_models_say_of_many_files_is_what_each_says_of_each_alone(models, folders, files, seed):
    def drawn(place):
        wanted, frames = files[place]
        waiting = Waiting(f"{place}", Kind.VIDEO, wanted)
        return waiting, tuple(sights(models, wanted, frames, (seed, place)))

    together = models.see([drawn(place) for place in range(len(files))])
    assert [each.blob for each in together] == [f"{place}" for place in range(len(files))]
    for place, (wanted, frames) in enumerate(files):
        told = together[place]
        assert [each.serving for each in told.answers] == [SERVING[at] for at in wanted]
        for at, answer in zip(wanted, told.answers, strict=True):
            few = tuple(dict.fromkeys((SERVING[at], *([SERVING[4]] if SERVING[at].upon else []))))
            alone = Models(few, folders.__getitem__)
            waiting = Waiting(f"{place}", Kind.VIDEO, (0,))
            (one,) = alone.see([(waiting, tuple(sights(alone, (0,), frames, (seed, place))))])
            close(answer, one.answers[0])


def test_faces_are_numbered_through_the_frames_and_their_vectors_with_them(models):
    rgb = np.zeros((16, 16, 3), np.uint8)
    rgb[2:8, 2:8], rgb[8:, 8:] = (250, 0, 0), (200, 90, 90)
    view = models.plan((4, 5, 6)).view
    sight = Sight(0.0, (fitted(rgb, view.detectors[0]),), (rgb,))
    none = Sight(1.0, (fitted(rgb * 0, view.detectors[0]),), (rgb * 0,))
    file = Waiting("a", Kind.VIDEO, (4, 5, 6))
    (told,) = models.see([(file, (sight, none, Sight(2.0, sight.fitted, sight.kept)))])
    found, vectors, looks = told.answers
    assert [each.seconds for each in found.faces] == [0.0, 0.0, 2.0, 2.0]
    assert [each.confidence > 0.7 for each in found.faces] == [True] * 4
    assert [at for at, _ in vectors.vectors] == [0, 1, 2, 3]
    red = [float(np.frombuffer(each, "<f2")[0]) for _, each in vectors.vectors]
    assert red == pytest.approx([1.0, 0.843, 1.0, 0.843], abs=0.02)
    assert [(each.face, each.label) for each in looks.attributes] == [(at, "red") for at in range(4)]


def test_a_model_of_faces_looks_again_without_its_detector_saying_anything_again(models):
    rgb = np.full((16, 16, 3), (250, 0, 0), np.uint8)
    view = models.plan((5,)).view
    (told,) = models.see([(Waiting("a", Kind.IMAGE, (5,)), (Sight(0.0, (fitted(rgb, view.detectors[0]),), (rgb,)),))])
    assert [each.serving for each in told.answers] == [SERVING[5]]
    assert len(told.answers[0].vectors) == 2


def test_a_file_without_faces_has_been_looked_at_all_the_same(models):
    rgb = np.zeros((16, 16, 3), np.uint8)
    view = models.plan((4, 5, 6)).view
    seen = (Sight(0.0, (fitted(rgb, view.detectors[0]),), (rgb,)),)
    (told,) = models.see([(Waiting("a", Kind.IMAGE, (4, 5, 6)), seen)])
    assert [(each.frames, each.faces, each.vectors, each.attributes) for each in told.answers] == [(1, (), (), ())] * 3


def test_networks_of_one_digest_and_input_are_one_and_run_once(models, monkeypatch):
    runs = []
    run = Session.run

    def counted(session, batch, outputs=(), **more):
        runs.append((len(batch), tuple(outputs)))
        return run(session, batch, outputs, **more)

    monkeypatch.setattr(Session, "run", counted)
    wanted = (0, 1, 2)
    assert len(models.plan(wanted).view.inputs) == 1
    files = [(Waiting(f"{n}", Kind.IMAGE, wanted), tuple(sights(models, wanted, 1, n))) for n in range(8)]
    assert len(models.see(files)) == 8
    assert [count for count, _ in runs] == [3, 3, 2]
    assert {outputs for _, outputs in runs} == {("probabilities", "embedding")}


def test_runs_are_full_whatever_the_files_hold(folders):
    session = Session(folders[SERVING[0].model], pixels=True)
    taken, sizes = [], []
    line = Line(session, 4, (session.contract,))
    run = session.run
    session.run = lambda batch, outputs, **_: sizes.append(len(batch)) or run(batch, outputs)
    for number in range(10):
        line.ask(np.full((8, 8, 3), number, np.uint8), lambda _, number=number: taken.append(number))
    line.run()
    line.run()
    assert (taken, sizes) == (list(range(10)), [4, 4, 2])


def test_a_file_that_cannot_be_decoded_keeps_its_place(models):
    drawn = tuple(sights(models, (0,), 1, 1))
    good = Waiting("a", Kind.IMAGE, (0,))
    bad = Waiting("b", Kind.IMAGE, (0,))
    told = models.see([(good, drawn), (bad, FileFault.UNDECODABLE), (good, drawn)])
    assert told[1] == ("b", FileFault.UNDECODABLE)
    assert [isinstance(each, Answered) for each in told] == [True, False, True]


def test_what_is_wanted_of_frames_is_wanted_once(models):
    view = models.plan(EVERY).view
    assert [(each.height, each.width) for each in view.inputs] == [(8, 8), (12, 20)]
    assert [(each.height, each.width) for each in view.detectors] == [(16, 16)]
    assert models.plan((5,)).view == models.plan((4, 6)).view
    for some in itertools.combinations(EVERY, 2):
        assert set(models.plan(some).finding) <= {4}
    assert {each.model.role for each in SERVING if each.upon} == {role for role in Role if role.of_faces}


def test_a_network_that_gives_no_numbers_costs_its_own_answer_alone(tmp_path):
    good, odd = (ModelVersion(f"classifier/{name}", number, name * 64) for number, name in enumerate("ab", 1))
    serving = (Serving(good), Serving(odd, shadow=True))
    places = {
        good: model_folders.write(tmp_path / "good"),
        odd: model_folders.write(tmp_path / "odd", graph=model_folders.failing_in_the_dark()),
    }
    models = Models(serving, places.__getitem__)
    looks = []
    for number, shade in enumerate((250, 10, 240)):
        view = models.plan((0, 1)).view
        rgb = np.full((30, 40, 3), shade, np.uint8)
        sight = Sight(0.0, tuple(fitted(rgb, each) for each in view.inputs))
        looks.append((Waiting(f"{number}", Kind.IMAGE, (0, 1)), (sight,)))
    told = models.see(looks)
    none, numbers = (None, None), (None, ModelFault.NO_NUMBERS)
    assert [tuple(each.fault for each in one.answers) for one in told] == [none, numbers, none]
    assert [each.serving for each in told[1].answers] == list(serving)


def test_a_network_that_cannot_be_run_on_a_picture_costs_its_answer_to_that_one_alone(tmp_path):
    odd = ModelVersion("classifier/odd", 1, "a" * 64)
    folder = model_folders.write(tmp_path / "odd", graph=model_folders.misshapen())
    models = Models([Serving(odd)], lambda _: folder)
    looks = []
    for number, shade in enumerate((10, 250, 20)):
        rgb = np.full((30, 40, 3), shade, np.uint8)
        sight = Sight(0.0, tuple(fitted(rgb, each) for each in models.plan((0,)).view.inputs))
        looks.append((Waiting(f"{number}", Kind.IMAGE, (0,)), (sight,)))
    told = [each.answers[0] for each in models.see(looks)]
    assert [each.fault for each in told] == [None, ModelFault.CANNOT_RUN, None]
    assert [bool(each.verdicts) for each in told] == [True, False, True]


def test_an_answer_of_another_shape_costs_that_picture_alone(tmp_path, monkeypatch):
    """The session stands for a network whose answer to a bright picture has a row too few, or more numbers."""
    versions = [
        ModelVersion(f"{role}/odd", 1, name * 64) for role, name in (("classifier", "a"), ("embedder-scene", "b"))
    ]
    folders = [model_folders.write(tmp_path / "a"), model_folders.write(tmp_path / "b", base=model_folders.EMBEDDER)]
    models = Models([Serving(each) for each in versions], dict(zip(versions, folders, strict=True)).__getitem__)
    run = Session.run

    def odd(session, batch, *given, **more):
        told = run(session, batch, *given, **more)
        bright = batch.max() > 200
        spoilt = {"probabilities": lambda rows: rows[1:], "embedding": lambda rows: np.hstack([rows, rows])}
        return {name: spoilt[name](rows) if bright else rows for name, rows in told.items()}

    monkeypatch.setattr(Session, "run", odd)
    monkeypatch.setattr(models, "_lines", lambda lines=models._lines: [_one_at_a_time(each) for each in lines()])
    view = models.plan((0, 1)).view
    frames = [np.full((30, 40, 3), shade, np.uint8) for shade in (10, 250, 20)]
    sights = [Sight(float(n), tuple(fitted(rgb, each) for each in view.inputs)) for n, rgb in enumerate(frames)]
    looks = [(Waiting(f"{n}", Kind.IMAGE, (0,)), (sight,)) for n, sight in enumerate(sights)]
    told = models.see([*looks, (Waiting("film", Kind.VIDEO, (0, 1)), tuple(sights))])
    odd_one = ModelFault.CANNOT_RUN
    assert [[each.fault for each in one.answers] for one in told] == [[None], [odd_one], [None], [odd_one, odd_one]]


def _one_at_a_time(line):
    line._batch = 1
    return line


def test_a_model_that_cannot_be_opened_is_named_with_all_that_share_its_network(folders, tmp_path):
    broken = model_folders.write(tmp_path / "broken", graph=model_folders.of_old_operators())
    one, two = (Serving(ModelVersion(f"classifier/{name}", 1, "f" * 64), shadow=True) for name in "ab")
    places = {**folders, one.model: broken, two.model: broken}
    with pytest.raises(ModelNotOpened, match="classifier/a v1, classifier/b v1 cannot be opened") as told:
        Models([SERVING[0], one, two], places.__getitem__)
    assert pickle.loads(pickle.dumps(told.value)).args == told.value.args
    assert told.value.args[1] == (one, two)


def test_a_gpu_that_cannot_run_a_network_blames_nobody(tmp_path, monkeypatch):
    folder = model_folders.write(tmp_path / "odd", graph=model_folders.misshapen())
    monkeypatch.setattr(Session, "on_gpu", True)
    monkeypatch.setattr(Session, "_bound", Session._plain)
    session = Session(folder, pixels=True)
    line = Line(session, 1, (session.contract,))
    with pytest.raises(CANNOT):
        line.ask(np.full((8, 8, 3), 250, np.uint8), print)


def test_a_detector_that_gives_no_numbers_costs_what_looks_upon_it(models, monkeypatch):
    wanted = (0, 4, 5, 6)
    session = models._sessions[models._keys[4]]
    run = session.run
    monkeypatch.setattr(
        session, "run", lambda *a, **more: {name: each * np.nan for name, each in run(*a, **more).items()}
    )
    (told,) = models.see([(Waiting("a", Kind.IMAGE, wanted), tuple(sights(models, wanted, 1, 1)))])
    assert [each.fault for each in told.answers] == [None, *[ModelFault.NO_NUMBERS] * 3]
