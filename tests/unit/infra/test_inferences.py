"""The ledger knows which files a model has not seen, and takes its word once."""

import datetime as dt
import hashlib

import pytest
from sqlalchemy import func, select

from domain.match import SignalType
from domain.media import Kind
from domain.model import Answer, Answered, Face, ModelVersion, Says, Serving, Verdict
from domain.report import FileFault
from infra.ledger import schema
from infra.ledger.engine import connect, upsert
from infra.ledger.inferences import Waiting, record_answers, waiting

FIRST = Serving(ModelVersion("classifier/one", 1, "1" * 64))
SECOND = Serving(ModelVersion("classifier/one", 2, "2" * 64))
SCENES = Serving(ModelVersion("embedder-scene/any", 1, "3" * 64))
NOW = dt.datetime(2018, 6, 1, tzinfo=dt.UTC)


@pytest.fixture
def connection(tmp_path):
    engine = connect(f"sqlite:///{tmp_path}/ledger.db")
    with engine.begin() as connection:
        schema.metadata.create_all(connection)
        received = dt.datetime(2018, 5, 1, tzinfo=dt.UTC)
        upsert(connection, schema.report, [{"id": "r", "external_id": "1", "received_at": received}])
        yield connection
    engine.dispose()


def held(connection, name, kind=Kind.IMAGE, fault=None, sightings=(None,)):
    """Hold a file, and have a report name it once for each fault of `sightings`."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    described = {"sha256": digest, "sha1": "", "md5": "", "size": 1, "media_type": "", "kind": kind}
    upsert(connection, schema.blob, [{"id": name, **described, "fault": fault}])
    taken = connection.scalar(select(func.count()).select_from(schema.sighting))
    rows = [
        {"report_id": "r", "ordinal": taken + place, "file_id": str(taken + place), "blob_id": name, "fault": each}
        for place, each in enumerate(sightings)
    ]
    upsert(connection, schema.sighting, rows)


def matched(connection, name, signal_type):
    row = {"blob_id": name, "list_name": "a", "entry": "e", "category": "c", "distance": 0}
    row |= {"signal_type": signal_type, "share": 1.0, "entry_share": 1.0, "settles": signal_type == SignalType.PDQ}
    upsert(connection, schema.match, [row])


def said(name, *labels, serving=FIRST):
    return Answered(name, (Answer(serving, 3, verdicts=tuple(Verdict(each, 0.7, 0.8) for each in labels)),))


def unseen(connection, serving=FIRST, **more):
    return [(each.blob, each.kind) for each in waiting(connection, [serving], **more)]


def test_pictures_and_videos_are_listed_by_their_keys(connection):
    held(connection, "b", Kind.VIDEO)
    held(connection, "a")
    held(connection, "c", Kind.OTHER)
    assert unseen(connection, FIRST) == [("a", Kind.IMAGE), ("b", Kind.VIDEO)]


def test_what_is_broken_or_not_brought_whole_is_left_out(connection):
    held(connection, "quarantined", fault=FileFault.UNDECODABLE)
    held(connection, "refused", sightings=[FileFault.DIGEST_MISMATCH])
    held(connection, "once_whole", sightings=[FileFault.DIGEST_MISMATCH, None])
    held(connection, "unnamed", sightings=[])
    assert unseen(connection, FIRST) == [("once_whole", Kind.IMAGE)]


def test_a_picture_on_a_list_is_settled_and_a_digest_alone_settles_nothing(connection):
    for name, signal_type in (("by_picture", SignalType.PDQ), ("by_digest", SignalType.MD5)):
        held(connection, name)
        matched(connection, name, signal_type)
    assert unseen(connection, FIRST) == [("by_digest", Kind.IMAGE)]
    assert len(unseen(connection, FIRST, settled=True)) == 2


def test_each_version_sees_each_file_once(connection):
    held(connection, "a")
    held(connection, "b")
    record_answers(connection, [said("a", "boathouse")], NOW)
    assert unseen(connection, FIRST) == [("b", Kind.IMAGE)]
    assert unseen(connection, SECOND) == [("a", Kind.IMAGE), ("b", Kind.IMAGE)]


def test_a_file_waits_for_those_alone_that_have_not_seen_it(connection):
    for name in "abc":
        held(connection, name)
    record_answers(connection, [said("a", "x"), said("b", "x", serving=SCENES)], NOW)
    record_answers(connection, [said("c", serving=each) for each in (FIRST, SCENES)], NOW)
    assert waiting(connection, [FIRST, SCENES]) == [Waiting("a", Kind.IMAGE, (1,)), Waiting("b", Kind.IMAGE, (0,))]
    assert waiting(connection, []) == []


def test_every_row_names_model_and_version(connection):
    held(connection, "a")
    face = Face(1.5, 0.1, 0.2, 0.3, 0.4, 0.9, 70, blurred=False)
    told = Answered("a", (
        Answer(FIRST, 3, verdicts=(Verdict("boathouse", 0.7, 0.8, Says.YES, (1.0, 0.0)), Verdict("pier", 0.1, 0.1))),
        Answer(SCENES, 3, faces=(face,), vectors=((0, b"\x00\x3c"),)),
    ))  # fmt: skip
    counts = record_answers(connection, [told], NOW)
    assert dict(counts) == {"files_classified": 1, "labels_new": 2, "faces_new": 1, "files_quarantined": 0}
    rows = connection.execute(select(schema.score).order_by(schema.score.c.label)).all()
    assert [tuple(row) for row in rows] == [
        ("a", "classifier/one", 1, "boathouse", 0.7, 0.8, "yes", [1.0, 0.0]),
        ("a", "classifier/one", 1, "pier", 0.1, 0.1, None, [0.0]),
    ]
    seen = connection.execute(select(schema.inference).order_by(schema.inference.c.model))
    assert [tuple(row) for row in seen] == [
        ("a", "classifier/one", 1, "", 3, NOW.replace(tzinfo=None)),
        ("a", "embedder-scene/any", 1, "", 3, NOW.replace(tzinfo=None)),
    ]
    by = ("a", "embedder-scene/any", 1)
    assert tuple(connection.execute(select(schema.embedding)).one()) == (*by, "", 0, b"\x00\x3c")
    assert tuple(connection.execute(select(schema.face)).one()) == (*by, 0, 1.5, 0.1, 0.2, 0.3, 0.4, 0.9, 70, False)


def test_recording_the_same_again_changes_nothing(connection):
    held(connection, "a")
    record_answers(connection, [said("a", "boathouse")], NOW)
    assert record_answers(connection, [said("a", "boathouse")], NOW)["labels_new"] == 0


def test_a_file_that_cannot_be_decoded_is_quarantined_and_not_asked_for_again(connection):
    held(connection, "a")
    counts = record_answers(connection, [("a", FileFault.UNDECODABLE)], NOW)
    assert counts["files_quarantined"] == 1
    assert unseen(connection, FIRST) == []
    assert connection.scalar(select(schema.blob.c.fault)) == FileFault.UNDECODABLE


def test_nothing_to_record_is_recorded_as_nothing(connection):
    assert sum(record_answers(connection, [], NOW).values()) == 0
