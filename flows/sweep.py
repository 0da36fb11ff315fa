"""Sweep: what the store holds and nobody names, such as files of retracted reports, is removed."""

from prefect import flow

from domain.counts import Counts
from tasks.staging import stage, step
from tasks.sweeping import sweep as remove_objects


@flow
def sweep() -> Counts:
    """Remove objects older than two days that neither a file nor a draft names."""
    with stage("sweep") as publish:
        return publish(step(remove_objects)())
