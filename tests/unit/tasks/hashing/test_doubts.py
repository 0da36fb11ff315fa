"""Doubts: the step between neighbouring pixels, and how many bits it makes doubtful."""

import numpy as np
import pytest

from tasks.hashing.bits import hashes
from tasks.hashing.doubts import SHARE, error_of
from tasks.hashing.folding import folded
from tasks.hashing.tents import tents


@pytest.mark.parametrize("shape", [(2, 2), (5, 400), (100, 80), (255, 31), (100, 80, 3)])
def test_the_error_is_a_share_of_the_steps_to_the_right_and_below(shape):
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    plane = (pixels if pixels.ndim == 2 else pixels[:, :, 1]).astype(float)
    steps = np.stack([np.diff(plane, axis=1)[:-1], np.diff(plane, axis=0)[:, :-1]])
    assert error_of(pixels) == pytest.approx(SHARE * np.sqrt((steps**2).mean()), rel=1e-4)


def test_of_a_tall_picture_evenly_spread_lines_tell():
    striped = np.repeat(np.arange(2000)[:, None] % 2 * np.uint8(90), 50, axis=1).astype(np.uint8)
    assert error_of(striped) == pytest.approx(SHARE * 90 / np.sqrt(2), rel=1e-4)


def test_a_picture_of_one_shade_or_one_line_has_no_error():
    assert error_of(np.full((300, 200), 77, np.uint8)) == error_of(np.arange(50, dtype=np.uint8)[None]) == 0


def test_a_bit_is_doubtful_where_its_term_is_nearer_to_the_median_than_the_error(scene):
    pixels = scene(1)
    small = folded(pixels, tents(480), tents(640))
    waves = np.cos(np.pi / 128 * np.arange(1, 17)[:, None] * (2 * np.arange(64) + 1)) * np.sqrt(2 / 64)
    terms = waves @ small[0, 0].astype(float) @ waves.T
    away = np.abs(terms - np.sort(terms, axis=None)[127])
    upright = np.zeros((1, 3), np.int64)
    for error in (0.0, 0.5, 3.0, 20.0, 1e6):
        _, _, doubtful = hashes(small, upright, 1.0, error)
        assert abs(doubtful - int((away < error).sum())) <= 1
