"""Rankers: held to their contract, refused where more of a factor moves a report the wrong way; the trainer's own."""

import json

import numpy as np
import onnx
import pytest

from domain.errors import UnusableModel
from models.checking.folder import check
from models.checking.rankers import DIRECTION, NUMBERS
from models.contract import CONTRACT, NETWORK
from models.rankers import Scorer, load_any
from models.reference import ranker


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return ranker.build(tmp_path_factory.mktemp("models") / "ranker")


@pytest.fixture
def folder(reference, tmp_path):
    for file in reference.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def changed(folder, **said):
    told = json.loads((folder / CONTRACT).read_text()) | said
    (folder / CONTRACT).write_text(json.dumps(told))
    return folder


def network(folder, weights, intercept=0.0):
    (folder / NETWORK).write_bytes(ranker.written(np.asarray(weights), intercept).SerializeToString())
    return folder


def bad(folder):
    return {each.what: each for each in check(folder) if not each.ok}


def test_the_reference_is_good_and_the_same_each_time(reference, tmp_path):
    assert not bad(reference)
    again = ranker.build(tmp_path / "again")
    assert (again / NETWORK).read_bytes() == (reference / NETWORK).read_bytes()


def test_the_trainer_recovers_what_outcomes_were_drawn_by_and_keeps_each_direction():
    weights, intercept = ranker.taught(*ranker.drawn(), ranker.contract().factors)
    assert np.abs(weights - np.array(list(ranker.DRAWN.values()))).max() < 0.35
    assert intercept == pytest.approx(-1.2, abs=0.3)
    units, helped = ranker.drawn()
    turned = dict.fromkeys(ranker.DRAWN, "lowers")
    weights, _ = ranker.taught(units, helped, turned)
    assert (weights <= 0).all()
    assert weights[0] == 0


def test_a_score_is_that_of_the_formula_and_does_not_depend_on_company(reference):
    scorer = Scorer(reference)
    weights, intercept = ranker.taught(*ranker.drawn(), ranker.contract().factors)
    evidence = {"escalated": 1.0, "identifiers": 3.0, "viral": 9.0}
    odds = weights[0] + 3 * weights[list(ranker.DRAWN).index("identifiers")] + intercept
    assert scorer(evidence) == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-5)
    assert scorer.scores(scorer.vectors([{}, evidence]))[1] == pytest.approx(scorer(evidence), abs=1e-6)


@pytest.mark.parametrize("place", range(len(ranker.DRAWN)))
def test_a_ranker_that_a_factor_moves_the_wrong_way_is_refused(folder, place):
    weights = np.array(list(ranker.DRAWN.values()))
    weights[place] *= -0.01
    found = bad(network(folder, weights))
    assert list(found) == [DIRECTION]
    assert list(ranker.DRAWN)[place] in found[DIRECTION].detail


def test_numbers_outside_of_0_and_1_and_none_at_all_are_refused(folder):
    assert NUMBERS in bad(network(folder, np.full(len(ranker.DRAWN), np.nan)))
    graph = onnx.load(folder / NETWORK)
    graph.graph.node[1].op_type = "Relu"
    (folder / NETWORK).write_bytes(graph.SerializeToString())
    assert NUMBERS in bad(folder)


@pytest.mark.parametrize(
    ("factors", "told"),
    [
        ({"escalates": "raises"}, "no evidence is named escalates"),
        ({"viral": "lowers"}, "viral is for the policy alone"),
        ({"minor": "lowers"}, "minor may lift a score and never lower one"),
        ({"escalated": "moves"}, "raises"),
        ({}, "at least 1"),
    ],
)
def test_a_contract_says_what_a_ranker_may_weigh(folder, factors, told):
    with pytest.raises(UnusableModel, match=told):
        load_any(changed(folder, factors=factors))


def test_a_graph_of_another_width_or_another_name_is_refused(folder):
    with pytest.raises(UnusableModel, match="11 columns for 1 factors"):
        Scorer(changed(folder, factors={"escalated": "raises"}))
    with pytest.raises(UnusableModel, match="input is evidence"):
        Scorer(changed(folder, factors=dict(load_any(folder).factors), input="told"))
