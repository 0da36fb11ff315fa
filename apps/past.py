"""The past: simulate twenty years of reports, with a bar that shows how far it is."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tasks.simulating.history.writing import simulate_history


def write_history(root: Path, reports: int, seed: int) -> None:
    """Write a history into `root`, and say where it stands."""
    console = Console(highlight=False, soft_wrap=True)
    columns = (TextColumn("simulate"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        bar = bars.add_task("simulate", total=reports)
        new = simulate_history(root, reports, seed, lambda done, _: bars.update(bar, completed=done))
    console.print(f"{reports} reports {'written to' if new else 'stand already in'} {root / 'inbox'}")
