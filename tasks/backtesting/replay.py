"""Replay: the ledger's reports ranked by two policies, side by side; who gains, who loses, and how long each waits.

Every report is weighed as of today, with what lists and models say now; new and seen are as of its receipt. Waits are
simulated: the same arrivals, drawn like these reports, looked at by the same analysts, under either policy.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from domain.errors import InvalidSettings
from domain.evidence import Evidence
from domain.priority import Policy, Priority, Ranker, prioritize
from infra.ledger import desk
from infra.ledger.engine import reading
from infra.ledger.facts import FileFacts, ReportFacts
from infra.world import world
from tasks.explaining import difference
from tasks.rankers import at_work
from tasks.ranking import known_facts, weighed
from tasks.staffing.arrivals import MINUTES, Demand, Sort, drawn
from tasks.staffing.desk import DAY, Order, Shift, waits
from tasks.staffing.outlook import Wait, by_band

TOPS = (10, 50, 100, 500, 1000)
"""Heads of the queue that are compared."""

LEAST_GROUP = 3
"""Reports of a group that is told."""

MOVERS = 10
"""Reports that rose and fell the most, that are told by their ids."""

WORKDAY = 8
"""Hours that an analyst works on a day."""

BUSY = 0.95
"""Share of their time that analysts are busy, where nobody says how many reports come."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Staffing:
    """Under what the waits are simulated.

    Attributes:
        per_day: reports that come; 0 for as many as keep the analysts busy.
        minutes: of a look, in the mean.
    """

    per_day: float
    minutes: float
    shifts: tuple[Shift, ...]
    days: float = 60.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Moved:
    """A report that moved: its places in the queue, from 1, its scores, and what the difference rests on."""

    report: str
    places: tuple[int, int]
    scores: tuple[float, float]
    why: str


@dataclass(frozen=True, slots=True)
class Group:
    """Reports that have something in common: what it is, and how they fare, by the old policy and by the new one.

    Attributes:
        score: mean difference of the score, new less old.
        places: mean difference of the place, as a share of the queue; above 0 they come earlier.
        wait: median hours to the first look, simulated; infinity where it never came.
        in_first: how many are among the first of the queue, as many as an analyst looks at in a day.
    """

    what: str
    reports: int
    score: float
    places: float
    wait: tuple[float, float]
    in_first: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Backtest:
    """What comes of ranking by `new` what `old` ranks.

    Attributes:
        agreement: Kendall's tau of the two orders, -1 to 1; ties as ties.
        overlap: for each head of the queue, how many reports are in both.
        bands: reports by their old band and their new one.
        groups: whom it makes come earlier first, whom later last.
        waits: by band, old and new; the bands of the policy that is simulated.
    """

    old: Policy
    new: Policy
    reports: int
    agreement: float
    overlap: tuple[tuple[int, int], ...]
    bands: Mapping[tuple[str, str], int]
    risen: tuple[Moved, ...]
    fallen: tuple[Moved, ...]
    groups: tuple[Group, ...]
    waits: tuple[tuple[Wait, ...], tuple[Wait, ...]]
    staffing: Staffing


class Waited(NamedTuple):
    """Simulated arrivals: the report that each is like, by its place, and its hours to the first look."""

    sorts: NDArray[np.int_]
    old: Numbers
    new: Numbers


@dataclass(frozen=True, slots=True)
class Told:
    """A report's priorities under both policies, and the groups that it is in."""

    report: str
    received_at: datetime
    old: Priority
    new: Priority
    groups: frozenset[str]


def backtest(old: Policy, new: Policy, staffing: Staffing) -> Backtest:
    """Replay what the ledger has.

    Raises:
        InvalidSettings: the ledger has no report.
    """
    with reading(world().ledger) as connection:
        known = known_facts(connection)
        became = desk.became(connection)
    rankers = [served[1] if (served := at_work(policy)) else None for policy in (old, new)]
    today = datetime.now(UTC).date()
    return compare(old, new, told(*known, became, old, new, today, (rankers[0], rankers[1])), staffing)


def told(
    reports: Sequence[ReportFacts],
    files: Mapping[str, Sequence[FileFacts]],
    became: Mapping[str, frozenset[str]],
    old: Policy,
    new: Policy,
    today: date,
    rankers: tuple[Ranker | None, Ranker | None] = (None, None),
) -> list[Told]:
    """Score every report by both policies, and as their rankers say; `became` says what became of some, as groups."""
    by_new = {one.id: evidence for one, evidence, _ in weighed(reports, files, new, today)}
    return [
        Told(
            one.id,
            one.received_at,
            prioritize(evidence, old, ranker=rankers[0]),
            prioritize(by_new[one.id], new, ranker=rankers[1]),
            _groups(evidence) | _groups(by_new[one.id]) | became.get(one.id, frozenset()),
        )
        for one, evidence, _ in weighed(reports, files, old, today)
    ]


