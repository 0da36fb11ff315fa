"""The public edition: the measures that anybody may read, small counts withheld, of calendar years that are over.

What is printed is of three sorts, and nothing else is:

- *counts*: reports and incidents by month and source, sightings and new files by month and kind, with the sums of
  months and of years (`tasks.measuring.suppression`), and reports by year and vector, and by year and country. The
  latter two have no sums, since a report may have several or none; there a withheld count can be any from 1 to *k* − 1;
- what *follows from printed counts*: shares, rates, growth, regions. Whoever has the counts could compute it;
- *rounded shares and percentiles* of at least 100 *k* files: each per cent stands for *k* files at least.

A calendar year's pattern depends on that year's reports alone, so that an edition of the next night, or year, is the
same where the reports are. Left out are measures of single files (the most reports of one), forecasts, and the year
that is not over.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tasks.measuring import regions
from tasks.measuring.cube import CODES, KINDS, SOURCES, VECTORS, Facet
from tasks.measuring.frames import by_year
from tasks.measuring.geography import country_rates, of_countries
from tasks.measuring.lifetimes import lifetime_distribution, lifetimes
from tasks.measuring.public_definitions import DEFINITIONS, EDITION
from tasks.measuring.rollup import RollUp
from tasks.measuring.suppression import Mask, small, withheld
from tasks.measuring.tally import Numbers
from tasks.measuring.told import Told, marked, told
from tasks.measuring.uniqueness import uniqueness

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 3
"""The least *k*: with two, a count of one would be the only one withheld, and so told."""

DAYS = (0, 1, 7, 30, 91, 182, 365, 730, 1095, 1825, 3650)
"""Where the public distribution of lifetimes is read."""


@dataclass(frozen=True, slots=True)
class PublicEdition:
    """The public measures. `tasks.measuring.public_definitions` says what each is.

    A count that is withheld is missing, and its column is named in the row's `withheld` (names apart by spaces; empty
    where nothing is). Counts are nullable whole numbers.
    """

    yearly: "pd.DataFrame"
    monthly: "pd.DataFrame"
    yearly_sources: "pd.DataFrame"
    sources: "pd.DataFrame"
    yearly_kinds: "pd.DataFrame"
    kinds: "pd.DataFrame"
    growth: "pd.DataFrame"
    regions: "pd.DataFrame"
    countries: "pd.DataFrame"
    yearly_countries: "pd.DataFrame"
    rates: "pd.DataFrame"
    vectors: "pd.DataFrame"
    uniqueness: "pd.DataFrame"
    lifetimes: "pd.DataFrame"
    lifetime_distribution: "pd.DataFrame"
    definitions: "pd.DataFrame"


def public_edition(rollup: RollUp, k: int, today: date) -> PublicEdition:
    """Give what may be told of the calendar years before that of `today`; counts from 1 to `k` − 1 are withheld.

    The same roll-up, `k` and year give the same edition. Percentiles and shares of files are of all history, as the
    roll-up is.

    Raises:
        ValueError: `k` is below `FEWEST`.
    """
    if k < FEWEST:
        raise ValueError(f"a public edition withholds counts below {FEWEST} at least")
    over = rollup.between(None, date(today.year - 1, 12, 31))
    reports, files = _reports(over, k), _files(over, k)
    countries = _countries(over, k)
    named = _all_years(countries)
    yearly = _joined("year", reports.frame("year", sums=True), files.frame("year", sums=True))
    return PublicEdition(
        yearly=yearly,
        monthly=_joined("month", reports.frame("month", sums=True), files.frame("month", sums=True)),
        yearly_sources=reports.frame("year"),
        sources=reports.frame("month"),
        yearly_kinds=files.frame("year"),
        kinds=files.frame("month"),
        growth=_growth(yearly, over.months()),
        regions=_regions(countries),
        countries=named,
        yearly_countries=countries,
        rates=country_rates(named),
        vectors=_vectors(over, k),
        uniqueness=_uniqueness(rollup, k),
        lifetimes=_lifetimes(rollup, k),
        lifetime_distribution=_distribution(rollup, k),
        definitions=_definitions(k, today),
    )


def _reports(over: RollUp, k: int) -> Told:
    """Withhold reports and incidents by source together: a report that is moved takes its incidents along."""
    reports, incidents = (over.table(facet).sum(2) for facet in (Facet.REPORTS, Facet.INCIDENTS))

    def hide(told: Numbers, _stood_for: Numbers) -> list[Mask]:
        return 2 * [withheld(told, told, small(told, k), np.zeros(told.shape, np.bool_), k)]

    there = np.flatnonzero(reports.any(0))
    names = [SOURCES[place] for place in there]
    counts = {"reports": reports[:, there], "incidents": incidents[:, there]}
    return told(("source", names), over.months(), counts, hide)


def _files(over: RollUp, k: int) -> Told:
    """Withhold sightings and new files by kind.

    A new file that is moved is a sighting that is moved. Where sightings are few and none is of a new file, sightings
    of other files are moved.
    """
    sightings, new = (over.table(facet).sum(1) for facet in (Facet.SIGHTINGS, Facet.NEW_FILES))

    def hide(seen: Numbers, fresh: Numbers) -> list[Mask]:
        of_new = withheld(fresh, fresh, small(fresh, k), np.zeros(seen.shape, np.bool_), k)
        return [withheld(seen - fresh, seen, small(seen, k) & (fresh == 0), of_new, k), of_new]

    there = np.flatnonzero(sightings.any(0))
    names = [KINDS[place] for place in there]
    counts = {"sightings": sightings[:, there], "new_files": new[:, there]}
    return told(("kind", names), over.months(), counts, hide)


def _joined(step: str, *parts: "pd.DataFrame") -> "pd.DataFrame":
    """Put frames with the same rows side by side; what they withhold too."""
    import pandas as pd  # noqa: PLC0415 (as above)

    counts = pd.concat([part.drop(columns=[step, "withheld"]) for part in parts], axis=1)
    frame = pd.concat([parts[0][[step]], counts], axis=1)
    which = parts[0]["withheld"]
    for part in parts[1:]:
        which = (which + " " + part["withheld"]).str.strip()
    frame["withheld"] = which
    return frame


def _growth(yearly: "pd.DataFrame", months: NDArray[np.datetime64]) -> "pd.DataFrame":
    """Compare whole years, both of which are told, and the first of which is not zero."""
    import pandas as pd  # noqa: PLC0415 (as above)

    years, parts = np.unique(months.astype("datetime64[Y]").astype(np.int64) + 1970, return_counts=True)
    whole = yearly[yearly["year"].isin(years[parts == 12])].set_index("year")
    rows = []
    for subject in ("reports", "incidents", "sightings", "new_files"):
        counts = whole[subject].astype("Float64")
        before = counts.shift()
        change = (counts / before.where(before > 0) - 1).dropna()
        rows.append(pd.DataFrame({"subject": subject, "year": change.index, "change": change.to_numpy("float64")}))
    return pd.concat(rows, ignore_index=True).astype({"subject": "str", "year": "int64", "change": "float64"})


def _countries(over: RollUp, k: int) -> "pd.DataFrame":
    """Give the reports that name each country, by year; countries that nobody named in a year have no row."""
    import pandas as pd  # noqa: PLC0415 (as above)

    years, counts = by_year(over.months(), over.table(Facet.COUNTRIES).sum(1))
    year, place = np.nonzero(counts)
    codes = pd.array(np.array(CODES, object)[place], "str")
    reports = counts[year, place]
    return marked(
        pd.DataFrame({"year": years[year], "country": codes}), {"reports": reports}, {"reports": small(reports, k)}
    )


def _all_years(countries: "pd.DataFrame") -> "pd.DataFrame":
    """Add the told counts of each country up, and say how many years are withheld."""
    sums = countries.groupby("country")["reports"].sum().astype("int64")
    missing = countries["reports"].isna().groupby(countries["country"]).sum()
    reports: Numbers = sums.reindex(list(CODES), fill_value=0).to_numpy().astype(np.int64)
    frame = of_countries(reports, int(reports.sum())).rename(columns={"located": "mentions"})
    frame["years_withheld"] = missing.reindex(frame["country"], fill_value=0).to_numpy()
    return frame


def _regions(countries: "pd.DataFrame") -> "pd.DataFrame":
    """Add the told counts of each year's countries up by region, and say how many of its countries are withheld."""
    known = {each.code: each.region for each in regions.countries()}
    rows = countries.assign(
        region=countries["country"].map(known).fillna(regions.UNASSIGNED).astype("str"),
        countries_withheld=countries["reports"].isna().astype("int64"),
    )
    table = rows.groupby(["year", "region"], as_index=False)[["reports", "countries_withheld"]].sum()
    table["reports"] = table["reports"].astype("int64")
    table.insert(3, "mentions", table.groupby("year")["reports"].transform("sum"))
    table.insert(4, "share", table["reports"] / table["mentions"])
    return table


