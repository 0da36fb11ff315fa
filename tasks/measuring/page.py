"""The page: a run's findings as one HTML file that needs nothing else; no media, no reporter is ever on it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

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
    """A report by its surrogate id, with its score, its band, and the points that add up to the score."""

    id: str
    score: float
    band: str
    reasons: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing and the rows that it shows. `svg` is markup that this program drew itself."""

    title: str
    caption: str
    svg: str
    table: "pd.DataFrame"


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
    """Everything on the page, whenever it is rendered; `seconds` (by stage) may be left out."""

    title: str
    generated_from: str
    tiles: tuple[Tile, ...]
    set_aside: tuple[SetAside, ...] = ()
    urgent: tuple[UrgentReport, ...] = ()
    figures: tuple[Figure, ...] = ()
    evaluation: tuple[Evaluation, ...] = ()
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
    environment.filters.update(cell=cell, heading=heading)
    return environment.get_template("page.html.j2").render(page=page)


def heading(column: str) -> str:
    """Name a column for people: `share_of_files` is `Share of files`."""
    return column.replace("_", " ").replace("p90", "90th percentile").capitalize()


def cell(value: object, column: str = "") -> str:
    """Write a table's value for people: months, shares in per cent, thousands apart, years plain."""
    if isinstance(value, date):
        return f"{value:%Y-%m}"
    if isinstance(value, str) or column == "year":
        return str(value)
    number = float(value)  # type: ignore[arg-type]
    if math.isnan(number):
        return "–"
    if column.startswith(("share", "precision", "recall")):
        return f"{number:.1%}"
    return f"{number:,.0f}" if number.is_integer() else f"{number:,.1f}"
