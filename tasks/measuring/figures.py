"""Figures: the paper's, in its order, and those after it, from the measures. A figure of nothing is left out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Shown:
    """How a series is shown: which of the paper's figures it follows, its title, a caption, and its drawing, if any."""

    series: str
    after: str
    title: str
    caption: str
    draw: Callable[["pd.DataFrame"], str] | None = None


def draw_monthly(frame: "pd.DataFrame") -> str:
    """Draw the counts of a month as lines; columns: month, then the counts."""
    long = frame[["month", *COUNTS]].melt("month", var_name="what", value_name="number")
    axes = Axes("month", "number", "what", up_title="per month, log scale")
    return lines_by_month(*named(long, "what", COUNTS), axes)


def draw_sources(frame: "pd.DataFrame") -> str:
    """Draw reports by month and source."""
    axes = Axes("month", "reports", "source", up_title="reports per month, log scale")
    return lines_by_month(*named(frame[["month", "source", "reports"]], "source", SOURCES), axes)


def draw_regions(frame: "pd.DataFrame") -> str:
    """Draw the regions of a year as shares of a bar."""
    axes = Axes("year", "reports", "region", up_title="share of mentions")
    return stacked_shares(*named(frame[["year", "region", "reports"]], "region", REGIONS), axes)


def draw_countries(frame: "pd.DataFrame") -> str:
    """Draw the countries that are named most."""
    top = frame[["name", "reports", "share"]].head(TOP)
    labelled = top.assign(label=[f"{share:.1%}" for share in top["share"]])
    return bars(rows_of(labelled), Axes("reports", "name", "label", across_title="reports"))


def draw_rates(frame: "pd.DataFrame") -> str:
    """Draw the map of the rates."""
    rates = frame.set_index("country")["per_1000_users"].to_dict()
    return world_map({str(code): float(rate) for code, rate in rates.items()}, "reports per 1,000 users")


def draw_vectors(frame: "pd.DataFrame") -> str:
    """Draw how a vector's reports spread over the years."""
    rows = named(frame[["vector", "year", "share"]].fillna({"share": 0.0}), "vector", VECTORS)
    return heat_map(*rows, Axes("year", "vector", "share"))


def draw_kinds(frame: "pd.DataFrame") -> str:
    """Draw sightings by month and kind."""
    axes = Axes("month", "sightings", "kind", up_title="sightings per month, log scale")
    return lines_by_month(*named(frame[["month", "kind", "sightings"]], "kind", KINDS), axes)


def draw_lifetimes(frame: "pd.DataFrame") -> str:
    """Draw the share of files by days, from `lifetime_distribution`."""
    days = "days from the first report to the last"
    axes = Axes("days", "share", "kind", across_title=days, up_title="share of files")
    return steps(*named(frame, "kind", KINDS), axes)


PAPER = (
    Shown(
        "monthly", "Figure 2", "Monthly volume",
        "Reports, incidents (a bundled report stands for several), sightings (distinct pairs of report and file) "
        "and files never seen before, by the month of receipt.",
        draw_monthly,
    ),
    Shown(
        "growth", "Sections 3 and 4", "Growth",
        "Year over year, by each of the three readings that the paper leaves open: whole calendar years, twelve "
        "months with the twelve before, and each month with the same one a year before.",
    ),
    Shown(
        "sources", "Figure 3", "Reports by source",
        "Reports from service providers and from the public, by the month of receipt.",
        draw_sources,
    ),
    Shown(
        "regions", "Figure 4", "Regions by year",
        "Located reports by the UN region that they name. A report counts once in each region that it names; the "
        "shares in the table are of the year’s located reports.",
        draw_regions,
    ),
    Shown(
        "countries", "Table 1", "Countries named most",
        "Reports that name each country, and their share of all located reports. A report may name several.",
        draw_countries,
    ),
    Shown(
        "rates", "Figure 5", "Reports for each thousand Internet users",
        "Reports of all time for each thousand Internet users of 2015. Pale countries have fewer than 500 reports, or "
        "nobody counted their users. Countries too small for the map stand in the table.",
        draw_rates,
    ),
    Shown(
        "vectors", "Figure 6", "Vectors over the years",
        "Each row is a technology and adds up to 100 %: the share of its reports that each year received. "
        "A report may have several.",
        draw_vectors,
    ),
    Shown(
        "kinds", "Figure 7", "Kinds of files",
        "Sightings (distinct pairs of report and file) of images, videos and other files, by the month of receipt.",
        draw_kinds,
    ),
    Shown(
        "uniqueness", "Section 4.5", "Seen only once",
        "Distinct files that exactly one report ever named, and how often the most reported one came back.",
    ),
    Shown(
        "lifetimes", "Figure 8", "Lifetimes",
        "Share of the files with two reports or more that came back for at most so many days. An underestimate: "
        "the history is cut off at both ends.",
    ),
)  # fmt: skip
"""The paper's figures, in its order."""


def figures(series: Series) -> tuple[Figure, ...]:
    """Draw what there is to draw; each figure brings the table that it shows."""
    return tuple(_figure(shown, series) for shown in PAPER if len(getattr(series, shown.series)))


def _figure(shown: Shown, series: Series) -> Figure:
    table: pd.DataFrame = getattr(series, shown.series)
    svg = shown.draw(table) if shown.draw else ""
    caption = shown.caption
    if shown.series == "lifetimes":  # its table is the summary, since the curve has a row for every day
        svg = draw_lifetimes(series.lifetime_distribution)
    if shown.series == "sources":
        caption += _crossed(series.crossover)
    return Figure(shown.series, shown.title, caption, table, definition(shown.series), shown.after, svg)


def _crossed(crossover: "pd.DataFrame") -> str:
    return "".join(
        f" Providers first sent more than the public in {row.first:%B %Y}." for row in crossover.itertuples(index=False)
    )


def named(frame: "pd.DataFrame", column: str, names: Mapping[str, str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Put names for the codes in `column`; give the rows, and the names that occur, in their order."""
    found = set(frame[column])
    order = [code for code in names if code in found] + sorted(found - set(names))
    readable = {code: names.get(code, code) for code in order}
    return rows_of(frame.assign(**{column: frame[column].map(readable)})), list(readable.values())
