"""What is made smaller where it lies is the mean of its blocks, the last of which are filled up with the edge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.session import driver_present
from models.shrinking import Shrinker, wait_for_gpu

SHRINKER = Shrinker()


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([2, 4, 8]), st.integers(0, 99))
def test_a_pixel_is_the_mean_of_its_block(height, width, scale, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    full = np.pad(pixels, ((0, -height % scale), (0, -width % scale), (0, 0)), "edge").astype(int)
    tall, wide = full.shape[0] // scale, full.shape[1] // scale
    means = full.reshape(tall, scale, wide, scale, 3).mean((1, 3))
    found = SHRINKER.shrunk(pixels.ctypes.data, (height, width), scale, "cpu")
    assert (found.shape, found.dtype) == ((tall, wide, 3), np.uint8)
    assert np.abs(found - means).max() <= 0.5 + 1e-3


def test_a_gpu_that_is_not_there_is_not_waited_for():
    if driver_present():
        pytest.skip("there is one")
    with pytest.raises(OSError, match="libcuda"):
        wait_for_gpu()