def _vectors(over: RollUp, k: int) -> "pd.DataFrame":
    """Give the reports of each vector, by year; shares are of what is told of the vector."""
    import pandas as pd  # noqa: PLC0415 (as above)

    years, counts = by_year(over.months(), over.table(Facet.VECTORS).sum(1))
    there = sorted(np.flatnonzero(counts.any(0)).tolist(), key=VECTORS.__getitem__)
    reports = counts.T[there].reshape(-1)
    keys = pd.DataFrame({
        "vector": pd.array(np.repeat(np.array(VECTORS, object)[there], len(years)), "str"),
        "year": np.tile(years, len(there)),
    })  # fmt: skip
    frame = marked(keys, {"reports": reports}, {"reports": small(reports, k)})
    frame.insert(3, "total", frame.groupby("vector")["reports"].transform("sum"))
    share = frame["reports"] / frame["total"].where(frame["total"] > 0)
    frame.insert(4, "share", share.astype("float64"))
    return frame


def _uniqueness(rollup: RollUp, k: int) -> "pd.DataFrame":
    """Round the share of files that one report named, of kinds with files enough."""
    table = uniqueness(rollup)
    kept = table[table["files"] >= 100 * k].reset_index(drop=True)
    return kept[["kind"]].assign(share_of_files=_per_cent(kept["seen_once"], kept["files"]))


