"""A session runs batches of any length, on the provider that is there, and refuses what is no picture."""

import time

import model_folders
import numpy as np
import pytest
from onnx import TensorProto

from domain.errors import UnusableModel
from domain.model import Role
from models.inputs import normalised
from models.reference import efficientnet_lite0
from models.session import Session, driver_present


@pytest.fixture
def session(tmp_path):
    return Session(model_folders.write(tmp_path / "model"))


def test_the_provider_in_use_is_told(session):
    assert session.provider in {"CPUExecutionProvider", "CUDAExecutionProvider"}
    if not driver_present():
        assert session.provider == "CPUExecutionProvider"


def test_opening_a_session_is_quiet(tmp_path, capfd):
    Session(model_folders.write(tmp_path / "model"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("length", [1, 2, 7])
def test_a_batch_of_any_length_gives_as_many_rows(session, length):
    batch = np.zeros((length, 3, 8, 8), np.float32)
    batch[:, 1] = 1
    answers = session.run(batch, ["probabilities", "embedding"])
    assert set(answers) == {"probabilities", "embedding"}
    assert np.allclose(answers["embedding"], [[0, 1, 0]] * length)
    assert set(session.run(batch)) == {"probabilities"}
    assert np.allclose(answers["probabilities"].sum(1), 1)


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((1, 3, 8, 9), np.float32),
        np.zeros((3, 8, 8), np.float32),
        np.zeros((1, 3, 8, 8), np.float64),
        np.zeros((1, 8, 8, 3), np.uint8),
    ],
)
def test_a_batch_of_another_shape_or_type_is_refused(session, batch):
    with pytest.raises(ValueError, match="is not float32"):
        session.run(batch)


def test_an_answer_that_is_no_number_is_refused(session):
    with pytest.raises(UnusableModel, match="is not finite"):
        session.run(np.full((1, 3, 8, 8), np.nan, np.float32))


def test_threads_change_no_answer(tmp_path):
    folder = model_folders.write(tmp_path / "model")
    batch = np.random.default_rng(1).random((4, 3, 8, 8), np.float32)
    one, two = (Session(folder, threads).run(batch) for threads in (1, 2))
    assert np.allclose(one["probabilities"], two["probabilities"], atol=1e-6)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("colour", ["RGB", "BGR"])
@pytest.mark.parametrize(
    ("dtype", "more"),
    [
        ("float32", {"mean": [10, 20, 30], "std": [50, 60, 70], "range": [-1, 1]}),
        ("float16", {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4], "range": [0, 1]}),
        ("uint8", {"mean": [0, 0, 0], "std": [1, 1, 1]}),
    ],
)
def test_a_session_that_takes_pixels_says_what_one_that_takes_its_input_says(tmp_path, layout, colour, dtype, more):
    element = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "uint8": TensorProto.UINT8}[dtype]
    shape = ("N", 3, 8, 8) if layout == "NCHW" else ("N", 8, 8, 3)
    graph = model_folders.network(shape=shape, element=element, sharpness=0.5)
    if layout == "NHWC":
        graph.graph.node[1].attribute[0].ints[:] = [1, 2]
    told = {"layout": layout, "colour": colour, "dtype": dtype, **more}
    folder = model_folders.write(tmp_path / "model", graph=graph, input=told)
    pixels = np.random.default_rng(1).integers(0, 256, (5, 8, 8, 3), np.uint8)
    plain = Session(folder)
    given = plain.run(normalised(pixels, plain.contract.input), ["probabilities", "embedding"])
    seen = Session(folder, pixels=True).run(pixels, ["probabilities", "embedding"])
    assert np.allclose(given["embedding"], seen["embedding"], rtol=2e-3 if dtype == "float16" else 1e-5)
    assert np.allclose(given["probabilities"], seen["probabilities"], atol=5e-3 if dtype == "float16" else 1e-5)


def test_arrays_of_the_host_and_arrays_bound_before_say_the_same(session):
    batch = np.random.default_rng(2).random((4, 3, 8, 8), np.float32)
    names = ["probabilities", "embedding"]
    for plain, bound in zip(session._plain(names, batch), session._bound(names, batch), strict=True):
        assert np.array_equal(plain, bound)


def test_half_precision_is_made_once_and_agrees_to_a_hundredth(tmp_path, scene):
    folder = efficientnet_lite0.build(tmp_path / "model", Role.SCENE_EMBEDDER)
    pixels = np.stack([scene(number, 224, 224) for number in range(3)])
    whole, half = (Session(folder, pixels=True, half=each).run(pixels)["embedding"] for each in (False, True))
    (made,) = tmp_path.glob("*.half-*.onnx")
    assert made.stat().st_size < 0.6 * (folder / "model.onnx").stat().st_size
    before = made.stat().st_mtime_ns
    Session(folder, half=True)
    assert made.stat().st_mtime_ns == before
    assert np.abs(half - whole).max() <= 1e-2 * np.abs(whole).max()
    assert not np.array_equal(half, whole)


def test_half_precision_is_that_of_the_network_whatever_the_folder_is_called(tmp_path):
    batch = np.ones((1, 3, 8, 8), np.float32) * np.array([1.0, 0.9, 0.0], np.float32)[:, None, None]
    told = []
    for sharpness in (1.0, 20.0, 1.0):
        folder = model_folders.write(tmp_path / "model", graph=model_folders.network(sharpness=sharpness))
        told.append(Session(folder, half=True).run(batch)["probabilities"])
        assert told[-1] == pytest.approx(Session(folder, half=False).run(batch)["probabilities"], abs=1e-2)
    assert np.array_equal(told[0], told[2])
    assert not np.allclose(told[0], told[1], atol=0.1)
    model_folders.write(tmp_path / "other", graph=model_folders.network(sharpness=20.0))
    Session(tmp_path / "other", half=True)
    assert len(list(tmp_path.glob("*.half-*.onnx"))) == 2


def test_a_reference_model_opens_in_under_three_seconds_from_its_folder(tmp_path):
    folder = efficientnet_lite0.build(tmp_path / "model", Role.TAGGER)
    began = time.process_time()
    Session(folder, pixels=True)
    assert time.process_time() - began < 3
