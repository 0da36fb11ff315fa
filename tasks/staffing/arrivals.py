"""Arrivals: reports as they come, drawn like those of the ledger, or by the share of each band."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np

from domain.errors import InvalidSettings
from domain.priority import Policy, Ranker, flat, prioritize
from infra.ledger.engine import reading
from infra.ledger.facts import FileFacts, ReportFacts
from infra.world import world
from tasks.rankers import at_work
from tasks.ranking import known_facts, weighed
from tasks.staffing.desk import DAY, Arrival

MINUTES = 60.0


@dataclass(frozen=True, slots=True)
class Sort:
    """What a report is ordered by, and how often such a report comes, beside others."""

    score: float
    band: str
    flat: float = 0.0
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Demand:
    """How many reports come a day, of which sorts, and how long a look at one takes.

    Attributes:
        per_day: in the mean; they come at random, independent of each other (a Poisson process).
        minutes: of a look, in the mean.
        variation: standard deviation of a look by its mean (gamma distribution); 1 is the exponential.
    """

    sorts: tuple[Sort, ...]
    per_day: float
    minutes: float
    variation: float = 1.0


def drawn(demand: Demand, days: float, seed: int) -> list[Arrival]:
    """Draw the reports of so many days; the same seed gives the same."""
    rng = np.random.default_rng(seed)
    moments = np.sort(rng.uniform(0, days * DAY, rng.poisson(demand.per_day * days)))
    weights = np.array([sort.weight for sort in demand.sorts])
    sorts = rng.choice(len(demand.sorts), len(moments), p=weights / weights.sum())
    shape = 1 / demand.variation**2
    hours = rng.gamma(shape, demand.minutes / MINUTES / shape, len(moments))
    every = zip(moments.tolist(), hours.tolist(), sorts.tolist(), strict=True)
    return [
        Arrival(at, took, demand.sorts[n].score, demand.sorts[n].band, demand.sorts[n].flat, n) for at, took, n in every
    ]


def of_ledger(policy: Policy) -> tuple[tuple[Sort, ...], float]:
    """Give the sorts of the reports in the ledger, as a policy scores them today, and how many come a day.

    Raises:
        InvalidSettings: the ledger has no report.
    """
    with reading(world().ledger) as connection:
        known = known_facts(connection)
    served = at_work(policy)
    return like(*known, policy, datetime.now(UTC).date(), served[1] if served else None)


def like(
    reports: Sequence[ReportFacts],
    files: Mapping[str, Sequence[FileFacts]],
    policy: Policy,
    today: date,
    ranker: Ranker | None = None,
) -> tuple[tuple[Sort, ...], float]:
    """Give the sorts of these reports, as a policy and its ranker score them, and how many came a day in the mean.

    Raises:
        InvalidSettings: there are none.
    """
    if not reports:
        raise InvalidSettings("the ledger has no report to draw from; say with --shares how many are of each band")
    sorts = []
    for _, evidence, _ in weighed(reports, files, policy, today):
        priority = prioritize(evidence, policy, ranker=ranker)
        sorts.append(Sort(priority.score, priority.band, flat(evidence, policy)))
    moments = [report.received_at for report in reports]
    days = max(1.0, (max(moments) - min(moments)).total_seconds() / (DAY * MINUTES * MINUTES))
    return tuple(sorts), len(reports) / days


def of_shares(shares: Mapping[str, float], policy: Policy) -> tuple[Sort, ...]:
    """Give a sort for each band, as often as its share says.

    Raises:
        InvalidSettings: the policy has no such band, or a share is below 0, or all are 0.
    """
    least = {band.name: band.least for band in policy.bands}
    strange = sorted(shares.keys() - least.keys())
    if strange:
        raise InvalidSettings(f"the policy has no band {strange[0]}; it has {', '.join(least)}")
    if min(shares.values(), default=0) < 0 or not sum(shares.values()):
        raise InvalidSettings("shares are 0 or more, and one of them is more")
    return tuple(Sort(least[name], name, weight=share) for name, share in shares.items())


def load(demand: Demand, hours: float) -> float:
    """Give the share of the analysts' hours of a day that the reports take; from 1 on the queue grows for ever."""
    return demand.per_day * demand.minutes / MINUTES / hours
