"""A classifier sees the picture that its contract tells of."""

import model_folders
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.contract import Input
from models.runners.classifier import Classifier, prepared, unit

TOLD = Input(**model_folders.CONTRACT["input"] | {"mean": [10, 20, 30], "std": [2, 4, 8]})


def told(**changes):
    return TOLD.model_copy(update=changes)


def picture(height=8, width=8):
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)


def test_a_picture_of_the_right_size_is_only_normalised():
    rgb = picture()
    expected = (rgb.astype(float) - [10, 20, 30]) / [2, 4, 8]
    assert np.allclose(prepared(rgb, told()), expected.transpose(2, 0, 1))


def test_a_network_that_wants_channels_last_gets_them_last():
    rgb = picture()
    assert np.allclose(prepared(rgb, told(layout="NHWC")), (rgb.astype(float) - [10, 20, 30]) / [2, 4, 8])


def test_a_network_that_wants_blue_first_gets_it_first():
    rgb = picture()
    expected = (rgb[..., ::-1].astype(float) - [10, 20, 30]) / [2, 4, 8]
    assert np.allclose(prepared(rgb, told(colour="BGR")), expected.transpose(2, 0, 1))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 500), (700, 3), (64, 48), (8, 8)])
@pytest.mark.parametrize("resize", ["stretch", "crop"])
def test_a_picture_of_any_size_becomes_one_input(height, width, resize):
    ready = prepared(picture(height, width), told(resize=resize))
    assert ready.shape == (3, 8, 8)
    assert ready.dtype == np.float32
    assert ready.flags["C_CONTIGUOUS"]


@pytest.mark.parametrize(("height", "width"), [(40, 120), (120, 40)])
def test_a_crop_takes_the_middle_and_a_stretch_takes_all(height, width):
    rgb = np.full((height, width, 3), (255, 0, 0), np.uint8)
    middle = (slice(height // 2 - 20, height // 2 + 20), slice(width // 2 - 20, width // 2 + 20))
    rgb[middle] = (0, 255, 0)
    plain = {"mean": (0, 0, 0), "std": (255, 255, 255)}
    cropped = prepared(rgb, told(resize="crop", **plain)).mean((1, 2))
    stretched = prepared(rgb, told(resize="stretch", **plain)).mean((1, 2))
    assert np.allclose(cropped, [0, 1, 0], atol=0.05)
    assert np.allclose(stretched, [2 / 3, 1 / 3, 0], atol=0.05)


def test_the_strongest_colour_wins(tmp_path):
    classifier = Classifier(model_folders.write(tmp_path / "model"))
    colours = {"red": (255, 0, 0), "green": (0, 200, 0), "blue": (40, 40, 250)}
    batch = [classifier.prepare(np.full((30, 50, 3), colour, np.uint8)) for colour in colours.values()]
    answers = classifier.classify(batch)
    assert [classifier.labels[answer.probabilities.argmax()] for answer in answers] == list(colours)
    assert all(np.isclose(np.linalg.norm(answer.embedding), 1) for answer in answers)


def test_no_pictures_give_no_answers(tmp_path):
    assert Classifier(model_folders.write(tmp_path / "model")).classify([]) == []


@given(arrays(np.float32, 5, elements=st.floats(-1e3, 1e3, width=32)))
def test_a_vector_made_unit_has_length_one_or_none_at_all(vector):
    assert np.linalg.norm(unit(vector)) == pytest.approx(1 if np.linalg.norm(vector) > 0 else 0, abs=1e-5)
