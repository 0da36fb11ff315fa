"""Drawings: each series' frame as one SVG; what is missing in a frame is a gap."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from domain.media import Kind
from domain.report import Source, Vector
from tasks.measuring.charts import (
    Axes,
    bars,
    fan,
    heat_map,
    lines_by_month,
    lines_by_year,
    rows_of,
    stacked_shares,
    steps,
)
from tasks.measuring.maps import world_map

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
PUBLISHED = {"published": "Published by NCMEC", "reports": "Reports here", "incidents": "Incidents here"}
SPARED = {"settled": "Settled by a list", "repeats": "Repeats", "copies": "Near copies", "rest": "To be looked at once"}


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


def draw_published(frame: "pd.DataFrame") -> str:
    """Draw NCMEC's yearly reports beside ours."""
    long = frame[["year", *PUBLISHED]].melt("year", var_name="what", value_name="number")
    axes = Axes("year", "number", "what", up_title="per year, log scale")
    return lines_by_year(*named(long, "what", PUBLISHED), axes)


def draw_forecast(frame: "pd.DataFrame") -> str:
    """Draw what is expected, within the intervals of 95 and of 80 per cent."""
    rows = named(frame.drop(columns="basis"), "subject", COUNTS)
    axes = Axes("month", "expected", "subject", up_title="per month")
    return fan(*rows, axes, (("low_95", "high_95"), ("low_80", "high_80")))


def draw_exposure(frame: "pd.DataFrame") -> str:
    """Draw which looks need not happen, as shares of a bar for each year."""
    rest = frame.assign(rest=frame["sightings"] - frame["spared"])
    long = rest[["year", *SPARED]].melt("year", var_name="what", value_name="sightings")
    axes = Axes("year", "sightings", "what", up_title="share of sightings")
    return stacked_shares(*named(long, "what", SPARED), axes)


def named(frame: "pd.DataFrame", column: str, names: Mapping[str, str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Put names for the codes in `column`; give the rows, and the names that occur, in their order."""
    found = set(frame[column])
    order = [code for code in names if code in found] + sorted(found - set(names))
    readable = {code: names.get(code, code) for code in order}
    return rows_of(frame.assign(**{column: frame[column].map(readable)})), list(readable.values())
