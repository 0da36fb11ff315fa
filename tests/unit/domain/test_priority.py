"""Priority: what is shown adds up, more evidence never counts the wrong way, and no cap sinks a floor."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.priority import EVIDENCE, HIGHEST, Band, Bound, Factor, Policy, prioritize
from infra.policy import load_policy

SHIPPED = load_policy(None)
NAMES = sorted(EVIDENCE)
BANDS = (Band("high", 70, 1), Band("middle", 30, 24), Band("low", 0, 100))

few = st.sampled_from(NAMES[:6])
evidences = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 20) | st.floats(0, 1), max_size=12)
of_few = st.dictionaries(few, st.integers(0, 5) | st.floats(0, 1))
factors = st.builds(
    Factor, name=st.sampled_from(["one", "two", "three"]), evidence=few, points=st.floats(-100, 100),
    at_most=st.floats(0.1, 10),
)  # fmt: skip
bounds = st.builds(
    Bound, name=st.sampled_from(["four", "five"]), evidence=few, score=st.floats(0, 100),
    unless=st.lists(few, max_size=2).map(tuple),
)  # fmt: skip
policies = st.builds(
    Policy, name=st.just("any"), version=st.just("0"), factors=st.lists(factors, max_size=6).map(tuple),
    floors=st.lists(bounds, max_size=3).map(tuple), caps=st.lists(bounds, max_size=3).map(tuple), bands=st.just(BANDS),
)  # fmt: skip


def policy(*factors, floors=(), caps=()):
    return Policy("any", "0", factors, floors, caps, BANDS)


def adds_up(priority):
    return round(sum(reason.points for reason in priority.reasons), 1) == priority.score


@given(of_few, policies)
def test_the_reasons_of_a_score_sum_up_to_it_under_any_policy(evidence, policy):
    priority = prioritize(evidence, policy)
    assert adds_up(priority)
    assert 0 <= priority.score <= HIGHEST
    assert all(reason.points for reason in priority.reasons)


@given(evidences)
def test_the_reasons_of_a_score_sum_up_to_it_under_the_shipped_policy(evidence):
    priority = prioritize(evidence, SHIPPED)
    assert adds_up(priority)
    assert 0 <= priority.score <= HIGHEST


@given(evidences, st.sampled_from(SHIPPED.factors), st.floats(0, 3))
def test_more_evidence_moves_a_score_in_its_factors_direction_alone(evidence, factor, more):
    before = prioritize(evidence, SHIPPED).score
    after = prioritize(evidence | {factor.evidence: evidence.get(factor.evidence, 0) + more}, SHIPPED).score
    assert after >= before if factor.points > 0 else after <= before


@given(of_few, policies)
def test_no_cap_sinks_what_a_floor_holds_up(evidence, policy):
    holding = [round(floor.score, 1) for floor in policy.floors if floor.holds(evidence)]
    assert prioritize(evidence, policy).score >= max(holding, default=0)


@given(of_few, policies)
def test_a_cap_holds_where_no_floor_does(evidence, policy):
    assume(not any(floor.holds(evidence) for floor in policy.floors))
    holding = [round(cap.score, 1) for cap in policy.caps if cap.holds(evidence)]
    assert prioritize(evidence, policy).score <= min(holding, default=HIGHEST)


@given(evidences)
def test_every_score_has_its_band(evidence):
    priority = prioritize(evidence, SHIPPED)
    expected = next(band.name for band in SHIPPED.bands if priority.score >= band.least)
    assert priority.band == expected


@given(st.integers(0, 1000))
def test_the_bands_cover_every_score(tenths):
    assert SHIPPED.band(tenths / 10) in SHIPPED.bands


@given(evidences, st.randoms())
def test_the_same_evidence_gives_the_same_priority_in_any_order(evidence, random):
    shuffled = dict(random.sample(sorted(evidence.items()), len(evidence)))
    assert prioritize(shuffled, SHIPPED) == prioritize(evidence, SHIPPED)


@given(evidences)
def test_zeros_and_silence_are_the_same(evidence):
    assert prioritize(dict.fromkeys(NAMES, 0) | evidence, SHIPPED) == prioritize(evidence, SHIPPED)


def test_a_factor_counts_each_unit_up_to_its_bound():
    scored = policy(Factor("files", "new", 6, at_most=3))
    assert [prioritize({"new": units}, scored).score for units in (0, 1, 2, 3, 9)] == [0, 6, 12, 18, 18]


def test_reasons_stand_in_order_of_their_weight():
    scored = policy(Factor("b", "new", 5), Factor("a", "known", 5), Factor("c", "located", 20), Factor("d", "seen", -9))
    reasons = prioritize(dict.fromkeys(("new", "known", "located", "seen"), 1), scored).reasons
    assert [reason.name for reason in reasons] == ["c", "d", "a", "b"]


def test_a_floor_and_a_cap_are_reasons_too():
    capped = policy(
        Factor("files", "new", 50), caps=(Bound("flood", "viral", 20),), floors=(Bound("now", "escalated", 30),)
    )
    only_capped = prioritize({"new": 1, "viral": 1}, capped)
    assert (only_capped.score, [(one.name, one.points) for one in only_capped.reasons]) == (
        20,
        [("files", 50), ("flood", -30)],
    )
    both = prioritize({"new": 1, "viral": 1, "escalated": 1}, capped)
    assert (both.score, both.reasons[-1].name, both.reasons[-1].points) == (30, "now", 10)


@pytest.mark.parametrize(("unless", "score"), [((), 20), (("located",), 50), (("known",), 20)])
def test_a_cap_does_not_hold_where_its_exception_does(unless, score):
    capped = policy(Factor("files", "new", 50), caps=(Bound("flood", "viral", 20, unless),))
    assert prioritize({"new": 1, "viral": 1, "located": 1}, capped).score == score


def test_a_bound_between_tenths_still_adds_up():
    capped = policy(Factor("files", "new", 50.1), caps=(Bound("flood", "viral", 29.95),))
    assert adds_up(prioritize({"new": 1, "viral": 1}, capped))
