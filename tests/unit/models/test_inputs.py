"""A network gets the picture that its contract tells of."""

import model_folders
import numpy as np
import pytest
from model_folders import prepared

from models.inputs import GREY, Input, fitted, normalised, scale_of

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


@pytest.mark.parametrize(("height", "width"), [(40, 120), (120, 40), (3, 500), (80, 80)])
def test_a_letterboxed_picture_is_whole_at_the_top_left_on_grey(height, width):
    boxed = fitted(np.full((height, width, 3), 200, np.uint8), told(resize="letterbox", height=16, width=32))
    scale = scale_of(height, width, told(resize="letterbox", height=16, width=32))
    down, along = max(1, round(height * scale)), max(1, round(width * scale))
    assert (down == 16) or (along == 32)
    assert (boxed[:down, :along] == 200).all()
    assert (boxed[down:] == GREY).all()
    assert (boxed[:, along:] == GREY).all()


def test_a_range_is_what_black_and_white_become():
    plain = told(range=(-1, 1), mean=(0, 0, 0), std=(1, 1, 1))
    shades = np.array([0, 255, 51], np.uint8).repeat(8 * 8 * 3).reshape(3, 8, 8, 3)
    assert np.allclose(normalised(shades, plain).mean((1, 2, 3)), [-1, 1, -0.6], atol=1e-6)


def test_a_network_of_bytes_gets_the_pixels_as_they_are():
    bytes_alone = told(dtype="uint8", mean=(0, 0, 0), std=(1, 1, 1), layout="NHWC")
    rgb = picture()
    assert prepared(rgb, bytes_alone).dtype == np.uint8
    assert (prepared(rgb, bytes_alone) == rgb).all()


def test_half_precision_is_made_last():
    assert prepared(picture(), told(dtype="float16")).dtype == np.float16
    assert np.allclose(prepared(picture(), told(dtype="float16")), prepared(picture(), told()), rtol=1e-3, atol=0.05)


def test_several_pictures_become_what_each_becomes():
    both = [picture(), picture()[::-1]]
    assert (normalised(np.stack(both), told()) == np.stack([prepared(one, told()) for one in both])).all()
