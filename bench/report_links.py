"""Clusters of reports beside simulated cases, over a sweep of the density; adversarial shapes; and what many cost.

Nothing is drawn or decoded: what reports share is read from the simulation's plan, its files by their origins. Copies
are found there as exactly as they are by hashes but for crops and tilts, which stay alone; scenes and faces are none.
"""

import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from domain.linking import LinkKind, Shared
from domain.report import LocationRole
from models.evaluation.grouping import b_cubed, pairwise
from tasks.clustering.density import LEAST_SHARE, dense
from tasks.clustering.sharing import linked, things_of, weights
from tasks.simulating.cases import offender
from tasks.simulating.chance import chance
from tasks.simulating.incidents import Incident, plan_incidents
from tasks.simulating.particulars import draw_file_particulars, draw_parties
from tasks.simulating.population import Population, plan_population
from tasks.simulating.sharing import moment

PLANS = ((300, 1), (300, 2), (1000, 1), (3000, 1))
"""Reports and seeds."""

SWEEP = (0.2, 0.25, LEAST_SHARE, 0.35, 0.4)
UNFOUND = ("crop", "tilt")
MANY = 100_000

Made = TypeVar("Made")


def run() -> None:
    """Print precision and recall, and seconds."""
    for reports, seed in PLANS:
        population = plan_population(seed, reports)
        found = linked(things_of(_shared(seed, population)))
        truth = {str(report): f"case {number}" for number, case in enumerate(population.cases) for report in case}
        accepted = [str(report) for report in range(reports) if report not in population.rejections]
        print(f"\nreports: {len(accepted)} accepted, seed {seed}, {len(population.cases)} cases; {len(found)} links")
        for least in SWEEP:
            groups = dense(weights(found), least=least)
            put = {report: group[0] for group in groups for report in group}
            rows = [(truth.get(report, report), put.get(report, report)) for report in accepted]
            pairs, each = pairwise(rows), b_cubed(rows)
            print(f"  groups as dense as {least:.2f}: precision and recall: pairs {pairs.precision:.3f} "
                  f"{pairs.recall:.3f}, B-cubed {each.precision:.3f} {each.recall:.3f}; the largest of "
                  f"{max(map(len, groups))}")  # fmt: skip
    _cost()


def _shared(seed: int, population: Population) -> Iterator[Shared]:
    """Give what reports share, as intake and clusters of copies would tell it."""
    incidents = plan_incidents(seed, population.received, population.rejections)
    case = {report: number for number, reports in enumerate(population.cases, 1) for report in reports}
    for report, incident in enumerate(incidents):
        if report not in population.rejections:
            yield from _told(seed, report, incident, case.get(report))
    for file in population.files:
        name = f"{file.origin.name} {file.edit if file.edit in UNFOUND else ''}"
        for report in () if file.fault else file.reports:
            rng = chance(seed, "sighting", report, file.origin.name, file.edit)
            received = moment(population.received[report])
            said = draw_file_particulars(rng, file, "", incidents[report], received)
            yield Shared(LinkKind.FILE, name, str(report))
            if said.address:
                yield Shared(LinkKind.IP_ADDRESS, said.address, str(report))


def _told(seed: int, report: int, incident: Incident, case: int | None) -> Iterator[Shared]:
    """Give what a report tells of its users."""
    sought = offender(seed, case) if case else None
    for user in draw_parties(chance(seed, "parties", report), incident, sought):
        told = [(LinkKind.EMAIL, user.email), (LinkKind.PHONE, user.phone), (LinkKind.DEVICE, user.device)]
        told += [(LinkKind.ACCOUNT, user.screen_name), *((LinkKind.IP_ADDRESS, each) for each in user.addresses)]
        if user.role is LocationRole.SUSPECT:
            yield from (Shared(kind, value, str(report)) for kind, value in told if value)


def _cost() -> None:
    """Time every step over many reports, which share things of heavy-tailed numbers, near ones and any."""
    began = time.process_time()
    things = things_of(_drawn(np.random.default_rng(1)))
    print(f"\nreports: {MANY:,}, {len(things):,} things that 2 to 64 of them share")
    print(f"  gathered                {time.process_time() - began:6.1f} s of CPU")
    found = _timed("linked", lambda: linked(things))
    weighed = weights(found)
    groups = _timed("grouped", lambda: dense(weighed))
    sizes = Counter(len(group) for group in groups)
    print(f"  {len(weighed):,} pairs are linked, {len(groups):,} clusters, the largest of {max(sizes)}")
    print(f"  at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB of memory in this process")


def _drawn(rng: np.random.Generator) -> Iterator[Shared]:
    shares = {LinkKind.FILE: 0.35, LinkKind.IP_ADDRESS: 0.3, LinkKind.SCENE: 0.2, LinkKind.ACCOUNT: 0.1,
              LinkKind.EMAIL: 0.08, LinkKind.DEVICE: 0.03}  # fmt: skip
    for kind, share in shares.items():
        for thing in range(round(share * MANY)):
            times = min(int(2 * (1 - rng.random()) ** (-1 / 1.3)), 200)
            first, span = int(rng.integers(MANY)), 8 if times <= 8 and rng.random() < 0.6 else MANY
            for step in set(rng.integers(0, span, times).tolist()):
                yield Shared(kind, f"{kind}{thing}", f"{(first + step) % MANY:032x}")


def _timed(what: str, work: Callable[[], Made]) -> Made:
    began = time.process_time()
    made = work()
    print(f"  {what:<24}{time.process_time() - began:6.1f} s of CPU")
    return made
