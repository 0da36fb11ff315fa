"""A file is what its frames say together; the batch step loses none and keeps their order."""

import datetime as dt
import io
import pickle
from functools import partial

import av
import model_folders
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select

from domain.errors import UnusableModel
from domain.media import Kind
from domain.model import Alias, Classified, Role
from domain.report import FileFault
from infra.cluster import running
from infra.ledger import reports, schema, sealed
from infra.ledger.engine import migrate, upsert
from infra.registry import Registry
from infra.world import world
from models.runners.classifier import Answer, unit
from tasks import inference
from tasks.inference import aggregate, classify_batch, ensure_reference, register, spread
from tasks.reports.taking import hold

LABELS = ("red", "green", "blue")
COLOURS = {"red": (250, 10, 10), "green": (10, 250, 10), "blue": (10, 10, 250)}


@given(st.integers(0, 5000), st.integers(1, 8).map(lambda half: 2 * half))
def test_frames_are_spread_evenly_from_the_first_on(length, most):
    kept = spread(range(length), most)
    assert len(kept) == min(length, most) or most // 2 < len(kept) <= most
    steps = set(np.diff(kept).tolist())
    assert len(steps) <= 1
    if kept:
        step = steps.pop() if steps else 1
        assert kept[0] == 0
        assert length - kept[-1] <= step
        assert step.bit_count() == 1


def answers(frames, seed):
    """Draw the answers of some frames."""
    rows = np.random.default_rng(seed).random((frames, 7), np.float32) + np.float32(1e-3)
    return [Answer(row[:3] / row[:3].sum(), unit(row[3:] - row[4])) for row in rows]


SEEDS = st.integers(0, 2**32 - 1)
FRAMES = st.builds(answers, st.integers(1, 8), SEEDS)


@given(FRAMES, SEEDS)
def test_the_order_of_frames_changes_nothing_but_rounding(frames, seed):
    shuffled = [frames[place] for place in np.random.default_rng(seed).permutation(len(frames))]
    one, other = aggregate("a", frames, LABELS), aggregate("a", shuffled, LABELS)
    probabilities = [{score.label: score.probability for score in each.scores} for each in (one, other)]
    for label in probabilities[0].keys() | probabilities[1].keys():
        values = [each.get(label, inference.LEAST) for each in probabilities]
        assert values[0] == pytest.approx(values[1], abs=1e-5)
    vectors = [np.frombuffer(each.embedding, "<f2").astype(float) for each in (one, other)]
    assert np.allclose(*vectors, atol=2e-3)


@given(FRAMES)
def test_a_file_is_the_mean_of_its_frames(frames):
    told = aggregate("a", frames, LABELS)
    means = [sum(float(frame.probabilities[place]) for frame in frames) / len(frames) for place in range(3)]
    assert [score.probability for score in told.scores] == sorted(
        (score.probability for score in told.scores), reverse=True
    )
    assert told.scores[0].probability == pytest.approx(max(means), abs=1e-5)
    for score in told.scores:
        assert score.probability == pytest.approx(means[LABELS.index(score.label)], abs=1e-5)
    mean = sum(frame.embedding.astype(float) for frame in frames)
    vector = np.frombuffer(told.embedding, "<f2").astype(float)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=2e-3)
    assert vector @ mean / np.linalg.norm(mean) == pytest.approx(1, abs=2e-3)
    assert told.frames == len(frames)


def flat(count):
    """Give an answer that prefers nothing among `count` labels."""
    return Answer(np.full(count, 1 / count, np.float32), np.array([1], np.float32))


def test_the_best_label_stays_however_unsure():
    assert [score.label for score in aggregate("a", [flat(100)], list(map(str, range(100)))).scores] == ["0"]


def test_at_most_five_labels_stay():
    assert [score.label for score in aggregate("a", [flat(8)], list("abcdefgh")).scores] == list("abcde")


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
def model(tmp_path_factory, cluster):
    """Have a world of its own, with the model of the strongest colour in its registry."""
    place = tmp_path_factory.mktemp("inference")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BREAKWATER_DATA", str(place / "data"))
        patch.setenv("BREAKWATER_DASK", cluster)
        world.cache_clear()
        migrate(world().ledger)
        yield register(world().registry, model_folders.write(place / "model"), Alias.CHAMPION)
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


