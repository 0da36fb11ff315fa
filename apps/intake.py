"""Intake by hand or on watch: take in what lies in a folder or a file, and print what came of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.table import Table

from domain.counts import Counts
from infra.cluster import running
from infra.failures import of_the_world
from infra.inboxes import Place
from infra.telemetry import Progress, watching
from infra.world import world
from tasks.reports.bundling import bundle_floods
from tasks.reports.formats import Format
from tasks.reports.intake import archive_reports, entries_of, intake_reports
from tasks.staging import stage


def take_in(place: Place, form: Format) -> Counts:
    """Take in what lies at `place` and was not taken yet, and give the counts."""
    entries_of(place, world().settings.authority)  # what cannot be read is told before workers are started
    with running(), stage("intake") as publish:
        return publish(intake_reports.fn(place, form) + archive_reports.fn() + bundle_floods.fn())


def show(place: Place, form: Format) -> None:
    """Take in, and print what is new."""
    console = Console()
    with bars(console):
        counts = take_in(place, form)
    _tell(console, counts)


def watch(place: Place, form: Format, every: float) -> None:
    """Take in what is new, and look again `every` so many seconds, until Ctrl-C; prints where something came.

    Where the world fails (a server is away, a disk is full), that is told once, and tried again at the next look.
    """
    console = Console()
    entries_of(place, world().settings.authority)
    patience = Patience(console)
    try:
        with running():
            while True:
                with patience:
                    counts = take_in(place, form)
                    if counts["new_drops"] or counts["received"]:
                        _tell(console, counts)
                time.sleep(every)
    except KeyboardInterrupt:
        console.print("No longer watching. What was being taken in is taken in whole next time, or not at all.")


class Patience:
    """Blocks of which each may fail by the world; a failure is told once, until a block succeeds again."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told = False

    def __enter__(self) -> None:
        """Begin a try."""

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        """Hold a failure of the world back; a bug, and what only a person can mend, goes through."""
        if error is None:
            self._told = False
            return False
        if not (of_the_world(error) or isinstance(error, FileNotFoundError)):  # what was taken away meanwhile
            return False
        if not self._told:
            self._console.print(f"Intake failed ({type(error).__name__}) and is tried again until it works.")
        self._told = True
        return True


def _tell(console: Console, counts: Counts) -> None:
    table = Table(title="Intake", show_header=False)
    for name, number in counts.items():
        if number:
            table.add_row(name.replace("_", " "), f"{number:,}")
    console.print(table)


@contextmanager
def bars(console: Console) -> Iterator[None]:
    """Show how far each step is, where somebody looks."""
    with Bars(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console, transient=True
    ) as bars:
        lines: dict[str, TaskID] = {}

        def show_progress(progress: Progress) -> None:
            if progress.total:
                line = lines.setdefault(progress.stage, bars.add_task(progress.stage, visible=False))
                bars.update(line, completed=progress.done, total=progress.total, visible=True)

        with watching(show_progress):
            yield