def _lifetimes(rollup: RollUp, k: int) -> "pd.DataFrame":
    """Give the percentiles of kinds with files enough."""
    table = lifetimes(rollup)
    kept = table[table["files"] >= 100 * k].reset_index(drop=True)
    return kept[["kind", "median_days", "p90_days"]]


def _distribution(rollup: RollUp, k: int) -> "pd.DataFrame":
    """Read the distribution at `DAYS`, and round it, of kinds with files enough."""
    import pandas as pd  # noqa: PLC0415 (as above)

    rows = []
    for kind, curve in lifetime_distribution(rollup).groupby("kind"):
        files = np.append(0, curve["files"].to_numpy())
        if files[-1] >= 100 * k:
            part = files[curve["days"].searchsorted(DAYS, side="right")]
            rows.append(pd.DataFrame({"kind": kind, "days": DAYS, "share": _per_cent(part, files[-1])}))
    nothing = pd.DataFrame({"kind": [], "days": [], "share": []})
    return pd.concat(rows or [nothing], ignore_index=True).astype({"kind": "str", "days": "int64", "share": "float64"})


def _per_cent(part: Any, whole: Any) -> Any:  # noqa: ANN401 (numbers, arrays or columns)
    """Round a share to a whole per cent."""
    return (200 * part + whole) // (2 * whole) / 100


def _definitions(k: int, today: date) -> "pd.DataFrame":
    """Put each series' definition into a row, and before them what holds for all."""
    import pandas as pd  # noqa: PLC0415 (as above)

    edition = EDITION.format(most=k - 1, last=today.year - 1, k=k, files=100 * k)
    rows = {"edition": edition, **DEFINITIONS}
    return pd.DataFrame({"series": list(rows), "definition": list(rows.values())}).astype("str")
