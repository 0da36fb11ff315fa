"""The page: what was measured of a model as one HTML file that needs nothing else; no file is named on it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows of text; the first column names the row, the others are numbers."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A drawing (markup that this program drew itself), a table, or both, and what they show."""

    name: str
    title: str
    caption: str
    svg: str = ""
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Tile:
    """One number of the summary, and in a sentence what it is."""

    label: str
    number: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page, whenever it is rendered.

    Attributes:
        tone: of the verdict: `good`, `open` or `bad`.
        verdict: in a line; empty where nothing is judged.
        reasons: what it rests on.
        meanings: terms and what they count.
    """

    title: str
    lead: str
    tiles: tuple[Tile, ...]
    parts: tuple[Part, ...]
    tone: str = "open"
    verdict: str = ""
    reasons: tuple[str, ...] = ()
    meanings: Sequence[tuple[str, str]] = ()


def render_page(page: Page) -> str:
    """Render `page` as one HTML file; the same page gives the same text."""
    from jinja2 import (  # noqa: PLC0415 (a flow need not pay)
        ChoiceLoader,
        Environment,
        PackageLoader,
        StrictUndefined,
    )

    places = [PackageLoader(package, ".") for package in ("tasks.evaluating", "tasks.measuring")]
    environment = Environment(
        loader=ChoiceLoader(places), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("model.html.j2").render(page=page)
