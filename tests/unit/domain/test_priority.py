"""Priority: what is shown adds up, more evidence never counts the wrong way, and no cap sinks a floor."""

import math
import random
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.evidence import EVIDENCE, NEVER_LOWERS, NOVEL, TOLD_BY, VIRAL
from domain.priority import HIGHEST, LEARNED, NOT_SUNK, STAYS_URGENT, Band, Bound, Factor, Lean, Policy, prioritize
from infra.policy import load_policy

SHIPPED = load_policy(None)
NAMES = sorted(EVIDENCE)
BANDS = (Band("high", 70, 1), Band("middle", 30, 24), Band("low", 0, 100))

FEW = ("escalated", "known", "minor", "new", "seen", "viral", "file.potentialMeme")
few = st.sampled_from(FEW)
evidences = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 20) | st.floats(0, 1), max_size=12)
of_few = st.dictionaries(few, st.integers(0, 5) | st.floats(0, 1))


@st.composite
def lawful(draw):
    """Draw a policy as the schema lets it be: each evidence moves a score one way in all of it."""
    raising = {name: name not in VIRAL and (name in NEVER_LOWERS or draw(st.booleans())) for name in FEW}
    up, down = ([name for name in FEW if raising[name] is way] for way in (True, False))

    def some(names, most):
        return st.lists(st.sampled_from(names), max_size=most).map(tuple) if names else st.just(())

    def bounds(names, back):
        bound = st.builds(
            Bound, st.sampled_from(["four", "five"]), st.sampled_from(names or FEW), st.floats(0, 100), some(back, 2)
        )
        return st.lists(bound, max_size=3 if names else 0).map(tuple)

    sizes = st.floats(0.1, 100)
    factors = st.lists(
        few.flatmap(
            lambda name: st.builds(
                Factor, st.sampled_from(["one", "two", "three"]), st.just(name),
                sizes.map(lambda points: points if raising[name] else -points), st.floats(0.1, 10),
            )
        ),
        max_size=6,
    ).map(tuple)  # fmt: skip
    urgent = draw(st.sampled_from([70.0, 30.0]))
    floors = draw(bounds(up, [name for name in down if name not in VIRAL]))
    return Policy("any", "0", draw(factors), floors, draw(bounds(down, up)), BANDS, urgent)


policies = lawful()


def policy(*factors, floors=(), caps=()):
    return Policy("any", "0", factors, floors, caps, BANDS)


def adds_up(priority):
    """Whether the reasons, as they are shown, sum up to the score, as it is shown: to the last digit."""
    return sum(Decimal(f"{reason.points:+g}") for reason in priority.reasons) == Decimal(f"{priority.score:g}")


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


@pytest.mark.parametrize("factor", SHIPPED.factors, ids=lambda factor: factor.evidence)
def test_more_evidence_moves_a_score_in_its_factors_direction_alone(factor):
    rng = random.Random(factor.evidence)
    for _ in range(50):
        evidence = {name: rng.choice((1, 3, rng.random())) for name in rng.sample(NAMES, rng.randrange(12))}
        more = {factor.evidence: evidence.get(factor.evidence, 0) + 3 * rng.random()}
        before, after = prioritize(evidence, SHIPPED).score, prioritize(evidence | more, SHIPPED).score
        assert after >= before if factor.points > 0 else after <= before


@given(of_few, policies, few, st.floats(0, 3))
@settings(max_examples=150)
def test_under_any_policy_that_the_schema_lets_be_more_evidence_moves_a_score_one_way(evidence, policy, name, more):
    before = prioritize(evidence, policy).score
    after = prioritize(evidence | {name: evidence.get(name, 0) + more}, policy).score
    lowers = any(factor.evidence == name and factor.points < 0 for factor in policy.factors)
    lowers |= any(cap.evidence == name for cap in policy.caps) or any(name in floor.unless for floor in policy.floors)
    assert after <= before if lowers else after >= before


@given(of_few, policies, st.sampled_from(sorted(VIRAL)))
def test_nothing_viral_lowers_what_is_novel_or_takes_what_is_urgent_out_of_it(evidence, policy, name):
    calm = {evidence: value for evidence, value in evidence.items() if evidence not in VIRAL}
    before, after = prioritize(calm, policy).score, prioritize(calm | {name: 3}, policy).score
    if any(calm.get(each, 0) for each in NOVEL):
        assert after >= before
    assert after >= min(before, policy.urgent)


