"""Vectors of unit length, and of a film their mean direction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.runners.embedder import scene, unit

VECTORS = arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(1, 8)), elements=st.floats(-1e3, 1e3, width=32))


@given(VECTORS)
def test_a_vector_made_unit_has_length_one_or_none_at_all(vectors):
    lengths = np.linalg.norm(unit(vectors), axis=1)
    assert lengths == pytest.approx((np.linalg.norm(vectors, axis=1) > 0).astype(float), abs=1e-5)


def test_a_film_points_where_its_frames_point_together():
    told = np.frombuffer(scene(np.array([[3, 0], [0, 1]], np.float32)), "<f2")
    assert told == pytest.approx([0.5**0.5, 0.5**0.5], abs=1e-3)


def test_a_picture_keeps_its_direction():
    assert np.frombuffer(scene(np.array([[3, 4]], np.float32)), "<f2") == pytest.approx([0.6, 0.8], abs=1e-3)
