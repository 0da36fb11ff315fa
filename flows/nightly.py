"""Nightly: what can be done again from metadata alone, for what changed since yesterday, and the checks of each day."""

from prefect import flow

from domain.counts import Counts
from flows.cluster import cluster
from flows.measure import measure
from flows.prioritize import prioritize
from tasks.auditing import check_audit, insist
from tasks.comparing import compare_challengers
from tasks.matching import match_entries, match_files
from tasks.overnight import Night, publish_night
from tasks.retaining import check_retention
from tasks.staging import stage
from tasks.watching import check_drift


@flow
def nightly() -> Counts:
    """Match stored fingerprints with what lists added, cluster and rank again, measure, and make the night's checks.

    It fails at its end where the audit chain is broken. Give it a worker without a store and a sealing key, as the work
    pool `metadata-only` has.
    """
    with stage("nightly") as publish:
        night = Night()
        counts = match_entries() + match_files() + cluster(anew=True) + prioritize() + measure()
        audit, retention = check_audit(), check_retention()
        counts = publish(publish_night(night, counts, audit, retention, check_drift(), compare_challengers()))
        insist(audit)
        return counts
