"""Priority: evidence in, a score with its reasons out; what counts for how much is a policy's business."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import MappingProxyType

from domain.evidence import NOVEL, VIRAL, Evidence, Open
from domain.model import OF_FILES, Role

HIGHEST = 100.0
"""Scores run from 0 to this."""

STAYS_URGENT = "What is urgent stays so, viral or not"
LEARNED = "The learned ranker"
NOT_SUNK = "What is urgent stays so, whatever the ranker says"

Ranker = Callable[[Evidence], float]
"""What a learned ranker says of a report: 0-1, the higher the likelier it helps."""

NOTHING_OPEN: Open = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Factor:
    """Adds `points` for each unit of one evidence, up to `at_most` units; it raises, or lowers where they are below 0.

    More evidence moves a score in this direction alone.
    """

    name: str
    evidence: str
    points: float
    at_most: float = 1.0

    def units(self, evidence: Evidence) -> float:
        """Give the units of its evidence that count."""
        return min(evidence.get(self.evidence, 0), self.at_most)


@dataclass(frozen=True, slots=True)
class Bound:
    """A floor or a cap: holds where `evidence` is there, and nothing of `unless` is."""

    name: str
    evidence: str
    score: float
    unless: tuple[str, ...] = ()

    def holds(self, evidence: Evidence) -> bool:
        """Whether this bound applies to a report."""
        return evidence.get(self.evidence, 0) > 0 and not any(evidence.get(name, 0) > 0 for name in self.unless)


@dataclass(frozen=True, slots=True)
class Lean:
    """How far a learned ranker moves a score: by `weight` at its 1, as far down at its 0, by `most` at most."""

    weight: float
    most: float

    def points(self, said: float) -> float:
        """Turn what a ranker says, 0-1, into points with their sign."""
        return max(-self.most, min(self.most, self.weight * (2 * said - 1)))


@dataclass(frozen=True, slots=True)
class Band:
    """Scores from `least` on, and the hours within which somebody looks."""

    name: str
    least: float
    respond_within_hours: float


@dataclass(frozen=True, slots=True)
class Policy:
    """What counts for how much. `version` is a digest of the policy file.

    Attributes:
        urgent: the score from which on a report is urgent; what is viral is not lowered below it.
        skip_settled: roles whose models do not look at files that a list settles.
        recent_days: days for which a scene or a face is new, and grows.
        kept_days: days, from receipt, for which reporters keep what they reported.
        expiring_days: days before the end of these in which it presses.
        ranker: how far the champion among the rankers counts; None where it does not.
        text: the file, byte for byte.
    """

    name: str
    version: str
    factors: tuple[Factor, ...]
    floors: tuple[Bound, ...]
    caps: tuple[Bound, ...]
    bands: tuple[Band, ...]
    urgent: float = HIGHEST
    clues: frozenset[str] = frozenset()
    minors: frozenset[str] = frozenset()
    sought: frozenset[str] = frozenset()
    skip_settled: frozenset[Role] = frozenset(OF_FILES)
    recent_days: int = 30
    kept_days: int = 365
    expiring_days: int = 14
    ranker: Lean | None = None
    text: bytes = field(default=b"", repr=False)

    def band(self, score: float) -> Band:
        """Give the band of a score; bands run from the highest to one that starts at 0."""
        return next(band for band in self.bands if score >= band.least)

    def within(self, band: str) -> float:
        """Give the hours within which somebody looks at what stands in this band."""
        return next(each.respond_within_hours for each in self.bands if each.name == band)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a score is what it is: what counted, and the points it gave or took."""

    name: str
    points: float


@dataclass(frozen=True, slots=True)
class Priority:
    """A score 0-100, its band, and reasons in order of weight that sum up to it.

    Attributes:
        open: evidence that models left open, as far as the score depends on it.
        between: the scores that it could be, were that nothing or all; None where nothing of it is open.
    """

    score: float
    band: str
    reasons: tuple[Reason, ...]
    open: tuple[str, ...] = ()
    between: tuple[float, float] | None = None


def prioritize(
    evidence: Evidence, policy: Policy, left_open: Open = NOTHING_OPEN, ranker: Ranker | None = None
) -> Priority:
    """Score one report.

    Caps hold before floors, so that no cap sinks what a floor holds up. What is viral lowers a score last of all
    factors, never that of a report with anything novel, and never below what is urgent. A learned ranker counts as far
    as the policy lets it, before caps and floors; it takes nothing below what is urgent that is without it.
    """
    score, reasons = _scored(evidence, policy, ranker)
    alone = {name: {name: ends} for name, ends in sorted(left_open.items())}
    moving = tuple(name for name, one in alone.items() if len(_ends(evidence, policy, one, ranker)) > 1)
    ends = _ends(evidence, policy, left_open, ranker)
    between = (ends[0], ends[-1]) if len(ends) > 1 else None
    if between and not moving:  # each is too little by itself, and together they are not
        moving = tuple(alone)
    return Priority(score, policy.band(score).name, tuple(reasons), moving, between)


