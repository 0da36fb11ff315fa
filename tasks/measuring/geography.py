"""Geography: the countries and regions that reports name.

A report may name several countries (the suspect's, the victim's); it counts once in each. It is *located*
if it names any. What a country is follows ISO 3166-1, its region the United Nations' M49.
"""

from typing import TYPE_CHECKING

from tasks.measuring.cube import Facet
from tasks.measuring.regions import UNASSIGNED, countries
from tasks.measuring.rollup import RollUp
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
    counts = rollup.counts(Facet.COUNTRIES).groupby("code", observed=True)["number"].sum()
    frame = counts.rename_axis("country").rename("reports").reset_index().astype({"country": "str"})
    known = {each.code: each for each in countries()}
    code = frame["country"]
    frame.insert(1, "name", [known[each].name if each in known else each for each in code])
    frame.insert(2, "region", [known[each].region if each in known else UNASSIGNED for each in code])
    frame["located"] = int(rollup.counts(Facet.LOCATED)["number"].sum())
    frame["share"] = frame["reports"] / frame["located"]
    frame = frame.merge(internet_users(), on="country", how="left")
    frame.insert(7, "per_1000_users", frame["reports"] / (frame["internet_users"].astype("float64") / 1000))
    return frame.sort_values(["reports", "country"], ascending=[False, True], ignore_index=True)


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
    import pandas as pd  # noqa: PLC0415 (a flow's start need not pay for it)

    named, located = (rollup.counts(facet) for facet in (Facet.REGIONS, Facet.LOCATED))
    for frame in (named, located):
        frame["year"] = frame["month"].dt.year.astype("int64")
    counts = named.astype({"code": "str"}).groupby(["year", "code"])["number"].sum()
    years = located.groupby("year")["number"].sum()
    regions = pd.Index(sorted(set(counts.index.get_level_values("code"))), dtype="str")
    rows = pd.MultiIndex.from_product([years.index, regions], names=["year", "region"])
    table = pd.DataFrame({"reports": counts.rename_axis(["year", "region"]).reindex(rows, fill_value=0)}).reset_index()
    table["located"] = table["year"].map(years).astype("int64")
    table["share"] = table["reports"] / table["located"]
    return table
