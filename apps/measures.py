"""The measures by hand: what the flow `measure` does, for those who run no stack."""

from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from apps.own_server import own_server
from flows.measure import measure
from tasks.measuring.headlines import headlines
from tasks.measuring.publication import PAGE, folder_of
from tasks.measuring.series import written_series


def run(port: int, since: date | None, until: date | None) -> None:
    """Run the flow under a Prefect server of our own at `port`, and print the headlines and where the page is."""
    with own_server(port):
        measure(since, until)
    _tell(folder_of(since, until))


def _tell(folder: Path) -> None:
    console = Console(highlight=False, soft_wrap=True)
    found = headlines(written_series(folder))
    table = Table(box=None, show_header=False, padding=(0, 1))
    for one in found:
        table.add_row(one.what, f"[bold]{one.number}[/bold]", f"[dim]{one.detail}[/dim]")
    table.columns[1].justify = "right"
    console.print(table if found else "Nothing is measured yet: take reports in first, with `breakwater intake`.")
    console.print(f"The page with its figures: [bold]{folder / PAGE}[/bold]")
