"""Answers that are spread otherwise than at first are told, once; challengers are compared with what champions said."""

import datetime as dt
import hashlib
from functools import partial

import face_folders
import model_folders
import numpy as np
import pytest
from sqlalchemy import select

from domain.errors import UnusableModel
from domain.media import Kind
from domain.model import Alias, Answer, Answered, Attribute, Face, ModelVersion, Role, Says, Serving, Verdict
from infra.ledger import opinions, schema
from infra.ledger.engine import reading, upsert
from infra.ledger.inferences import record_answers
from infra.ledger.opinions import Opinion
from infra.world import world
from models.drift import NORM_MOVED, NORM_WATCH, State, drift_of_scores
from tasks import watching
from tasks.comparing import Compared, agreeing, compare, compare_challengers, keep
from tasks.inference import register
from tasks.watching import EVENT, REFERENCE, first_days_until, series, watch, watch_all

MODEL = ModelVersion("classifier/marks", 3, "3" * 64)
SCENES = ModelVersion("embedder-scene/scenes", 1, "1" * 64)
FIRST_DAY = dt.datetime(2018, 6, 1, 12, tzinfo=dt.UTC)


def hold(names):
    rows = [
        {"id": name, "sha256": hashlib.sha256(name.encode()).hexdigest(), "sha1": "", "md5": "", "size": 1,
         "media_type": "", "kind": Kind.IMAGE, "fault": None}
        for name in names
    ]  # fmt: skip
    with world().ledger.begin() as connection:
        upsert(connection, schema.blob, rows)


def verdict(probability, label="marked"):
    says = Says.YES if probability >= 0.8 else Says.NO if probability <= 0.2 else Says.UNSURE
    return Verdict(label, probability, probability, says)


def age(face, label, probability=0.9):
    return Attribute(face, "age_group", label, probability)


def say(model, day, probabilities, *, shadow=False, begin=""):
    """Have a model look at as many files on a day of the first month, and say this of them."""
    names = [hashlib.sha256(f"{begin}{day}-{number}".encode()).hexdigest() for number in range(len(probabilities))]
    hold(names)
    serving = Serving(model, shadow=shadow)
    outcomes = [
        Answered(name, (Answer(serving, verdicts=(verdict(float(each)),)),))
        for name, each in zip(names, probabilities, strict=True)
    ]
    with world().ledger.begin() as connection:
        record_answers(connection, outcomes, FIRST_DAY + dt.timedelta(days=day - 1))


def day(number):
    return FIRST_DAY.date() + dt.timedelta(days=number - 1)


draw = partial(np.random.default_rng(4).beta, 2, 5)
moved = partial(np.random.default_rng(5).beta, 5, 2)


def test_a_day_like_the_first_is_steady_and_another_is_moved(data):
    say(MODEL, 1, draw(REFERENCE))
    say(MODEL, 8, draw(400))
    say(MODEL, 9, moved(400))
    assert [(each.what, each.drift.state) for each in watch(MODEL, day(8))] == [("marked", State.STEADY)]
    (found,) = watch(MODEL, day(9))
    assert (found.drift.state, found.drift.day, found.news) == (State.MOVED, 400, True)
    assert str(found).startswith("marked of classifier/marks v3: moved on 2018-06-09 (400 values, index")
    assert "shift" not in str(found)


def test_the_urgent_first_are_no_reference_by_themselves(data):
    falling = np.sort(draw(2000))[::-1]  # a backlog: what is most probable is most urgent
    say(MODEL, 1, falling[:REFERENCE])
    say(MODEL, 2, falling[REFERENCE:])
    say(MODEL, 8, draw(400))
    say(MODEL, 9, moved(400))
    assert drift_of_scores(falling[:REFERENCE], draw(400)).state is State.MOVED  # as it would be told by these alone
    assert [each.drift.state for each in watch(MODEL, day(8))] == [State.STEADY]
    assert [each.drift.state for each in watch(MODEL, day(9))] == [State.MOVED]


def test_every_file_of_the_first_days_has_the_same_chance_to_be_reference(data):
    say(MODEL, 1, np.zeros(500))
    say(MODEL, 7, np.ones(1500))
    say(MODEL, 8, np.full(300, 0.5))
    with reading(world().ledger) as connection:
        drawn = opinions.files_seen(connection, MODEL, REFERENCE, until=FIRST_DAY + dt.timedelta(days=6, hours=1))
        told = opinions.of_files(connection, MODEL, drawn)
    share = np.mean([each.probabilities["marked"] for each in told.values()])
    assert (len(drawn), share) == (REFERENCE, pytest.approx(0.75, abs=0.04))  # four standard deviations


