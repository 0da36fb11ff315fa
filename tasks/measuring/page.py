"""The page: a run's findings as one HTML file that needs nothing else; no media, no reporter is ever on it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Tile:
    """One number of the summary: its label, and in a sentence what exactly it counts."""

    label: str
    number: int
    explanation: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """What was rejected or quarantined: `what` (a report, a file), the closed list's reason, how many."""

    what: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class UrgentReport:
    """A report by its surrogate id, with its score, its band, and the points that add up to the score.

    `completeness` is no part of the score, 0-100; `between` in words, where models left the score open.
    """

    id: str
    score: float
    band: str
    reasons: tuple[tuple[str, float], ...]
    completeness: int = 0
    between: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing and the rows that it shows.

    Attributes:
        series: the name of the series, which its files bear too.
        definition: paragraphs that say what is counted; code in them stands between backticks.
        after: what of the paper it follows, as `Figure 2`; empty for what is not in it.
        svg: markup that this program drew itself; without one the rows stand for themselves.
    """

    series: str
    title: str
    caption: str
    table: "pd.DataFrame"
    definition: tuple[str, ...] = ()
    after: str = ""
    svg: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well a step found what the simulation had planted; precision and recall are 0–1."""

    what: str
    precision: float
    recall: float
    planted: int
    found: int


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page, whenever it is rendered.

    Attributes:
        files: the folder of the series' files, as a link from the page; empty where they stand beside it.
        span: of which months the volumes are, in a sentence; empty for all.
        seconds: by stage; may be left out.
    """

    title: str
    generated_from: str
    tiles: tuple[Tile, ...]
    set_aside: tuple[SetAside, ...] = ()
    urgent: tuple[UrgentReport, ...] = ()
    figures: tuple[Figure, ...] = ()
    evaluation: tuple[Evaluation, ...] = ()
    files: str = ""
    span: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)


def render_page(page: Page) -> str:
    """Render `page` as one HTML file; the same page gives the same text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 (a flow need not pay)

    environment = Environment(
        loader=PackageLoader("tasks.measuring", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(cell=cell, heading=heading, prose=prose)
    return environment.get_template("page.html.j2").render(page=page)


def prose(paragraph: str) -> str:
    """Mark up what stands between backticks as code."""
    from markupsafe import Markup, escape  # noqa: PLC0415 (as above)

    parts = (escape(part) for part in paragraph.split("`"))
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if odd % 2 else part for odd, part in enumerate(parts))


def heading(column: str) -> str:
    """Name a column for people: `share_of_files` is `Share of files`."""
    return column.replace("_", " ").replace("p90", "90th percentile").capitalize()


def cell(value: object, column: str = "") -> str:
    """Write a table's value for people: months, shares and growth in per cent, thousands apart, years plain."""
    if isinstance(value, date):
        return f"{value:%Y-%m}"
    if isinstance(value, str) or column == "year":
        return str(value)
    if not isinstance(value, (int, float, np.number)):
        return "withheld"  # a missing count of the public edition
    return _number(float(value), column)


def _number(number: float, column: str) -> str:
    if math.isnan(number):
        return "–"
    if column.startswith(("share", "precision", "recall", "feedback_of")):
        return f"{number:.1%}"
    if column in {"median", "mean", "latest", "change"}:  # growth
        return f"{number:+.0%}"
    return f"{number:,.0f}" if number.is_integer() else f"{number:,.1f}"
