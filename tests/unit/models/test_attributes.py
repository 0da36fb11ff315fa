"""How faces look: cut out with a margin, and the best label of each head."""

import numpy as np
import pytest

from domain.model import Attribute, Face, Role
from models.contract import AttributesContract, Head
from models.inputs import Input
from models.runners.attributes import attributes, cut


def face(left, top, right, bottom):
    return Face(0.0, left, top, right, bottom, 0.9, 80, blurred=False)


def contract():
    return AttributesContract(
        role=Role.FACE_ATTRIBUTES, name="drawn", licence="CC0-1.0", data="none",
        input=Input(name="image", layout="NCHW", height=8, width=8, colour="RGB", dtype="float32",
                    mean=(0, 0, 0), std=(1, 1, 1), resize="stretch"),
        outputs={
            "hair_colour": Head(scores="hair", labels=("dark", "light")),
            "part": Head(scores="part", labels=("mask", "robot", "statue")),
        },
    )  # fmt: skip


def test_each_face_has_the_best_label_of_each_head():
    told = {
        "hair": np.array([[0.2, 0.8], [0.7, 0.3]], np.float32),
        "part": np.array([[0.1, 0.6, 0.3], [0.2, 0.2, 0.6]], np.float32),
    }
    said = attributes(told, (4, 7), contract())
    assert {(each.face, each.name, each.label) for each in said} == {
        (4, "hair_colour", "light"), (7, "hair_colour", "dark"), (4, "part", "robot"), (7, "part", "statue"),
    }  # fmt: skip
    assert said[0] == Attribute(4, "hair_colour", "light", pytest.approx(0.8))


def test_no_faces_have_no_attributes():
    assert attributes({"hair": np.zeros((0, 2)), "part": np.zeros((0, 3))}, (), contract()) == ()


def test_what_is_cut_is_a_square_around_the_box_with_a_margin_on_each_side():
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[40:60, 90:110] = 255
    square = cut(picture, face(0.45, 0.4, 0.55, 0.6), 0.5)
    assert square.shape == (40, 40, 3)
    assert (square[10:30, 10:30] == 255).all()
    assert int(square.sum()) == 20 * 20 * 3 * 255


def test_beyond_the_picture_its_edge_goes_on():
    picture = np.full((50, 50, 3), 9, np.uint8)
    picture[:, 0] = 200
    square = cut(picture, face(0.0, 0.2, 0.4, 0.6), 0.5)
    assert square.shape == (40, 40, 3)
    assert (square[:, :10] == 200).all()
    assert (square[:, 12:] == 9).all()


def test_a_face_of_no_extent_is_cut_as_one_pixel():
    assert cut(np.zeros((10, 10, 3), np.uint8), face(1.0, 1.0, 1.0, 1.0), 0.2).shape == (1, 1, 3)
