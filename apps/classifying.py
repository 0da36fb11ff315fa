"""Classify by hand: what the flow `classify` does, for those who run no stack."""

import typer

from apps.own_server import own_server
from apps.upkeep import counted
from flows.classify import classify


def run(port: int) -> None:
    """Run the flow under a Prefect server of our own at `port`, and print its counts."""
    with own_server(port):
        counts = classify()
    typer.echo(counted(counts, "every model has seen every file that it may look at"))
