"""Faces are counted, and matched one to one."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.detections import Detections, matched, overlap


def boxes(*rows):
    return np.array(rows, float).reshape(-1, 4)


def test_counts_and_boxes_are_measured_over_the_pictures():
    detections = Detections(np.array([1, 2, 0, 3]), np.array([1, 1, 1, 3]), np.array([1, 1, 0, 2]))
    assert [name.metric for name in detections.names] == ["count_right", "count_error", "precision", "recall"]
    assert detections.of(np.ones((4, 1)))[:, 0] == pytest.approx([2 / 4, 2 / 4, 4 / 6, 4 / 6])
    assert detections.of(np.array([[0.0, 2, 1, 0]]).T)[:, 0] == pytest.approx([0, 1, 2 / 3, 2 / 4])


def test_without_boxes_there_is_no_precision():
    detections = Detections(np.array([1]), np.array([1]))
    assert [name.metric for name in detections.names] == ["count_right", "count_error"]
    assert detections.of(np.ones((1, 1))).tolist() == [[1], [0]]


def test_pictures_without_any_face_have_no_recall():
    found = Detections(np.array([0]), np.array([0]), np.array([0])).of(np.ones((1, 1)))[:, 0]
    assert found[:2].tolist() == [1, 0]
    assert np.isnan(found[2:]).all()


def test_a_box_is_found_from_half_an_overlap_on():
    true = boxes([0, 0, 10, 10])
    assert matched(true, boxes([0, 0, 10, 5])) == 1
    assert matched(true, boxes([0, 0, 10, 4.9])) == 0
    assert matched(true, boxes([0, 0, 10, 10], [0, 0, 10, 10])) == 1
    assert matched(true, boxes()) == matched(boxes(), true) == 0


BOX = st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 8), st.integers(1, 8)).map(
    lambda each: [each[0], each[1], each[0] + each[2], each[1] + each[3]]
)


@given(BOX, BOX)
def test_overlap_is_that_of_the_pixels(one, other):
    pixels = [{(x, y) for x in range(b[0], b[2]) for y in range(b[1], b[3])} for b in (one, other)]
    expected = len(pixels[0] & pixels[1]) / len(pixels[0] | pixels[1])
    assert overlap(boxes(one), boxes(other))[0, 0] == pytest.approx(expected)
    assert overlap(boxes(other), boxes(one))[0, 0] == pytest.approx(expected)


@given(st.lists(BOX, max_size=4), st.lists(BOX, max_size=4))
def test_matching_is_one_to_one_and_at_least_half_of_the_best(true, found):
    ours = matched(boxes(*true), boxes(*found))
    good = overlap(boxes(*found), boxes(*true)) >= 0.5
    short, long = sorted((len(true), len(found)))
    best = max(
        (sum(good[pair if len(found) == short else pair[::-1]] for pair in zip(range(short), order, strict=False))
         for order in permutations(range(long), short)),
        default=0,
    )  # fmt: skip
    assert best / 2 <= ours <= best
