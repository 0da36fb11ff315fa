"""Nightly: what can be done again from metadata alone, for what changed since yesterday; no file is opened."""

from prefect import flow

from domain.counts import Counts
from flows.cluster import cluster
from flows.measure import measure
from flows.prioritize import prioritize
from tasks.matching import match_entries, match_files
from tasks.overnight import Night, publish_changes
from tasks.staging import stage


@flow
def nightly() -> Counts:
    """Match stored fingerprints with what lists added, cluster and rank again, and measure.

    Give it a worker without a store and a sealing key, as the work pool `metadata-only` has.
    """
    with stage("nightly") as publish:
        night = Night()
        counts = match_entries() + match_files() + cluster() + prioritize() + measure()
        publish_changes(night, counts)
        return publish(counts)
