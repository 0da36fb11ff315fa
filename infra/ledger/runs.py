"""Runs in the ledger: what each stage did, in counts. They record that something ran, so a rerun adds to them."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from domain.counts import Counts
from infra.ledger import schema


def record(connection: Connection, stage: str, ended_at: datetime, seconds: float, counts: Counts) -> None:
    """Note that a stage ended."""
    row = {"stage": stage, "ended_at": ended_at, "seconds": seconds, "counts": dict(counts)}
    connection.execute(insert(schema.run).values(row))


def latest(connection: Connection) -> dict[str, tuple[float, Counts]]:
    """Give each stage's last run: its seconds and its counts."""
    query = select(schema.run.c.stage, schema.run.c.seconds, schema.run.c.counts).order_by(schema.run.c.id)
    return {stage: (seconds, Counts(**counts)) for stage, seconds, counts in connection.execute(query)}
