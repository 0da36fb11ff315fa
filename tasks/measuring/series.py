"""Series: every measure of the archive at once, and as files."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.measuring.geography import by_country, by_region
from tasks.measuring.growth import growth
from tasks.measuring.history import open_history
from tasks.measuring.lifetimes import lifetime_distribution, lifetimes
from tasks.measuring.uniqueness import uniqueness
from tasks.measuring.vectors import by_vector
from tasks.measuring.volumes import monthly_by_kind, monthly_by_source, monthly_volume, yearly_volume

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Series:
    """The measures; the function of the same stem defines each one's columns, denominator and exclusions."""

    monthly: "pd.DataFrame"
    yearly: "pd.DataFrame"
    sources: "pd.DataFrame"
    regions: "pd.DataFrame"
    countries: "pd.DataFrame"
    vectors: "pd.DataFrame"
    kinds: "pd.DataFrame"
    uniqueness: "pd.DataFrame"
    lifetimes: "pd.DataFrame"
    lifetime_distribution: "pd.DataFrame"
    growth: "pd.DataFrame"


def measure(reports: "pa.Table", sightings: "pa.Table") -> Series:
    """Compute every measure from the datasets `reports` and `sightings` of `infra.archive`.

    One row per report and one per file entry; every sighting's report is among the reports. The order of
    the rows does not matter. Of nothing every measure is empty, with its columns.
    """
    with open_history(reports, sightings) as history:
        monthly, sources, kinds = (
            monthly_volume(history),
            monthly_by_source(history),
            monthly_by_kind(history),
        )
        return Series(
            monthly=monthly,
            yearly=yearly_volume(history),
            sources=sources,
            regions=by_region(history),
            countries=by_country(history),
            vectors=by_vector(history),
            kinds=kinds,
            uniqueness=uniqueness(history),
            lifetimes=lifetimes(history),
            lifetime_distribution=lifetime_distribution(history),
            growth=growth(_subjects(monthly, sources, kinds)),
        )


def _subjects(monthly: "pd.DataFrame", sources: "pd.DataFrame", kinds: "pd.DataFrame") -> "dict[str, pd.Series[int]]":
    """Name the monthly counts whose growth the paper states."""
    subjects = {"reports": monthly.set_index("month")["reports"]}
    for source, rows in sources.groupby("source"):
        subjects[f"reports, {source}"] = rows.set_index("month")["reports"]
    for kind, rows in kinds.groupby("kind"):
        subjects[f"sightings, {kind}"] = rows.set_index("month")["sightings"]
    return subjects


def write_series(series: Series, folder: Path) -> None:
    """Write each measure as `folder/<name>.csv`; the same measures give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for field in fields(series):
        frame: pd.DataFrame = getattr(series, field.name)
        frame.to_csv(
            folder / f"{field.name}.csv",
            index=False,
            lineterminator="\n",
            date_format="%Y-%m-%d",
            float_format="%.9g",
        )