def units(evidence: Evidence, policy: Policy) -> tuple[float, ...]:
    """Give how many units of each factor count for a report, in the policy's order, before its score is bounded."""
    novel = is_novel(evidence)
    return tuple(0.0 if novel and each.evidence in VIRAL else each.units(evidence) for each in policy.factors)


def is_novel(evidence: Evidence) -> bool:
    """Whether a report has anything that was never seen, so that what is viral of it counts for nothing."""
    return any(evidence.get(name, 0) > 0 for name in NOVEL)


def flat(evidence: Evidence, policy: Policy) -> int:
    """Score a report as if every factor counted the same: those that raise less those that lower, and no bounds."""
    return sum(1 if factor.points > 0 else -1 for factor in policy.factors if evidence.get(factor.evidence, 0) > 0)


def _ends(evidence: Evidence, policy: Policy, left_open: Open, ranker: Ranker | None) -> list[float]:
    """Give the scores, in order, were what is left open the least, and the most, that it can be; one if they agree."""
    least, most = ({name: ends[end] for name, ends in left_open.items()} for end in (0, 1))
    return sorted({_scored({**evidence, **each}, policy, ranker)[0] for each in (least, most)}) if left_open else []


def _scored(evidence: Evidence, policy: Policy, ranker: Ranker | None) -> tuple[float, list[Reason]]:
    """Give a score, and the reasons that sum up to it: first what counted, by weight, then what bounded it."""
    novel = is_novel(evidence)
    plain = _counted(evidence, (factor for factor in policy.factors if factor.evidence not in VIRAL))
    viral = _counted(evidence, (each for each in policy.factors if each.evidence in VIRAL)) if not novel else []
    learned = _learned(evidence, policy, ranker)
    reasons = sorted(plain + viral + learned, key=lambda reason: (-abs(reason.points), reason.name))
    caps = [cap for cap in policy.caps if cap.holds(evidence) and not (novel and cap.evidence in VIRAL)]
    before = _within(reasons, _sum(plain + learned))
    before = _capped(reasons, before, (cap for cap in caps if cap.evidence not in VIRAL))
    without = _capped([], _within([], _sum(plain)), (cap for cap in caps if cap.evidence not in VIRAL))
    if without >= policy.urgent:
        before = _bounded(reasons, NOT_SUNK, before, max(before, policy.urgent))
    score = _within(reasons, _tenths(before + _sum(viral)))
    score = _capped(reasons, score, (cap for cap in caps if cap.evidence in VIRAL))
    if before >= policy.urgent:
        score = _bounded(reasons, STAYS_URGENT, score, max(score, policy.urgent))
    for floor in policy.floors:
        if floor.holds(evidence):
            score = _bounded(reasons, floor.name, score, max(score, floor.score))
    return score, reasons


def _counted(evidence: Evidence, factors: Iterable[Factor]) -> list[Reason]:
    """Give what counts, where it gives or takes a tenth of a point at least."""
    counted = [Reason(factor.name, _tenths(factor.points * factor.units(evidence))) for factor in factors]
    return [reason for reason in counted if reason.points]


def _learned(evidence: Evidence, policy: Policy, ranker: Ranker | None) -> list[Reason]:
    """Give what a ranker adds or takes, if the policy lets it count."""
    points = _tenths(policy.ranker.points(ranker(evidence))) if ranker and policy.ranker else 0.0
    return [Reason(LEARNED, points)] if points else []


def _within(reasons: list[Reason], score: float) -> float:
    """Bring a score into 0-100."""
    score = _bounded(reasons, "No score is over 100", score, min(score, HIGHEST))
    return _bounded(reasons, "No score is under 0", score, max(score, 0.0))


def _capped(reasons: list[Reason], score: float, caps: Iterable[Bound]) -> float:
    for cap in caps:
        score = _bounded(reasons, cap.name, score, min(score, cap.score))
    return score


def _bounded(reasons: list[Reason], name: str, score: float, bounded: float) -> float:
    """Note why a score was moved, if it was."""
    bounded = _tenths(bounded)
    if bounded != score:
        reasons.append(Reason(name, _tenths(bounded - score)))
    return bounded


def _sum(reasons: Iterable[Reason]) -> float:
    return _tenths(sum(reason.points for reason in reasons))


def _tenths(points: float) -> float:
    """Round to tenths of a point, so that what is shown adds up."""
    return round(points, 1)
