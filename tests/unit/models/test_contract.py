"""A model folder keeps its contract, or is refused with a message that says what to mend."""

import json

import model_folders
import numpy as np
import pytest
from onnx import TensorProto

from domain.errors import UnusableModel
from domain.model import Role
from models.contract import LONGEST, load_contract
from models.session import Session


def test_a_contract_says_what_its_file_says(tmp_path):
    contract = load_contract(model_folders.write(tmp_path / "model"))
    assert contract.role is Role.CLASSIFIER
    assert contract.labels == ("red", "green", "blue")
    assert contract.input.shape == (3, 8, 8)
    assert contract.input.std == (255, 255, 255)


@pytest.mark.parametrize("name", ["model.onnx", "contract.json", "card.md"])
def test_a_missing_file_is_named(tmp_path, name):
    folder = model_folders.write(tmp_path / "model")
    (folder / name).unlink()
    with pytest.raises(UnusableModel, match=f"{name} is missing"):
        load_contract(folder)


@pytest.mark.parametrize("name", ["model.onnx", "contract.json", "card.md"])
def test_a_link_is_refused_whatever_it_leads_to(tmp_path, name):
    folder = model_folders.write(tmp_path / "model")
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnusableModel, match=f"{name} is a link"):
        load_contract(folder)


@pytest.mark.parametrize(
    ("content", "message"), [(b"Mod\xe8le", "card.md is no UTF-8"), (b"x" * (LONGEST + 1), "card.md is larger than")]
)
def test_a_card_that_is_no_text_or_endless_is_refused(tmp_path, content, message):
    folder = model_folders.write(tmp_path / "model")
    (folder / "card.md").write_bytes(content)
    with pytest.raises(UnusableModel, match=message):
        load_contract(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"role": "oracle"}, "the file: .*'classifier'"),
        ({"name": "Has Spaces/and more"}, "name: "),
        ({"licence": ""}, "licence: "),
        ({"labels": []}, "labels: "),
        ({"labels": ["red", "green", "red"]}, "labels: .*no two labels are the same"),
        ({"labels": ["red", "green", "b" * 97]}, "labels.2: "),
        ({"surprise": 1}, "surprise: "),
        ({"input": {"layout": "CHWN"}}, "input.layout: "),
        ({"input": {"dtype": "float64"}}, "input.dtype: "),
        ({"input": {"dtype": "uint8"}}, "input: .*pixels as they are"),
        ({"input": {"range": [1, 0]}}, "input: .*from the lower to the higher"),
        ({"input": {"std": [1, 0, 1]}}, "input.std: .*above 0"),
        ({"input": {"mean": [1, 2]}}, "input.mean"),
        ({"input": {"resize": "pad"}}, "input.resize: "),
        ({"outputs": {"probabilities": "probabilities"}}, "outputs.scores: "),
        ({"batch": 0}, "batch: "),
        ({"thresholds": {"red": {"no": 0.5, "yes": 0.5}}}, "thresholds.red: .*no is below yes"),
        ({"thresholds": {"pink": {"no": 0.4, "yes": 0.5}}}, ".*pink is none of the labels"),
        ({"calibration": {"red": [[0, 0.2], [1, 0.1]]}}, ".*calibration of red .* rises"),
        ({"calibration": {"red": [[0, 0.2]]}}, ".*calibration of red has two points or more"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, changes, message):
    folder = model_folders.write(tmp_path / "model", **changes)
    with pytest.raises(UnusableModel, match=f"mend contract.json: {message}"):
        load_contract(folder)


@pytest.mark.parametrize("content", ["", "[]", "{", json.dumps("a")])
def test_a_contract_that_is_no_object_is_refused(tmp_path, content):
    folder = model_folders.write(tmp_path / "model")
    (folder / "contract.json").write_text(content)
    with pytest.raises(UnusableModel, match=r"mend contract.json"):
        load_contract(folder)


NETWORK = model_folders.network


