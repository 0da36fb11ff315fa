"""From a network's candidates to faces: which are kept, where they are, and how well each can be seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageFilter

from domain.model import Role
from models.contract import Boxes, DetectorContract
from models.inputs import Input, fitted
from models.runners.detector import BLURRED, SHARP, apart, faces, quality, shares, sharpness


def told(resize, height=96, width=128):
    return Input(
        name="image", layout="NCHW", height=height, width=width, colour="RGB", dtype="float32",
        mean=(0, 0, 0), std=(1, 1, 1), resize=resize,
    )  # fmt: skip


def contract(resize="letterbox", landmarks="landmarks"):
    return DetectorContract(
        role=Role.FACE_DETECTOR, name="drawn", input=told(resize), licence="CC0-1.0", data="none",
        outputs=Boxes(boxes="boxes", scores="scores", landmarks=landmarks), threshold=0.5, overlap=0.3,
    )  # fmt: skip


def outputs(*candidates, frames=1):
    """Give what a network would: rows of (left, top, right, bottom, score), landmarks in the middle of each box."""
    rows = np.array(candidates, np.float32).reshape(frames, -1, 5)
    middles = (rows[..., 0:2] + rows[..., 2:4]) / 2
    return {
        "boxes": rows[..., :4],
        "scores": rows[..., 4],
        "landmarks": np.repeat(middles[..., np.newaxis, :], 5, axis=2),
    }


def picture(height=96, width=128):
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


def area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def overlap(one, other):
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    common = max(0, across) * max(0, down)
    return common / (area(one) + area(other) - common)


whole = st.integers(0, 12)
box = st.tuples(whole, whole, st.integers(1, 8), st.integers(1, 8)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@given(st.lists(box, max_size=14), st.sampled_from([0.1, 0.3, 0.5]), st.randoms(use_true_random=False))
def test_of_boxes_that_overlap_the_best_is_kept_as_a_search_one_by_one_keeps_it(boxes, most, random):
    scores = [round(random.random(), 1) for _ in boxes]
    kept = []
    for index in sorted(range(len(boxes)), key=lambda each: (-scores[each], each)):
        if all(overlap(boxes[index], boxes[other]) <= most + 1e-6 for other in kept):
            kept.append(index)
    rows = np.array(boxes, np.float32).reshape(-1, 4)
    assert apart(rows, np.array(scores, np.float32), np.float32(most + 1e-6)).tolist() == kept


@pytest.mark.parametrize("resize", ["stretch", "crop", "letterbox"])
@pytest.mark.parametrize("size", [(240, 400), (300, 200), (60, 80)])
def test_a_place_in_the_input_is_the_same_place_in_the_picture(resize, size):
    """The oracle is a bright square that is fitted as a picture is, and looked for in the input."""
    height, width = size
    drawn = np.zeros((height, width, 3), np.uint8)
    top, left = height // 2 - height // 8, width // 2 - width // 10
    drawn[top : top + height // 5, left : left + width // 6] = 255
    rows, columns = np.nonzero(fitted(drawn, told(resize))[..., 0] > 127 if resize != "letterbox" else
                               fitted(drawn, told(resize))[..., 0] > 200)  # fmt: skip
    corners = np.array([[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]], np.float32)
    wanted = [[left / width, top / height], [(left + width // 6) / width, (top + height // 5) / height]]
    assert np.abs(shares(corners, size, told(resize)) - wanted).max() < 0.02


def test_faces_are_told_frame_by_frame_the_surest_first_and_those_that_are_too_unsure_not_at_all():
    answers = outputs((10, 10, 30, 30, 0.6), (50, 50, 80, 80, 0.9), (90, 10, 99, 19, 0.4),
                      (20, 20, 60, 60, 0.7), (21, 20, 60, 61, 0.8), (0, 0, 5, 5, 0.1), frames=2)  # fmt: skip
    found = faces(answers, [(0.0, picture()), (2.5, picture())], contract())
    told_of = [(each.frame, each.face.seconds, round(each.face.confidence, 3)) for each in found]
    assert told_of == [(0, 0.0, 0.9), (0, 0.0, 0.6), (1, 2.5, 0.8)]
    assert found[0].face.left == pytest.approx(50 / 128)
    assert found[0].face.bottom == pytest.approx(80 / 96)
    assert found[0].landmarks == pytest.approx(np.full((5, 2), (65 / 128, 65 / 96)), abs=1e-6)


def test_a_picture_without_a_likely_candidate_has_no_faces():
    assert faces(outputs((10, 10, 30, 30, 0.2)), [(0.0, picture())], contract()) == []


def test_a_box_ends_where_the_picture_does_and_one_outside_of_it_is_no_face():
    answers = outputs((-9, 20, 40, 200, 0.9), (100, 10, 140, 40, 0.8))
    (face,) = (each.face for each in faces(answers, [(0.0, picture(96, 96))], contract()))
    assert (face.left, face.bottom) == (0, 1)
    assert face.right == pytest.approx(40 / 96)


def test_a_network_without_landmarks_gives_none():
    (found,) = faces(outputs((10, 10, 60, 60, 0.9)), [(0.0, picture())], contract(landmarks=None))
    assert found.landmarks is None


@given(st.tuples(st.floats(0, 500), st.floats(0, 2), st.floats(0, 1)), st.integers(0, 2), st.floats(0, 1))
def test_a_face_that_is_larger_sharper_or_surer_is_never_graded_lower(measured, which, more):
    better = list(measured)
    better[which] += more
    assert 0 <= quality(*measured) <= quality(*better) <= 100


def test_a_large_sharp_sure_face_has_full_quality():
    assert quality(112, SHARP, 1) == 100


def face_like(side):
    """Draw something with edges, soft and hard, of a face's kind: dark ellipses on a light one."""
    down, along = np.mgrid[0:side, 0:side] / side
    grey = np.full((side, side), 90.0)
    for x, y, a, b, tone in ((0.5, 0.5, 0.38, 0.48, 200), (0.35, 0.4, 0.08, 0.04, 40), (0.65, 0.4, 0.08, 0.04, 40),
                             (0.5, 0.75, 0.15, 0.05, 80), (0.5, 0.57, 0.03, 0.1, 150)):  # fmt: skip
        grey[((along - x) / a) ** 2 + ((down - y) / b) ** 2 < 1] = tone
    return Image.fromarray(np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2))


@pytest.mark.parametrize("side", [60, 150, 400])
def test_softening_by_a_twentieth_of_its_side_makes_a_face_blurred_at_any_size(side):
    drawn = face_like(side)
    soft = drawn.filter(ImageFilter.GaussianBlur(side / 20))
    whole = (0, 0, side, side)
    assert sharpness(np.asarray(drawn), whole) > 4 * BLURRED
    assert sharpness(np.asarray(soft), whole) < BLURRED


def test_light_changes_sharpness_little():
    drawn = face_like(150)
    dark = ImageEnhance.Brightness(drawn).enhance(0.4)
    whole = (0, 0, 150, 150)
    assert sharpness(np.asarray(dark), whole) == pytest.approx(sharpness(np.asarray(drawn), whole), rel=0.05)


@pytest.mark.parametrize("corners", [(3.2, 4.9, 3.4, 5.0), (0, 0, 1, 1), (95.5, 95.5, 96, 96)])
def test_the_smallest_part_of_a_picture_has_a_sharpness(corners):
    assert 0 <= sharpness(picture(96, 96), corners) < 10
