"""A candidate is judged by one rule, and the verdict says what it rests on."""

from dataclasses import replace

import numpy as np
import pytest

from domain.model import Role
from models.evaluation.judging import Judgement, Verdict, headline, judge
from models.evaluation.resampling import ALL, Estimate, Name, compare
from models.evaluation.verdicts import Verdicts

BY = Name("average_precision")


def difference(value, low, high, where=ALL, n=100, name=BY, chance=0.001):
    return Estimate(name, where, n, value, low, high, chance)


@pytest.mark.parametrize(
    ("whole", "others", "verdict"),
    [
        ((0.05, 0.01, 0.09), [], Verdict.BETTER),
        ((0.05, -0.01, 0.09), [], Verdict.NO_WORSE),
        ((0.0, 0.0, 0.0), [], Verdict.NO_WORSE),
        ((0.0, -0.1, 0.1), [], Verdict.NO_WORSE),
        ((-0.01, -0.05, 0.02), [], Verdict.NOT_SHOWN),
        ((np.nan, np.nan, np.nan), [], Verdict.NOT_SHOWN),
        ((-0.05, -0.09, -0.01), [], Verdict.WORSE),
        ((0.05, 0.01, 0.09), [difference(-0.1, -0.2, -0.01, "size: small", 30)], Verdict.WORSE),
        ((0.05, 0.01, 0.09), [difference(-0.1, -0.2, -0.01, "size: small", 29)], Verdict.BETTER),
        ((0.05, 0.01, 0.09), [difference(-0.1, -0.2, 0.0, "size: small", 30)], Verdict.BETTER),
        ((0.05, 0.01, 0.09), [difference(-0.1, -0.2, -0.1, "all", 30, Name("brier"))], Verdict.BETTER),
        ((0.05, 0.01, 0.09), [difference(-0.1, -0.2, -0.1, "all", 30, Name(BY.metric, "red"))], Verdict.BETTER),
    ],
)
def test_the_rule(whole, others, verdict):
    judgement = judge([difference(*whole), *others], BY)
    assert judgement.verdict is verdict
    assert judgement.passes == (verdict in {Verdict.BETTER, Verdict.NO_WORSE})
    assert judgement.reasons


@pytest.mark.parametrize(("chance", "slices", "worse"), [(0.01, 1, True), (0.01, 4, False), (0.006, 4, True)])
def test_among_many_slices_one_is_worse_by_chance(chance, slices, worse):
    below = difference(-0.1, -0.2, -0.01, "size: small", chance=chance)
    others = [difference(0.1, -0.1, 0.2, f"other {number}", chance=0.9) for number in range(slices - 1)]
    judgement = judge([difference(0.1, 0.05, 0.2), below, *others], BY)
    assert judgement.verdict is (Verdict.WORSE if worse else Verdict.BETTER)


@pytest.mark.parametrize(("groups", "verdict"), [(0, Verdict.WORSE), (30, Verdict.WORSE), (29, Verdict.BETTER)])
def test_many_files_of_few_groups_are_a_small_slice(groups, verdict):
    of_few = replace(difference(-0.1, -0.2, -0.01, "size: small", 300), groups=groups)
    assert judge([difference(0.05, 0.01, 0.09), of_few], BY).verdict is verdict


def test_a_worse_slice_is_named_with_its_numbers():
    judgement = judge([difference(0, 0, 0), difference(-0.1, -0.2, -0.01, "size: small", 40)], BY)
    assert judgement.reasons == ("average precision on size: small (40 items) -0.100 (-0.200 to -0.010): worse",)


def test_what_was_not_compared_is_not_judged():
    with pytest.raises(ValueError, match="average_precision was not compared"):
        judge([difference(0, 0, 0, "size: small")], BY)


@pytest.mark.parametrize("role", Role)
def test_every_role_has_a_number_it_is_judged_by(role):
    assert headline(role).label == ""


def test_the_chance_is_that_of_resamples_in_which_the_candidate_is_not_below():
    rng = np.random.default_rng(2)
    truth = rng.random((200, 1)) < 0.5
    ours, theirs = (Verdicts(("m",), truth, rng.random((200, 1)), ((0.5, 0.5),)) for _ in range(2))
    inside = {ALL: np.ones(200, bool)}
    names = [f"{number:03}" for number in range(200)]
    one, other = (
        next(e for e in compare(*pair, names, inside) if e.name == BY) for pair in ((ours, theirs), (theirs, ours))
    )
    assert one.chance + other.chance == pytest.approx(1, abs=0.01)
    assert (one.chance < 0.5) == (one.value < 0)


def judged(sharpness, seed=1, n=400):
    """Judge a model whose signal is so strong against one of strength 1.5."""
    rng = np.random.default_rng(seed)
    truth = rng.random((n, 1)) < 0.4
    noise = rng.normal(size=(n, 1))
    models = [
        Verdicts(("marked",), truth, 1 / (1 + np.exp(-(noise + strength * (truth - 0.4)))), ((0.5, 0.5),))
        for strength in (sharpness, 1.5)
    ]
    names = [f"{number:04}" for number in range(n)]
    return judge(compare(*models, names, {ALL: np.ones(n, bool)}), BY)


def test_a_stronger_model_is_better_a_weaker_one_worse_and_the_same_no_worse():
    found = [judged(strength) for strength in (2.2, 1.5, 0.8)]
    assert [each.verdict for each in found] == [Verdict.BETTER, Verdict.NO_WORSE, Verdict.WORSE]
    assert all(isinstance(each, Judgement) for each in found)