def at(number, hour):
    return dt.datetime(2018, 6, number, hour, tzinfo=dt.UTC)


@pytest.mark.parametrize(("last", "ended"), [((1, 23), 8), ((7, 23), 8), ((8, 0), 9), ((20, 5), 21)])
def test_the_first_days_are_a_week_or_as_many_as_it_takes(last, ended):
    assert first_days_until(at(1, 12), at(*last)) == at(ended, 0)


def test_before_there_is_a_reference_nothing_is_said(data):
    say(MODEL, 1, draw(REFERENCE - 1))
    say(MODEL, 10, moved(400))
    assert watch(MODEL, day(10)) == []  # it is the day on which there are enough
    assert watch(MODEL, day(7)) == []
    say(MODEL, 11, draw(400))
    assert [each.drift.reference for each in watch(MODEL, day(11))] == [REFERENCE]
    assert watch(MODEL, day(19)) == []


def test_too_few_files_of_a_day_say_nothing(data):
    say(MODEL, 1, draw(REFERENCE))
    say(MODEL, 8, moved(50))
    assert watch(MODEL, day(8)) == []


def test_what_moved_is_recorded_and_is_news_once(data):
    say(MODEL, 1, draw(REFERENCE))
    for number, probabilities in ((8, draw(400)), (9, moved(400)), (10, moved(400)), (11, draw(400)), (12, moved(400))):
        say(MODEL, number, probabilities)
    news = [[each.news for each in watch_all([MODEL], day(number))] for number in range(8, 13)]
    assert news == [[False], [True], [False], [False], [True]]
    again = watch_all([MODEL], day(12))
    assert [each.news for each in again] == [False]
    rows = drift_rows()
    assert [row["moved"] for row in rows] == [False, True, True, False, True]
    assert {(row["model"], row["version"], row["what"], row["files"], row["norm"]) for row in rows} == {
        ("classifier/marks", 3, "marked", 400, None)
    }


def drift_rows():
    with reading(world().ledger) as connection:
        return connection.execute(select(schema.drift).order_by(schema.drift.c.day)).mappings().all()


def test_vectors_are_watched_too_and_how_far_their_mean_moved_is_told(data, monkeypatch):
    rng = np.random.default_rng(6)

    def look(number, count, shift):
        vectors = rng.normal(size=(count, 16)) + shift
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        names = [f"v{number}-{place:04}" for place in range(count)]
        hold(names)
        outcomes = [
            Answered(name, (Answer(Serving(SCENES), vectors=((0, one.astype("<f2").tobytes()),)),))
            for name, one in zip(names, vectors, strict=True)
        ]
        with world().ledger.begin() as connection:
            record_answers(connection, outcomes, FIRST_DAY + dt.timedelta(days=number - 1))

    told = []
    monkeypatch.setattr(watching, "under_prefect", lambda: True)
    monkeypatch.setattr(watching, "emit_event", lambda event, _resource, payload: told.append((event, payload)))
    look(1, REFERENCE, 0.3)
    look(8, 300, 0.3)
    look(9, 300, np.where(np.arange(16) < 8, 2.0, -0.5))
    assert [(each.what, each.drift.state) for each in watch_all([SCENES], day(8))] == [("vectors", State.STEADY)]
    (found,) = watch_all([SCENES], day(9))
    assert found.drift.state is State.MOVED
    assert f"shift of the mean {found.drift.norm:.2f}" in str(found)
    steady, far = [row["norm"] for row in drift_rows()]
    assert steady < NORM_WATCH < NORM_MOVED < far == pytest.approx(found.drift.norm)
    assert [(event, payload["norm"]) for event, payload in told] == [(EVENT, found.drift.norm)]


def test_what_is_watched_depends_on_what_is_said():
    best = [Opinion({"tree": 0.7, "sky": 0.4}), Opinion({"sky": 0.3}), Opinion()]
    assert {what: each.tolist() for what, each in series(best).items()} == {"best": pytest.approx([0.7, 0.3, 0.0])}
    said = [Opinion({"a": 0.9, "b": 0.1}, {"a": Says.YES}), Opinion({"b": 0.2})]
    assert {what: each.tolist() for what, each in series(said).items()} == {"a": pytest.approx([0.9, 0.0])}
    faces = [Opinion(faces=2), Opinion(attributes=[age(0, "adult", 0.5), age(1, "adult", 0.25)])]
    assert {what: each.tolist() for what, each in series(faces, finds=True).items()} == {
        "faces": [2, 0], "age_group": [0.5, 0.25],
    }  # fmt: skip
    assert series([]) == series([], finds=True) == {}


