"""Classify by hand: what the flow `classify` does, for those who run no stack."""

import typer

from apps.own_server import own_server
from apps.upkeep import counted
from domain.counts import Counts
from flows.classify import classify
from tasks.asking import SET_ASIDE
from tasks.staging import Table, kept_tables


def run(port: int) -> None:
    """Run the flow under a Prefect server of our own at `port`, and print its counts, and who was set aside and why."""
    with own_server(port), kept_tables() as tables:
        counts = classify()
    typer.echo(line(counts, tables.get(SET_ASIDE, [])))


def line(counts: Counts, aside: Table) -> str:
    """Put a run into a line: its counts, and the models that were set aside, by why."""
    told = [counted(counts, "every model has seen every file that it may look at")]
    return "; ".join(told + [f"set aside: {row['role']}, {row['model']}: {row['why']}" for row in aside])
