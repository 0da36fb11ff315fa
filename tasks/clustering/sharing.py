"""Sharing: reports that belong together, by the files, scenes, faces and particulars that they share."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.cluster import ClusterKind
from domain.counts import Counts
from domain.linking import MOST_SHARING, REACH, Link, LinkKind, Shared
from infra.ledger import clusters, links
from infra.world import world
from tasks.clustering.density import WHOLE, Weights, dense
from tasks.clustering.naming import record_groups
from tasks.staging import step

_EVEN = 1_441_440
"""Odds of 1, as a whole number: so sums are the same in every order. Shares of up to 16 reports divide it."""

Numbers = NDArray[np.int64]
Things = Mapping[tuple[LinkKind, str], tuple[str, ...]]
"""The reports that share each thing, in order."""


def things_of(shared: Iterable[Shared]) -> dict[tuple[LinkKind, str], tuple[str, ...]]:
    """Gather what two to `MOST_SHARING` reports share; what always comes together, of one kind, is one thing.

    So an account's number and its name are one, and files that are only ever sent as a set. The first by name stands
    for it.
    """
    sharing: defaultdict[tuple[LinkKind, str], set[str]] = defaultdict(set)
    for kind, thing, report in shared:
        sharing[kind, thing].add(report)
    once: dict[tuple[LinkKind, tuple[str, ...]], str] = {}
    for (kind, thing), reports in sorted(sharing.items()):
        if 2 <= len(reports) <= MOST_SHARING:
            once.setdefault((kind, tuple(sorted(reports))), thing)
    return {(kind, thing): reports for (kind, reports), thing in once.items()}


def linked(things: Things) -> list[Link]:
    """Link every two reports that are more likely of one case than not, by all that they share; in order.

    A pair of reports takes some 50 bytes for each thing that it shares; a thing has 2,016 pairs at most.
    """
    reports = sorted({report for sharing in things.values() for report in sharing})
    place = {report: at for at, report in enumerate(reports)}
    names = list(things)
    odds = np.array([round(_EVEN * REACH[kind] / len(things[kind, name])) for kind, name in names], np.int64)
    pair, thing = _pairs([[place[each] for each in things[name]] for name in names], len(reports))
    first = np.flatnonzero(np.diff(pair, prepend=-1))
    sums = np.add.reduceat(odds[thing], first) if len(first) else odds[:0]
    kept = np.repeat(sums >= _EVEN, np.diff(first, append=len(pair)))
    found = []
    for both, what in zip(pair[kept].tolist(), thing[kept].tolist(), strict=True):
        one, other = divmod(both, len(reports))
        (kind, name), sharing = names[what], things[names[what]]
        found.append(Link(reports[one], reports[other], kind, name, len(sharing)))
    return sorted(found)


def _pairs(sharing: Sequence[Sequence[int]], reports: int) -> tuple[Numbers, Numbers]:
    """Number the pairs of reports that share each thing: the pairs and the things, sorted by both."""
    by_size: defaultdict[int, list[int]] = defaultdict(list)
    for number, together in enumerate(sharing):
        by_size[len(together)].append(number)
    pairs, things = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for size, those in by_size.items():
        left, right = np.triu_indices(size, 1)
        rows = np.array([sharing[number] for number in those], np.int64)
        pairs.append((rows[:, left] * reports + rows[:, right]).ravel())
        things.append(np.repeat(np.array(those, np.int64), len(left)))
    pair, thing = np.concatenate(pairs), np.concatenate(things)
    order = np.lexsort((thing, pair))
    return pair[order], thing[order]


def weights(found: Iterable[Link]) -> Weights:
    """Weigh links: the chance that two reports are of one case, of the odds by all that they share."""
    odds: defaultdict[tuple[str, str], int] = defaultdict(int)
    for each in found:
        odds[each.one, each.other] += round(_EVEN * each.odds)
    return {pair: WHOLE * sums // (sums + _EVEN) for pair, sums in odds.items()}


@step
def cluster_reports() -> Counts:
    """Cluster the reports that belong together, by what they share; every link is put on record."""
    with world().ledger.begin() as connection:
        things = things_of(links.shared(connection, MOST_SHARING))
        found = linked(things)
        links.record(connection, found)
        groups = dense(weights(found), clusters.rulings(connection, ClusterKind.REPORTS))
        return record_groups(connection, ClusterKind.REPORTS, groups)
