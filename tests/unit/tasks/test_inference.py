"""A file is what its frames say together; the batch step loses none and keeps their order."""

import datetime as dt
import io
import pickle
from functools import partial

import av
import face_folders
import model_folders
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from apps.classifying import line
from domain.errors import UnusableModel
from domain.media import Kind
from domain.model import Alias, Answered, Role, Serving
from domain.report import FileFault
from infra.cluster import running
from infra.ledger import reports, schema, sealed, shadows
from infra.ledger.engine import migrate, upsert
from infra.ledger.inferences import Waiting
from infra.registry import Registry
from infra.world import world
from tasks import inference, promoting
from tasks.asking import SET_ASIDE
from tasks.comparing import compare_challengers
from tasks.inference import at_work, classify_batch, ensure_reference, register
from tasks.reports.taking import hold
from tasks.staging import kept_tables

LABELS = ("red", "green", "blue")
COLOURS = {"red": (250, 10, 10), "green": (10, 250, 10), "blue": (10, 10, 250)}


def picture(colour, size=(40, 30)):
    content = io.BytesIO()
    Image.new("RGB", size, COLOURS[colour]).save(content, "PNG")
    return content.getvalue()


def film(*colours, rate=2):
    """Film each colour for a second."""
    content = io.BytesIO()
    with av.open(content, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for colour in colours:
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), COLOURS[colour], np.uint8), format="rgb24")
            for _ in range(rate):
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return content.getvalue()


