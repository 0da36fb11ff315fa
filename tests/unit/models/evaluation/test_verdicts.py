"""Classifiers are measured as their definitions say."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from models.evaluation.resampling import Name
from models.evaluation.verdicts import METRICS, Verdicts, reliability


def measured(verdicts):
    return dict(zip(verdicts.names, verdicts.of(np.ones((len(verdicts.truth), 1)))[:, 0], strict=True))


def two_labels(n=200, seed=1):
    rng = np.random.default_rng(seed)
    truth = rng.random((n, 2)) < [0.3, 0.6]
    probabilities = np.clip(rng.normal(0.3 + 0.4 * truth, 0.2), 0, 1)
    return Verdicts(("marked", "plain"), truth, probabilities, ((0.3, 0.7), (0.5, 0.5)))


def test_every_label_is_measured_as_scikit_learn_measures_it():
    verdicts = two_labels()
    found = measured(verdicts)
    for label, truth, probabilities in zip(verdicts.labels, verdicts.truth.T, verdicts.probabilities.T, strict=True):
        for metric, oracle in (
            ("average_precision", average_precision_score),
            ("auc", roc_auc_score),
            ("brier", brier_score_loss),
        ):
            assert found[Name(metric, label)] == pytest.approx(oracle(truth, probabilities))


def test_calibration_error_is_the_mean_gap_of_ten_bins():
    verdicts = two_labels()
    for label, truth, probabilities in zip(verdicts.labels, verdicts.truth.T, verdicts.probabilities.T, strict=True):
        gap = 0.0
        for step in range(10):
            inside = (probabilities >= step / 10) & ((probabilities < (step + 1) / 10) | (step == 9))
            gap += abs(sum(probabilities[inside]) - sum(truth[inside])) / len(truth)
        assert measured(verdicts)[Name("calibration_error", label)] == pytest.approx(gap)


def test_abstentions_are_left_out_of_accuracy_and_counted_by_themselves():
    truth = np.array([[True], [True], [False], [False], [True]])
    probabilities = np.array([[0.9], [0.1], [0.2], [0.5], [0.8]])
    found = measured(Verdicts(("marked",), truth, probabilities, ((0.2, 0.8),)))
    assert found[Name("accuracy", "marked")] == pytest.approx(3 / 4)
    assert found[Name("abstained", "marked")] == pytest.approx(1 / 5)


def test_the_mean_is_of_the_labels_that_have_a_number():
    verdicts = two_labels()
    empty = Verdicts(verdicts.labels, verdicts.truth & [True, False], verdicts.probabilities, verdicts.thresholds)
    found = measured(empty)
    assert np.isnan(found[Name("auc", "plain")])
    assert found[Name("auc")] == pytest.approx(found[Name("auc", "marked")])
    whole = measured(verdicts)
    for metric in METRICS:
        assert whole[Name(metric)] == pytest.approx((whole[Name(metric, "marked")] + whole[Name(metric, "plain")]) / 2)


def test_a_perfect_model_has_the_best_of_every_number():
    truth = np.array([[True], [False], [True], [False]])
    found = measured(Verdicts(("marked",), truth, truth.astype(float), ((0.4, 0.6),)))
    assert [found[Name(metric)] for metric in METRICS] == [1, 1, 1, 0, 0, 0]


def test_labels_are_kept_by_name():
    kept = two_labels().only(["plain"])
    assert kept.labels == ("plain",)
    assert kept.thresholds == ((0.5, 0.5),)
    whole = measured(two_labels())
    assert all(value == pytest.approx(whole[name]) for name, value in measured(kept).items() if name.label == "plain")


def test_reliability_gives_each_bin_its_share_and_an_interval_around_it():
    truth = np.array([[True]] * 8 + [[False]] * 2 + [[False]] * 10)
    probabilities = np.array([[0.8]] * 10 + [[1.0]] * 10)
    bins = reliability(Verdicts(("marked",), truth, probabilities, ((0.5, 0.5),)))
    assert [(each.n, each.probability, each.share) for each in bins] == [
        (10, pytest.approx(0.8), 0.8),
        (10, 1.0, 0.0),
    ]
    assert (bins[0].low, bins[0].high) == pytest.approx((0.4902, 0.9433), abs=1e-4)  # Wilson's, worked out by hand


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match="a row for each item"):
        Verdicts(("a", "b"), np.zeros((3, 1), bool), np.zeros((3, 1)), ((0.5, 0.5),))