@given(of_few, policies)
def test_no_cap_sinks_what_a_floor_holds_up(evidence, policy):
    holding = [round(floor.score, 1) for floor in policy.floors if floor.holds(evidence)]
    assert prioritize(evidence, policy).score >= max(holding, default=0)


@given(of_few, policies)
def test_a_cap_holds_where_no_floor_does(evidence, policy):
    assume(not any(floor.holds(evidence) for floor in policy.floors))
    holding = [round(cap.score, 1) for cap in policy.caps if cap.holds(evidence) and cap.evidence not in VIRAL]
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
        Factor("files", "known", 50), caps=(Bound("flood", "viral", 20),), floors=(Bound("now", "escalated", 30),)
    )
    only_capped = prioritize({"known": 1, "viral": 1}, capped)
    assert (only_capped.score, [(one.name, one.points) for one in only_capped.reasons]) == (
        20,
        [("files", 50), ("flood", -30)],
    )
    both = prioritize({"known": 1, "viral": 1, "escalated": 1}, capped)
    assert (both.score, both.reasons[-1].name, both.reasons[-1].points) == (30, "now", 10)


@pytest.mark.parametrize(("unless", "score"), [((), 20), (("located",), 50), (("victims",), 20)])
def test_a_cap_does_not_hold_where_its_exception_does(unless, score):
    capped = policy(Factor("files", "known", 50), caps=(Bound("flood", "viral", 20, unless),))
    assert prioritize({"known": 1, "viral": 1, "located": 1}, capped).score == score


def test_a_bound_between_tenths_still_adds_up():
    capped = policy(Factor("files", "known", 50.1), caps=(Bound("flood", "viral", 29.95),))
    assert adds_up(prioritize({"known": 1, "viral": 1}, capped))


def test_a_flood_counts_for_what_is_seen_and_for_nothing_new():
    flood = policy(Factor("known", "known", 50), Factor("viral", "viral", -15), caps=(Bound("flood", "viral", 20),))
    assert prioritize({"known": 1, "viral": 1}, flood).score == 20
    assert prioritize({"known": 1, "viral": 1, "new_face": 1}, flood).score == 50


def test_what_is_urgent_is_lowered_to_the_edge_of_it_at_most_and_that_is_a_reason():
    urgent = replace(policy(Factor("known", "known", 68), Factor("viral", "viral", -15)), urgent=60.0)
    held = prioritize({"known": 1, "viral": 1}, urgent)
    assert (held.score, held.reasons[-1].name, held.reasons[-1].points) == (60, STAYS_URGENT, 7)
    assert adds_up(held)
    assert prioritize({"known": 0.87, "viral": 1}, urgent).score == pytest.approx(44.2)


@pytest.mark.parametrize("name", ["file.generativeAi", "minor"])
@given(evidence=evidences)
def test_a_picture_said_to_be_generated_and_an_age_that_a_model_tells_never_lower(name, evidence):
    assert prioritize(evidence | {name: 1}, SHIPPED).score >= prioritize(evidence | {name: 0}, SHIPPED).score


opens = st.dictionaries(st.sampled_from(sorted(TOLD_BY)), st.tuples(st.floats(0, 1), st.floats(1, 5)))


@given(evidences, opens)
def test_a_score_lies_between_what_it_would_be_with_nothing_and_all_of_what_is_open(evidence, left_open):
    told = evidence | {name: ends[0] for name, ends in left_open.items()}
    priority = prioritize(told, SHIPPED, left_open)
    assert priority.score == prioritize(told, SHIPPED).score
    if priority.between:
        least, most = priority.between
        assert least <= priority.score <= most
        assert least < most
        assert set(priority.open) <= set(left_open)
    else:
        assert prioritize(told | {name: ends[1] for name, ends in left_open.items()}, SHIPPED).score == priority.score


def test_what_moves_a_score_only_together_is_told():
    ours = policy(Factor("Seen", "seen", -20), Factor("Sought", "sought", 15), Factor("Clue", "clue", 15))
    found = prioritize({"seen": 1}, ours, {"clue": (0, 1), "sought": (0, 1)})
    assert (found.score, found.open, found.between) == (0, ("clue", "sought"), (0, 10))


def test_what_is_open_and_counts_for_nothing_is_not_told():
    scored = policy(Factor("sought", "sought", 20))
    told = prioritize({"sought": 0.5}, scored, {"sought": (0.0, 1.0), "faces": (0.0, 10.0)})
    assert (told.score, told.between, told.open) == (10, (0, 20), ("sought",))
    assert prioritize({}, scored, {"faces": (0.0, 10.0)}).between is None


