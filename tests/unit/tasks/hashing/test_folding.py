"""Folding: the same samples as PDQ's blur and decimation written down as full matrices, at any size and scale."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.hashing.folding import LUMA, folded
from tasks.hashing.tents import tents


def decimation(length):
    """Write down, as a full 64 × `length` matrix, two moving averages one after another and the rows that are kept."""
    window = (length + 127) // 128
    ahead = (window + 2) // 2
    average = np.zeros((length, length))
    for at in range(length):
        inside = slice(max(0, at - (window - ahead)), at + ahead)
        average[at, inside] = 1 / average[at, inside].size
    return (average @ average)[[int((i + 0.5) * length / 64) for i in range(64)]]


def unfolded(weights, scale):
    """Give a matrix for reduced samples, each of which stands for a block."""
    length = weights.shape[1]
    return np.stack([weights[:, at : at + scale].sum(axis=1) for at in range(0, length, scale)], axis=1)


def full(starts, weights, length):
    matrix = np.zeros((64, length))
    for row, start in enumerate(starts):
        matrix[row, start : start + weights.shape[1]] = weights[row]
    return matrix


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 700), st.sampled_from([1, 2, 4, 8]))
def test_tents_are_the_rows_of_the_full_matrix_folded(length, scale):
    found, size = tents(length, scale, 2), -(-length // scale)
    whole = decimation(length)
    upright, turned = (full(found.starts, found.weights[turn], size) for turn in (0, 1))
    assert np.allclose(upright, unfolded(whole, scale), atol=1e-6)
    assert np.allclose(turned, unfolded(whole[::-1, ::-1], scale), atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.booleans(), st.integers(1, 2), st.integers(0, 9))
def test_folded_samples_are_those_of_the_full_matrices(height, width, coloured, turns, seed):
    shape = (height, width, 3) if coloured else (height, width)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    luma = pixels @ LUMA.astype(float) if coloured else pixels.astype(float)
    small = folded(pixels, tents(height, 1, turns), tents(width, 1, turns))
    for rows in range(turns):
        for columns in range(turns):
            turned = luma[:: -1 if rows else 1, :: -1 if columns else 1]
            expected = decimation(height) @ turned @ decimation(width).T
            assert np.allclose(small[rows, columns], expected, atol=1e-3)


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_a_reduced_picture_is_folded_as_if_its_blocks_were_flat(scale):
    reduced = np.random.default_rng(1).integers(0, 256, (41, 53), dtype=np.uint8)
    whole = reduced.repeat(scale, 0).repeat(scale, 1)[: 41 * scale - 1, : 53 * scale - scale + 1]
    height, width = whole.shape
    small = folded(reduced, tents(height, scale, 2), tents(width, scale, 2))
    assert np.allclose(small, folded(whole, tents(height, 1, 2), tents(width, 1, 2)), atol=1e-3)


def test_pixels_that_may_not_be_written_or_do_not_lie_together_are_folded_too():
    pixels = np.random.default_rng(1).integers(0, 256, (90, 260), dtype=np.uint8)
    apart = pixels[:, 20:150]
    expected = folded(apart.copy(), tents(90), tents(130))
    apart.flags.writeable = False
    assert np.array_equal(folded(apart, tents(90), tents(130)), expected)
