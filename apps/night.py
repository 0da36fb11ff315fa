"""The night by hand: what the scheduled flow does, for those who run no stack."""

from rich.console import Console
from rich.table import Table

from apps.own_server import own_server
from domain.counts import Counts
from flows.nightly import nightly
from tasks.auditing import last_noted
from tasks.overnight import changes


def run(port: int) -> None:
    """Run the flow under a Prefect server of our own at `port`, and print what changed."""
    with own_server(port):
        counts = nightly()
    _tell(counts)
    Console().print(str(last_noted()), soft_wrap=True)


def _tell(counts: Counts) -> None:
    table = Table(title="What the night changed", show_header=False)
    found = changes(counts)
    for what, number, why in found:
        table.add_row(what, f"{number:,}", why)
    console = Console()
    console.print(table if found else "Nothing changed.")
