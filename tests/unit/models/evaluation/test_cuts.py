"""From which cosine on groups are one: by the precision and recall of the groups that come of it."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binomtest

from models.evaluation import cuts as module
from models.evaluation.cuts import Cut, cuts, lowest
from tasks.clustering.linkage import linked


def people(groups=40, each=4, spread=0.25, seed=1, width=12):
    rng = np.random.default_rng(seed)
    numbers = np.repeat(np.arange(groups), each)
    vectors = rng.normal(size=(groups, width))[numbers] + spread * rng.normal(size=(groups * each, width))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), numbers


@pytest.mark.parametrize("alike", [0.5, 0.7, 0.9])
def test_precision_and_recall_are_of_all_pairs_of_the_groups_that_clusters_would_be(alike):
    vectors, true = people(spread=0.5)
    (cut,) = cuts(vectors, true, [alike])
    joined = {pair for group in linked(vectors, alike) for pair in combinations(group, 2)}
    there = {pair for pair in combinations(range(len(true)), 2) if true[pair[0]] == true[pair[1]]}
    assert cut.precision == pytest.approx(len(joined & there) / len(joined))
    assert cut.recall == pytest.approx(len(joined & there) / len(there))


def test_the_interval_is_wilsons_with_each_person_as_one_trial():
    vectors, true = people(spread=0.01)
    (cut,) = cuts(vectors, true, [0.9])
    assert (cut.precision, cut.recall) == (1, 1)
    assert cut.low == pytest.approx(binomtest(40, 40).proportion_ci(method="wilson").low)


def test_the_lowest_is_that_above_which_all_are_precise_enough():
    found = [Cut(0.6, 0.999, 0.99, 1), Cut(0.7, 0.9, 0.8, 0.9), Cut(0.8, 0.99, 0.985, 0.8), Cut(0.9, 1, 0.995, 0.5),
             Cut(0.95, np.nan, np.nan, 0)]  # fmt: skip
    assert lowest(found, 0.98).alike == 0.8
    assert lowest(found, 0.99).alike == 0.9
    assert lowest(found, 0.999) is None
    assert lowest([]) is None


def test_a_small_set_shows_no_high_precision_and_a_large_one_does():
    assert lowest(cuts(*people(groups=40, spread=0.05))) is None
    found = lowest(cuts(*people(groups=600, each=2, spread=0.05, width=40)))
    assert found.recall > 0.99
    assert found.alike < 0.95


def test_what_was_not_seen_is_left_out_and_of_too_many_whole_groups_are_drawn(monkeypatch):
    vectors, true = people(groups=10, spread=0.01)
    vectors[::4] = 0
    monkeypatch.setattr(module, "MOST_ITEMS", 15)
    (cut,) = cuts(vectors, true, [0.9])
    assert (cut.precision, cut.recall) == (1, 1)
    assert cut.low == pytest.approx(binomtest(5, 5).proportion_ci(method="wilson").low)


@pytest.mark.parametrize("items", [0, 1])
def test_without_a_pair_nothing_is_claimed(items):
    (cut,) = cuts(np.eye(3)[:items], np.arange(items), [0.9])
    assert np.isnan([cut.precision, cut.low, cut.recall]).all()
    assert lowest([cut]) is None
