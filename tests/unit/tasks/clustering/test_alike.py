"""Alike: files of one scene and faces of one person perhaps, under names that stay, as people ruled."""

from datetime import UTC, datetime

import model_folders
import numpy as np
import pytest
from sqlalchemy import select
from taken_in import MOMENT, key, record, sighted, taken

from domain.cluster import ClusterKind, Ruling, Tie, TieKind
from domain.model import Alias, Answer, Answered, Face, Role, Serving
from domain.report import FileFault
from infra.ledger import clusters, inferences, media, schema
from infra.world import world
from tasks.clustering import keeping
from tasks.clustering.alike import (
    as_units,
    cluster_faces,
    cluster_scenes,
    confidence,
    mean_directions,
    of_one_picture,
    ruled_of_units,
)
from tasks.clustering.telling import card
from tasks.inference import register

SCENES, FACES = ClusterKind.SCENES, ClusterKind.FACES


def angle(degrees):
    return [np.cos(np.radians(degrees)), np.sin(np.radians(degrees))]


def pointing(*degrees):
    return np.array([angle(each) for each in degrees], np.float32)


def test_copies_are_one_unit_that_is_called_by_its_first_file_and_another_when_they_change():
    copies = {"a": "x", "c": "x", "d": "y"}
    units = as_units(list("abcd"), copies)
    assert list(units.values()) == [["a", "c"], ["b"], ["d"]]
    assert (next(iter(units))[:2], list(units)[1:]) == ("a+", ["b", "d"])
    assert as_units(list("abcd"), copies | {"b": "x"}).keys() & units.keys() == {"d"}


def test_what_was_ruled_of_a_file_is_ruled_of_its_copies_and_rulings_of_others_are_passed_over():
    copies = {"a": "x", "b": "x", "e": "x"}
    units = as_units(list("abcd"), copies)
    unit = next(iter(units))
    rulings = [Ruling(one, other, same=False) for one, other in (("e", "c"), ("a", "b"), ("c", "z"))]
    assert ruled_of_units(rulings, units, copies) == [Ruling(unit, "c", same=False)]


def test_the_direction_of_a_unit_is_the_mean_of_its_files():
    found = mean_directions([["a", "b"], ["c"]], pointing(0, 40, 90))
    np.testing.assert_allclose(found, pointing(20, 90), atol=1e-6)


def test_faces_that_one_picture_shows_at_once_are_of_different_people():
    names, moments = ["a/0", "a/1", "b/0", "a/2"], [0.0, 0.0, 0.0, 1.0]
    assert list(of_one_picture(names, moments)) == [(0, 1)]


def test_a_group_is_the_surer_the_nearer_its_members_are_and_the_better_its_faces():
    assert [confidence(cosine, 0.9) for cosine in (0.85, 0.9, 0.95, 1.01)] == pytest.approx([0, 0, 0.5, 1])
    assert confidence(0.95, 0.9, [60, 80]) == pytest.approx(0.35)
    assert confidence(1, 1) == 1


def embedder(place, **said):
    folder = model_folders.write(place, base=model_folders.EMBEDDER, alike=0.9, **said)
    return register(world().registry, folder, Alias.CHAMPION)


def see(model, upon="", **degrees):
    """Have a report name files, and a model give each a vector."""
    with world().ledger.begin() as connection:
        record(connection, *(taken(f"report of {name}", sighted(name)) for name in degrees))
        told = [
            Answered(key(name), (Answer(Serving(model, upon), vectors=((0, np.array(angle(each), "<f2").tobytes()),)),))
            for name, each in degrees.items()
        ]
        inferences.record_answers(connection, told, MOMENT)


def standing(kind):
    with world().ledger.begin() as connection:
        return {member.partition(".")[0]: name for member, name in clusters.members(connection, kind).items()}


def test_a_days_files_join_the_scenes_that_are_there(data, tmp_path):
    model = embedder(tmp_path / "scenes")
    see(model, a=0, b=90, c=4)
    assert dict(cluster_scenes.fn()) == {"scenes_clusters": 1, "scenes_members_changed": 2}
    first = standing(SCENES)
    assert set(first) == {"a", "c"}
    assert cluster_scenes.fn()["scenes_members_changed"] == 0
    see(model, d=2, e=92)
    assert dict(cluster_scenes.fn()) == {"scenes_clusters": 2, "scenes_members_changed": 3}
    after = standing(SCENES)
    assert {after[name] for name in "acd"} == set(first.values())
    assert after["b"] == after["e"] != after["a"]


