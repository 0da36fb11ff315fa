"""Figures: the paper's, in its order, from the measures. A figure of nothing is left out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from domain.media import Kind
from domain.report import Source, Vector
from tasks.measuring.charts import Axes, bars, heat_map, lines_by_month, rows_of, stacked_shares, steps
from tasks.measuring.definitions import definition
from tasks.measuring.maps import world_map
from tasks.measuring.page import Figure
from tasks.measuring.series import Series

if TYPE_CHECKING:
    import pandas as pd

TOP = 10
"""Countries in the figure, as in the paper's Table 1; the table behind it has them all."""

COUNTS = {"reports": "Reports", "incidents": "Incidents", "sightings": "Sightings", "new_files": "New files"}
SOURCES = {Source.ESP.value: "Service providers", Source.PUBLIC.value: "Public"}
KINDS = {Kind.IMAGE.value: "Images", Kind.VIDEO.value: "Videos", Kind.OTHER.value: "Other files"}
REGIONS = {name: name for name in ("Asia", "Americas", "Europe", "Africa", "Oceania")}
VECTORS = {
    Vector.FTP.value: "FTP",
    Vector.EMAIL.value: "Email",
    Vector.P2P.value: "Peer to peer",
    Vector.CHAT.value: "Chat",
    Vector.MESSENGER.value: "Messenger",
    Vector.FORUM.value: "Forum",
    Vector.GAMING.value: "Gaming",
    Vector.SMS.value: "SMS",
    Vector.CELL_PHONE.value: "Cell phone",
    Vector.TOR.value: "Tor",
    Vector.URL.value: "URL",
}
"""The rows of the paper's Figure 6, in its order."""


def figures(series: Series) -> tuple[Figure, ...]:
    """Draw what there is to draw, in the paper's order; each figure brings the table that it shows."""
    drawers = (
        (series.monthly, monthly_figure),
        (series.growth, growth_figure),
        (series.sources, source_figure),
        (series.regions, region_figure),
        (series.countries, country_figure),
        (series.rates, rate_figure),
        (series.vectors, vector_figure),
        (series.kinds, kind_figure),
        (series.uniqueness, uniqueness_figure),
        (series.lifetime_distribution, lifetime_figure),
    )
    return tuple(draw(series) for shown, draw in drawers if len(shown))


def monthly_figure(series: Series) -> Figure:
    """Draw Figure 2."""
    long = series.monthly.melt("month", var_name="what", value_name="number")
    axes = Axes("month", "number", "what", up_title="per month, log scale")
    return Figure(
        "monthly",
        "Monthly volume",
        "Reports, incidents (a bundled report stands for several), sightings (distinct pairs of report and file) "
        "and files never seen before, by the month of receipt.",
        series.monthly,
        definition("monthly"),
        "Figure 2",
        lines_by_month(*named(long, "what", COUNTS), axes),
    )


def growth_figure(series: Series) -> Figure:
    """Show the growth that the text around Figures 2, 3 and 7 states."""
    return Figure(
        "growth",
        "Growth",
        "Year over year, by each of the three readings that the paper leaves open: whole calendar years, twelve "
        "months with the twelve before, and each month with the same one a year before.",
        series.growth,
        definition("growth"),
        "Sections 3 and 4",
    )


def source_figure(series: Series) -> Figure:
    """Draw Figure 3."""
    axes = Axes("month", "reports", "source", up_title="reports per month, log scale")
    return Figure(
        "sources",
        "Reports by source",
        f"Reports from service providers and from the public, by the month of receipt.{_crossed(series.crossover)}",
        series.sources,
        definition("sources"),
        "Figure 3",
        lines_by_month(*named(series.sources, "source", SOURCES), axes),
    )


def _crossed(crossover: "pd.DataFrame") -> str:
    return "".join(
        f" Providers first sent more than the public in {row.first:%B %Y}." for row in crossover.itertuples(index=False)
    )


def region_figure(series: Series) -> Figure:
    """Draw Figure 4."""
    axes = Axes("year", "reports", "region", up_title="share of mentions")
    return Figure(
        "regions",
        "Regions by year",
        "Located reports by the UN region that they name. A report counts once in each region that it names; the "
        "shares in the table are of the year’s located reports.",
        series.regions,
        definition("regions"),
        "Figure 4",
        stacked_shares(*named(series.regions, "region", REGIONS), axes),
    )


def country_figure(series: Series) -> Figure:
    """Draw the head of Table 1."""
    top = series.countries.head(TOP)
    labelled = top.assign(label=[f"{share:.1%}" for share in top["share"]])
    return Figure(
        "countries",
        "Countries named most",
        "Reports that name each country, and their share of all located reports. A report may name several.",
        series.countries,
        definition("countries"),
        "Table 1",
        bars(rows_of(labelled), Axes("reports", "name", "label", across_title="reports")),
    )


def rate_figure(series: Series) -> Figure:
    """Draw Figure 5."""
    rates = series.rates.set_index("country")["per_1000_users"].to_dict()
    return Figure(
        "rates",
        "Reports for each thousand Internet users",
        "Reports of all time for each thousand Internet users of 2015. Pale countries have fewer than 500 reports, or "
        "nobody counted their users. Countries too small for the map stand in the table.",
        series.rates,
        definition("rates"),
        "Figure 5",
        world_map({str(code): float(rate) for code, rate in rates.items()}, "reports per 1,000 users"),
    )


def vector_figure(series: Series) -> Figure:
    """Draw Figure 6."""
    return Figure(
        "vectors",
        "Vectors over the years",
        "Each row is a technology and adds up to 100 %: the share of its reports that each year received. "
        "A report may have several.",
        series.vectors,
        definition("vectors"),
        "Figure 6",
        heat_map(*named(series.vectors, "vector", VECTORS), Axes("year", "vector", "share")),
    )


def kind_figure(series: Series) -> Figure:
    """Draw Figure 7."""
    axes = Axes("month", "sightings", "kind", up_title="sightings per month, log scale")
    return Figure(
        "kinds",
        "Kinds of files",
        "Sightings (distinct pairs of report and file) of images, videos and other files, by the month of receipt.",
        series.kinds,
        definition("kinds"),
        "Figure 7",
        lines_by_month(*named(series.kinds, "kind", KINDS), axes),
    )


def uniqueness_figure(series: Series) -> Figure:
    """Show the numbers of section 4.5."""
    return Figure(
        "uniqueness",
        "Seen only once",
        "Distinct files that exactly one report ever named, and how often the most reported one came back.",
        series.uniqueness,
        definition("uniqueness"),
        "Section 4.5",
    )


def lifetime_figure(series: Series) -> Figure:
    """Draw Figure 8; its table is the summary, since the curve has a row for every day."""
    days = "days from the first report to the last"
    axes = Axes("days", "share", "kind", across_title=days, up_title="share of files")
    return Figure(
        "lifetimes",
        "Lifetimes",
        "Share of the files with two reports or more that came back for at most so many days. An underestimate: "
        "the history is cut off at both ends.",
        series.lifetimes,
        definition("lifetimes"),
        "Figure 8",
        steps(*named(series.lifetime_distribution, "kind", KINDS), axes),
    )


def named(frame: "pd.DataFrame", column: str, names: Mapping[str, str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Put names for the codes in `column`; give the rows, and the names that occur, in their order."""
    found = set(frame[column])
    order = [code for code in names if code in found] + sorted(found - set(names))
    readable = {code: names.get(code, code) for code in order}
    return rows_of(frame.assign(**{column: frame[column].map(readable)})), list(readable.values())
