"""Geography: the countries and regions that reports name.

A report may name several countries (the suspect's, the victim's); it counts once in each. It is *located*
if it names any. What a country is follows ISO 3166-1, its region the United Nations' M49.
"""

from typing import TYPE_CHECKING

from tasks.measuring.history import History
from tasks.measuring.regions import UNASSIGNED

if TYPE_CHECKING:
    import pandas as pd

_COUNTRIES = """
    WITH named AS (SELECT DISTINCT report_id, unnest(countries) AS country FROM report),
    located AS (SELECT count(DISTINCT report_id) AS located FROM named),
    tally AS (SELECT country, count(*) AS reports FROM named GROUP BY country)
    SELECT country, coalesce(name, country) AS name, coalesce(region, $unassigned) AS region,
        reports, located, reports / located AS share
    FROM tally CROSS JOIN located LEFT JOIN country USING (country) ORDER BY reports DESC, country
"""
_REGIONS = """
    WITH named AS (
        SELECT DISTINCT report_id, year, coalesce(region, $unassigned) AS region
        FROM (SELECT report_id, year, unnest(countries) AS country FROM report)
        LEFT JOIN country USING (country)
    ), located AS (SELECT year, count(DISTINCT report_id) AS located FROM named GROUP BY year),
    tally AS (SELECT year, region, count(*) AS reports FROM named GROUP BY ALL)
    SELECT year, region, coalesce(reports, 0) AS reports, located, coalesce(reports, 0) / located AS share
    FROM located CROSS JOIN (SELECT DISTINCT region FROM named) LEFT JOIN tally USING (year, region)
    ORDER BY year, region
"""


def by_country(history: History) -> "pd.DataFrame":
    """Table 1: reports that name each country, over all time, most first.

    Columns: country (ISO 3166-1 alpha-2), name, region, reports, located, share. The denominator of `share`
    is the located reports; reports without a country are excluded. Shares add up to more than 1 where
    reports name several countries.
    """
    return history.table(_COUNTRIES, unassigned=UNASSIGNED)


def by_region(history: History) -> "pd.DataFrame":
    """Figure 4: reports that name each UN region, by year of receipt.

    Columns: year, region, reports, located, share. The denominator of `share` is the year's located reports;
    reports without a country, and years without a located report, are excluded. A report counts once in each
    region that it names.
    """
    return history.table(_REGIONS, unassigned=UNASSIGNED)