@pytest.fixture(scope="module")
def cluster():
    """Have a scheduler and a worker on loopback, in threads of this process."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def serving(tmp_path_factory, cluster):
    """Have a world of its own, with the models of the strongest colour in its registry; give those at work."""
    place = tmp_path_factory.mktemp("inference")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BREAKWATER_DATA", str(place / "data"))
        patch.setenv("BREAKWATER_DASK", cluster)
        world.cache_clear()
        migrate(world().ledger)
        register(world().registry, model_folders.write(place / "model"), Alias.CHAMPION)
        register(world().registry, model_folders.write(place / "scenes", base=model_folders.EMBEDDER), Alias.CHAMPION)
        yield at_work(world().registry)
        world().ledger.dispose()
        world.cache_clear()
        inference._opened.cache_clear()


def stored(content):
    """Store a file, have its key recorded, and give the key."""
    blobs = world().blobs
    one = hold(blobs.store(io.BytesIO(content)))
    blobs.flush()
    with world().ledger.begin() as connection:
        upsert(connection, schema.blob, [reports._blob(one)])
        sealed.record(connection, {one.blob: one.sealed} if one.sealed else {})
    return one.blob


def look(serving, *files):
    """Have every model at work look at files (key, kind)."""
    every = tuple(range(len(serving)))
    return classify_batch([Waiting(blob, kind, every) for blob, kind in files], serving)


def best(outcome):
    return outcome.answers[0].verdicts[0]


def test_a_batch_gives_one_outcome_a_file_in_order(serving):
    broken, empty = stored(b"no picture"), stored(b"")
    files = [
        (stored(picture("green")), Kind.IMAGE),
        (broken, Kind.IMAGE),
        (stored(film("blue", "blue", "blue", "red")), Kind.VIDEO),
        (empty, Kind.VIDEO),
        (stored(picture("red")), Kind.IMAGE),
    ]
    green, first, video, second, red = look(serving, *files)
    assert (first, second) == ((broken, FileFault.UNDECODABLE), (empty, FileFault.UNDECODABLE))
    assert [each.blob for each in (green, video, red)] == [files[0][0], files[2][0], files[4][0]]
    assert [best(each).label for each in (green, video, red)] == ["green", "blue", "red"]
    assert [each.answers[0].frames for each in (green, video)] == [1, 3]
    assert best(video).probability == pytest.approx(2 / 3, abs=0.02)
    assert best(video).seconds == (0.0, 2.0, 3.0)


def test_each_model_at_work_answers_as_its_role_does(serving):
    ((_, outcome),) = [(0, *look(serving, (stored(picture("red")), Kind.IMAGE)))]
    labels, scene = outcome.answers
    assert [each.serving.model.role for each in outcome.answers] == [Role.CLASSIFIER, Role.SCENE_EMBEDDER]
    assert (len(labels.verdicts), labels.vectors, scene.verdicts) == (1, (), ())
    ((ordinal, vector),) = scene.vectors
    assert ordinal == 0
    assert np.frombuffer(vector, "<f2") == pytest.approx(
        np.array([250, 10, 10]) / np.hypot(250, np.hypot(10, 10)), abs=2e-3
    )


def test_a_model_that_has_seen_a_file_is_not_asked_again(serving):
    (outcome,) = classify_batch([Waiting(stored(picture("red")), Kind.IMAGE, (1,))], serving)
    assert [each.serving for each in outcome.answers] == [serving[1]]


def test_a_long_video_is_seen_in_so_many_frames_as_the_settings_say(serving):
    (outcome,) = look(serving, (stored(film(*["red", "green"] * 40)), Kind.VIDEO))
    assert isinstance(outcome, Answered)
    assert outcome.answers[0].frames == 40


def test_a_batch_says_what_each_file_alone_says(serving):
    files = [(stored(picture(colour, (side, 20))), Kind.IMAGE) for colour in LABELS for side in range(10, 20)]
    assert look(serving, *files) == [outcome for file in files for outcome in look(serving, file)]


def test_a_batch_is_the_same_whether_it_is_decoded_here_or_by_decoders(serving, monkeypatch):
    files = [(stored(picture(colour, (side, 20))), Kind.IMAGE) for colour in LABELS for side in range(10, 14)]
    files[3:3] = [(stored(b"broken"), Kind.IMAGE), (stored(film("red", "blue")), Kind.VIDEO)]
    here = look(serving, *files)
    monkeypatch.setenv("BREAKWATER_DECODERS", "2")
    world.cache_clear()
    try:
        assert look(serving, *files) == here
    finally:
        inference._decoders(2).close()
        inference._decoders.cache_clear()
        monkeypatch.undo()
        world.cache_clear()


def test_no_files_give_no_outcomes(serving):
    assert classify_batch([], serving) == []


def test_the_task_has_each_file_looked_at_once(serving):
    files = {stored(picture("red")): Kind.IMAGE, stored(b"broken"): Kind.IMAGE, stored(film("blue")): Kind.VIDEO}
    _sight(files)
    with running():
        first, again = inference.classify_files.fn(), inference.classify_files.fn()
    expected = {"files_not_classifiable": 0, "files_classified": 2, "labels_new": 2, "faces_new": 0}
    assert dict(first) == expected | {"files_quarantined": 1}
    assert sum(again.values()) == 0
    with world().ledger.begin() as connection:
        labels = set(connection.execute(select(schema.score.c.label, schema.score.c.model)).tuples())
    assert labels == {("red", "classifier/strongest_colour"), ("blue", "classifier/strongest_colour")}


def _sight(files, report="r"):
    with world().ledger.begin() as connection:
        received = dt.datetime(2018, 5, 1, tzinfo=dt.UTC)
        connection.execute(schema.report.insert().values(id=report, external_id=report, received_at=received))
        for ordinal, (blob, kind) in enumerate(files.items()):
            connection.execute(schema.blob.update().where(schema.blob.c.id == blob).values(kind=kind))
            sighting = {"report_id": report, "ordinal": ordinal, "file_id": str(ordinal), "blob_id": blob}
            connection.execute(schema.sighting.insert().values(sighting))


@pytest.fixture
def apart(serving, tmp_path, monkeypatch):
    """Have another world beside that of the module, with a champion; give its registry."""
    monkeypatch.setenv("BREAKWATER_DATA", str(tmp_path / "data"))
    world.cache_clear()
    migrate(world().ledger)
    register(world().registry, model_folders.write(tmp_path / "first"), Alias.CHAMPION)
    yield world().registry
    world().ledger.dispose()
    monkeypatch.undo()
    world.cache_clear()


def test_a_challenger_looks_beside_the_champion_and_counts_once_it_is_promoted(apart, tmp_path):
    folder = model_folders.write(tmp_path / "second", graph=model_folders.network(sharpness=30.0))
    second = register(apart, folder, Alias.CHALLENGER)
    first = apart.resolve(Role.CLASSIFIER)
    assert at_work(apart) == (Serving(first), Serving(second, shadow=True))
    _sight({stored(picture("green")): Kind.IMAGE})
    with running():
        assert inference.classify_files.fn()["files_classified"] == 1
        assert _saying() == [(1, "green")]
        apart.promote(Role.CLASSIFIER, second.version, Alias.CHAMPION)
        assert inference.classify_files.fn()["files_classified"] == 0
    assert _saying() == [(1, "green"), (2, "green")]


def unopenable(folder):
    """Write a model that can be registered here, and not opened by a worker, which feeds it with pixels."""
    return model_folders.write(folder, graph=model_folders.of_old_operators())


def _damage(registry, model):
    (registry.folder(model) / "model.onnx").write_bytes(b"something else")


def test_a_challenger_that_cannot_be_opened_costs_its_own_answers_alone(apart, tmp_path):
    """A worker cannot open the first; the copy of the second is damaged. The champion is none the worse for either."""
    first, second = apart.resolve(Role.CLASSIFIER), register(apart, unopenable(tmp_path / "second"), Alias.CHALLENGER)
    _sight({stored(picture("green")): Kind.IMAGE, stored(picture("red")): Kind.IMAGE})
    with running():
        counts = inference.classify_files.fn()
        assert (counts["files_classified"], counts["models_set_aside"], counts["challengers_not_opened"]) == (2, 1, 1)
        assert inference.classify_files.fn()["models_set_aside"] == 1, "it is tried again in the next run"
        assert _saying() == [(first.version, "green"), (first.version, "red")]
        with world().ledger.begin() as connection:
            assert not list(shadows.answers(connection, Serving(second, shadow=True)))

        graph = model_folders.network(sharpness=30.0)
        third = register(apart, model_folders.write(tmp_path / "third", graph=graph), Alias.CHALLENGER)
        _damage(apart, third)
        _sight({stored(picture("blue")): Kind.IMAGE}, "s")
        counts = inference.classify_files.fn()
        assert (counts["files_classified"], counts["challengers_not_opened"]) == (1, 1)
        graph = model_folders.network(sharpness=9.0)
        fourth = register(apart, model_folders.write(tmp_path / "fourth", graph=graph))
        told = promoting.promote(Role.CLASSIFIER, fourth.version, Alias.CHAMPION, "a trial of the registry")
    assert told.waiting == 3


def test_a_challenger_of_others_is_set_aside_and_a_champion_of_others_fails_the_step(apart, tmp_path):
    champion = apart.resolve(Role.CLASSIFIER)
    number = model_folders.register_by_hand("classifier", tmp_path / "first", "challenger")
    assert [each.shadow for each in at_work(apart)] == [False, True]
    _sight({stored(picture("green")): Kind.IMAGE})
    with running(), kept_tables() as tables:
        counts = inference.classify_files.fn()
    assert (counts["files_classified"], counts["models_set_aside"], counts["challengers_not_opened"]) == (1, 1, 1)
    assert _saying() == [(champion.version, "green")]
    (row,) = tables[SET_ASIDE]
    assert (row["role"], row["model"]) == ("classifier", f"classifier v{number}")
    told = line(counts, tables[SET_ASIDE])
    assert told.startswith("1 files classified")
    assert f"; set aside: classifier, classifier v{number}: " in told
    assert told.endswith("was not registered by Breakwater; register its folder")
    assert compare_challengers.fn() == []

    model_folders.register_by_hand("classifier", tmp_path / "first", "champion")
    with pytest.raises(UnusableModel, match="is champion, and was not registered by Breakwater; move the alias"):
        inference.classify_files.fn()


def test_a_champion_that_cannot_be_opened_fails_the_step_and_says_what_to_do(apart, tmp_path):
    second = register(apart, unopenable(tmp_path / "second"), Alias.CHAMPION)
    _sight({stored(picture("green")): Kind.IMAGE})
    told = r"cannot be opened.*breakwater model rollback classifier"
    with running(), pytest.raises(UnusableModel, match=told):
        inference.classify_files.fn()
    _damage(apart, second)
    with running(), pytest.raises(UnusableModel, match=told):
        inference.classify_files.fn()
    assert _saying() == []


def test_a_model_of_faces_is_at_work_upon_the_champion_that_finds_them(apart, tmp_path):
    faces = face_folders.write_all(tmp_path)
    register(apart, faces["embedder-face"], Alias.CHAMPION)
    assert [each.model.role for each in at_work(apart)] == [Role.CLASSIFIER]
    finder = register(apart, faces["detector-face"], Alias.CHAMPION)
    assert [(each.model.role, each.upon) for each in at_work(apart)] == [
        (Role.CLASSIFIER, ""), (Role.FACE_DETECTOR, ""), (Role.FACE_EMBEDDER, f"{finder}"),
    ]  # fmt: skip
    _sight({stored(picture("red")): Kind.IMAGE, stored(picture("blue")): Kind.IMAGE})
    with running():
        counts = inference.classify_files.fn()
    assert (counts["files_classified"], counts["faces_new"]) == (2, 2)
    with world().ledger.begin() as connection:
        vectors = connection.execute(select(schema.embedding.c.upon, schema.embedding.c.ordinal)).tuples()
        assert sorted(vectors) == [(f"{finder}", 0), (f"{finder}", 1)]


def _saying():
    table = schema.score.c
    with world().ledger.begin() as connection:
        return sorted(connection.execute(select(table.version, table.label)).tuples())


def test_as_many_files_are_looked_at_as_were_asked_for(serving):
    _sight({stored(picture("blue", (side, 9))): Kind.IMAGE for side in range(20, 25)}, "t")
    with running():
        told = [inference.classify_files.fn(most)["files_classified"] for most in (2, 2, 0, 0)]
    assert told == [2, 2, 1, 0]


def test_the_step_and_its_models_travel_to_a_worker(serving):
    step = partial(classify_batch, serving=serving)
    assert pickle.loads(pickle.dumps(step)).keywords == {"serving": serving}
    assert serving[0] == Serving(serving[0].model)


def test_a_folder_that_breaks_its_contract_is_not_registered(tmp_path):
    registry = Registry(f"sqlite:///{tmp_path}/mlflow.db", tmp_path)
    with pytest.raises(UnusableModel, match="make labels and columns as many"):
        register(registry, model_folders.write(tmp_path / "model", labels=["red", "green"]))
    assert not (tmp_path / "mlflow.db").exists()


def test_the_reference_models_serve_only_where_no_champion_is(tmp_path):
    registry = Registry(f"sqlite:///{tmp_path}/mlflow.db", tmp_path)
    other = register(registry, model_folders.write(tmp_path / "model", role="tagger"), Alias.CHAMPION)
    reference = ensure_reference(registry)
    assert registry.resolve(Role.TAGGER) == other
    assert {each.name for each in reference} == {
        "classifier/marked", "tagger/strongest_colour", "embedder-scene/efficientnet_lite0",
        "detector-face/centerface", "embedder-face/dlib_resnet",
    }  # fmt: skip
    assert ensure_reference(registry) == reference
    assert {each.model for each in at_work(registry)} == set(reference)
