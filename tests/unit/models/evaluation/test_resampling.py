"""Intervals hold the truth as often as they say, whatever the order of the items, and pairs tell more than two sets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation.detections import Detections
from models.evaluation.resampling import ALL, Estimate, Name, compare, evaluate, interval, resamples
from models.evaluation.verdicts import METRICS, Verdicts

MACRO_AP = Name("average_precision")


def drawn(rng, n, strength=1.5, base=0.3):
    """Draw items of one label with their exactly calibrated probabilities."""
    truth = rng.random(n) < base
    signal = rng.normal(size=n) + strength * truth
    odds = strength * signal - strength**2 / 2 + np.log(base / (1 - base))
    return truth, 1 / (1 + np.exp(-odds))


def verdicts(truth, probabilities, thresholds=(0.4, 0.6)):
    return Verdicts(("marked",), truth[:, None], probabilities[:, None], (thresholds,))


def names_of(n):
    return [f"item {number:05}" for number in range(n)]


def whole(n):
    return {ALL: np.ones(n, bool)}


def test_a_resample_draws_as_many_groups_as_there_are():
    groups = ["a", "a", "b", "c", "c", "c"]
    weights = np.hstack(list(resamples(groups, seed=3)))
    assert weights.shape == (6, 1000)
    assert (weights[0] == weights[1]).all()
    assert (weights[[0, 2, 3]].sum(0) == 3).all()
    assert weights[[0, 2, 3]].mean(1) == pytest.approx([1, 1, 1], abs=0.1)


def test_the_same_seed_draws_the_same_and_another_does_not():
    one, same, other = (np.hstack(list(resamples(names_of(9), seed))) for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


@pytest.mark.timeout(120)
def test_intervals_hold_the_truth_about_95_times_in_100():
    rng = np.random.default_rng(7)
    truth = verdicts(*drawn(rng, 200_000)).of(np.ones((200_000, 1)))[: len(METRICS), 0]
    tries, held = 120, np.zeros(len(METRICS))
    for seed in range(tries):
        found = evaluate(verdicts(*drawn(rng, 250)), names_of(250), whole(250), seed)
        held += [each.low <= value <= each.high for each, value in zip(found, truth, strict=False)]
    shares = dict(zip(METRICS, held / tries, strict=True))
    assert shares.pop("calibration_error") >= 0.7  # at perfect calibration, the edge of what it can be
    assert min(shares.values()) >= 0.89  # 0.95 less three standard errors of 120 tries
    assert max(shares.values()) <= 1.0


def test_groups_drawn_together_widen_the_interval():
    rng = np.random.default_rng(5)
    truth, probabilities = drawn(rng, 100)
    truth, probabilities = np.repeat(truth, 6), np.repeat(probabilities, 6)
    alone = evaluate(verdicts(truth, probabilities), names_of(600), whole(600))
    together = evaluate(verdicts(truth, probabilities), [f"{n // 6:03}" for n in range(600)], whole(600))
    for one, other in zip(alone, together, strict=True):
        assert one.value == pytest.approx(other.value)
        assert other.high - other.low > 1.5 * (one.high - one.low)


@given(st.integers(2, 12), st.integers(0, 2**32 - 1))
@settings(max_examples=8, deadline=None)
def test_copies_of_each_picture_change_no_interval_when_they_are_drawn_with_it(copies, seed):
    truth, probabilities = drawn(np.random.default_rng(seed), 40)
    names = names_of(40)
    single = evaluate(verdicts(truth, probabilities), names, whole(40))
    many = verdicts(np.repeat(truth, copies), np.repeat(probabilities, copies))
    told = evaluate(many, np.repeat(names, copies).tolist(), whole(40 * copies))
    for one, other in zip(single, told, strict=True):
        assert (one.name, one.groups, other.groups, other.n) == (other.name, 40, 40, 40 * copies)
        assert [one.value, one.low, one.high] == pytest.approx([other.value, other.low, other.high], nan_ok=True)


def test_ten_edits_of_each_picture_leave_an_interval_that_holds_the_truth():
    rng = np.random.default_rng(12)
    right, tries, pictures = 0.7, 80, 40
    held = dict.fromkeys(("apart", "together"), 0)
    for _ in range(tries):
        hard = rng.random(pictures) < 1 - right  # of a hard picture nearly every edit is got wrong
        wrong = rng.random((pictures, 10)) < np.where(hard, 0.95, 0.05)[:, None]
        answers = Detections(np.ones(10 * pictures), np.where(wrong.ravel(), 0, 1))
        names = {"apart": names_of(10 * pictures), "together": np.repeat(names_of(pictures), 10).tolist()}
        for kind, groups in names.items():
            (share,) = [e for e in evaluate(answers, groups, whole(10 * pictures)) if e.name == Name("count_right")]
            held[kind] += share.low <= 0.95 * right + 0.05 * (1 - right) <= share.high
    assert held["together"] / tries >= 0.85  # 0.95 less what forty groups and eighty tries leave to chance
    assert held["apart"] / tries <= 0.6


def test_the_order_of_the_items_changes_nothing():
    rng = np.random.default_rng(2)
    truth, probabilities = drawn(rng, 80)
    halves = {**whole(80), "size: small": np.arange(80) < 40}
    straight = evaluate(verdicts(truth, probabilities), names_of(80), halves)
    order = rng.permutation(80)
    mixed = evaluate(
        verdicts(truth[order], probabilities[order]),
        [names_of(80)[place] for place in order],
        {name: inside[order] for name, inside in halves.items()},
    )
    for one, other in zip(straight, mixed, strict=True):
        assert (one.name, one.slice, one.n) == (other.name, other.slice, other.n)
        assert [one.value, one.low, one.high] == pytest.approx([other.value, other.low, other.high])


def test_a_pair_tells_more_than_two_sets():
    rng = np.random.default_rng(3)
    truth, probabilities = drawn(rng, 400)
    candidate = verdicts(truth, np.clip(probabilities + rng.normal(0, 0.02, 400), 0, 1))
    champion = verdicts(truth, probabilities)
    (paired,) = [e for e in compare(candidate, champion, names_of(400), whole(400)) if e.name == MACRO_AP]
    apart = [
        next(e for e in evaluate(model, names_of(400), whole(400), seed) if e.name == MACRO_AP)
        for model, seed in ((candidate, 1), (champion, 2))
    ]
    unpaired = np.hypot(*(e.high - e.low for e in apart))
    assert paired.high - paired.low < unpaired / 3


def test_a_model_differs_from_itself_by_nothing():
    truth, probabilities = drawn(np.random.default_rng(4), 60)
    same = verdicts(truth, probabilities)
    assert {(e.value, e.low, e.high) for e in compare(same, same, names_of(60), whole(60))} == {(0.0, 0.0, 0.0)}


def test_a_difference_is_of_the_two_values_and_turns_its_sign_with_them():
    rng = np.random.default_rng(6)
    truth, probabilities = drawn(rng, 90)
    one, other = verdicts(truth, probabilities), verdicts(truth, rng.random(90))
    there = compare(one, other, names_of(90), whole(90))
    back = compare(other, one, names_of(90), whole(90))
    alone = [evaluate(each, names_of(90), whole(90)) for each in (one, other)]
    for forth, turned, ours, theirs in zip(there, back, *alone, strict=True):
        assert forth.value == pytest.approx(ours.value - theirs.value)
        assert [forth.value, forth.low] == pytest.approx([-turned.value, -turned.high])


def test_models_of_other_labels_are_not_compared():
    truth, probabilities = drawn(np.random.default_rng(4), 20)
    other = Verdicts(("other",), truth[:, None], probabilities[:, None], ((0.5, 0.5),))
    with pytest.raises(ValueError, match="take the labels that both have"):
        compare(verdicts(truth, probabilities), other, names_of(20), whole(20))


def test_a_slice_is_measured_on_its_items_alone():
    truth, probabilities = drawn(np.random.default_rng(8), 100)
    first = np.arange(100) < 50
    found = evaluate(verdicts(truth, probabilities), names_of(100), {"size: small": first})
    alone = evaluate(verdicts(truth[first], probabilities[first]), names_of(50), whole(50))
    assert [e.value for e in found] == pytest.approx([e.value for e in alone])
    assert {e.n for e in found} == {50}


def test_a_slice_without_a_true_item_has_no_number_and_says_so():
    truth, probabilities = np.array([True] * 5 + [False] * 20), np.linspace(1, 0, 25)
    found = evaluate(verdicts(truth, probabilities), names_of(25), {"kind: video": ~truth})
    lost = {e.name.metric for e in found if np.isnan(e.value)}
    assert lost == {"average_precision", "auc"}
    assert all(np.isnan([e.low, e.high]).all() == (e.name.metric in lost) for e in found)


def test_what_is_rarely_defined_has_no_interval():
    assert np.isnan(interval(np.array([1.0, np.nan, np.nan]), 1.0)).all()
    assert np.isnan(interval(np.array([1.0, 1.0]), np.nan)).all()
    assert interval(np.arange(101.0), 50.0) == pytest.approx((2.5, 97.5))


def test_an_estimate_is_a_value():
    assert Estimate(MACRO_AP, ALL, 1, 0.5, 0.4, 0.6) == Estimate(Name("average_precision"), "all", 1, 0.5, 0.4, 0.6)