def _groups(evidence: Evidence) -> frozenset[str]:
    return frozenset(name for name, value in evidence.items() if value > 0)


def compare(old: Policy, new: Policy, some: Sequence[Told], staffing: Staffing) -> Backtest:
    """Set both orders side by side.

    Raises:
        InvalidSettings: there are no reports.
    """
    if not some:
        raise InvalidSettings("the ledger has no report to rank; take some in first")
    places = _places(some, lambda one: one.old), _places(some, lambda one: one.new)
    waited, by_old, by_new = _waits(old, new, some, staffing)
    tops = [top for top in TOPS if top < len(some)]
    heads = [(top, int(np.sum((places[0] <= top) & (places[1] <= top)))) for top in tops]
    bands: dict[tuple[str, str], int] = {}
    for one in some:
        bands[one.old.band, one.new.band] = bands.get((one.old.band, one.new.band), 0) + 1
    rise = places[0] - places[1]
    order = sorted(range(len(some)), key=lambda n: (-rise[n], some[n].report))
    looks = int(WORKDAY * MINUTES / staffing.minutes)
    return Backtest(
        old=old,
        new=new,
        reports=len(some),
        agreement=_agreement(some),
        overlap=tuple(heads),
        bands=bands,
        risen=tuple(_moved(some[n], places, n) for n in order[:MOVERS] if rise[n] > 0),
        fallen=tuple(_moved(some[n], places, n) for n in order[::-1][:MOVERS] if rise[n] < 0),
        groups=tuple(_gains(some, places, waited, looks)),
        waits=(by_old, by_new),
        staffing=staffing,
    )


def _places(some: Sequence[Told], of: Callable[[Told], Priority]) -> Numbers:
    """Give each report's place in the queue, from 1: by score, then by receipt."""
    order = sorted(range(len(some)), key=lambda n: (-of(some[n]).score, some[n].received_at, some[n].report))
    places = np.empty(len(some))
    places[order] = np.arange(1, len(some) + 1)
    return places


def _agreement(some: Sequence[Told]) -> float:
    tau = kendalltau([one.old.score for one in some], [one.new.score for one in some]).statistic
    return 1.0 if math.isnan(tau) else float(tau)  # one of them tells no two reports apart


def _moved(one: Told, places: tuple[Numbers, Numbers], n: int) -> Moved:
    points = [{reason.name: reason.points for reason in each.reasons} for each in (one.old, one.new)]
    return Moved(
        one.report, (int(places[0][n]), int(places[1][n])), (one.old.score, one.new.score), difference(*points)
    )


def _waits(
    old: Policy, new: Policy, some: Sequence[Told], staffing: Staffing
) -> tuple[Waited, tuple[Wait, ...], tuple[Wait, ...]]:
    """Simulate the waits of arrivals like these reports under both policies, and sum them up by band."""
    sorts = tuple(Sort(one.old.score, one.old.band) for one in some)
    until = staffing.days * DAY
    per_day = staffing.per_day or BUSY * sum(s.hours * s.analysts for s in staffing.shifts) * MINUTES / staffing.minutes
    came = drawn(Demand(sorts, per_day, staffing.minutes), staffing.days, staffing.seed)
    by_new = [replace(each, score=some[each.sort].new.score, band=some[each.sort].new.band) for each in came]
    waited = [waits(each, staffing.shifts, Order.POLICY, until) for each in (came, by_new)]
    return (
        Waited(np.array([each.sort for each in came], dtype=int), waited[0], waited[1]),
        by_band(old, came, waited[0], Order.POLICY, until),
        by_band(new, by_new, waited[1], Order.POLICY, until),
    )


def _gains(some: Sequence[Told], places: tuple[Numbers, Numbers], waited: Waited, first: int) -> Iterator[Group]:
    """Tell of each group how it fares, those that come earlier first."""
    scores = np.array([one.new.score - one.old.score for one in some])
    rise = (places[0] - places[1]) / len(some)
    found = []
    for name in sorted(set[str]().union(*(one.groups for one in some))):
        members = np.array([name in one.groups for one in some])
        if np.sum(members) < LEAST_GROUP:
            continue
        of_group = members[waited.sorts]
        found.append(
            Group(
                what=name,
                reports=int(np.sum(members)),
                score=float(np.mean(scores[members])),
                places=float(np.mean(rise[members])),
                wait=(_median(waited.old[of_group]), _median(waited.new[of_group])),
                in_first=(int(np.sum(places[0][members] <= first)), int(np.sum(places[1][members] <= first))),
            )
        )
    yield from sorted(found, key=lambda group: (-group.places, group.what))


def _median(hours: Numbers) -> float:
    return float(np.quantile(hours, 0.5, method="inverted_cdf")) if len(hours) else math.nan
