"""Series: every measure of the archive at once, and as files."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from infra.seen.totals import added_up
from tasks.measuring import cube, desk, found
from tasks.measuring.forecasts import forecast
from tasks.measuring.geography import by_country, by_region, country_rates
from tasks.measuring.growth import growth
from tasks.measuring.kept import NOTHING, Kept
from tasks.measuring.lifetimes import lifetime_distribution, lifetimes
from tasks.measuring.reference import beside_published
from tasks.measuring.revisions import revisions
from tasks.measuring.rollup import RollUp, of_files, of_volumes, total_of
from tasks.measuring.uniqueness import uniqueness
from tasks.measuring.vectors import by_vector
from tasks.measuring.volumes import crossover, monthly_by_kind, monthly_by_source, monthly_volume, yearly_volume

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from tasks.measuring.public import PublicEdition


@dataclass(frozen=True, slots=True)
class Series:
    """The measures; the function of the same stem defines each one's columns, denominator and exclusions."""

    monthly: "pd.DataFrame"
    yearly: "pd.DataFrame"
    published: "pd.DataFrame"
    sources: "pd.DataFrame"
    crossover: "pd.DataFrame"
    regions: "pd.DataFrame"
    countries: "pd.DataFrame"
    rates: "pd.DataFrame"
    vectors: "pd.DataFrame"
    kinds: "pd.DataFrame"
    uniqueness: "pd.DataFrame"
    lifetimes: "pd.DataFrame"
    lifetime_distribution: "pd.DataFrame"
    growth: "pd.DataFrame"
    forecast: "pd.DataFrame"
    contents: "pd.DataFrame"
    revisions: "pd.DataFrame"
    outcomes: "pd.DataFrame"
    recipients: "pd.DataFrame"
    first_look: "pd.DataFrame"
    list_hits: "pd.DataFrame"
    novelty: "pd.DataFrame"
    exposure: "pd.DataFrame"


def series_of(rollup: RollUp, kept: Kept = NOTHING, history: RollUp | None = None) -> Series:
    """Compute every measure but the forecast; of nothing every one is empty, with its columns.

    What is `kept` in the ledger is of all of `history`, of which the roll-up may have some months alone.
    """
    monthly, yearly, sources = monthly_volume(rollup), yearly_volume(rollup), monthly_by_source(rollup)
    kinds, countries = monthly_by_kind(rollup), by_country(rollup)
    return Series(
        monthly=monthly,
        yearly=yearly,
        published=beside_published(yearly),
        sources=sources,
        crossover=crossover(sources),
        regions=by_region(rollup),
        countries=countries,
        rates=country_rates(countries),
        vectors=by_vector(rollup),
        kinds=kinds,
        uniqueness=uniqueness(rollup),
        lifetimes=lifetimes(rollup),
        lifetime_distribution=lifetime_distribution(rollup),
        growth=growth(_subjects(monthly, sources, kinds)),
        forecast=forecast({}),
        contents=found.contents(history or rollup),
        **of_ledger(yearly_volume(history or rollup), kept),
    )


def with_forecast(series: Series) -> Series:
    """Tell what may come, too: it is fitted anew each time, and takes longer than all measures together."""
    months = series.monthly.set_index("month")
    return replace(series, forecast=forecast({name: months[name] for name in ("reports", "sightings")}))


def of_ledger(yearly: "pd.DataFrame", kept: Kept) -> "dict[str, pd.DataFrame]":
    """Compute the measures that need the ledger, by name; `yearly` counts all history."""
    return {
        "revisions": revisions(kept.said),
        "outcomes": desk.outcomes(yearly, kept.looks, kept.referred, kept.made, kept.fed_back),
        "recipients": desk.recipients(kept.made),
        "first_look": desk.first_look(yearly, kept.looks, kept.ranked),
        "list_hits": found.list_hits(yearly, kept.listed, kept.held),
        "novelty": found.novelty(yearly, kept.fresh),
        "exposure": found.exposure(kept.spared),
    }


def roll_up(reports: "pa.Table", sightings: "pa.Table") -> RollUp:
    """Roll up the datasets `reports` and `sightings` of `infra.archive`, in memory.

    One row per report and one per file entry, in any order; every sighting's report is among the reports.
    """
    counts, files, _ = cube.of_sightings(sightings.sort_by([("report_id", "ascending"), ("ordinal", "ascending")]))
    return total_of([of_volumes(cube.of_reports(reports)), of_volumes(counts), of_files(added_up(files))])


def measure(reports: "pa.Table", sightings: "pa.Table") -> Series:
    """Compute every measure from tables in memory, as `roll_up` takes them."""
    return series_of(roll_up(reports, sightings))


def _subjects(monthly: "pd.DataFrame", sources: "pd.DataFrame", kinds: "pd.DataFrame") -> "dict[str, pd.Series[int]]":
    """Name the monthly counts whose growth the paper states."""
    subjects = {"reports": monthly.set_index("month")["reports"]}
    for source, rows in sources.groupby("source"):
        subjects[f"reports, {source}"] = rows.set_index("month")["reports"]
    for kind, rows in kinds.groupby("kind"):
        subjects[f"sightings, {kind}"] = rows.set_index("month")["sightings"]
    return subjects


def written_series(folder: Path) -> Series:
    """Read back what `write_series` wrote into a folder."""
    import pandas as pd  # noqa: PLC0415 (a flow's start need not pay for it)

    return Series(**{field.name: pd.read_parquet(folder / f"{field.name}.parquet") for field in fields(Series)})


def write_series(series: "Series | PublicEdition", folder: Path) -> None:
    """Write each measure as `folder/<name>.csv` and `.parquet`; the same measures give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for field in fields(series):
        frame: pd.DataFrame = getattr(series, field.name)
        frame.to_parquet(folder / f"{field.name}.parquet", index=False, compression="zstd")
        frame.to_csv(
            folder / f"{field.name}.csv",
            index=False,
            lineterminator="\n",
            date_format="%Y-%m-%d",
            float_format="%.9g",
        )