def test_a_detector_that_finds_no_face_any_more_has_moved(data):
    detector = ModelVersion("detector-face/faces", 1, "f" * 64)
    for number, found, count in ((1, 1, REFERENCE), (8, 1, 300), (9, 0, 300)):
        names = [hashlib.sha256(f"{number}-{each}".encode()).hexdigest() for each in range(count)]
        hold(names)
        faces = (Face(0.0, 0.1, 0.1, 0.5, 0.5, 0.9, 80, blurred=False),) * found
        answers = [Answered(name, (Answer(Serving(detector), faces=faces),)) for name in names]
        with world().ledger.begin() as connection:
            record_answers(connection, answers, FIRST_DAY + dt.timedelta(days=number - 1))
    told = [(each.what, each.drift.state) for number in (8, 9) for each in watch(detector, day(number))]
    assert told == [("faces", State.STEADY), ("faces", State.MOVED)]


def both(champion, challenger):
    return [
        (Opinion({"a": one}, {"a": verdict(one).says}), Opinion({"a": other}, {"a": verdict(other).says}))
        for one, other in zip(champion, challenger, strict=True)
    ]


def test_words_are_compared_label_by_label():
    champion = ModelVersion("classifier/one", 1, "1" * 64)
    found = agreeing(Compared(champion, MODEL, 4), both([0.9, 0.9, 0.1, 0.5], [0.9, 0.1, 0.1, 0.5]))
    (label,) = found.labels
    assert (label.label, label.said, label.agreement) == ("a", 4, 0.75)
    assert label.counts == ((1, 0, 1), (0, 1, 0), (0, 0, 1))
    assert str(found).startswith("classifier/marks v3 beside classifier/one v1, 4 files: a 75.0%, kappa 0.")


def test_where_chance_leaves_no_room_no_kappa_is_told():
    assert str(agreeing(Compared(MODEL, MODEL, 3), both([0.9] * 3, [0.9] * 3))).endswith("3 files: a 100.0%")


def test_counts_of_faces_are_compared():
    detector = ModelVersion("detector-face/one", 1, "1" * 64)
    found = agreeing(
        Compared(detector, detector, 2), [(Opinion(faces=2), Opinion(faces=2)), (Opinion(), Opinion(faces=1))]
    )
    assert (found.faces.same, found.faces.difference) == (0.5, 0.5)


def test_attributes_are_compared_over_the_faces_to_which_both_give_them():
    model = ModelVersion("attributes-face/one", 1, "1" * 64)
    beard = Attribute(0, "beard", "none", 0.9)
    pairs = [
        (Opinion(attributes=[age(0, "adult"), beard]), Opinion(attributes=[beard, age(0, "adult")])),
        (
            Opinion(attributes=[age(0, "adult"), age(1, "child")]),
            Opinion(attributes=[age(1, "adult"), age(2, "child")]),
        ),
        (
            Opinion(attributes=[age(0, "child"), age(1, "adult")]),
            Opinion(attributes=[age(0, "child"), age(1, "adult")]),
        ),
        (Opinion(), Opinion(attributes=[Attribute(0, "glasses", "none", 0.9)])),
    ]
    found = agreeing(Compared(model, model, 4), pairs)
    assert [(each.name, each.n, each.agreement) for each in found.attributes] == [
        ("age_group", 4, 0.75),
        ("beard", 1, 1),
    ]
    assert str(found).endswith("4 files: age_group 75.0%, kappa 0.50; beard 100.0%")
    assert str(agreeing(Compared(model, model, 1), pairs[-1:])).endswith("nothing to tell")


def test_neighbours_are_compared_where_both_have_as_many_vectors():
    vectors = [row.astype("<f2").tobytes() for row in np.eye(6, dtype=np.float32)]
    pairs = [(Opinion(vectors=[one]), Opinion(vectors=[one])) for one in vectors] + [
        (Opinion(), Opinion(vectors=vectors))
    ]
    assert agreeing(Compared(SCENES, SCENES, 7), pairs).neighbours.n == 6
    assert agreeing(Compared(SCENES, SCENES, 1), [(Opinion(), Opinion())]).neighbours is None


def of_attributes(registry, folder):
    """Register a champion and a challenger that tell attributes of faces, and the detector that finds these."""
    faces = face_folders.write_all(folder)
    other = model_folders.write(
        folder / "sharp", base=face_folders.ATTRIBUTES, graph=model_folders.network(sharpness=30.0)
    )
    detector = register(registry, faces["detector-face"], Alias.CHAMPION)
    champion = register(registry, faces["attributes-face"], Alias.CHAMPION)
    return champion, register(registry, other, Alias.CHALLENGER), detector


