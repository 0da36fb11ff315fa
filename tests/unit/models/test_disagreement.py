"""Two models are compared over the same files by plain counts, which plain loops give too."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from domain.model import Says
from models import disagreement
from models.disagreement import (
    WORDS,
    attribute_agreement,
    count_agreement,
    label_agreement,
    neighbour_agreement,
    rank_correlation,
)

SAID = st.lists(st.tuples(st.sampled_from([*WORDS, None]), st.sampled_from([*WORDS, None])), max_size=40)


@given(SAID)
def test_words_are_counted_where_both_models_say_one(pairs):
    champion, challenger = [one for one, _ in pairs], [other for _, other in pairs]
    nothing = np.zeros(len(pairs))
    found = label_agreement("marked", (champion, challenger), (nothing, nothing))
    both = [pair for pair in pairs if None not in pair]
    assert found.said == len(both)
    for row, one in enumerate(WORDS):
        for column, other in enumerate(WORDS):
            assert found.counts[row][column] == both.count((one, other))
    if not both:
        assert np.isnan([found.agreement, found.kappa]).all()
        return
    assert found.agreement == pytest.approx(sum(one is other for one, other in both) / len(both))
    if len({word for pair in both for word in pair}) > 1:
        assert found.kappa == pytest.approx(cohen_kappa_score(*zip(*both, strict=True), labels=list(WORDS)))
    else:
        assert np.isnan(found.kappa)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), max_size=30))
def test_labels_of_faces_are_compared_face_by_face(pairs):
    champion, challenger = [one for one, _ in pairs], [other for _, other in pairs]
    found = attribute_agreement("colour", champion, challenger)
    assert (found.name, found.n) == ("colour", len(pairs))
    if not pairs:
        assert np.isnan([found.agreement, found.kappa]).all()
        return
    assert found.agreement == pytest.approx(sum(one == other for one, other in pairs) / len(pairs))
    if len({*champion, *challenger}) > 1:
        assert found.kappa == pytest.approx(cohen_kappa_score(champion, challenger))
    else:
        assert np.isnan(found.kappa), "chance leaves no room"


def test_models_that_agree_by_chance_alone_have_no_kappa_to_speak_of():
    rng = np.random.default_rng(1)
    champion, challenger = (rng.choice(WORDS, 3000, p=[0.1, 0.1, 0.8]).tolist() for _ in range(2))
    found = label_agreement("marked", (champion, challenger), (rng.random(3000), rng.random(3000)))
    assert found.agreement > 0.6
    assert found.kappa == pytest.approx(0, abs=0.05)
    assert found.correlation == pytest.approx(0, abs=0.05)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=30))
def test_rank_correlation_is_that_of_scipy(pairs):
    one, other = (np.array(column) for column in zip(*pairs, strict=True))
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert np.isnan(rank_correlation(one, other))
    else:
        assert rank_correlation(one, other) == pytest.approx(spearmanr(one, other).statistic)


def test_a_monotone_change_of_probabilities_changes_no_rank():
    values = np.random.default_rng(2).random(50)
    assert rank_correlation(values, values**3) == pytest.approx(1)
    assert rank_correlation(values, -values) == pytest.approx(-1)


def test_numbers_of_faces_are_compared_file_by_file():
    found = count_agreement(np.array([1, 2, 0, 5], np.uint8), np.array([1, 1, 0, 7], np.uint8))
    assert (found.n, found.same, found.difference) == (4, 0.5, 0.25)
    assert found.by_difference == ((-1, 1), (0, 2), (2, 1))


def test_no_files_have_no_agreement():
    assert np.isnan(count_agreement(np.array([]), np.array([])).same)
    assert np.isnan(neighbour_agreement(np.ones((1, 3)), np.ones((1, 3))).common)
    none = label_agreement("marked", ([Says.YES], [None]), (np.array([0.5]), np.array([0.5])))
    assert (none.said, none.n) == (0, 1)


def test_neighbours_are_those_that_a_loop_finds():
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=(40, 6)), rng.normal(size=(40, 9))

    def nearest(vectors, file):
        order = sorted(range(len(vectors)), key=lambda place: -float(vectors[file] @ vectors[place]))
        return set([place for place in order if place != file][:10])

    unit = [vectors / np.linalg.norm(vectors, axis=1, keepdims=True) for vectors in (one, other)]
    expected = np.mean([len(nearest(unit[0], file) & nearest(unit[1], file)) / 10 for file in range(40)])
    assert neighbour_agreement(*unit).common == pytest.approx(expected)


def test_a_turn_of_the_space_keeps_every_neighbour():
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(60, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    turn, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    assert neighbour_agreement(vectors, vectors @ turn).common == 1


def test_of_many_files_some_are_drawn(monkeypatch):
    monkeypatch.setattr(disagreement, "MOST_FILES", 30)
    vectors = np.random.default_rng(5).normal(size=(100, 4))
    assert (neighbour_agreement(vectors, vectors).n, neighbour_agreement(vectors, vectors).common) == (30, 1)


def test_few_files_have_fewer_neighbours():
    vectors = np.random.default_rng(6).normal(size=(4, 3))
    assert neighbour_agreement(vectors, vectors).nearest == 3
