"""Drift is nothing between equal samples, the same both ways, found where it was planted, and rarely seen in vain."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.drift import (
    LEAST,
    State,
    drift_of_embeddings,
    drift_of_scores,
    edges_of,
    mean_shift,
    shares,
    stability,
)

SHARES = arrays(np.float64, 10, elements=st.floats(0, 1)).map(lambda parts: (parts + 1e-9) / (parts + 1e-9).sum())


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def people(rng, count, turn=0.0, width=64):
    """Draw unit vectors around one direction; `turn` moves all of them towards another."""
    around = rng.normal(size=(count, width)) * np.linspace(1, 0.2, width)
    around[:, 0] += 3
    around[:, 1] += turn
    return unit(around)


@given(SHARES, SHARES)
def test_the_index_is_symmetric_and_never_below_0(one, other):
    assert stability(one, other) == pytest.approx(stability(other, one))
    assert stability(one, other) >= 0
    assert stability(one, one) == 0


@given(arrays(np.float64, 220, elements=st.floats(0, 1)))
def test_a_sample_has_not_moved_from_itself(values):
    found = drift_of_scores(values, values)
    assert (found.state, found.psi, found.ks) == (State.STEADY, 0, 0)


@given(arrays(np.float64, 220, elements=st.floats(0, 1)), arrays(np.float64, 230, elements=st.floats(0, 1)))
def test_the_distance_of_the_distributions_is_the_same_both_ways(one, other):
    there, back = drift_of_scores(one, other), drift_of_scores(other, one)
    assert (there.ks, there.p) == pytest.approx((back.ks, back.p))


@given(arrays(np.float64, 220, elements=st.floats(0, 1)), st.randoms(use_true_random=False))
def test_the_order_of_values_changes_nothing(values, random):
    mixed = values.tolist()
    random.shuffle(mixed)
    assert drift_of_scores(values, values[::-1] ** 2) == drift_of_scores(np.array(mixed), values**2)


@given(arrays(np.float64, st.integers(1, 60), elements=st.floats(0, 1)))
def test_every_value_is_in_one_bin_and_the_bins_add_up(values):
    edges = edges_of(values)
    found = shares(values, edges)
    assert found.sum() == pytest.approx(1)
    for place, share in enumerate(found):
        low = edges[place - 1] if place else -np.inf
        high = edges[place] if place < len(edges) else np.inf
        assert share == pytest.approx(((values > low) & (values <= high)).mean())


def test_bins_are_tenths_of_the_reference():
    rng = np.random.default_rng(1)
    values = rng.random(5000)
    assert shares(values, edges_of(values)) == pytest.approx([0.1] * 10, abs=1e-3)


@pytest.mark.parametrize(
    ("shift", "state"), [(0.0, State.STEADY), (0.15, State.STEADY), (0.4, State.WATCH), (0.8, State.MOVED)]
)
def test_a_planted_shift_is_told_by_its_size(shift, state):
    rng = np.random.default_rng(11)
    assert drift_of_scores(rng.normal(size=4000), rng.normal(shift, 1, 4000)).state is state


def test_a_wider_spread_is_a_move_though_the_mean_stands():
    rng = np.random.default_rng(2)
    assert drift_of_scores(rng.normal(size=2000), rng.normal(0, 2, 2000)).state is State.MOVED


def test_a_score_that_sticks_is_a_move():
    rng = np.random.default_rng(3)
    assert drift_of_scores(rng.random(500), np.full(LEAST, 0.5)).state is State.MOVED
    assert drift_of_scores(np.zeros(500), np.zeros(LEAST)).state is State.STEADY
    assert drift_of_scores(np.zeros(500), np.full(LEAST, 0.9)).state is State.MOVED


@pytest.mark.parametrize(("reference", "day"), [(500, LEAST), (1000, 1000)])
def test_days_like_the_reference_raise_no_alarm(reference, day):
    rng = np.random.default_rng(5)
    days = 500
    alarms = sum(
        drift_of_scores(rng.beta(0.5, 3, reference), rng.beta(0.5, 3, day)).state is not State.STEADY
        for _ in range(days)
    )
    assert alarms <= 0.01 * days


@pytest.mark.parametrize("values", [LEAST - 1, 0])
def test_of_too_few_values_nothing_is_said(values):
    found = drift_of_scores(np.zeros(1000), np.ones(values))
    assert found.state is State.TOO_FEW
    assert np.isnan(found.psi)
    assert drift_of_embeddings(np.zeros((values, 4)), np.zeros((1000, 4))).state is State.TOO_FEW


def test_embeddings_that_turn_aside_are_told_though_their_cosines_may_stand():
    rng = np.random.default_rng(7)
    reference = people(rng, 1000)
    assert drift_of_embeddings(reference, people(rng, 500)).state is State.STEADY
    turned = drift_of_embeddings(reference, people(rng, 500, turn=2.5))
    assert turned.state is State.MOVED
    assert turned.norm > 0.4


def test_embeddings_of_one_thing_alone_are_a_move():
    rng = np.random.default_rng(8)
    reference = people(rng, 1000)
    assert drift_of_embeddings(reference, np.repeat(reference[:1], 300, axis=0)).state is State.MOVED
    assert drift_of_embeddings(np.ones((LEAST, 3)), np.ones((LEAST, 3))).state is State.STEADY


@pytest.mark.parametrize("width", [2, 128])
def test_days_of_like_embeddings_raise_no_alarm(width):
    rng = np.random.default_rng(9)
    days = 100
    alarms = sum(
        drift_of_embeddings(people(rng, 500, width=width), people(rng, LEAST, width=width)).state is not State.STEADY
        for _ in range(days)
    )
    assert alarms <= 0.02 * days


def test_the_shift_of_a_mean_is_in_units_of_the_spread():
    reference = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    assert mean_shift(reference, reference + np.array([0.3, 0.4])) == pytest.approx(0.5)
    assert mean_shift(np.zeros((2, 2)), np.ones((2, 2))) == np.inf
