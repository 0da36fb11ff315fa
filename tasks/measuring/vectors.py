"""Vectors: the technologies by which material was distributed."""

from typing import TYPE_CHECKING

from tasks.measuring.history import History

if TYPE_CHECKING:
    import pandas as pd

_VECTORS = """
    WITH span AS (SELECT unnest(generate_series(min(year), max(year))) AS year FROM report),
    used AS (SELECT DISTINCT report_id, year, unnest(vectors) AS vector FROM report),
    total AS (SELECT vector, count(*) AS total FROM used GROUP BY vector),
    tally AS (SELECT vector, year, count(*) AS reports FROM used GROUP BY ALL)
    SELECT vector, year, coalesce(reports, 0) AS reports, total, coalesce(reports, 0) / total AS share
    FROM total CROSS JOIN span LEFT JOIN tally USING (vector, year) ORDER BY vector, year
"""


def by_vector(history: History) -> "pd.DataFrame":
    """Figure 6: how each vector's reports spread over the years.

    Columns: vector, year, reports, total, share. Normalised by row: the denominator of `share` is `total`,
    all reports of that vector, so that each vector's shares add up to 1. A report counts once in each of
    its vectors; reports without a vector are excluded. Every vector has a row for every year.
    """
    return history.table(_VECTORS)
