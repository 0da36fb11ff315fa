"""Slices part a set by what is known of its files."""

import numpy as np

from models.evaluation.slices import Facts, slices


def test_every_file_is_in_one_level_of_each_known_dimension():
    facts = Facts(
        ("image", "image", "video", "image"),
        np.array([255, 256, 1600, 1601]),
        np.array([0.5, 0.75, np.nan, 2.1]),
        np.array([59.9, 60, 190, 190.1]),
    )
    found = {name: np.flatnonzero(inside).tolist() for name, inside in slices(facts).items()}
    assert found == {
        "all": [0, 1, 2, 3],
        "kind: image": [0, 1, 3],
        "kind: video": [2],
        "size: small": [0],
        "size: medium": [1, 2],
        "size: large": [3],
        "compression: strong": [0],
        "compression: usual": [1],
        "compression: light": [3],
        "brightness: dark": [0],
        "brightness: middle": [1, 2],
        "brightness: bright": [3],
    }


def test_a_level_without_a_file_is_no_slice():
    facts = Facts(("image",), np.array([300]), np.array([np.nan]), np.array([100]))
    assert list(slices(facts)) == ["all", "kind: image", "size: medium", "brightness: middle"]
