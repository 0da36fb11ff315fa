"""Priority: evidence in, a score with its reasons out; what counts for how much is a policy's business."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.model import Role
from domain.report import Classification, FileAnnotation, Identifier, IncidentType, ReportAnnotation

HIGHEST = 100.0
"""Scores run from 0 to this."""

EVIDENCE: Mapping[str, str] = {
    "escalated": "the reporter escalated the report (1 or 0)",
    **{f"incident.{kind.name.lower()}": f"the incident's type is “{kind}” (1 or 0)" for kind in IncidentType},
    **{f"report.{flag}": f"the reporter's flag “{flag}” on the report (1 or 0)" for flag in ReportAnnotation},
    **{f"file.{flag}": f"files with the reporter's flag “{flag}”" for flag in FileAnnotation},
    **{f"class.{code}": f"files that the reporter classified {code}" for code in Classification},
    "known": "pictures and videos that stand on a known list, copies of one another counted once",
    **{f"known.{code}": f"of these, such that a list calls {code}" for code in Classification},
    "new": "pictures and videos that neither a list nor an earlier report knows, not even as a near-duplicate",
    "seen": "pictures and videos that an earlier report brought, or a near-duplicate of them",
    "unseen_fault": "files that nobody could look at: missing, broken or quarantined",
    "reporters": "other reporters that sent a file of this report, or a near-duplicate of one",
    "located": "a country of the suspect or the victim is known (1 or 0)",
    "identifiers": f"kinds of identifiers there, of {', '.join(Identifier)}",
    "clue": "highest probability, 0-1, of a label that the policy lists as a clue to a place",
    "sought": "highest calibrated probability, 0-1, of a label that the policy lists as sought, unless the classifier "
    "says no",
    "minor": "highest probability, 0-1, that a face is of an age group that the policy lists as one of minors",
    "viral": "the report is batched, or a file is flagged viral or a potential meme (1 or 0)",
}
"""Everything a policy can weigh, by name; all of it is at least 0, and 0 where nothing is known."""

NEVER_LOWERS = frozenset({"minor"})
"""Evidence that may lift a score and never lower one: models of age err, and most on children's faces."""

Evidence = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Factor:
    """Adds `points` for each unit of one evidence, up to `at_most` units."""

    name: str
    evidence: str
    points: float
    at_most: float = 1.0


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
class Band:
    """Scores from `least` on, and the hours within which somebody looks."""

    name: str
    least: float
    respond_within_hours: float


@dataclass(frozen=True, slots=True)
class Policy:
    """What counts for how much. `version` is a digest of the policy file.

    `skip_settled` are the roles whose models do not look at files that a list settles.
    """

    name: str
    version: str
    factors: tuple[Factor, ...]
    floors: tuple[Bound, ...]
    caps: tuple[Bound, ...]
    bands: tuple[Band, ...]
    clues: frozenset[str] = frozenset()
    minors: frozenset[str] = frozenset()
    sought: frozenset[str] = frozenset()
    skip_settled: frozenset[Role] = frozenset(Role)

    def band(self, score: float) -> Band:
        """Give the band of a score; bands run from the highest to one that starts at 0."""
        return next(band for band in self.bands if score >= band.least)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a score is what it is: what counted, and the points it gave or took."""

    name: str
    points: float


@dataclass(frozen=True, slots=True)
class Priority:
    """A score 0-100, its band, and reasons in order of weight that sum up to it."""

    score: float
    band: str
    reasons: tuple[Reason, ...]


def prioritize(evidence: Evidence, policy: Policy) -> Priority:
    """Score one report. Caps hold before floors, so that no cap sinks what a floor holds up."""
    reasons = [
        Reason(factor.name, points)
        for factor in policy.factors
        if (points := _tenths(factor.points * min(evidence.get(factor.evidence, 0), factor.at_most)))
    ]
    reasons.sort(key=lambda reason: (-abs(reason.points), reason.name))
    score = _sum(reasons)
    score = _bounded(reasons, "No score is over 100", score, min(score, HIGHEST))
    score = _bounded(reasons, "No score is under 0", score, max(score, 0.0))
    for cap in policy.caps:
        if cap.holds(evidence):
            score = _bounded(reasons, cap.name, score, min(score, cap.score))
    for floor in policy.floors:
        if floor.holds(evidence):
            score = _bounded(reasons, floor.name, score, max(score, floor.score))
    return Priority(score, policy.band(score).name, tuple(reasons))


def _bounded(reasons: list[Reason], name: str, score: float, bounded: float) -> float:
    """Note why a score was moved, if it was."""
    bounded = _tenths(bounded)
    if bounded != score:
        reasons.append(Reason(name, _tenths(bounded - score)))
    return bounded


def _sum(reasons: list[Reason]) -> float:
    return _tenths(sum(reason.points for reason in reasons))


def _tenths(points: float) -> float:
    """Round to tenths of a point, so that what is shown adds up."""
    return round(points, 1)
