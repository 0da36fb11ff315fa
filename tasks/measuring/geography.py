"""Geography: the countries and regions that reports name.

A report may name several countries (the suspect's, the victim's); it counts once in each. It is *located*
if it names any. What a country is follows ISO 3166-1, its region the United Nations' M49.
"""

from typing import TYPE_CHECKING

import numpy as np

from tasks.measuring.cube import CODES, REGIONS, Facet
from tasks.measuring.frames import by_year, crossed
from tasks.measuring.regions import UNASSIGNED, Country, countries
from tasks.measuring.rollup import RollUp
from tasks.measuring.tally import Numbers
from tasks.measuring.users import internet_users

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 500
"""Reports that a country needs to stand in `country_rates` (paper, section 4.2)."""


def by_country(rollup: RollUp) -> "pd.DataFrame":
    """Table 1: reports that name each country, over all time, most first.

    Columns: country (ISO 3166-1 alpha-2), name, region, reports, located, share, internet_users, per_1000_users,
    denominator. The denominator of `share` is the located reports; reports without a country are excluded. Shares add
    up to more than 1 where reports name several countries. `per_1000_users` are reports of all time for each thousand
    Internet users of 2015, and `denominator` says whose count of them: `rebuilt` as the paper had it, or `revised`
    later (`users.csv`); all three are missing where nobody counted. The paper's text calls the sum of India, Indonesia
    and Thailand roughly 37 %, which no denominator gives; the shares of its table add up to 45.5 %, its counts to
    45.4 % of the located reports.
    """
    reports = rollup.table(Facet.COUNTRIES).sum((0, 1))
    return of_countries(reports, int(rollup.table(Facet.LOCATED).sum()))


def of_countries(reports: Numbers, located: int) -> "pd.DataFrame":
    """Give the rows of `by_country`, of reports by the place of the country among `CODES`."""
    import pandas as pd  # noqa: PLC0415 (a flow's start need not pay for it)

    named = [place for place in np.argsort(-reports, kind="stable").tolist() if reports[place]]
    known, users = {each.code: each for each in countries()}, internet_users()
    found = [known.get(CODES[place], Country(CODES[place], UNASSIGNED, CODES[place])) for place in named]
    texts = {name: pd.array([getattr(each, name) for each in found], "str") for name in ("name", "region")}
    frame = pd.DataFrame(
        {"country": pd.array([each.code for each in found], "str"), **texts, "reports": reports[named]}
    )
    frame["located"] = located
    frame["share"] = frame["reports"] / frame["located"]
    counted = users.astype({"internet_users": "float64"}).reindex(frame["country"]).reset_index(drop=True)
    frame["internet_users"] = counted["internet_users"]
    frame["per_1000_users"] = frame["reports"] / (frame["internet_users"] / 1000)
    frame["denominator"] = counted["denominator"]
    return frame


def country_rates(table: "pd.DataFrame") -> "pd.DataFrame":
    """Figure 5: reports for each thousand Internet users, from the rows of `by_country`, the highest rate first.

    Columns: country, name, reports, internet_users, per_1000_users, denominator. Excluded as in the paper: countries
    with fewer than 500 reports, and those whose Internet users nobody counted. The paper prints none of these rates
    beyond Table 1's and says which three are highest: Iraq, Thailand, Somalia.
    """
    columns = ["country", "name", "reports", "internet_users", "per_1000_users", "denominator"]
    kept = table.loc[(table["reports"] >= FEWEST) & table["per_1000_users"].notna(), columns]
    return kept.sort_values(["per_1000_users", "country"], ascending=[False, True], ignore_index=True)


def by_region(rollup: RollUp) -> "pd.DataFrame":
    """Figure 4: reports that name each UN region, by year of receipt.

    Columns: year, region, reports, located, share. The denominator of `share` is the year's located reports;
    reports without a country, and years without a located report, are excluded. A report counts once in each
    region that it names. The Middle East is in Asia, as M49 has it; the paper does not say where it counts it.
    """
    years, named = by_year(rollup.months(), rollup.table(Facet.REGIONS).sum(1))
    located = by_year(rollup.months(), rollup.table(Facet.LOCATED).sum((1, 2)))[1]
    there, kept = np.flatnonzero(named.any(0)), located > 0
    names = [REGIONS[place] for place in there]
    each = np.repeat(located[kept, np.newaxis], len(names), axis=1)
    table = crossed(("year", years[kept]), ("region", names), reports=named[kept][:, there], located=each)
    table["share"] = table["reports"] / table["located"]
    return table
