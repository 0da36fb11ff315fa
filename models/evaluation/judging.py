"""The gate: whether a candidate may take the champion's place, from their comparison over one set."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.model import Role
from models.evaluation.resampling import ALL, Estimate, Name

LEAST = 30
"""Groups of a slice that is judged; fewer say too little, however many items they have.

Intervals from few groups are too narrow (Cameron, Gelbach and Miller, "Bootstrap-based improvements for inference with
clustered errors", 2008).
"""

MISTAKEN = 0.025
"""Chance at which a candidate no worse than the champion is called worse by any of the slices (Bonferroni)."""


class Verdict(StrEnum):
    """How a candidate stands to the champion; what follows the second needs a reason in words."""

    BETTER = "better"
    NO_WORSE = "no worse"
    NOT_SHOWN = "not shown to be as good"
    WORSE = "worse"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, the number it is of, and in words what it rests on."""

    verdict: Verdict
    by: Name
    reasons: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether the candidate may be promoted without a reason in words."""
        return self.verdict in {Verdict.BETTER, Verdict.NO_WORSE}


def headline(role: Role) -> Name:
    """Name the number by which a role's models are judged; of each more is better."""
    return Name(_HEADLINES[role.value.partition("-")[0]])


_HEADLINES = {
    "classifier": "average_precision",
    "tagger": "average_precision",
    "detector": "count_right",
    "embedder": "verification_auc",
    "attributes": "accuracy",
    "ranker": "auc",
}


def enough(each: Estimate) -> bool:
    """Tell whether a number is judged: of the whole set, or of a slice of at least 30 groups."""
    return each.slice == ALL or (each.groups or each.n) >= LEAST


def below(differences: Sequence[Estimate], by: Name) -> list[Estimate]:
    """Give one number's differences that are below 0 by more than chance.

    That of the whole set is if its interval lies wholly below 0. That of a slice of at least 30 groups is if its
    interval does, and so surely that among as many slices one does by chance in 1 of 40 comparisons.
    """
    ours = [each for each in differences if each.name == by and enough(each)]
    surely = MISTAKEN / max(1, sum(each.slice != ALL for each in ours))
    return [each for each in ours if each.high < 0 and (each.slice == ALL or each.chance <= surely)]


def judge(differences: Sequence[Estimate], by: Name) -> Judgement:
    """Judge a candidate by one number's differences, candidate less champion, on the whole set and its slices.

    It is worse if it is `below`, on the whole set or on any slice. Else it is not shown to be as good if the whole
    set's difference is below 0, or not defined; else better if the whole set's interval lies wholly above 0; else no
    worse.

    Raises:
        ValueError: the differences have no such number on the whole set.
    """
    whole = next((each for each in differences if each.name == by and each.slice == ALL), None)
    if whole is None:
        raise ValueError(f"{by.metric} was not compared on the whole set")
    worse = below(differences, by)
    if worse:
        return Judgement(Verdict.WORSE, by, tuple(f"{_said(each)}: worse" for each in worse))
    if math.isnan(whole.value):
        return Judgement(Verdict.NOT_SHOWN, by, (f"{_plain(by)} is not defined on this set",))
    if whole.value < 0:
        return Judgement(Verdict.NOT_SHOWN, by, (f"{_said(whole)}: lower, but that may be chance",))
    verdict = Verdict.BETTER if whole.low > 0 else Verdict.NO_WORSE
    return Judgement(verdict, by, (_said(whole),))


def _said(each: Estimate) -> str:
    where = "the whole set" if each.slice == ALL else each.slice
    return f"{_plain(each.name)} on {where} ({each.n} items) {each.value:+.3f} ({each.low:+.3f} to {each.high:+.3f})"


def _plain(name: Name) -> str:
    return name.metric.replace("_", " ")
