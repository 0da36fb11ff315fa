"""Measure: the registered history to the paper's series, and the page that shows them."""

from datetime import date

from prefect import flow

from domain.counts import Counts
from tasks.measuring.publication import measure_history
from tasks.staging import stage


@flow
def measure(since: date | None = None, until: date | None = None) -> Counts:
    """Measure volumes by month and year, source, kind, vector and country; write CSV, Parquet, and one page.

    Args:
        since: count from this day's month on; empty for all.
        until: count to this day's month; empty for all.
    """
    with stage("measure") as publish:
        return publish(measure_history(since, until))
