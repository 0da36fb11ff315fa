"""A candidate is judged by one rule, and the verdict says what it rests on."""

import numpy as np
import pytest

from domain.model import Role
from models.evaluation.judging import Judgement, Verdict, headline, judge
from models.evaluation.resampling import ALL, Estimate, Name, compare
from models.evaluation.verdicts import Verdicts

BY = Name("average_precision")


def difference(value, low, high, where=ALL, n=100, name=BY):
    return Estimate(name, where, n, value, low, high)


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


def test_a_worse_slice_is_named_with_its_numbers():
    judgement = judge([difference(0, 0, 0), difference(-0.1, -0.2, -0.01, "size: small", 40)], BY)
    assert judgement.reasons == ("average precision on size: small (40 items) -0.100 (-0.200 to -0.010): worse",)


def test_what_was_not_compared_is_not_judged():
    with pytest.raises(ValueError, match="average_precision was not compared"):
        judge([difference(0, 0, 0, "size: small")], BY)


@pytest.mark.parametrize("role", Role)
def test_every_role_has_a_number_it_is_judged_by(role):
    assert headline(role).label == ""


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
