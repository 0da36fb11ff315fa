"""Clusters in the ledger: exactly what was said last, kind by kind."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
from sqlalchemy import select
from taken_in import MOMENT, key, record, sighted, taken

from domain.cluster import ClusterKind, Ruling
from domain.media import Kind
from domain.model import Answer, Answered, Face, ModelVersion, Serving
from domain.report import FileFault
from infra.ledger import clusters, inferences, media, schema

COPIES, REPORTS, SCENE = ClusterKind.COPIES, ClusterKind.REPORTS, ClusterKind.SCENES


def test_members_are_where_they_were_put_and_a_rerun_changes_nothing(connection):
    names = {"a": "x", "b": "x", "c": "y"}
    assert clusters.record(connection, COPIES, names, MOMENT) == 3
    assert clusters.record(connection, COPIES, names, MOMENT) == 0
    assert clusters.members(connection, COPIES) == names


def test_those_that_move_leave_or_come_are_counted(connection):
    clusters.record(connection, COPIES, {"a": "x", "b": "x", "c": "y"}, MOMENT)
    assert clusters.record(connection, COPIES, {"a": "x", "b": "y", "d": "y"}, MOMENT) == 3
    assert clusters.members(connection, COPIES) == {"a": "x", "b": "y", "d": "y"}
    assert clusters.record(connection, COPIES, {}, MOMENT) == 3
    assert clusters.members(connection, COPIES) == {}


def test_of_some_members_the_others_stay_where_they_are(connection):
    clusters.record(connection, COPIES, {"a": "x", "b": "x", "c": "y", "d": "y"}, MOMENT)
    assert clusters.record(connection, COPIES, {"c": "z", "e": "z"}, MOMENT, {"c": "y", "d": "y"}) == 3
    assert clusters.members(connection, COPIES) == {"a": "x", "b": "x", "c": "z", "e": "z"}


def test_one_kind_does_not_touch_the_other(connection):
    clusters.record(connection, COPIES, {"a": "x"}, MOMENT)
    clusters.record(connection, REPORTS, {"a": "y"}, MOMENT)
    clusters.record(connection, COPIES, {}, MOMENT)
    assert clusters.members(connection, REPORTS) == {"a": "y"}


def test_a_name_is_kept_after_its_members_left(connection):
    clusters.record(connection, COPIES, {"a": "x"}, MOMENT)
    clusters.record(connection, COPIES, {}, MOMENT)
    assert connection.execute(select(schema.cluster)).all() == [("x", "copies", None)]


def test_reports_brought_what_is_usable_each_file_once(connection):
    record(
        connection,
        taken("one", sighted("a"), sighted("a"), sighted("b", Kind.OTHER)),
        taken("two", sighted("a", fault=FileFault.DIGEST_MISMATCH), sighted("c", Kind.VIDEO), sighted("d")),
    )
    media.record_faults(connection, [(key("d"), FileFault.UNDECODABLE)])
    assert clusters.brought(connection) == [(key("one"), key("a")), (key("two"), key("c"))]


def test_what_becomes_of_a_cluster_is_put_on_record_once(connection):
    first, second = MOMENT, MOMENT + timedelta(days=1)
    clusters.record(connection, COPIES, {"a": "x", "b": "x", "c": "y", "d": "y"}, first)
    clusters.record(connection, COPIES, {"a": "x", "b": "x", "c": "x", "d": "x"}, second)
    clusters.record(connection, COPIES, {"a": "x", "b": "x", "c": "x", "d": "x"}, second + timedelta(days=1))
    table = schema.cluster_change.c
    rows = connection.execute(select(table.cluster_id, table.event, table.other, table.members).order_by(table.at))
    assert [tuple(row) for row in rows] == [("x", "founded", "", 2), ("y", "founded", "", 2), ("x", "merged", "y", 2)]


def test_a_ruling_of_two_members_takes_the_place_of_an_older_one_whichever_is_named_first(connection):
    ruled = {"by": "s", "at": MOMENT, "reason": ""}
    clusters.rule(connection, SCENE, Ruling("b", "a", same=True), **ruled)
    clusters.rule(connection, SCENE, Ruling("a", "b", same=False), **ruled)
    clusters.rule(connection, REPORTS, Ruling("a", "c", same=True), **ruled)
    assert clusters.rulings(connection, SCENE) == [Ruling("a", "b", same=False)]


def test_rulings_of_files_that_can_no_longer_be_looked_at_are_passed_over(connection):
    record(connection, taken("one", sighted("a"), sighted("b"), sighted("c")))
    for other in "bc":
        said = Ruling(key("a"), key(other), same=True)
        clusters.rule(connection, COPIES, said, by="s", at=MOMENT, reason="")
    media.record_faults(connection, [(key("c"), FileFault.UNDECODABLE)])
    assert clusters.rulings(connection, COPIES) == [Ruling(key("a"), key("b"), same=True)]


def test_what_was_ruled_of_a_report_holds_for_its_revisions_until_somebody_says_otherwise(connection):
    def rule(one, other, *, same, day):
        at = MOMENT + timedelta(days=day)
        clusters.rule(connection, REPORTS, Ruling(one, other, same=same), by="s", at=at, reason="")

    def revise(name):
        again = taken("B", sighted(name))
        record(connection, replace(again, report_id=key(name), drop=key(f"drop of {name}")))

    record(connection, taken("A", sighted("a")), taken("B", sighted("b")))
    rule(key("A"), key("B"), same=False, day=2)
    for name in ("B again", "B at last"):
        revise(name)
    now = tuple(sorted((key("A"), key("B at last"))))
    assert clusters.rulings(connection, REPORTS) == [Ruling(*now, same=False)]
    rule(*now, same=True, day=1)  # older
    assert clusters.rulings(connection, REPORTS) == [Ruling(*now, same=False)]
    rule(*now, same=True, day=3)
    assert clusters.rulings(connection, REPORTS) == [Ruling(*now, same=True)]


def vector(*numbers):
    return np.array(numbers, "<f2").tobytes()


SCENES, FACES = ModelVersion("embedder-scene/m", 1, "0"), ModelVersion("embedder-face/m", 1, "0")
DETECTOR = ModelVersion("detector-face/m", 3, "0")


def test_vectors_are_those_of_the_model_that_serves_of_files_that_can_be_looked_at(connection):
    record(connection, taken("one", sighted("a"), sighted("b"), sighted("c", fault=FileFault.DIGEST_MISMATCH)))
    for name, version in (("b", 1), ("a", 1), ("c", 1), ("a", 2)):
        answer = Answer(Serving(ModelVersion(SCENES.name, version, "0")), vectors=((0, vector(version, 0)),))
        inferences.record_answers(connection, [Answered(key(name), (answer,))], MOMENT)
    assert clusters.scene_files(connection, SCENES) == [key("a"), key("b")]
    assert clusters.scene_vectors(connection, SCENES, [key("b"), key("a")]).tolist() == [[1, 0], [1, 0]]
    assert clusters.scene_files(connection, FACES) == []
    assert clusters.scene_vectors(connection, SCENES, []).shape == (0, 1)


def test_vectors_of_faces_are_of_those_that_are_sharp_and_good_enough(connection):
    record(connection, taken("one", sighted("a")))
    faces = [(60, False, 0.5), (49, False, 0.5), (90, True, 2.0), (50, False, 2.0)]
    found = tuple(Face(at, 0, 0, 1, 1, 0.9, quality, blurred=blurred) for quality, blurred, at in faces)
    vectors = tuple((ordinal, vector(ordinal, 1)) for ordinal in range(4))
    other = Answer(Serving(FACES, "detector-face/m v2"), vectors=vectors)
    told = (Answer(Serving(DETECTOR), faces=found), Answer(Serving(FACES, str(DETECTOR)), vectors=vectors), other)
    inferences.record_answers(connection, [Answered(key("a"), told)], MOMENT)
    shown = clusters.faces(connection, FACES, DETECTOR, 50)
    assert list(shown.items()) == [(f"{key('a')}/0", (0.5, 60)), (f"{key('a')}/3", (2.0, 50))]
    assert clusters.face_vectors(connection, FACES, DETECTOR, list(shown)[::-1]).tolist() == [[3, 1], [0, 1]]
