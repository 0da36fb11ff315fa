"""The reference model is the same on every machine, and sees what is in a picture."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import skimage
from model_folders import prepared
from PIL import Image, ImageDraw

from domain.errors import UnusableModel
from domain.model import Role
from models.contract import load_contract
from models.reference import efficientnet_lite0
from models.runners.embedder import unit
from models.session import Session

NETWORK_SHA256 = "badccb8d4888f74fc8fa0b85c17ea8f48bff4ab32436ab0a654e6451ceda2d5e"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return efficientnet_lite0.build(tmp_path_factory.mktemp("reference") / "efficientnet_lite0", Role.TAGGER)


@pytest.fixture(scope="module")
def session(folder):
    return Session(folder)


def balloon():
    drawing = Image.new("RGB", (320, 240), (70, 150, 60))
    pen = ImageDraw.Draw(drawing)
    pen.ellipse((90, 50, 230, 190), fill=(240, 120, 20))
    pen.line((160, 50, 160, 190), fill=(20, 20, 20), width=4)
    pen.line((90, 120, 230, 120), fill=(20, 20, 20), width=4)
    return np.asarray(drawing)


def squares():
    board = np.indices((256, 256)) // 32
    return np.repeat((board.sum(0) % 2 * 255).astype(np.uint8)[..., None], 3, axis=2)


def sunset():
    down, along = np.mgrid[0:240, 0:320].astype(float)
    red = 255 * down / 240
    return np.stack([red, 80 + 60 * np.sin(along / 50), 255 - red], -1).astype(np.uint8)


def photograph(name):
    return np.asarray(Image.open(Path(skimage.__file__).parent / "data" / name).convert("RGB"))


def looked_at(session, *pictures):
    """Give the probabilities and the unit embeddings of pictures."""
    batch = np.stack([prepared(rgb, session.contract.input) for rgb in pictures])
    told = session.run(batch, ["probabilities", "embedding"])
    return told["probabilities"], unit(told["embedding"])


def labels(session, rgb, most):
    ((row,), _) = looked_at(session, rgb)
    return [session.contract.labels[index] for index in row.argsort()[::-1][:most]]


def test_the_network_is_the_same_byte_for_byte(folder):
    assert hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest() == NETWORK_SHA256


def test_the_folder_keeps_its_contract(folder):
    contract = load_contract(folder)
    assert contract == efficientnet_lite0.contract(Role.TAGGER)
    assert (contract.name, contract.licence, len(contract.labels)) == ("efficientnet_lite0", "Apache-2.0", 1000)


def test_the_card_names_licence_weights_and_limits(folder):
    card = (folder / "card.md").read_text()
    for said in ("Apache-2.0", efficientnet_lite0.WEIGHTS_SHA256, "says nothing about abuse", "never evidence"):
        assert said in card


def test_building_again_changes_nothing(folder):
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert efficientnet_lite0.build(folder, Role.TAGGER) == folder
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == before


def test_builders_at_once_leave_one_whole_folder(tmp_path):
    with ThreadPoolExecutor(3) as workers:
        list(workers.map(efficientnet_lite0.build, [tmp_path / "model"] * 3, [Role.TAGGER] * 3))
    assert [each.name for each in tmp_path.iterdir()] == ["model"]
    assert {file.name for file in (tmp_path / "model").iterdir()} == {"model.onnx", "contract.json", "card.md"}


def test_weights_other_than_the_pinned_ones_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(efficientnet_lite0, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(UnusableModel, match="is not the pinned file"):
        efficientnet_lite0.build(tmp_path / "model", Role.TAGGER)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("drawn", "label", "probability", "sums"),
    [
        (balloon, "face powder", 0.1671, (-0.04648, -0.57414, 0.01253)),
        (squares, "crossword puzzle", 0.4647, (0.36186, -0.13547, 0.00121)),
        (sunset, "screen", 0.0901, (0.86071, -0.16205, -0.35946)),
    ],
)
def test_a_drawn_picture_keeps_its_label_and_its_embedding(session, drawn, label, probability, sums):
    """The embedding is held by three sums of it, each weighed by another cosine wave."""
    (row,), (vector,) = looked_at(session, drawn())
    best = int(row.argmax())
    assert session.contract.labels[best] == label
    assert row[best] == pytest.approx(probability, abs=2e-3)
    waves = [np.cos(np.arange(1280) * step) for step in (0.5, 1, 2)]
    assert [float(vector @ wave) for wave in waves] == pytest.approx(sums, abs=5e-3)


def test_a_photographed_cat_is_a_cat(session):
    cats = {"Egyptian cat", "tabby", "tiger cat", "Persian cat", "Siamese cat"}
    assert cats & set(labels(session, photograph("chelsea.png"), 3))


def test_a_photographed_coffee_is_coffee(session):
    assert labels(session, photograph("coffee.png"), 1) == ["espresso"]


def test_two_views_of_one_thing_are_nearer_than_two_things(session):
    names = ("motorcycle_left.png", "motorcycle_right.png", "coffee.png")
    _, (left, right, other) = looked_at(session, *map(photograph, names))
    assert left @ right > 0.9
    assert left @ other < 0.5


def test_a_picture_is_seen_alike_alone_and_in_company(session):
    pictures = (balloon(), squares(), sunset())
    together = looked_at(session, *pictures)
    for place, alone in enumerate(looked_at(session, each) for each in pictures):
        assert np.allclose(together[0][place], alone[0][0], atol=1e-4)
        assert together[1][place] @ alone[1][0] > 0.9999


def test_its_embedding_serves_by_the_same_network(folder, tmp_path):
    scenes = efficientnet_lite0.build(tmp_path / "scenes", Role.SCENE_EMBEDDER)
    assert (scenes / "model.onnx").read_bytes() == (folder / "model.onnx").read_bytes()
    assert Session(scenes).contract.outputs_told() == {"embedding": (None,)}


def test_the_labels_are_a_thousand_and_all_different():
    assert len(set(efficientnet_lite0.labels())) == 1000
