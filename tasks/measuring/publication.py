"""Publication: the measures as files, and one page that shows them beside where the ledger stands."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from prefect.artifacts import create_markdown_artifact

from domain.counts import Counts
from infra.archive import Dataset
from infra.index.files import locked
from infra.ledger import measured
from infra.ledger.engine import reading
from infra.ledger.history import corrections
from infra.ledger.priorities import Ranked
from infra.ledger.summaries import Summary, registered
from infra.world import world
from tasks import summarizing
from tasks.measuring.bringing import bring_up
from tasks.measuring.figures import figures, public_figures
from tasks.measuring.headlines import headlines, markdown
from tasks.measuring.kept import read_kept
from tasks.measuring.page import Evaluation, Page, SetAside, Tile, UrgentReport, render_page
from tasks.measuring.public import PublicEdition, public_edition
from tasks.measuring.revisions import numbers, open_from
from tasks.measuring.rollup import RollUp
from tasks.measuring.series import Series, series_of, with_forecast, write_series
from tasks.staging import step, under_prefect

FOLDER = "measures"
"""Where the data folder keeps the series and the page."""

PAGE = "index.html"

PUBLIC = "public"
"""Where that folder keeps the public edition."""

STANDING = "standing"
"""Where that folder keeps what is counted already: it can be removed, and is made again."""


def page_of(
    series: Series,
    summary: Summary,
    queue: Sequence[Ranked],
    evaluation: Sequence[Evaluation] = (),
    seconds: Mapping[str, float] | None = None,
    *,
    files: str = "",
    span: str = "",
) -> Page:
    """Put a page together. Reports stand on it by their surrogate ids alone; `files` and `span` as in `Page`."""
    aside = (("report", summary.rejected), ("file", summary.quarantined))
    return Page(
        title="Breakwater report",
        generated_from=f"{summary.received:,} reports with {summary.sightings:,} files named",
        tiles=tuple(Tile(*line) for line in summarizing.lines(summary)),
        set_aside=tuple(SetAside(what, why, number) for what, reasons in aside for why, number in reasons.items()),
        urgent=tuple(
            UrgentReport(
                one.report_id[:12],
                one.score,
                one.band,
                tuple((r.name, r.points) for r in one.reasons),
                one.completeness,
                f"{one.between[0]:g} to {one.between[1]:g}" if one.between else "",
            )
            for one in queue
        ),
        figures=figures(series),
        evaluation=tuple(evaluation),
        files=files,
        span=span,
        seconds=seconds or {},
    )


def public_page(edition: PublicEdition) -> Page:
    """Put the page of the public edition together, with what holds for all of its series at its head."""
    return Page("Public edition", edition.definitions["definition"].iloc[0], (), figures=public_figures(edition))


def series_of_span(history: RollUp, since: date | None = None, until: date | None = None) -> Series:
    """Measure the registered history.

    Volumes are those of the months from that of `since` to that of `until`; what is told of files, and by the ledger,
    is of all history.
    """
    with reading(world().ledger) as connection:
        kept = read_kept(connection)
    return with_forecast(series_of(history.between(since, until), kept, history))


def read_history() -> RollUp:
    """Roll up the registered history, as revisions and analysts corrected it."""
    with reading(world().ledger) as connection:
        batches = {dataset: registered(connection, dataset) for dataset in Dataset}
        said = corrections(connection)
    return bring_up(world().settings.root / FOLDER / STANDING, world().archive, batches, said)


def write_page(page: Page, file: Path) -> Path:
    """Write a page, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.write_text(render_page(page), encoding="utf-8")
    return draft.replace(file)


def say(rollup: RollUp) -> int:
    """Note what is no longer what was said of closed months, and what is said of one for the first time; count it."""
    with world().ledger.begin() as connection:
        return measured.record(connection, numbers(rollup), open_from(rollup), datetime.now(UTC))


@step
def measure_history(since: date | None = None, until: date | None = None) -> Counts:
    """Measure the registered history, and note what changed in it; write the series, the page and the public edition.

    A span, by months, is written into a folder of its own, without a public edition. It narrows volumes; what is told
    of files and by the ledger is of all history. One process at a time, so that nothing older is said after something
    newer.
    """
    whole, folder = folder_of(None, None), folder_of(since, until)
    whole.mkdir(parents=True, exist_ok=True)
    with locked(whole):
        history = read_history()
        said = say(history)
        series = series_of_span(history, since, until)
        write_series(series, folder)
        if folder == whole:
            edition = public_edition(history, world().settings.public_threshold, datetime.now(UTC).date())
            write_series(edition, folder / PUBLIC)
            write_page(public_page(edition), folder / PUBLIC / PAGE)
        write_page(page_of(series, *summarizing.current(), span=span_of(since, until)), folder / PAGE)
    if under_prefect():
        create_markdown_artifact(markdown(headlines(series)), key="measures", description="What was measured")
    return Counts(months_measured=len(series.monthly), countries_measured=len(series.countries), numbers_said=said)


def folder_of(since: date | None, until: date | None) -> Path:
    """Say where the measures of a span are written: `measures`, or below it `2015-01_2017-09` or `2015-01_`."""
    name = "_".join("" if each is None else f"{each:%Y-%m}" for each in (since, until)) if since or until else ""
    return world().settings.root / FOLDER / name


def span_of(since: date | None, until: date | None) -> str:
    """Say in words of which months the volumes are; empty for all."""
    told = [f"{word} {each:%B %Y}" for word, each in (("from", since), ("to", until)) if each]
    return f"Volumes {' '.join(told)}; what is told of files is of all history." if told else ""
