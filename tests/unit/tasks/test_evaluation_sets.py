"""Evaluation sets: sealed like all files, versioned by their content, and seen by no stage."""

import csv
import io
import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select

from domain.audit import Act
from domain.errors import InvalidSettings
from domain.media import Algorithm
from domain.model import ModelVersion, Role, Serving
from infra.ledger import evaluation_sets, inferences, matches, media, schema
from infra.ledger.engine import reading
from infra.ledger.summaries import summarize
from infra.world import world
from tasks.evaluation_sets import Line, import_set, read_table, standing
from tasks.sweeping import PATIENCE, sweep


def png(number):
    content = io.BytesIO()
    Image.fromarray(np.random.default_rng(number).integers(0, 255, (40, 50, 3), np.uint8)).save(content, "PNG")
    return content.getvalue()


def write(folder, truths, seed=0):
    """Write a set: the picture of each number, and what is true of it."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [(f"{number}.png", truth) for number, truth in truths.items()]
    random.Random(seed).shuffle(rows)
    for number in truths:
        (folder / f"{number}.png").write_bytes(png(number))
    with (folder / "labels.csv").open("w", newline="") as table:
        csv.writer(table).writerows([("file", "truth"), *rows])
    return folder


def of(name, truths, data, role=Role.CLASSIFIER, seed=0):
    return import_set(name, role, write(data / f"set-{name}", truths, seed))


def test_a_set_is_sealed_and_its_truths_stand_in_the_ledger(data):
    made = of("marks", {1: "marked", 2: "unmarked"}, data)
    assert (made.name, made.role, made.items) == ("marks", Role.CLASSIFIER, 2)
    with reading(world().ledger) as connection:
        items = evaluation_sets.items(connection, made)
        assert evaluation_sets.newest(connection, Role.CLASSIFIER) == made
        assert evaluation_sets.newest(connection, Role.TAGGER) is None
    assert {(world().blobs.read(item.blob), item.truth) for item in items} == {(png(1), "marked"), (png(2), "unmarked")}
    assert [item.size for item in items] == [len(world().blobs.read(item.blob)) for item in items]
    sealed = b"".join(path.read_bytes() for path in (data / "blobs").rglob("*") if path.is_file())
    assert png(1)[:60] not in sealed


def test_the_version_is_that_of_the_content_whatever_its_order(data):
    first = of("marks", {1: "a", 2: "b", 3: "a"}, data, seed=1)
    again = of("marks", {1: "a", 2: "b", 3: "a"}, data, seed=2)
    assert again.version == first.version
    assert of("marks", {1: "b", 2: "b", 3: "a"}, data).version != first.version
    assert of("marks", {1: "a", 2: "b"}, data).version != first.version
    assert len(standing()) == 3


def test_files_of_one_origin_have_a_group_which_is_part_of_the_version(data):
    folder = write(data / "set", {1: "a", 2: "a", 3: "b"})
    plain = import_set("marks", Role.CLASSIFIER, folder)
    versions = {plain.version}
    for table, groups in (
        ("file,truth,group\n1.png,a,\n2.png,a, \n3.png,b,\n", ["", "", ""]),
        ("group,file,truth\none,1.png,a\n one ,2.png,a\n,3.png,b\n", ["", "one", "one"]),
        ("file,truth,group\n1.png,a,one\n2.png,a,one\n3.png,b,two\n", ["one", "one", "two"]),
    ):
        (folder / "labels.csv").write_text(table)
        made = import_set("marks", Role.CLASSIFIER, folder)
        versions.add(made.version)
        with reading(world().ledger) as connection:
            assert sorted(item.group for item in evaluation_sets.items(connection, made)) == groups
    assert len(versions) == 3  # without a group it is the set that it was


def test_a_file_is_of_one_group_alone(data):
    folder = write(data / "set", {1: "a"})
    (folder / "copy.png").write_bytes(png(1))
    (folder / "labels.csv").write_text("file,truth,group\n1.png,a,x\ncopy.png,a,y\n")
    with pytest.raises(InvalidSettings, match="line 3: the same file stands there before, with another group"):
        import_set("marks", Role.CLASSIFIER, folder)


def test_the_set_that_was_imported_last_is_the_newest(data):
    of("old", {1: "a", 2: "b"}, data)
    changed = of("old", {1: "a", 2: "b", 3: "b"}, data)
    assert standing()[0] == changed
    other = of("other", {1: "a"}, data)
    assert standing()[0] == other
    assert of("old", {1: "a", 2: "b", 3: "b"}, data) == standing()[0]


def test_importing_again_changes_nothing_but_when(data):
    of("marks", {1: "a", 2: "b"}, data)
    objects = set(world().blobs.objects())
    of("marks", {1: "a", 2: "b"}, data)
    assert set(world().blobs.objects()) == objects
    with reading(world().ledger) as connection:
        assert connection.scalar(select(func.count()).select_from(schema.evaluation_item)) == 2
        acts = connection.execute(select(schema.audit.c.action, schema.audit.c.details)).all()
    assert [act for act, _ in acts] == [Act.EVALUATION_SET_IMPORTED] * 2
    assert '"items":2' in acts[0].details.replace(" ", "")


def test_no_stage_sees_the_files_of_a_set(data):
    of("marks", {1: "a", 2: "b"}, data)
    serving = [Serving(ModelVersion("classifier/x", 1, "0" * 64))]
    with reading(world().ledger) as connection:
        assert media.without_fingerprint(connection, Algorithm.PDQ) == []
        assert inferences.waiting(connection, serving, skip_settled=()) == []
        assert not matches.waiting(connection, tested=False)
        assert connection.scalar(select(func.count()).select_from(schema.blob)) == 2
        empty = summarize(connection)
    assert (empty.sightings, empty.distinct_files, empty.new, empty.known) == (0, 0, 0, 0)


def test_nothing_of_a_set_is_swept(data):
    of("marks", {1: "a", 2: "b"}, data)
    later = datetime.now(UTC) + PATIENCE + timedelta(days=1)
    assert dict(sweep(later)) == {"objects_kept": 2, "objects_swept": 0}


def test_a_set_is_one_roles(data):
    of("marks", {1: "a"}, data)
    with pytest.raises(InvalidSettings, match="is one of classifier"):
        of("marks", {1: "a"}, data, Role.TAGGER)


@pytest.mark.parametrize(
    ("role", "said", "truth"),
    [
        (Role.CLASSIFIER, " marked ", "marked"),
        (Role.TAGGER, "tree|sky | tree", "sky|tree"),
        (Role.TAGGER, "", ""),
        (Role.FACE_DETECTOR, "07", "7"),
        (Role.FACE_EMBEDDER, "A", "A"),
        (Role.SCENE_EMBEDDER, "room 3", "room 3"),
        (Role.FACE_ATTRIBUTES, "blurred=yes|age_group=adult", "age_group=adult|blurred=yes"),
    ],
)
def test_a_truth_has_one_spelling(role, said, truth):
    assert read_table(f"file,truth\na.png,{said}\n", role) == [Line(2, "a.png", truth)]


@pytest.mark.parametrize(
    ("role", "table", "told"),
    [
        (Role.CLASSIFIER, "name,truth\na.png,x\n", "the columns file and truth"),
        (Role.CLASSIFIER, "file,truth\n", "names no file"),
        (Role.CLASSIFIER, "file,truth\na.png,\n", "line 2: the truth for classifier is the label that holds"),
        (Role.CLASSIFIER, "file,truth\na.png,x\n../b.png,x\n", "line 3: file is a path inside the folder"),
        (Role.CLASSIFIER, "file,truth\n/etc/passwd,x\n", "line 2: file is a path inside"),
        (Role.CLASSIFIER, f"file,truth\na.png,{'x' * 513}\n", "line 2: the truth"),
        (Role.CLASSIFIER, f"file,truth,group\na.png,x,{'x' * 513}\n", "line 2: a group has at most 512"),
        (Role.FACE_DETECTOR, "file,truth\na.png,two\n", "the number of faces"),
        (Role.FACE_DETECTOR, "file,truth\na.png,-1\n", "the number of faces"),
        (Role.FACE_DETECTOR, f"file,truth\na.png,{'9' * 5000}\n", "the number of faces"),
        (Role.FACE_ATTRIBUTES, "file,truth\na.png,adult\n", "name=label"),
        (Role.FACE_ATTRIBUTES, "file,truth\na.png,\n", "name=label"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_its_line(role, table, told):
    with pytest.raises(InvalidSettings, match=told) as refused:
        read_table(table, role)
    assert "a.png" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "told"), [(b"file,truth\n\xff", "is no UTF-8"), (b"file,truth\na," + b"x" * 200_000, "cannot be read")]
)
def test_a_table_that_cannot_be_read_is_refused(tmp_path, content, told):
    (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(InvalidSettings, match=told):
        import_set("marks", Role.CLASSIFIER, tmp_path)


def test_a_file_that_cannot_be_used_is_refused_with_its_line_and_nothing_is_recorded(data):
    folder = write(data / "set", {1: "a", 2: "b"})
    (folder / "labels.csv").write_text("file,truth\n1.png,a\nsecret.png,b\n")
    with pytest.raises(InvalidSettings, match=r"labels\.csv, line 3: there is no such file in the folder"):
        import_set("marks", Role.CLASSIFIER, folder)
    (folder / "words.txt").write_text("only words")
    (folder / "labels.csv").write_text("file,truth\n1.png,a\nwords.txt,b\n")
    with pytest.raises(InvalidSettings, match="line 3: the file is neither a picture nor a video"):
        import_set("marks", Role.CLASSIFIER, folder)
    (folder / "copy.png").write_bytes(png(1))
    (folder / "labels.csv").write_text("file,truth\n1.png,a\ncopy.png,b\n")
    with pytest.raises(InvalidSettings, match="line 3: the same file stands there before, with another truth"):
        import_set("marks", Role.CLASSIFIER, folder)
    with pytest.raises(InvalidSettings, match=r"has no labels\.csv"):
        import_set("marks", Role.CLASSIFIER, data)
    assert standing() == []


def test_a_copy_with_the_same_truth_is_one_item(data):
    folder = write(data / "set", {1: "a"})
    (folder / "copy.png").write_bytes(png(1))
    (folder / "labels.csv").write_text("file,truth\n1.png,a\ncopy.png,a\n")
    assert import_set("marks", Role.CLASSIFIER, folder).items == 1
