"""Embedders are measured by pairs of one group against pairs of two."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from models.evaluation import pairs as module
from models.evaluation.pairs import Pairs, drawn_pairs
from models.evaluation.resampling import ALL, evaluate


def people(groups=12, each=4, spread=0.6, seed=1, width=8):
    rng = np.random.default_rng(seed)
    numbers = np.repeat(np.arange(groups), each)
    vectors = rng.normal(size=(groups, width))[numbers] + spread * rng.normal(size=(groups * each, width))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), numbers


def test_the_area_is_over_every_pair():
    vectors, groups = people()
    every = list(combinations(range(len(groups)), 2))
    truth = [groups[i] == groups[j] for i, j in every]
    expected = roc_auc_score(truth, [vectors[i] @ vectors[j] for i, j in every])
    assert Pairs(vectors, groups).of(np.ones((len(groups), 1)))[0, 0] == pytest.approx(expected)


def test_a_person_drawn_twice_counts_twice_with_others_and_with_themselves():
    vectors, groups = people(groups=5, each=3)
    weights = np.array([2.0, 0, 1, 1, 1])[groups]
    every = list(combinations(range(len(groups)), 2))
    truth = [groups[i] == groups[j] for i, j in every]
    times = [weights[i] if same else weights[i] * weights[j] for same, (i, j) in zip(truth, every, strict=True)]
    expected = roc_auc_score(truth, [vectors[i] @ vectors[j] for i, j in every], sample_weight=times)
    assert Pairs(vectors, groups).of(weights[:, None])[0, 0] == pytest.approx(expected)


def test_groups_far_apart_are_told_apart_and_noise_is_not():
    near, groups = people(spread=0.01, width=32)
    assert Pairs(near, groups).of(np.ones((len(groups), 1)))[:, 0].tolist() == [1, 1]
    noise, groups = people(groups=30, each=6, spread=1e6)
    area, accepted = Pairs(noise, groups).of(np.ones((len(groups), 1)))[:, 0]
    assert area == pytest.approx(0.5, abs=0.05)
    assert accepted < 0.05


def test_a_slice_is_of_the_pairs_within_it():
    vectors, groups = people()
    inside = groups < 6
    (area, _) = evaluate(Pairs(vectors, groups), [str(g) for g in groups], {"kind: image": inside})
    alone = Pairs(vectors[inside], groups[inside]).of(np.ones((inside.sum(), 1)))[0, 0]
    assert area.value == pytest.approx(alone)


def test_the_interval_holds_the_value():
    vectors, groups = people()
    names = [f"{g:02}" for g in groups]
    for each in evaluate(Pairs(vectors, groups), names, {ALL: np.ones(len(groups), bool)}):
        assert each.low <= each.value <= each.high


def test_too_many_pairs_are_drawn_from_the_same_each_time(monkeypatch):
    monkeypatch.setattr(module, "MOST_PAIRS", 100)
    groups = np.repeat(np.arange(10), 10)
    left, right = drawn_pairs(groups)
    again = drawn_pairs(groups)
    assert (left == again[0]).all()
    assert (right == again[1]).all()
    assert (groups[left] == groups[right]).sum() == 100
    assert len(set(zip(left, right, strict=True))) == 200


def test_pairs_of_two_persons_that_are_drawn_together_weigh_as_what_they_are_drawn_in():
    vectors, groups = people(groups=4, each=3)
    drawn = np.array([0, 0, 1, 2])[groups]  # the first two persons are in one film
    weights = np.array([2.0, 1, 3])[drawn]
    every = list(combinations(range(len(groups)), 2))
    truth = [groups[i] == groups[j] for i, j in every]
    weight = [weights[i] if drawn[i] == drawn[j] else weights[i] * weights[j] for i, j in every]
    expected = roc_auc_score(truth, [vectors[i] @ vectors[j] for i, j in every], sample_weight=weight)
    pairs = Pairs(vectors, groups, drawn)
    assert pairs.of(weights[:, None])[0, 0] == pytest.approx(expected)
    inside = groups < 3
    assert pairs.at(inside).drawn.tolist() == drawn[inside].tolist()
