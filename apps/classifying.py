"""Classify by hand: what the flow `classify` does, for those who run no stack."""

import typer

from apps.own_server import own_server
from flows.classify import classify


def run(port: int) -> None:
    """Run the flow under a Prefect server of our own at `port`, and print its counts."""
    with own_server(port):
        counts = classify()
    told = [f"{number:,} {name.replace('_', ' ')}" for name, number in counts.items() if number]
    typer.echo(", ".join(told) or "every model has seen every file that it may look at")
