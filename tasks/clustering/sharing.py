"""Sharing: reports that share content."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from domain.cluster import ClusterKind
from domain.counts import Counts
from domain.media import BlobKey
from infra.ledger import clusters
from infra.world import world
from tasks.clustering.naming import Edge, record_edges
from tasks.staging import step


def report_edges(brought: Iterable[tuple[str, BlobKey]], copies: dict[BlobKey, str]) -> list[Edge]:
    """Connect reports that brought the same file, or copies of it."""
    reports: defaultdict[str, set[str]] = defaultdict(set)
    for report, blob in brought:
        reports[copies.get(blob, blob)].add(report)
    in_order = (sorted(together) for together in reports.values())
    return sorted({edge for together in in_order for edge in pairwise(together)})


@step
def cluster_reports() -> Counts:
    """Cluster the reports that share content, as the copies' clusters tell."""
    with world().ledger.begin() as connection:
        brought = clusters.brought(connection)
        copies = clusters.members(connection, ClusterKind.COPIES)
    return record_edges(ClusterKind.REPORTS, report_edges(brought, copies))
