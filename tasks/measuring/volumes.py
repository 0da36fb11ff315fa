"""Volumes: how much came in, always said of what.

Four counts, never mixed: *reports*; *incidents* (a bundled report stands for several); *sightings*, the
distinct (report, file) pairs; *files*, the distinct files among them (by keyed digest; file entries whose
content nobody knows are sightings of no file). The time axis is the time of receipt, in UTC (paper, section
3.1).
"""

from typing import TYPE_CHECKING

from tasks.measuring.history import History

if TYPE_CHECKING:
    import pandas as pd

_VOLUME = """
    WITH span AS (
        SELECT unnest(generate_series(
            date_trunc($period, min(received_at)), date_trunc($period, max(received_at)), to_months($months)
        )) AS period FROM report
    ), told AS (
        SELECT date_trunc($period, received_at)::TIMESTAMP AS period, count(*) AS reports,
            sum(incidents) AS incidents
        FROM report GROUP BY ALL
    ), seen AS (
        SELECT date_trunc($period, received_at)::TIMESTAMP AS period, count(*) AS sightings,
            count(DISTINCT file) AS files
        FROM sighting GROUP BY ALL
    )
    SELECT period, coalesce(reports, 0) AS reports, coalesce(incidents, 0)::BIGINT AS incidents,
        coalesce(sightings, 0) AS sightings, coalesce(files, 0) AS files
    FROM span LEFT JOIN told USING (period) LEFT JOIN seen USING (period) ORDER BY period
"""
_BY_SOURCE = """
    WITH span AS (
        SELECT unnest(generate_series(min(month), max(month), INTERVAL 1 MONTH))::DATE AS month FROM report
    ), told AS (
        SELECT month, source, count(*) AS reports, sum(incidents) AS incidents FROM report GROUP BY ALL
    ), seen AS (
        SELECT month, source, count(*) AS sightings, count(DISTINCT file) AS files FROM sighting GROUP BY ALL
    )
    SELECT month, source, coalesce(reports, 0) AS reports, coalesce(incidents, 0)::BIGINT AS incidents,
        coalesce(sightings, 0) AS sightings, coalesce(files, 0) AS files
    FROM span CROSS JOIN (SELECT DISTINCT source FROM report)
    LEFT JOIN told USING (month, source) LEFT JOIN seen USING (month, source) ORDER BY month, source
"""
_BY_KIND = """
    WITH span AS (
        SELECT unnest(generate_series(min(month), max(month), INTERVAL 1 MONTH))::DATE AS month FROM sighting
    ), seen AS (
        SELECT month, kind, count(*) AS sightings, count(DISTINCT file) AS files FROM sighting GROUP BY ALL
    )
    SELECT month, kind, coalesce(sightings, 0) AS sightings, coalesce(files, 0) AS files
    FROM span CROSS JOIN (SELECT DISTINCT kind FROM sighting) LEFT JOIN seen USING (month, kind)
    ORDER BY month, kind
"""


def monthly_volume(history: History) -> "pd.DataFrame":
    """Figure 2: the four counts of every month, from the first report's to the last one's, zeros included.

    Columns: month (first day), reports, incidents, sightings, files. Excluded: nothing. Files are distinct
    within the month, so that the months do not add up to the year.
    """
    return history.table(_VOLUME, period="month", months=1).rename(columns={"period": "month"})


def yearly_volume(history: History) -> "pd.DataFrame":
    """Give the four counts of every calendar year, as `monthly_volume` does; columns: year, then the counts.

    The first and the last year cover only the months that there are.
    """
    frame = history.table(_VOLUME, period="year", months=12)
    frame.insert(0, "year", frame.pop("period").dt.year.astype("int64"))
    return frame


def monthly_by_source(history: History) -> "pd.DataFrame":
    """Figure 3: the four counts of every month and source (public, or electronic service provider).

    Columns: month, source, reports, incidents, sightings, files. Every source that ever reported has a row
    for every month. Excluded: nothing.
    """
    return history.table(_BY_SOURCE)


def monthly_by_kind(history: History) -> "pd.DataFrame":
    """Figure 7: sightings and distinct files of every month and kind (image, video, other).

    Columns: month, kind, sightings, files. Runs from the first month with a sighting to the last; the paper's
    starts in 2013, where its file entries do.
    """
    return history.table(_BY_KIND)
