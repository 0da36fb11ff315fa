"""Where workers die, what they died of costs itself alone: a file its place, a model its own answer, others nothing."""

import datetime as dt
import io
from dataclasses import replace

import model_folders
import pytest
from PIL import Image
from sqlalchemy import select
from steps import DeadlyName

from domain.media import Kind
from domain.model import Alias, ModelFault, ModelVersion, Role, Serving
from domain.report import FileFault
from infra.cluster import CONDUCT, running
from infra.ledger import inferences, reports, schema, sealed, shadows
from infra.ledger.engine import migrate, reading, upsert
from infra.ledger.inferences import Waiting
from infra.world import world
from tasks import asking, inference
from tasks.asking import narrowed
from tasks.inference import at_work, classify_files, register
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
    """Of four files the first is bright, over which the challenger never ends; the last kills whoever decodes it."""
    monkeypatch.setattr(asking, "MOST_CRASHES", 1)
    blobs = [stored(shade, number) for number, shade in enumerate((BRIGHT, DARK, DARK, DARK))]
    files = [Waiting(name, Kind.IMAGE, (0, 1)) for name in (*blobs[:3], DeadlyName(blobs[3]))]
    counts = asking.ask(inference.classify_batch, files, serving, 32)
    assert said(serving) == (dict.fromkeys(blobs[:3]), {blobs[0]: ModelFault.CRASHED})
    assert faults(blobs) == {**dict.fromkeys(blobs[:3]), blobs[3]: FileFault.DECODER_CRASHED}
    assert (counts["files_classified"], counts["files_quarantined"]) == (3, 1)
    assert (counts["answers_crashed"], counts["models_set_aside"]) == (1, 1)

    assert classify_files.fn()["files_classified"] == 2  # by the challenger, of which it was not asked
    assert said(serving)[1] == {blobs[0]: ModelFault.CRASHED, blobs[1]: None, blobs[2]: None}
    assert sum(classify_files.fn().values()) == 0
    newer = replace(serving[1], model=replace(serving[1].model, version=9))
    with reading(world().ledger) as connection:
        assert {each.blob for each in inferences.waiting(connection, [newer])} == set(blobs[:3])


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
