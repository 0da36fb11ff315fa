"""The ledger knows which files a model has not seen, and takes its word once."""

import dataclasses
import datetime as dt
import hashlib

import pytest
from sqlalchemy import func, select

from domain.match import SignalType
from domain.media import Kind
from domain.model import Answer, Answered, Attribute, Face, ModelFault, ModelVersion, Role, Says, Serving, Verdict
from domain.priority import Priority
from domain.report import FileFault
from infra.ledger import opinions, priorities, schema, shadows
from infra.ledger.engine import connect, upsert
from infra.ledger.inferences import Planned, Waiting, plan, record_answers, take_over, waiting

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
    assert len(unseen(connection, FIRST, skip_settled=())) == 2
    assert len(unseen(connection, FIRST, skip_settled={Role.TAGGER})) == 2
    both = waiting(connection, [FIRST, SCENES], skip_settled={Role.SCENE_EMBEDDER})
    assert {each.blob: each.wanted for each in both} == {"by_digest": (0, 1), "by_picture": (0,)}


def test_each_version_sees_each_file_once(connection):
    held(connection, "a")
    held(connection, "b")
    record_answers(connection, [said("a", "boathouse")], NOW)
    assert unseen(connection, FIRST) == [("b", Kind.IMAGE)]
    assert set(unseen(connection, SECOND)) == {("a", Kind.IMAGE), ("b", Kind.IMAGE)}


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
        ("a", "classifier/one", 1, "boathouse", 0.7, 0.8, "yes", [1.0, 0.0], None, None),
        ("a", "classifier/one", 1, "pier", 0.1, 0.1, None, [0.0], None, None),
    ]
    seen = connection.execute(select(schema.inference).order_by(schema.inference.c.model))
    assert [tuple(row) for row in seen] == [
        ("a", "classifier/one", 1, "", 3, NOW.replace(tzinfo=None), None),
        ("a", "embedder-scene/any", 1, "", 3, NOW.replace(tzinfo=None), None),
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


THIRD = Serving(ModelVersion("classifier/two", 3, "4" * 64))


def named(connection, scores):
    """Hold a file for each score, named by a report of its own that has that rank; None has none."""
    received, ranked = dt.datetime(2018, 5, 1, tzinfo=dt.UTC), []
    for name, score in scores.items():
        held(connection, name, sightings=[])
        upsert(connection, schema.report, [{"id": f"r{name}", "external_id": name, "received_at": received}])
        row = {"report_id": f"r{name}", "ordinal": 0, "file_id": name, "blob_id": name, "fault": None}
        upsert(connection, schema.sighting, [row])
        if score is not None:
            ranked.append((f"r{name}", "e", Priority(score, "b", ())))
    priorities.record(connection, "p", ranked, received)


def test_who_was_never_seen_comes_first_then_whom_the_oldest_saw_and_the_urgent_before_others(connection):
    named(connection, dict.fromkeys("abc", 10.0) | {"d": 90.0, "e": 5.0, "f": 50.0, "g": None})
    record_answers(connection, [said("a", "x"), said("d", "x"), said("b", "x")], NOW)
    record_answers(connection, [said(name, "x", serving=SECOND) for name in "bfe"], NOW)
    order = [each.blob for each in waiting(connection, [THIRD])]
    assert order == ["g", "c", "d", "a", "f", "b", "e"]
    for most in range(1, 8):
        assert [each.blob for each in waiting(connection, [THIRD], most=most)] == order[:most]


def test_a_file_is_as_urgent_as_the_most_urgent_report_that_names_it(connection):
    named(connection, {"a": 20.0, "b": 30.0, "c": 40.0})
    again = {"report_id": "rc", "ordinal": 1, "file_id": "a", "blob_id": "a", "fault": None}
    upsert(connection, schema.sighting, [again])
    assert [each.blob for each in waiting(connection, [FIRST])] == ["a", "c", "b"]


def test_what_is_recorded_is_not_asked_again_whatever_the_portions(connection):
    named(connection, {name: float(ord(name)) for name in "abcdefg"})
    seen = []
    while some := waiting(connection, [FIRST], most=3):
        record_answers(connection, [said(each.blob, "x") for each in some], NOW)
        seen += [each.blob for each in some]
    assert seen == list("gfedcba")


def test_files_of_a_challenger_alone_come_last(connection):
    named(connection, {"a": 90.0, "b": 10.0, "c": 50.0})
    record_answers(connection, [said("a", "x"), said("c", "x")], NOW)
    order = waiting(connection, [FIRST, TRIAL])
    assert [(each.blob, each.wanted) for each in order] == [("b", (0, 1)), ("a", (1,)), ("c", (1,))]


def test_the_plan_counts_by_who_looked_last(connection):
    named(connection, dict.fromkeys("abcdef", 1.0))
    record_answers(connection, [said("a", "x"), said("b", "x"), said("c", "x", serving=SCENES)], NOW)
    record_answers(connection, [said("b", "x", serving=SECOND), said("d", "x", serving=THIRD)], NOW)
    assert plan(connection, [THIRD, SCENES]) == [
        Planned(THIRD, None, 3), Planned(THIRD, 1, 1), Planned(THIRD, 2, 1), Planned(SCENES, None, 5),
    ]  # fmt: skip
    assert sum(each.files for each in plan(connection, [THIRD])) == len(waiting(connection, [THIRD]))


TRIAL = Serving(ModelVersion("classifier/new", 4, "5" * 64), shadow=True)
EVERYTHING = Answer(
    TRIAL, 7, (Verdict("é", 0.1 + 0.2, 1 / 3, Says.UNSURE, (1.5, 0.04)), Verdict("b", 0.5, 0.5)),
    (Face(0.04, 0.1, 0.2, 1 / 3, 0.4, 0.9, 70, blurred=True),), (Attribute(0, "age_group", "adult", 0.7),),
    ((0, bytes(range(256))), (3, b"")),
)  # fmt: skip


def rows(connection, *tables):
    return {table.name: {tuple(map(str, row)) for row in connection.execute(select(table))} for table in tables}


TOLD = (schema.inference, schema.score, schema.face, schema.attribute, schema.embedding)


def test_what_a_challenger_says_stands_apart_and_is_read_back_to_the_bit(connection):
    held(connection, "a")
    assert record_answers(connection, [Answered("a", (EVERYTHING,))], NOW)["labels_new"] == 0
    assert all(not found for found in rows(connection, *TOLD).values())
    assert waiting(connection, [TRIAL]) == []
    ((_, answered),) = shadows.answers(connection, TRIAL)
    assert answered == Answered("a", (EVERYTHING,))


def test_a_challenger_that_becomes_champion_need_not_look_again(connection):
    champion = dataclasses.replace(TRIAL, shadow=False)
    for name in "abc":
        held(connection, name)
    record_answers(connection, [Answered(name, (EVERYTHING,)) for name in "ab"], NOW)
    assert [each.blob for each in waiting(connection, [champion])] == ["a", "b", "c"]
    assert (take_over(connection, champion), take_over(connection, champion)) == (2, 0)
    taken = rows(connection, *TOLD)
    assert [each.blob for each in waiting(connection, [champion])] == ["c"]
    assert not rows(connection, schema.shadow)["shadow"]
    for table in reversed(TOLD):
        connection.execute(table.delete())
    record_answers(connection, [Answered(name, (dataclasses.replace(EVERYTHING, serving=champion),)) for name in "ab"],
                   NOW)  # fmt: skip
    assert taken == rows(connection, *TOLD)


def test_a_champion_that_goes_on_trial_is_not_asked_what_it_said(connection):
    held(connection, "a")
    record_answers(connection, [said("a", "x")], NOW)
    assert waiting(connection, [dataclasses.replace(FIRST, shadow=True)]) == []


def test_two_champions_in_succession_leave_rows_that_say_which_said_what(connection):
    held(connection, "a")
    record_answers(connection, [said("a", "x")], NOW)
    record_answers(connection, [said("a", "y", serving=SECOND)], NOW + dt.timedelta(1))
    table = schema.score.c
    told = connection.execute(select(table.model, table.version, table.label).order_by(table.version)).tuples()
    assert list(told) == [("classifier/one", 1, "x"), ("classifier/one", 2, "y")]


def test_nothing_to_record_is_recorded_as_nothing(connection):
    assert sum(record_answers(connection, [], NOW).values()) == 0


@pytest.mark.parametrize("serving", [FIRST, TRIAL])
def test_answers_that_were_not_given_are_counted_by_why_and_asked_for_by_another_version_alone(connection, serving):
    for name in "abc":
        held(connection, name)
    silent = [Answered(name, (Answer(serving, fault=fault),)) for name, fault in zip("abc", ModelFault, strict=True)]
    counts = record_answers(connection, silent, NOW)
    assert {name: number for name, number in counts.items() if name.startswith("answers")} == {
        f"answers_{fault}": 1 for fault in ModelFault
    }
    assert waiting(connection, [serving]) == []
    newer = dataclasses.replace(serving, model=dataclasses.replace(serving.model, version=9))
    assert len(waiting(connection, [newer])) == 3
    if serving.shadow:
        assert take_over(connection, dataclasses.replace(serving, shadow=False)) == 3
        assert waiting(connection, [dataclasses.replace(serving, shadow=False)]) == []
    told = connection.execute(select(schema.inference.c.blob_id, schema.inference.c.fault)).tuples()
    assert dict(told.all()) == dict(zip("abc", ModelFault, strict=True))


def test_who_gave_no_answer_has_no_opinion(connection):
    for name in "ab":
        held(connection, name)
    record_answers(connection, [said("a", "x"), Answered("b", (Answer(FIRST, fault=ModelFault.CRASHED),))], NOW)
    assert set(opinions.of_files(connection, FIRST.model, ["a", "b"])) == {"a"}
    assert opinions.files_seen(connection, FIRST.model, 9) == ["a"]
    assert [opinions.moment_of(connection, FIRST.model, ordinal) for ordinal in (1, 2)] == [NOW, None]
