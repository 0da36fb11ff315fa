"""Uniqueness: how much of what is reported was ever reported only once."""

from typing import TYPE_CHECKING

from tasks.measuring.history import History

if TYPE_CHECKING:
    import pandas as pd

_UNIQUENESS = """
    WITH known AS (
        SELECT file, arg_min(kind, row(received_at, report_id)) AS kind, count(*) AS reports
        FROM sighting WHERE file IS NOT NULL GROUP BY file
    )
    SELECT kind, count(*) AS files, count(*) FILTER (reports = 1) AS seen_once,
        seen_once / files AS share_of_files, sum(reports)::BIGINT AS sightings,
        seen_once / sightings AS share_of_sightings, max(reports) AS most_reports
    FROM known GROUP BY kind ORDER BY kind
"""


def uniqueness(history: History) -> "pd.DataFrame":
    """Section 4.5: distinct files that exactly one report ever named, per kind.

    Columns: kind, files (distinct), seen_once, share_of_files (of the distinct files), sightings (distinct
    report and file pairs), share_of_sightings (the same files, by occurrence), most_reports (of any one
    file). The paper's wording allows either share; the first is ours. A file's kind is that of its first
    sighting. Excluded: file entries whose content nobody knows.
    """
    return history.table(_UNIQUENESS)
