"""Lifetimes: for how long a file keeps coming back.

A lifetime is the time from the first to the last report of a file that at least two reports name, in days of
24 hours. It is an underestimate: the history is cut off at both ends. Lifetimes of zero stay in.
"""

from typing import TYPE_CHECKING

from tasks.measuring.history import History

if TYPE_CHECKING:
    import pandas as pd

_SUMMARY = """
    SELECT kind, count(*) AS files,
        quantile_cont(days, 0.5) AS median_days, quantile_cont(days, 0.9) AS p90_days
    FROM ({lifetimes}) GROUP BY kind ORDER BY kind
"""
_DISTRIBUTION = """
    WITH tally AS (SELECT kind, ceil(days)::BIGINT AS days, count(*) AS ended FROM ({lifetimes}) GROUP BY ALL)
    SELECT kind, days, (sum(ended) OVER (PARTITION BY kind ORDER BY days))::BIGINT AS files,
        files / sum(ended) OVER (PARTITION BY kind) AS share
    FROM tally ORDER BY kind, days
"""
_LIFETIMES = """
    SELECT arg_min(kind, row(received_at, report_id)) AS kind,
        epoch_us(max(received_at) - min(received_at)) / 86400000000 AS days
    FROM sighting WHERE file IS NOT NULL GROUP BY file HAVING count(*) >= 2
"""


def lifetimes(history: History) -> "pd.DataFrame":
    """Figure 8 in numbers: median and 90th percentile lifetime per kind, interpolated between neighbours.

    Columns: kind (that of the file's first sighting), files, median_days, p90_days. Excluded: files of one
    report, and file entries whose content nobody knows.
    """
    return history.table(_SUMMARY.format(lifetimes=_LIFETIMES))


def lifetime_distribution(history: History) -> "pd.DataFrame":
    """Figure 8: the share of files of each kind whose lifetime is at most so many days.

    Columns: kind, days (whole, rounded up), files (with at most that lifetime), share (of the kind's files
    with two reports or more). Exclusions as in `lifetimes`; only days at which the share rises have a row.
    """
    return history.table(_DISTRIBUTION.format(lifetimes=_LIFETIMES))
