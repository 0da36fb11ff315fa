"""Examples of cards are drawn the same each time, and read in the form of each role."""

import base64
import io
import json

import model_folders
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from models.checking.examples import Example, Picture, unmet
from models.checking.folder import check
from models.session import Session

COMMON = {name: value for name, value in model_folders.CONTRACT.items() if name not in ("labels", "outputs", "role")}
DETECTOR = COMMON | {
    "role": "detector-face",
    "outputs": {"boxes": "boxes", "scores": "scores"},
    "threshold": 0.5,
}
ATTRIBUTES = COMMON | {
    "role": "attributes-face",
    "outputs": {"hair_colour": {"scores": "hair", "labels": ["red", "green", "blue"]}},
}
BOXES = np.array([[[0, 0, 3, 3], [4, 4, 8, 8], [4, 4, 8, 7]]], np.float32)
"""Two faces apart, and the second once more."""


def drawn(*nodes, outputs, constants=()):
    """Draw a network from the means of the colours, `means` [N, 3]."""
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["image"], ["means"], axes=[2, 3], keepdims=0), *nodes],
        "drawn",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape]) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in constants],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture
def detector(tmp_path):
    """As sure of the first face as the picture is red, of the others as it is green and blue."""
    graph = drawn(
        helper.make_node("Identity", ["means"], ["scores"]),
        helper.make_node("Unsqueeze", ["means", "last"], ["wide"]),
        helper.make_node("Mul", ["wide", "none"], ["nothing"]),
        helper.make_node("Add", ["nothing", "places"], ["boxes"]),
        outputs={"boxes": (3, 4), "scores": (3,)},
        constants=[("last", np.array([2])), ("none", np.zeros(1, np.float32)), ("places", BOXES)],
    )
    return model_folders.write(tmp_path / "detector", graph=graph, base=DETECTOR)


@pytest.fixture
def attributes(tmp_path):
    graph = drawn(helper.make_node("Softmax", ["means"], ["hair"], axis=-1), outputs={"hair": (3,)})
    return model_folders.write(tmp_path / "attributes", graph=graph, base=ATTRIBUTES)


def wrong(folder, picture, expect):
    return unmet(Example.model_validate_json(json.dumps({"picture": picture, "expect": expect})), Session(folder))


@pytest.mark.parametrize(
    ("colour", "faces"), [([0, 0, 0], 0), ([255, 0, 0], 1), ([255, 255, 0], 2), ([255, 255, 255], 2)]
)
def test_faces_are_counted_after_threshold_and_overlap(detector, colour, faces):
    assert wrong(detector, {"flat": colour}, {"faces": faces}) == ""
    assert wrong(detector, {"flat": colour}, {"faces": faces + 1}) == f"{faces} faces, not {faces + 1}"


def test_attributes_are_held_head_by_head(attributes):
    picture = {"flat": [255, 0, 0]}
    assert wrong(attributes, picture, {"hair_colour": {"red": [0.5, 0.6], "blue": [0.2, 0.3]}}) == ""
    assert "hair_colour: red is 0.576" in wrong(attributes, picture, {"hair_colour": {"red": [0.9, 1]}})
    with pytest.raises(ValueError, match="eye_colour is none of the attributes"):
        wrong(attributes, picture, {"eye_colour": {"red": [0, 1]}})


def test_models_of_faces_pass_the_whole_check(detector, attributes):
    for folder in (detector, attributes):
        assert [finding for finding in check(folder) if not finding.ok] == []


def test_an_example_in_the_form_of_another_role_cannot_be_read(detector, attributes, tmp_path):
    embedder = model_folders.write(tmp_path / "embedder", base=model_folders.EMBEDDER)
    for folder, expect in ((detector, {"red": [0, 1]}), (attributes, {"faces": 1}), (embedder, {"faces": 1})):
        with pytest.raises(ValueError, match="validation error"):
            wrong(folder, {"noise": 1}, expect)


def test_an_embedding_shorter_than_its_example_cannot_be_read(tmp_path):
    folder = model_folders.write(tmp_path / "embedder", base=model_folders.EMBEDDER)
    with pytest.raises(ValueError, match="the embedding has 3 numbers"):
        wrong(folder, {"noise": 1}, {"first": [0, 0, 0, 0]})
    assert wrong(folder, {"flat": [255, 0, 0]}, {"first": [0, 1]}) == "the embedding is 1 off, more than 0.001"


def picture(**said):
    return Picture.model_validate_json(json.dumps(said)).drawn()


def test_pictures_are_what_they_say():
    assert (picture(flat=[1, 2, 3]) == [1, 2, 3]).all()
    assert picture(checker=[16])[:17, 0, 0].tolist() == [0] * 16 + [255]
    assert (picture(checker=[16]) == picture(checker=16)).all()
    assert (picture(noise=4) == picture(noise=4)).all()
    assert (picture(noise=4) != picture(noise=5)).any()
    assert {picture(**each).shape for each in ({"flat": [0, 0, 0]}, {"noise": 1}, {"checker": 2})} == {(256, 256, 3)}


def test_a_png_is_taken_as_it_is():
    rgb = np.random.default_rng(1).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    assert (picture(png=base64.b64encode(file.getvalue()).decode()) == rgb).all()


def test_no_other_format_is_decoded():
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, "BMP")
    with pytest.raises(ValueError, match="cannot be read"):
        picture(png=base64.b64encode(file.getvalue()).decode())


def test_an_example_has_one_picture_and_something_to_expect():
    for line in ('{"picture": {"flat": [0, 0, 0], "noise": 1}, "expect": {"faces": 1}}', '{"expect": {"faces": 1}}'):
        with pytest.raises(ValueError, match="picture"):
            Example.model_validate_json(line)
