"""The reference embedder of faces is the same on every machine, and puts photographs of one person together."""

import hashlib

import numpy as np
import pytest

from bench.portraits import EDITS, PORTRAITS, photograph
from domain.errors import UnusableModel
from models.contract import load_contract
from models.inputs import fitted, normalised
from models.reference import centerface, dlib_resnet
from models.runners.detector import faces
from models.runners.embedder import aligned, unit
from models.session import Session

NETWORK_SHA256 = "8316a3134d108bd35870607b93ee8dbd17f0152442e93444105a598e37f2bee5"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return dlib_resnet.build(tmp_path_factory.mktemp("reference") / "dlib_resnet")


@pytest.fixture(scope="module")
def session(folder):
    return Session(folder)


@pytest.fixture(scope="module")
def chips(tmp_path_factory, session):
    """Cut the face of each portrait out, as it is and edited."""
    detector = Session(centerface.build(tmp_path_factory.mktemp("reference") / "centerface"))
    told = detector.contract.input
    cut = {}
    for name, file in PORTRAITS.items():
        for edit, change in EDITS.items():
            rgb = np.asarray(change(photograph(file)))
            answers = detector.run(normalised(fitted(rgb, told)[np.newaxis], told))
            (face,) = faces(answers, [(0.0, rgb)], detector.contract)
            cut[name, edit] = aligned(rgb, face.landmarks, session.contract)
    return cut


@pytest.fixture(scope="module")
def vectors(chips, session):
    batch = normalised(np.stack(list(chips.values())), session.contract.input)
    return dict(zip(chips, unit(session.run(batch)["embedding"]), strict=True))


def test_the_network_is_the_same_byte_for_byte(folder):
    assert hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest() == NETWORK_SHA256


def test_the_folder_keeps_its_contract(folder):
    assert load_contract(folder) == dlib_resnet.contract()


def test_the_card_names_licence_weights_and_limits(folder):
    card = (folder / "card.md").read_text()
    for said in ("MIT", dlib_resnet.WEIGHTS_SHA256, "never evidence", "children"):
        assert said in card


def test_the_licence_of_the_weights_lies_beside_them():
    licence = (dlib_resnet.WEIGHTS / "dlib_resnet.licence.txt").read_text()
    assert licence.startswith("MIT License")


def test_weights_other_than_the_pinned_ones_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(dlib_resnet, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(UnusableModel, match="is not the pinned file"):
        dlib_resnet.build(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def in_numpy(weights, picture):
    """Run the network on one normalised picture (150 x 150 x 3), by plain sums over windows."""

    def convolved(flow, name, stride, edge):
        kernel = weights[f"{name}/conv/filters"]
        framed = np.pad(flow, ((edge, edge), (edge, edge), (0, 0)))
        size = kernel.shape[0]
        windows = np.lib.stride_tricks.sliding_window_view(framed, (size, size), axis=(0, 1))[::stride, ::stride]
        plain = np.einsum("hwcyx,yxco->hwo", windows, kernel, optimize=True) + weights[f"{name}/conv/bias"]
        return plain * weights[f"{name}/scale/weights"] + weights[f"{name}/scale/biases"]

    def pooled(flow, size, how):
        windows = np.lib.stride_tricks.sliding_window_view(flow, (size, size), axis=(0, 1))[::2, ::2]
        return how(windows, axis=(-2, -1))

    flow = pooled(np.maximum(convolved(picture, "conv32_down", 2, 0), 0), 3, np.max)
    for block in ("32_1", "32_2", "32_3", "64_down", "64_1", "64_2", "64_3", "128_down", "128_1", "128_2", "256_down",
                  "256_1", "256_2", "256_down_out"):  # fmt: skip
        down = "down" in block
        inside = np.maximum(convolved(flow, f"conv{block}/conv1", 1 + down, 1 - down), 0)
        inside = convolved(inside, f"conv{block}/conv2", 1, 1)
        around = pooled(flow, 2, np.mean) if down else flow
        both = np.zeros((*np.maximum(inside.shape[:2], around.shape[:2]), inside.shape[2]), np.float32)
        for part in (inside, around):
            both[: part.shape[0], : part.shape[1], : part.shape[2]] += part
        flow = np.maximum(both, 0)
    return flow.mean(axis=(0, 1)) @ weights["fc"]


def test_the_graph_computes_what_plain_sums_give(session, chips):
    batch = normalised(chips["astronaut", "as it is"][np.newaxis], session.contract.input)
    plain = in_numpy(dlib_resnet.weights(), batch[0].transpose(1, 2, 0))
    assert session.run(batch)["embedding"][0] == pytest.approx(plain, abs=2e-4)


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("name", PORTRAITS)
def test_an_edited_portrait_is_nearest_to_its_own_person(vectors, name, edit):
    (other,) = PORTRAITS.keys() - {name}
    own = vectors[name, edit] @ vectors[name, "as it is"]
    assert own > 0.94
    assert own > max(vectors[name, edit] @ vectors[other, each] for each in EDITS) + 0.05


def test_a_face_is_seen_alike_alone_and_in_company(session, chips, vectors):
    (alone,) = unit(session.run(normalised(chips["admiral", "half"][np.newaxis], session.contract.input))["embedding"])
    assert alone @ vectors["admiral", "half"] > 0.9999
