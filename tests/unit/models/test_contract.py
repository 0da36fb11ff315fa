"""A model folder keeps its contract, or is refused with a message that says what to mend."""

import json

import model_folders
import numpy as np
import pytest
from onnx import TensorProto

from domain.errors import UnusableModel
from domain.model import Role
from models.contract import load_contract
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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"role": "oracle"}, "role: "),
        ({"name": "Has Spaces/and more"}, "name: "),
        ({"licence": ""}, "licence: "),
        ({"labels": []}, "labels: "),
        ({"labels": ["red", "green", "red"]}, "labels: .*no two labels are the same"),
        ({"labels": ["red", "green", "b" * 97]}, "labels.2: "),
        ({"surprise": 1}, "surprise: "),
        ({"input": {"layout": "CHWN"}}, "input.layout: "),
        ({"input": {"dtype": "float16"}}, "input.dtype: "),
        ({"input": {"std": [1, 0, 1]}}, "input.std: .*above 0"),
        ({"input": {"mean": [1, 2]}}, "input.mean"),
        ({"input": {"resize": "pad"}}, "input.resize: "),
        ({"outputs": {"probabilities": "probabilities"}}, "outputs.embedding: "),
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
        (NETWORK(), {"labels": ["red", "green"]}, "3 probabilities, but 2 labels"),
        (NETWORK(name="pixels_in"), {}, "the graph's input is pixels_in, the contract's is image"),
        (NETWORK(element=TensorProto.UINT8), {}, "takes tensor.uint8.; export it with float32 input"),
        (NETWORK(shape=("N", 3, 8)), {}, "has 3 axes; NCHW has 4"),
        (NETWORK(shape=(1, 3, 8, 8)), {}, "takes 1 at a time; export a dynamic batch axis"),
        (NETWORK(), {"input": {"height": 9}}, r"\[3, 8, 8\] in the graph, \(3, 9, 8\) in the contract"),
        (NETWORK(), {"outputs": {"probabilities": "scores", "embedding": "embedding"}}, "no output scores"),
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
