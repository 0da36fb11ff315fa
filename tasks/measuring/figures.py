"""Figures: the paper's, in its order, and those after it, from the measures. A figure of nothing is left out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from tasks.measuring import drawings
from tasks.measuring.definitions import definition
from tasks.measuring.page import Figure
from tasks.measuring.public import PublicEdition
from tasks.measuring.public_definitions import DEFINITIONS
from tasks.measuring.series import Series

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Shown:
    """How a series is shown.

    Attributes:
        after: which of the paper's figures it follows; empty for those after it.
        draw: makes a drawing of it, if there is any.
        needs: columns of which one has a number that is not 0, or it tells nothing.
    """

    series: str
    after: str
    title: str
    caption: str
    draw: Callable[["pd.DataFrame"], str] | None = None
    needs: Sequence[str] = ()

    def tells(self, frame: "pd.DataFrame") -> bool:
        """Whether there is anything to show."""
        return len(frame) > 0 and (not self.needs or any(frame[name].fillna(0).any() for name in self.needs))


PAPER = (
    Shown(
        "monthly", "Figure 2", "Monthly volume",
        "Reports, incidents (a bundled report stands for several), sightings (distinct pairs of report and file) "
        "and files never seen before, by the month of receipt.",
        drawings.draw_monthly,
    ),
    Shown(
        "growth", "Sections 3 and 4", "Growth",
        "Year over year, by each of the three readings that the paper leaves open: whole calendar years, twelve "
        "months with the twelve before, and each month with the same one a year before.",
    ),
    Shown(
        "sources", "Figure 3", "Reports by source",
        "Reports from service providers and from the public, by the month of receipt.",
        drawings.draw_sources,
    ),
    Shown(
        "regions", "Figure 4", "Regions by year",
        "Located reports by the UN region that they name. A report counts once in each region that it names; the "
        "shares in the table are of the year’s located reports.",
        drawings.draw_regions,
    ),
    Shown(
        "countries", "Table 1", "Countries named most",
        "Reports that name each country, and their share of all located reports. A report may name several.",
        drawings.draw_countries,
    ),
    Shown(
        "rates", "Figure 5", "Reports for each thousand Internet users",
        "Reports of all time for each thousand Internet users of 2015. Pale countries have fewer than 500 reports, or "
        "nobody counted their users. Countries too small for the map stand in the table.",
        drawings.draw_rates,
    ),
    Shown(
        "vectors", "Figure 6", "Vectors over the years",
        "Each row is a technology and adds up to 100 %: the share of its reports that each year received. "
        "A report may have several.",
        drawings.draw_vectors,
    ),
    Shown(
        "kinds", "Figure 7", "Kinds of files",
        "Sightings (distinct pairs of report and file) of images, videos and other files, by the month of receipt.",
        drawings.draw_kinds,
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


BEYOND = (
    Shown(
        "published", "", "Beside what NCMEC published",
        "Reports and incidents of each year beside the reports that NCMEC says it received. From 2024 on bundled "
        "reports count as one there, and the line ends.",
        drawings.draw_published, ["published"],
    ),
    Shown(
        "forecast", "", "The next twelve months",
        "Reports and sightings that are expected if the months ahead differ as those behind did, within intervals of "
        "80 and of 95 per cent. What has not happened yet no forecast knows.",
        drawings.draw_forecast,
    ),
    Shown(
        "outcomes", "", "What became of reports",
        "Reports that somebody looked at, that were referred, and that came back with feedback, by year of receipt.",
        needs=["looked_at", "referred", "feedback"],
    ),
    Shown(
        "recipients", "", "Recipients",
        "Reports that were made available to each group of recipients, as actionable or as information.",
    ),
    Shown(
        "first_look", "", "Time to the first look",
        "Hours from the receipt of a report to the first look of a person at it, by year and by priority band.",
        needs=["looked_at"],
    ),
    Shown(
        "list_hits", "", "On a known list",
        "Sightings and distinct files that stand on a list of known hashes; claims of reporters apart.",
        needs=["listed", "claimed"],
    ),
    Shown(
        "novelty", "", "New material",
        "Reports that bring a picture or film never seen before, and those that bring one like none before.",
        needs=["with_files"],
    ),
    Shown(
        "exposure", "", "Looks that need not happen",
        "Sightings of pictures and films by what spares a look at them: a list, an earlier look at the same file, or "
        "at a near copy. An upper bound, given the policy.",
        drawings.draw_exposure, ["sightings"],
    ),
    Shown(
        "contents", "", "Files by year",
        "Sightings and new files of each year and kind, beside the files that NCMEC published.",
        needs=["sightings"],
    ),
    Shown(
        "revisions", "", "What was said before",
        "Every number of a closed month that is no longer what was said of it, with the time of the change.",
    ),
)  # fmt: skip
"""What is measured beyond the paper."""

_ALSO_PUBLIC = {"yearly_countries": "Countries by year", "yearly": "Yearly volume", "yearly_sources": "Sources by year",
                "yearly_kinds": "Kinds of files by year"}  # fmt: skip


def figures(series: Series) -> tuple[Figure, ...]:
    """Draw what there is to draw; each figure brings the table that it shows."""
    return tuple(_figure(each, series) for each in (*PAPER, *BEYOND) if each.tells(getattr(series, each.series)))


def _figure(shown: Shown, series: Series) -> Figure:
    table: pd.DataFrame = getattr(series, shown.series)
    svg = shown.draw(table) if shown.draw else ""
    caption = shown.caption
    if shown.series == "lifetimes":  # its table is the summary, since the curve has a row for every day
        svg = drawings.draw_lifetimes(series.lifetime_distribution)
    if shown.series == "sources":
        caption += _crossed(series.crossover)
    return Figure(shown.series, shown.title, caption, table, definition(shown.series), shown.after, svg)


def _crossed(crossover: "pd.DataFrame") -> str:
    return "".join(
        f" Providers first sent more than the public in {row.first:%B %Y}." for row in crossover.itertuples(index=False)
    )


def public_figures(edition: PublicEdition) -> tuple[Figure, ...]:
    """Draw the public edition, in the paper's order, and then its further tables; what is withheld is a gap."""
    shown = {each.series: each for each in PAPER}
    there = {field.name for field in fields(edition)} & DEFINITIONS.keys()
    order = [name for name in (*shown, *_ALSO_PUBLIC) if name in there]
    tables = [(name, getattr(edition, name)) for name in order]
    return tuple(_public_figure(shown.get(name), name, table, edition) for name, table in tables if len(table))


def _public_figure(shown: Shown | None, name: str, table: "pd.DataFrame", edition: PublicEdition) -> Figure:
    title, after = (shown.title, shown.after) if shown else (_ALSO_PUBLIC[name], "")
    svg = shown.draw(table) if shown and shown.draw else ""
    if name == "lifetimes":
        svg = drawings.draw_lifetimes(edition.lifetime_distribution)
    return Figure(name, title, DEFINITIONS[name], table, (), after, svg)
