"""The demo: a simulated inbox, brought all the way by the same flows that operators start."""

import math
import sys
import time
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from apps.own_server import own_server
from domain.counts import Counts
from flows.pipeline import pipeline
from infra import telemetry
from infra.ledger import runs
from infra.ledger.engine import reading
from infra.ledger.priorities import Ranked
from infra.ledger.summaries import Summary
from infra.world import world
from tasks import summarizing
from tasks.explaining import score_of, why
from tasks.inference import ensure_reference
from tasks.measuring.page import Evaluation
from tasks.measuring.publication import FOLDER, folder_of, page_of, write_page
from tasks.measuring.series import written_series
from tasks.simulating.evaluation import Quality, evaluation
from tasks.simulating.inbox import simulate_inbox
from tasks.summarizing import lines

STAGES = (
    "simulate",
    "start Prefect",
    "register model",
    "intake",
    "fingerprint",
    "classify",
    "cluster",
    "prioritize",
    "measure",
)
CHANGES = ("new_drops", "list_hashes_new", "files_fingerprinted", "files_quarantined", "matches_new",
           "files_classified", "copies_members_changed", "reports_members_changed", "priorities_new")  # fmt: skip
"""Counts that are all 0 when a run found nothing new."""


NOTHING_NEW = "[bold]Nothing new[/bold]: this run changed nothing."

PRINTED_WIDTH = 120
"""Columns of the summary where there is no terminal to ask."""


class Display:
    """What the demo shows while it works: bars on a terminal, one line a stage elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began: dict[str, float] = {}
        self._bars: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=console, disable=not console.is_terminal,
        )  # fmt: skip

    def __call__(self, told: telemetry.Progress) -> None:
        """Show how far a stage is."""
        if told.stage not in STAGES:
            return
        if told.stage not in self._began:
            self._began[told.stage] = time.monotonic()
            self._bars[told.stage] = self._progress.add_task(told.stage, total=None)
        bar = self._bars[told.stage]
        if told.ended:
            total = self._progress.tasks[bar].total or 1
            self._progress.update(bar, total=total, completed=total)
            self._progress.stop_task(bar)
            if not self._console.is_terminal:
                self._console.print(f"{told.stage:<16} {time.monotonic() - self._began[told.stage]:6.1f} s")
        elif told.total:
            self._progress.update(bar, total=told.total, completed=told.done)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show progress until the block ends."""
        with telemetry.watching(self), self._progress:
            yield

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Show a stage that tells nothing of itself."""
        self(telemetry.Progress(name))
        yield
        self(telemetry.Progress(name, ended=True))


def run_demo(reports: int, seed: int, port: int, *, open_page: bool) -> None:
    """Simulate, run the pipeline under a Prefect server of our own, and print what was found.

    Prefect's server takes `port`, at which `infra.stack.prefect.use_server` pointed this process.
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PRINTED_WIDTH)
    display = Display(console)
    root = world().settings.root
    began = time.monotonic()
    with display.shown():
        with display.stage("simulate"):
            simulate_inbox(
                root, reports, seed, lambda done, total: display(telemetry.Progress("simulate", done, total))
            )
        counts = _piped(port, display)
    page = _report(console, counts)
    console.print(f"\nThe report with its figures: [bold]{page}[/bold]   ({time.monotonic() - began:.0f} s in all)")
    if open_page:
        webbrowser.open(page.as_uri())


def _piped(port: int, display: Display) -> Counts:
    """Run the pipeline; Prefect's server lives as long as it."""
    display(telemetry.Progress("start Prefect"))
    with own_server(port):
        display(telemetry.Progress("start Prefect", ended=True))
        with display.stage("register model"):
            ensure_reference(world().registry)
        return pipeline()


def _report(console: Console, counts: Counts) -> Path:
    """Print what was found, and write the page that says it."""
    summary, queue = summarizing.current()
    qualities = evaluation()
    with reading(world().ledger) as connection:
        seconds = {stage: took for stage, (took, _) in runs.latest(connection).items()}
    console.print(_summary_table(summary))
    console.print(f"  Rejected reports   {summarizing.reasons(summary.rejected)}")
    console.print(f"  Quarantined files  {summarizing.reasons(summary.quarantined)}")
    console.print(_queue_table(queue))
    console.print(_quality_table(qualities))
    console.print("\nSeconds per stage: " + ", ".join(f"{stage} {took:.1f}" for stage, took in seconds.items()))
    new = f"New in this run: {counts['received']} reports with {counts['files_named']} files named."
    console.print("", new if any(counts[name] for name in CHANGES) else NOTHING_NEW, sep="\n")
    rows = [Evaluation(q.what, _number(q.precision), _number(q.recall), q.of, q.found) for q in qualities]
    page = page_of(written_series(folder_of(None, None)), summary, queue, rows, seconds, files=f"{FOLDER}/")
    return write_page(page, world().settings.root / "report.html")


def _number(share: float | None) -> float:
    return math.nan if share is None else share


def _summary_table(summary: Summary) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1), title="\nWhere the ledger stands", title_justify="left")
    for what, number, detail in lines(summary):
        table.add_row(f" {what}", f"[bold]{number:,}[/bold]", f"[dim]{detail}[/dim]")
    table.columns[1].justify = "right"
    return table


def _queue_table(queue: Sequence[Ranked]) -> Table:
    table = Table(box=None, padding=(0, 1), title="\nThe most urgent reports", title_justify="left", header_style="dim")
    for column in (" report", "score", "band", "complete", "why"):
        table.add_column(column, justify="right" if column in ("score", "complete") else "left")
    for one in queue:
        table.add_row(f" {one.report_id[:12]}", score_of(one), one.band, f"{one.completeness}", why(one))
    return table


def _quality_table(qualities: Sequence[Quality]) -> Table:
    table = Table(box=None, padding=(0, 1), title="\nBeside the truth", title_justify="left", header_style="dim")
    for column in (" what", "precision", "recall", "of"):
        table.add_column(column, justify="left" if column == " what" else "right")
    for one in qualities:
        shares = ("–" if share is None else f"{share:.1%}" for share in (one.precision, one.recall))
        table.add_row(f" {one.what}", *shares, f"{one.of:,}")
    return table
