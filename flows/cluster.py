"""Cluster: files that are copies of one another, then reports that share content."""

from prefect import flow

from domain.counts import Counts
from tasks.clustering import cluster_copies, cluster_reports
from tasks.pairing import pair_films
from tasks.staging import stage


@flow
def cluster() -> Counts:
    """Group near-duplicate files, then the reports that they connect."""
    with stage("cluster") as publish:
        copies = pair_films() + cluster_copies()
        return publish(copies + cluster_reports())