def say_ages(one, other, upon, *labels):
    """Have champion and challenger say ages of a file's faces."""
    hold("a")
    serving = (Serving(one, upon), Serving(other, upon, shadow=True))
    answers = [
        Answer(each, attributes=tuple(age(face, label) for face, label in enumerate(told)))
        for each, told in zip(serving, labels, strict=True)
    ]
    with world().ledger.begin() as connection:
        record_answers(connection, [Answered("a", tuple(answers))], FIRST_DAY)


def test_a_challenger_in_shadow_is_compared_with_the_champion(data, tmp_path):
    registry = world().registry
    with pytest.raises(UnusableModel, match="no classifier is champion"):
        compare(Role.CLASSIFIER)
    one = register(registry, model_folders.write(tmp_path / "one", name="one"), Alias.CHAMPION)
    other = register(registry, model_folders.write(tmp_path / "other", name="other"), Alias.CHALLENGER)
    with pytest.raises(UnusableModel, match="have seen no file in common"):
        keep(compare(Role.CLASSIFIER))
    assert compare_challengers.fn() == []
    say(one, 1, [0.9, 0.1, 0.1])
    say(other, 1, [0.9, 0.9, 0.1], shadow=True)
    say(other, 2, [0.5], shadow=True)
    (found,) = compare_challengers.fn()
    assert (found.files, found.labels[0].agreement) == (3, pytest.approx(2 / 3))
    run = keep(found)
    import mlflow

    kept = mlflow.MlflowClient().get_run(run)
    assert kept.data.metrics["marked/agreement"] == pytest.approx(2 / 3)
    assert kept.data.tags["challenger"] == str(other)
    with reading(world().ledger) as connection:
        assert {row.version for row in connection.execute(select(schema.score))} == {one.version}

    one, other, detector = of_attributes(registry, tmp_path)
    say_ages(one, other, f"{detector}", ["adult", "child"], ["adult", "adult"])
    say_ages(one, other, "another detector v1", ["adult", "adult"], ["adult", "adult"])
    _, found = compare_challengers.fn()
    (ages,) = found.attributes
    assert (found.champion, found.files, ages.n, ages.agreement, ages.kappa) == (one, 1, 2, 0.5, 0)
    assert mlflow.MlflowClient().get_run(keep(found)).data.metrics == {"age_group/agreement": 0.5}


def test_a_former_champion_on_trial_is_compared_by_what_it_said_when_it_served(data, tmp_path):
    registry = world().registry
    one = register(registry, model_folders.write(tmp_path / "one", name="one"), Alias.CHAMPION)
    other = register(registry, model_folders.write(tmp_path / "other", name="other"))
    say(one, 1, [0.9, 0.1])
    say(other, 1, [0.9, 0.9])
    registry.promote(Role.CLASSIFIER, other.version, Alias.CHAMPION)
    registry.promote(Role.CLASSIFIER, one.version, Alias.CHALLENGER)
    assert (compare(Role.CLASSIFIER).files, compare(Role.CLASSIFIER).labels[0].agreement) == (2, 0.5)


def test_what_was_said_upon_another_detector_is_not_mixed_in(data):
    model = ModelVersion("embedder-face/one", 1, "1" * 64)
    hold(["a"])
    vectors = [((0, bytes(8)),), ((0, bytes(8)), (1, bytes(8)))]
    with world().ledger.begin() as connection:
        for upon, told in zip(("d v1", "d v2"), vectors, strict=True):
            record_answers(connection, [Answered("a", (Answer(Serving(model, upon), vectors=told),))], FIRST_DAY)
        found = [len(opinions.of_files(connection, model, ["a"], upon)["a"].vectors) for upon in ("d v1", "d v2")]
        assert found == [1, 2]
        assert opinions.of_files(connection, model, ["a"]) == {}
        assert opinions.files_seen(connection, model, 9, "d v1") == ["a"]
        assert opinions.files_seen(connection, model, 9) == []


def test_faces_of_a_champion_are_read_back_as_they_were_said(data):
    model = ModelVersion("detector-face/one", 1, "1" * 64)
    hold(["a", "b"])
    face = Face(0.0, 0.1, 0.1, 0.5, 0.5, 0.9, 80, blurred=False)
    outcomes = [Answered("a", (Answer(Serving(model), faces=(face, face)),)), Answered("b", (Answer(Serving(model)),))]
    with world().ledger.begin() as connection:
        record_answers(connection, outcomes, FIRST_DAY)
        told_of = opinions.of_files(connection, model, ["a", "b", "c"])
    assert {blob: each.faces for blob, each in told_of.items()} == {"a": 2, "b": 0}
    assert told_of["a"] == opinions.opinion(outcomes[0].answers[0])
