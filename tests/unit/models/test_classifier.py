"""A file is what its frames say together: the three that carry a label most."""

import model_folders
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from domain.model import Says
from models.contract import ClassifierContract, TaggerContract, Thresholds
from models.runners.classifier import CARRYING, LEAST, calibrated, said, verdicts

CONTRACT = ClassifierContract.model_validate(model_folders.CONTRACT)
EVERY = Thresholds(no=0.0, yes=1.0)
ALL = CONTRACT.model_copy(update={"thresholds": dict.fromkeys(CONTRACT.labels, EVERY)})
"""Tells every label, however unlikely."""

SHARES = st.floats(0, 1, width=32)
FRAMES = st.integers(1, 9).flatmap(lambda frames: arrays(np.float32, (frames, 3), elements=SHARES))


def probabilities(scores, contract=ALL):
    return {each.label: each.probability for each in verdicts(scores, range(len(scores)), contract)}


@given(FRAMES)
def test_a_label_has_the_mean_of_its_three_highest_frames(scores):
    for column, label in enumerate(CONTRACT.labels):
        best = sorted(scores[:, column].tolist(), reverse=True)[:CARRYING]
        assert probabilities(scores)[label] == pytest.approx(sum(best) / len(best), abs=1e-6)


@given(FRAMES, st.randoms(use_true_random=False))
def test_the_order_of_frames_changes_no_probability(scores, chance):
    order = list(range(len(scores)))
    chance.shuffle(order)
    assert probabilities(scores[order]) == pytest.approx(probabilities(scores), abs=1e-6)


@given(FRAMES.filter(lambda scores: len(scores) >= CARRYING), arrays(np.float32, (1, 3), elements=SHARES))
def test_a_frame_more_never_makes_a_label_of_a_film_less_probable(scores, more):
    before, after = probabilities(scores), probabilities(np.concatenate([scores, more]))
    assert all(after[label] >= before[label] - 1e-6 for label in before)


def test_a_picture_is_what_its_one_frame_says():
    (best, *_) = verdicts(np.array([[0.7, 0.2, 0.1]], np.float32), [0.0], CONTRACT)
    assert (best.label, best.seconds, best.says) == ("red", (0.0,), None)
    assert best.probability == pytest.approx(0.7)


def test_the_frames_that_carry_a_label_are_told_the_strongest_first():
    scores = np.array([[0.1, 0, 0], [0.9, 0, 0], [0.3, 0, 0], [0.8, 0, 0], [0.2, 0, 0]], np.float32)
    (red, *_) = verdicts(scores, [0.0, 1.5, 3.0, 4.5, 6.0], CONTRACT)
    assert red.seconds == (1.5, 4.5, 3.0)


def test_one_frame_alone_does_not_carry_a_film():
    scores = np.zeros((10, 3), np.float32)
    scores[4, 0] = 1
    assert probabilities(scores)["red"] == pytest.approx(1 / 3)


def test_the_best_label_stays_however_unsure_and_at_most_five_stay():
    many = CONTRACT.model_copy(update={"labels": tuple(map(str, range(100)))})
    assert [each.label for each in verdicts(np.full((1, 100), 0.01, np.float32), [0], many)] == ["0"]
    eight = CONTRACT.model_copy(update={"labels": tuple("abcdefgh")})
    assert [each.label for each in verdicts(np.full((1, 8), 1 / 8, np.float32), [0], eight)] == list("abcde")
    assert LEAST < 1 / 8


def test_a_label_with_thresholds_is_told_even_where_it_does_not_hold():
    scores = np.array([[0.98, 0.01, 0.01]], np.float32)
    watched = CONTRACT.model_copy(update={"thresholds": {"blue": Thresholds(no=0.2, yes=0.8)}})
    told = {each.label: each.says for each in verdicts(scores, [0], watched)}
    assert told == {"red": None, "blue": Says.NO}


@pytest.mark.parametrize(
    ("probability", "says"), [(0, "no"), (0.2, "no"), (0.21, "unsure"), (0.79, "unsure"), (0.8, "yes"), (1, "yes")]
)
def test_between_its_thresholds_a_model_abstains(probability, says):
    assert said(probability, Thresholds(no=0.2, yes=0.8)) == says


@given(FRAMES, st.lists(st.tuples(SHARES, SHARES), min_size=2, max_size=6))
def test_calibration_keeps_the_order_of_scores_and_leaves_other_labels_alone(scores, points):
    at, to = (sorted(set(each)) for each in zip(*points, strict=True))
    line = tuple(zip(at, to, strict=False))
    if len(line) < 2:
        return
    told = calibrated(scores, CONTRACT.model_copy(update={"calibration": {"red": line}}))
    assert (told[:, 1:] == scores[:, 1:]).all()
    order = np.argsort(scores[:, 0], kind="stable")
    assert (np.diff(told[order, 0]) >= -1e-6).all()
    assert ((told[:, 0] >= line[0][1] - 1e-6) & (told[:, 0] <= line[-1][1] + 1e-6)).all()


def test_a_tag_says_what_it_is_and_where_a_landmark_stands():
    kinds = {"red": {"kind": "scene"}, "green": {"kind": "landmark", "country": "FR"}}
    tagger = TaggerContract.model_validate(model_folders.CONTRACT | {"role": "tagger", "kinds": kinds})
    told = verdicts(np.array([[0.5, 0.3, 0.2]], np.float32), [0], tagger)
    assert [(each.label, each.kind, each.country) for each in told] == [
        ("red", "scene", None), ("green", "landmark", "FR"), ("blue", "object", None),
    ]  # fmt: skip
    assert {each.kind for each in verdicts(np.array([[0.5, 0.3, 0.2]], np.float32), [0], CONTRACT)} == {None}
