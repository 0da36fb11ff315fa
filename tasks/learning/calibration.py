"""Calibration: how often reports helped, by the band and score that a policy gives them, and what factors are worth.

Every report is weighed as of today, as in a backtest; what became of it is what the ledger has by now.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from domain.errors import InvalidSettings
from domain.priority import Policy, Ranker, prioritize, units
from domain.referral import helped
from infra.ledger import desk, rankers
from infra.ledger.engine import reading
from infra.ledger.facts import FileFacts, ReportFacts
from infra.world import world
from models.evaluation.curves import Ranking, area
from models.evaluation.resampling import interval, resamples
from models.weights import Weight, learned
from tasks.rankers import at_work
from tasks.ranking import known_facts, weighed

FEW = 20
"""Reports of a share, of either outcome, or that differ in a factor from most, below which nothing is said."""

TENTH = 10
"""Points of a score that are told together."""

Truth = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a report, None where that is open, and what a policy says of it.

    Attributes:
        units: of each factor of the policy that count.
        actionable: it was referred to anybody as actionable; False where as informational alone.
        helped: as `domain.referral.helped`.
        report: its surrogate id.
    """

    score: float
    band: str
    units: tuple[float, ...]
    actionable: bool | None = None
    helped: bool | None = None
    report: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """How many reports of some had the outcome, with Wilson's 95 % interval of the share; NaN where there are none."""

    what: str
    reports: int
    good: int
    low: float
    high: float

    @property
    def few(self) -> bool:
        """Whether there are too few to say anything."""
        return self.reports < FEW


@dataclass(frozen=True, slots=True)
class Factored:
    """One factor of the policy: the points it gives for a unit, how reports fare with it and without.

    Attributes:
        weight: what outcomes say it is worth; None where there are too few.
    """

    name: str
    evidence: str
    points: float
    having: Share
    without: Share
    weight: Weight | None

    @property
    def told(self) -> str:
        """Compare what the policy gives with what outcomes say."""
        if self.weight is None or np.isnan(self.weight.low):
            return "too few"
        if self.points > self.weight.high:
            return "the policy has it higher"
        return "the policy has it lower" if self.points < self.weight.low else "as the policy has it"


@dataclass(frozen=True, slots=True)
class Calibrated:
    """One outcome: how often it came about, by band, by ten points of the score, and by factor.

    Attributes:
        of: what is good about it.
        area: how often a report that had the outcome has the higher score than one that had not, 0-1; ties half.
    """

    of: str
    every: Share
    area: Weight
    bands: tuple[Share, ...]
    scores: tuple[Share, ...]
    factors: tuple[Factored, ...]


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A ranker in shadow, by what it said first of reports that were answered later, and the policy on the same.

    Attributes:
        area: as of `Calibrated`; `policy` that of the policy's scores.
    """

    model: str
    reports: int
    area: Weight
    policy: Weight


@dataclass(frozen=True, slots=True)
class Report:
    """What outcomes say of a policy.

    Attributes:
        answered: reports with any feedback; `undecided` of them, by feedback that decides nothing.
    """

    policy: Policy
    reports: int
    referred: int
    answered: int
    undecided: int
    outcomes: tuple[Calibrated, ...]
    shadows: tuple[Shadowed, ...] = ()


def report_on(policy: Policy) -> Report:
    """Report what the ledger's outcomes say of a policy.

    Raises:
        InvalidSettings: the ledger has no report.
    """
    with reading(world().ledger) as connection:
        reports, files = known_facts(connection)
        referred, said = desk.actionable(connection), desk.answers(connection)
        shadows = rankers.scores(connection)
    if not reports:
        raise InvalidSettings("the ledger has no report to rank; take some in first")
    answers = {report: helped(each) for report, each in said.items()}
    served = at_work(policy)
    every = joined(
        reports, files, policy, datetime.now(UTC).date(), referred, answers, served[1] if served else None
    )  # fmt: skip
    there = [answers[one.id] for one in reports if one.id in answers]
    return Report(
        policy, len(reports), sum(one.actionable is not None for one in every), len(there), there.count(None),
        calibrate(every, policy),
        tuple(shadowed(f"{name} v{version}", said, every) for (name, version), said in shadows.items()),
    )  # fmt: skip


def shadowed(model: str, said: Mapping[str, float], every: Sequence[Became], seed: int = 1) -> Shadowed:
    """Hold what a ranker in shadow said, by report, beside the policy's scores of the same reports."""
    both = [one for one in every if one.helped is not None and one.report in said]
    good = np.array([bool(one.helped) for one in both], dtype=bool)
    ours = _area(np.array([said[one.report] for one in both]), good, seed)
    return Shadowed(model, len(both), ours, _area(np.array([one.score for one in both]), good, seed))


