"""Measure: the registered history to the paper's series, and the page that shows them."""

from prefect import flow

from domain.counts import Counts
from tasks.measuring.publication import measure_history
from tasks.staging import stage


@flow
def measure() -> Counts:
    """Measure volumes by month and year, source, kind, vector and country; write CSV files and one page."""
    with stage("measure") as publish:
        return publish(measure_history())