def test_every_factor_of_the_shipped_policy_states_a_direction_that_its_evidence_may_have():
    assert {factor.evidence for factor in SHIPPED.factors if factor.points < 0} == {"viral", "seen", "report.spam"}


leans = st.builds(Lean, st.floats(5, 100), st.floats(5, 100))
something = st.dictionaries(few, st.integers(1, 5), min_size=1)


def rising(seed):
    """Give a ranker that every evidence moves the way the policies let it, if it moves it at all."""
    rng = random.Random(seed)
    weights = {name: rng.random() for name in NAMES if name not in VIRAL}
    start = rng.uniform(-9, 1)

    def ranker(evidence):
        return 1 / (1 + math.exp(-(start + sum(weights.get(name, 0) * value for name, value in evidence.items()))))

    return ranker


@given(something, policies, leans, st.sampled_from([0.0, 0.3, 1.0]))
@settings(max_examples=300)
def test_no_ranker_takes_a_score_below_a_floor_over_a_cap_or_out_of_what_is_urgent(evidence, policy, lean, said):
    policy = replace(policy, ranker=lean)
    alone, leaned = prioritize(evidence, policy), prioritize(evidence, policy, ranker=lambda _: said)
    assert adds_up(leaned)
    assert 0 <= leaned.score <= HIGHEST
    floors = [floor.score for floor in policy.floors if floor.holds(evidence)]
    assert leaned.score >= max(floors, default=0) - 0.05
    caps = [cap.score for cap in policy.caps if cap.holds(evidence) and cap.evidence not in VIRAL]
    assert leaned.score <= max([min(caps, default=HIGHEST), *floors]) + 0.05
    if alone.score >= policy.urgent:
        assert leaned.score >= policy.urgent
    points = [reason.points for reason in leaned.reasons if reason.name == LEARNED]
    assert all(abs(each) <= lean.most + 0.05 for each in points)


def test_a_ranker_that_says_nothing_good_leaves_what_is_urgent_and_what_a_floor_holds():
    leaning = replace(policy(Factor("one", "known", 80)), urgent=70.0, ranker=Lean(100, 100))
    sunk = prioritize({"known": 1}, leaning, ranker=lambda _: 0.0)
    assert [(one.name, one.points) for one in sunk.reasons] == [
        (LEARNED, -100), ("one", 80), ("No score is under 0", 20), (NOT_SUNK, 70),
    ]  # fmt: skip
    held = replace(leaning, urgent=90.0, floors=(Bound("held", "known", 65),))
    assert prioritize({"known": 1}, replace(held, floors=()), ranker=lambda _: 0.0).score == 0
    assert prioritize({"known": 1}, held, ranker=lambda _: 0.0).score == 65


@given(something, policies, leans, st.integers(0, 99), few, st.floats(0, 3))
def test_with_a_ranker_too_more_evidence_never_lowers_what_it_raises(evidence, policy, lean, seed, name, more):
    policy, ranker = replace(policy, ranker=lean), rising(seed)
    lowers = any(factor.evidence == name and factor.points < 0 for factor in policy.factors)
    lowers |= any(cap.evidence == name for cap in policy.caps) or any(name in floor.unless for floor in policy.floors)
    if not lowers and name not in VIRAL:
        before = prioritize(evidence, policy, ranker=ranker).score
        after = prioritize(evidence | {name: evidence.get(name, 0) + more}, policy, ranker=ranker).score
        assert after >= before


def test_a_ranker_counts_as_far_as_the_policy_lets_it_and_not_unless_it_does():
    leaning = replace(SHIPPED, ranker=Lean(20, 8))
    assert prioritize({"new": 1}, SHIPPED, ranker=lambda _: 1.0) == prioritize({"new": 1}, SHIPPED)
    assert prioritize({"new": 1}, leaning) == prioritize({"new": 1}, SHIPPED)
    scores = [prioritize({"new": 1}, leaning, ranker=lambda _, s=said: s).score for said in (0.0, 0.5, 0.6, 1.0)]
    alone = prioritize({"new": 1}, SHIPPED).score
    assert scores == [0, alone, alone + 4, alone + 8]
    unsure = prioritize({}, leaning, {"sought": (0, 1)}, ranker=lambda evidence: evidence.get("sought", 0))
    assert unsure.between == (0, 28)
