"""The measures by hand: what the flow `measure` does, for those who run no stack."""

from datetime import date

from rich.console import Console
from rich.table import Table

from flows.measure import measure
from infra.stack.prefect import prefect_server
from infra.stack.supervisor import supervising
from infra.world import world
from tasks.measuring.headlines import headlines
from tasks.measuring.publication import PAGE, folder_of, read_series
from tasks.staging import flush_logs


def run(port: int, since: date | None, until: date | None) -> None:
    """Run the flow under a Prefect server of our own at `port`, and print the headlines and where the page is."""
    root = world().settings.root
    with supervising([prefect_server(root / "prefect", port)], logs=root / "logs"):
        try:
            measure(since, until)
        finally:
            flush_logs()
    _tell(since, until)


def _tell(since: date | None, until: date | None) -> None:
    console = Console(highlight=False, soft_wrap=True)
    found = headlines(read_series(since, until))
    table = Table(box=None, show_header=False, padding=(0, 1))
    for one in found:
        table.add_row(one.what, f"[bold]{one.number}[/bold]", f"[dim]{one.detail}[/dim]")
    table.columns[1].justify = "right"
    console.print(table if found else "Nothing is measured yet: take reports in first, with `breakwater intake`.")
    console.print(f"The page with its figures: [bold]{folder_of(since, until) / PAGE}[/bold]")
