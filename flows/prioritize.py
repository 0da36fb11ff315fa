"""Prioritize: every accepted report to a score, a band and reasons."""

from prefect import flow

from domain.counts import Counts
from tasks.ranking import rank_reports
from tasks.staging import stage


@flow
def prioritize() -> Counts:
    """Rank every report by the policy in force."""
    with stage("prioritize") as publish:
        return publish(rank_reports())