@pytest.mark.parametrize(
    ("graph", "changes", "message"),
    [
        (
            NETWORK(),
            {"labels": ["red", "green"]},
            "make labels and columns as many",
        ),
        (NETWORK(name="pixels_in"), {}, "the graph's input is pixels_in, the contract's is image"),
        (NETWORK(element=TensorProto.UINT8), {}, "takes tensor.uint8.; the contract says float32"),
        (NETWORK(shape=("N", 3, 8)), {}, "has 3 axes; NCHW has 4"),
        (NETWORK(shape=(1, 3, 8, 8)), {}, "takes 1 at a time; export a dynamic batch axis"),
        (NETWORK(), {"input": {"height": 9}}, r"\[3, 8, 8\] in the graph, \(3, 9, 8\) in the contract"),
        (NETWORK(), {"outputs": {"scores": "scores"}}, "no output scores"),
    ],
)
def test_a_network_other_than_its_contract_is_refused(tmp_path, graph, changes, message):
    folder = model_folders.write(tmp_path / "model", graph=graph, **changes)
    with pytest.raises(UnusableModel, match=message):
        Session(folder)


@pytest.mark.parametrize("content", [b"", b"no network", b"\x08\x08" * 40])
def test_a_file_that_is_no_network_is_refused(tmp_path, content):
    folder = model_folders.write(tmp_path / "model")
    (folder / "model.onnx").write_bytes(content)
    with pytest.raises(UnusableModel, match="cannot be opened"):
        Session(folder)


def test_a_network_with_free_height_and_width_takes_the_contracts(tmp_path):
    graph = model_folders.network(shape=("N", 3, "H", "W"))
    session = Session(model_folders.write(tmp_path / "model", graph=graph))
    assert session.run(np.zeros((2, 3, 8, 8), np.float32))["probabilities"].shape == (2, 3)


FACES = {"role": "detector-face", "outputs": {"boxes": "b", "scores": "s", "landmarks": "l"}, "threshold": 0.5}
ALIGNED = {"role": "embedder-face", "outputs": {"embedding": "e"}, "align": [[3, 3], [5, 3]]}
TAGS = {"role": "tagger", "labels": ["a"], "outputs": {"scores": "p"}}
HEADS = {
    "age_group": {"scores": "a", "labels": ["child", "adult"]},
    "blurred": {"scores": "b", "labels": ["no", "yes"]},
}


@pytest.mark.parametrize(
    ("said", "outputs"),
    [
        ({"role": "tagger", "labels": ["pier"], "outputs": {"scores": "p"}}, {"p": (1,)}),
        ({"role": "embedder-scene", "outputs": {"embedding": "e"}}, {"e": (None,)}),
        (ALIGNED, {"e": (None,)}),
        (FACES, {"b": (None, 4), "s": (None,), "l": (None, 5, 2)}),
        ({"role": "attributes-face", "outputs": HEADS}, {"a": (2,), "b": (2,)}),
    ],
)
def test_each_role_has_a_contract_and_outputs_of_its_own(tmp_path, said, outputs):
    base = {name: value for name, value in model_folders.CONTRACT.items() if name not in ("labels", "outputs", "role")}
    contract = load_contract(model_folders.write(tmp_path / "model", base=base, **said))
    assert contract.role == said["role"]
    assert contract.outputs_told() == outputs


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (FACES | {"threshold": 1.5}, "threshold: "),
        (ALIGNED | {"align": [[3, 3]]}, "align"),
        ({"role": "attributes-face", "outputs": {}}, "outputs: "),
        (TAGS | {"kinds": {"b": {"kind": "scene"}}}, ".*b is none"),
        (TAGS | {"kinds": {"a": {"kind": "landmark", "country": "France"}}}, "kinds.a.country: "),
        (FACES | {"labels": ["face"]}, "labels: "),
    ],
)  # fmt: skip
def test_what_a_role_does_not_know_is_named(tmp_path, said, message):
    base = {name: value for name, value in model_folders.CONTRACT.items() if name not in ("labels", "outputs", "role")}
    with pytest.raises(UnusableModel, match=f"mend contract.json: {message}"):
        load_contract(model_folders.write(tmp_path / "model", base=base, **said))
