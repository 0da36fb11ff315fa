"""Curves under weights are those of the weighted items: scikit-learn and plain loops say the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from models.evaluation.curves import Ranking, area, average_precision, true_accepted

ITEMS = st.lists(st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 3)), min_size=1, max_size=30)


def parts(items):
    scores, truth, weights = (np.array(column) for column in zip(*items, strict=True))
    return scores / 6, truth.astype(bool), weights.astype(float)


@given(ITEMS)
def test_the_area_is_that_of_scikit_learn(items):
    scores, truth, weights = parts(items)
    (ours,) = area(Ranking(scores, truth).under(weights[:, None]))
    if (weights * truth).sum() == 0 or (weights * ~truth).sum() == 0:
        assert np.isnan(ours)
    else:
        assert ours == pytest.approx(roc_auc_score(truth, scores, sample_weight=weights))


@given(ITEMS)
def test_average_precision_is_that_of_scikit_learn(items):
    scores, truth, weights = parts(items)
    (ours,) = average_precision(Ranking(scores, truth).under(weights[:, None]))
    if (weights * truth).sum() == 0:
        assert np.isnan(ours)
    else:
        assert ours == pytest.approx(average_precision_score(truth, scores, sample_weight=weights))


@given(ITEMS, st.sampled_from([0.0, 0.01, 0.2, 0.5]))
def test_true_accepted_is_the_best_over_every_threshold(items, allowed):
    scores, truth, weights = parts(items)
    (ours,) = true_accepted(Ranking(scores, truth).under(weights[:, None]), allowed)
    true, false = (weights * truth).sum(), (weights * ~truth).sum()
    if true == 0 or false == 0:
        assert np.isnan(ours)
        return
    best = 0.0
    for threshold in [*scores, 2.0]:
        if (weights * ~truth)[scores >= threshold].sum() / false <= allowed + 1e-12:
            best = max(best, (weights * truth)[scores >= threshold].sum() / true)
    assert ours == pytest.approx(best)


def test_many_weights_at_once_are_each_by_itself():
    rng = np.random.default_rng(1)
    scores, truth, weights = rng.random(50), rng.random(50) < 0.4, rng.integers(0, 4, (50, 20)).astype(float)
    ranking = Ranking(scores, truth)
    for measure in (area, average_precision):
        together = measure(ranking.under(weights))
        assert together == pytest.approx([measure(ranking.under(each[:, None]))[0] for each in weights.T])