def joined(
    reports: Sequence[ReportFacts],
    files: Mapping[str, Sequence[FileFacts]],
    policy: Policy,
    today: date,
    referred: Mapping[str, bool],
    answers: Mapping[str, bool | None],
    ranker: Ranker | None = None,
) -> list[Became]:
    """Join what became of every report to what the policy, and a ranker that it lets count, say of it."""
    every = []
    for one, evidence, left_open in weighed(reports, files, policy, today):
        priority = prioritize(evidence, policy, left_open, ranker)
        of = referred.get(one.id), answers.get(one.id)
        every.append(Became(priority.score, priority.band, units(evidence, policy), *of, report=one.id))
    return every


def calibrate(every: Sequence[Became], policy: Policy, seed: int = 1) -> tuple[Calibrated, ...]:
    """Say of each outcome how often it came about: what recipients found, then what people decided."""
    told: Sequence[tuple[str, Callable[[Became], bool | None]]] = (
        ("helped, of those answered", lambda one: one.helped),
        ("actionable, of those referred", lambda one: one.actionable),
    )
    return tuple(_calibrated(of, [(one, bool(good(one))) for one in every if good(one) is not None], policy, seed)
                 for of, good in told)  # fmt: skip


def _calibrated(of: str, some: Sequence[tuple[Became, bool]], policy: Policy, seed: int) -> Calibrated:
    good = np.array([was for _, was in some], dtype=bool)
    scores = np.array([one.score for one, _ in some])
    bands = np.array([one.band for one, _ in some])
    tens = np.minimum(scores // TENTH, TENTH - 1)
    return Calibrated(
        of,
        share("all", good),
        _area(scores, good, seed),
        tuple(share(band.name, good[bands == band.name]) for band in policy.bands),
        tuple(share(f"{ten * TENTH} to {(ten + 1) * TENTH}", good[tens == ten]) for ten in reversed(range(TENTH))),
        tuple(_factors(np.array([one.units for one, _ in some]), good, policy, seed)) if some else (),
    )


def share(what: str, good: Truth) -> Share:
    """Count those that had the outcome."""
    if not len(good):
        return Share(what, 0, 0, np.nan, np.nan)
    sure = binomtest(int(good.sum()), len(good)).proportion_ci(method="wilson")
    return Share(what, len(good), int(good.sum()), float(sure.low), float(sure.high))


def _area(scores: NDArray[np.float64], good: Truth, seed: int) -> Weight:
    """Measure how well scores tell the outcomes apart, with a bootstrap over reports."""
    if _rarer(good) < FEW:
        return Weight(np.nan, np.nan, np.nan)
    ranking = Ranking(scores, good)
    value = float(area(ranking.under(np.ones((len(good), 1))))[0])
    names = [str(place) for place in range(len(good))]
    drawn = np.concatenate([area(ranking.under(weights)) for weights in resamples(names, seed)])
    return Weight(value, *interval(drawn, value))


def _factors(counted: NDArray[np.float64], good: Truth, policy: Policy, seed: int) -> Iterator[Factored]:
    """Tell of each factor how reports fare with it; of those of which enough is known, what they are worth."""
    there = counted > 0
    enough = np.array([len(column) - np.unique(column, return_counts=True)[1].max() >= FEW for column in counted.T])
    weights: dict[int, Weight] = {}
    if _rarer(good) >= FEW and enough.any():
        points = np.array([factor.points for factor in policy.factors])
        places = np.flatnonzero(enough)
        found = learned(counted[:, enough], good, points[enough], seed)
        weights = dict(zip(places.tolist(), found, strict=True))
    for place, factor in enumerate(policy.factors):
        having = there[:, place]
        yield Factored(
            factor.name, factor.evidence, factor.points, share("with", good[having]), share("without", good[~having]),
            weights.get(place),
        )  # fmt: skip


def _rarer(good: Truth) -> int:
    """Count the reports of the rarer outcome."""
    return int(min(good.sum(), (~good).sum()))