def test_a_batch_gives_one_outcome_a_file_in_order(model):
    broken, empty = stored(b"no picture"), stored(b"")
    files = [
        (stored(picture("green")), Kind.IMAGE),
        (broken, Kind.IMAGE),
        (stored(film("blue", "blue", "red")), Kind.VIDEO),
        (empty, Kind.VIDEO),
        (stored(picture("red")), Kind.IMAGE),
    ]
    green, first, video, second, red = classify_batch(files, model)
    assert (first, second) == ((broken, FileFault.UNDECODABLE), (empty, FileFault.UNDECODABLE))
    assert [each.blob for each in (green, video, red)] == [files[0][0], files[2][0], files[4][0]]
    assert [each.scores[0].label for each in (green, video, red)] == ["green", "blue", "red"]
    assert (green.frames, video.frames) == (1, 3)
    assert video.scores[0].probability == pytest.approx(2 / 3, abs=0.02)
    assert video.scores[1].label == "red"


def test_a_long_video_is_seen_in_at_most_eight_frames(model):
    (outcome,) = classify_batch([(stored(film(*["red", "green"] * 10)), Kind.VIDEO)], model)
    assert isinstance(outcome, Classified)
    assert 4 < outcome.frames <= 8


def test_a_batch_says_what_each_file_alone_says(model):
    files = [(stored(picture(colour, (side, 20))), Kind.IMAGE) for colour in LABELS for side in range(10, 20)]
    together = classify_batch(files, model)
    alone = [outcome for file in files for outcome in classify_batch([file], model)]
    assert together == alone


def test_no_files_give_no_outcomes(model):
    assert classify_batch([], model) == []


def test_the_task_classifies_each_file_once(model):
    files = {stored(picture("red")): Kind.IMAGE, stored(b"broken"): Kind.IMAGE, stored(film("blue")): Kind.VIDEO}
    _sight(files)
    with running():
        first, again = inference.classify_files.fn(), inference.classify_files.fn()
    assert dict(first) == {"files_not_classifiable": 0, "files_classified": 2, "labels_new": 2, "files_quarantined": 1}
    assert sum(again.values()) == 0
    with world().ledger.begin() as connection:
        labels = set(connection.execute(select(schema.inference.c.label, schema.inference.c.model)).tuples())
    assert labels == {("red", "classifier/strongest_colour"), ("blue", "classifier/strongest_colour")}


def _sight(files):
    with world().ledger.begin() as connection:
        received = dt.datetime(2018, 5, 1, tzinfo=dt.UTC)
        connection.execute(schema.report.insert().values(id="r", external_id="1", received_at=received))
        for ordinal, (blob, kind) in enumerate(files.items()):
            connection.execute(schema.blob.update().where(schema.blob.c.id == blob).values(kind=kind))
            sighting = {"report_id": "r", "ordinal": ordinal, "file_id": str(ordinal), "blob_id": blob}
            connection.execute(schema.sighting.insert().values(sighting))


def test_the_step_and_its_model_travel_to_a_worker(model):
    assert pickle.loads(pickle.dumps(partial(classify_batch, model=model))).keywords == {"model": model}


def test_a_folder_that_breaks_its_contract_is_not_registered(tmp_path):
    registry = Registry(f"sqlite:///{tmp_path}/mlflow.db", tmp_path)
    with pytest.raises(UnusableModel, match="3 probabilities, but 2 labels"):
        register(registry, model_folders.write(tmp_path / "model", labels=["red", "green"]))
    assert not (tmp_path / "mlflow.db").exists()


def test_the_reference_model_serves_only_where_no_champion_is(tmp_path):
    registry = Registry(f"sqlite:///{tmp_path}/mlflow.db", tmp_path)
    reference = ensure_reference(registry)
    assert reference.name == "classifier/efficientnet_lite0"
    assert ensure_reference(registry) == reference == registry.resolve(Role.CLASSIFIER)
    other = register(registry, model_folders.write(tmp_path / "model"), Alias.CHAMPION)
    assert ensure_reference(registry) == other