def test_a_ruling_survives_a_rebuild_and_holds_for_copies(data, tmp_path):
    model = embedder(tmp_path / "scenes")
    see(model, a=0, b=1, c=3, d=-1)
    with world().ledger.begin() as connection:
        clusters.record(connection, ClusterKind.COPIES, {key("a"): "x", key("b"): "x"}, MOMENT)
    cluster_scenes.fn()
    assert len({standing(SCENES)[name] for name in "abcd"}) == 1
    with world().ledger.begin() as connection:
        apart = Ruling(key("b"), key("c"), same=False)
        clusters.rule(connection, SCENES, apart, by="s", at=datetime.now(UTC), reason="")
    for _ in range(2):
        cluster_scenes.fn()
        assert standing(SCENES)["a"] == standing(SCENES)["b"] != standing(SCENES).get("c")
    with world().ledger.begin() as connection:
        connection.execute(schema.cluster_member.delete())
    cluster_scenes.fn()
    assert standing(SCENES)["a"] == standing(SCENES)["b"] != standing(SCENES).get("c")


def test_a_file_and_its_copies_alone_are_no_scene(data, tmp_path):
    model = embedder(tmp_path / "scenes")
    see(model, a=0, b=1)
    with world().ledger.begin() as connection:
        clusters.record(connection, ClusterKind.COPIES, {key("a"): "x", key("b"): "x"}, MOMENT)
    cluster_scenes.fn()
    assert standing(SCENES) == {}


def test_faces_are_clustered_across_files_where_a_detector_and_an_embedder_serve(data, tmp_path):
    boxes = {"role": "detector-face", "threshold": 0.5, "outputs": {"boxes": "b", "scores": "s"}}
    assert dict(cluster_faces.fn()) == {}
    base = {name: value for name, value in model_folders.CONTRACT.items() if name not in ("labels", "outputs", "role")}
    folder = model_folders.write(tmp_path / "detector", base=base, **boxes)
    detector = world().registry.register(folder, "d", Role.FACE_DETECTOR, alias=Alias.CHAMPION)
    faces = embedder(tmp_path / "faces", role="embedder-face", align=[[3, 3], [5, 3]])
    see(faces, str(detector), a=0, b=90, c=4)
    with world().ledger.begin() as connection:
        found = Answer(Serving(detector), faces=(Face(0, 0, 0, 1, 1, 0.9, 80, blurred=False),))
        inferences.record_answers(connection, [Answered(key(name), (found,)) for name in "abc"], MOMENT)
    assert dict(cluster_faces.fn()) == {"faces_clusters": 1, "faces_members_changed": 2}
    assert set(standing(FACES)) == {"a", "c"}
    with world().ledger.begin() as connection:
        assert connection.scalar(select(schema.cluster_change.c.event)) == "founded"
        sure = connection.scalar(select(schema.cluster.c.confidence))
    assert sure == pytest.approx(0.8 * (np.cos(np.radians(4)) - 0.9) / 0.1, abs=1e-3)
    shown = card(next(iter(standing(FACES).values())))
    assert shown.confidence == sure
    told = {one.name: one.ties for one in shown.members}
    assert told == {
        f"{key('a')}/0": (Tie(f"{key('c')}/0", TieKind.VECTORS, 0.998),),
        f"{key('c')}/0": (Tie(f"{key('a')}/0", TieKind.VECTORS, 0.998),),
    }


def test_which_of_the_copies_comes_first_changes_nothing(data, tmp_path):
    model = embedder(tmp_path / "scenes")
    see(model, a=40, b=0, c=58)
    with world().ledger.begin() as connection:
        clusters.record(connection, ClusterKind.COPIES, {key("a"): "x", key("b"): "x"}, MOMENT)
    cluster_scenes.fn()
    assert standing(SCENES) == {}  # the copies stand at 20 together, 38 from the other


def test_of_many_files_a_day_joins_what_is_there_who_is_quarantined_leaves_and_the_night_changes_nothing(
    data, tmp_path, monkeypatch
):
    monkeypatch.setattr(keeping, "EXACT", 3)
    model = embedder(tmp_path / "scenes")
    see(model, a=0, b=4, c=90, d=94, e=180)
    with world().ledger.begin() as connection:
        clusters.record(connection, ClusterKind.COPIES, {key("a"): "x", key("b"): "x"}, MOMENT)
    assert cluster_scenes.fn()["scenes_clusters"] == 1
    first = standing(SCENES)
    assert set(first) == {"c", "d"}
    see(model, f=2, g=182)
    assert cluster_scenes.fn()["scenes_members_changed"] == 5
    second = standing(SCENES)
    assert {name: second[name] for name in "cd"} == first
    assert (second["a"] == second["b"] == second["f"], second["e"] == second["g"]) == (True, True)
    with world().ledger.begin() as connection:
        media.record_faults(connection, [(key("b"), FileFault.UNDECODABLE), (key("g"), FileFault.UNDECODABLE)])
    assert cluster_scenes.fn()["scenes_members_changed"] == 3
    third = standing(SCENES)
    assert third == {name: second[name] for name in "acdf"}
    for _ in range(2):
        assert dict(cluster_scenes.fn(anew=True)) == {
            "scenes_clusters": 2,
            "scenes_members_changed": 0,
            "scenes_recall_permille": 1000,
        }
    assert standing(SCENES) == third
