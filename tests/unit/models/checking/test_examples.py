"""Examples of cards are drawn the same each time, and read in the form of each role."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from models.checking.examples import Example, Picture


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
