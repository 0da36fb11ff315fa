"""Steps and stages under Prefect: what is tried again, progress while it lasts, counts when it ends."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.artifacts import create_progress_artifact, create_table_artifact, update_progress_artifact
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging.handlers import APILogHandler

from domain.counts import Counts
from infra.failures import of_the_world
from infra.ledger import runs
from infra.ledger.engine import migrate
from infra.telemetry import Progress, report_progress, watching
from infra.world import world

SECONDS_BETWEEN = 1.0
"""Prefect hears of progress no oftener: each update is a call to its server."""


Given = ParamSpec("Given")
Result = TypeVar("Result")


def step(function: Callable[Given, Result]) -> Task[Given, Result]:
    """Make a Prefect task of a step: tried again where the world failed, and only there."""
    retried = task(retries=3, retry_delay_seconds=[1, 10, 60], retry_condition_fn=_worth_another_try)
    return retried(function)


def _worth_another_try(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Tell Prefect whether a failed step failed by the world."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, BaseException) and of_the_world(error)


def under_prefect() -> bool:
    """Whether a flow or a task of Prefect runs this."""
    return FlowRunContext.get() is not None or TaskRunContext.get() is not None


@contextmanager
def shown_progress(name: str) -> Iterator[None]:
    """Show the progress of everything that fans out in the block as one Prefect progress artifact."""
    if not under_prefect():
        yield
        return
    artifact = create_progress_artifact(progress=0.0, key=name, description=f"How far {name} is")
    last = 0.0

    def show(progress: Progress) -> None:
        nonlocal last
        if progress.total and (time.monotonic() - last > SECONDS_BETWEEN or progress.done == progress.total):
            last = time.monotonic()
            share = 100.0 * progress.done / progress.total
            update_progress_artifact(artifact, progress=share)  # type: ignore[arg-type]

    with watching(show):
        yield


Table = list[dict[str, Any]]
_keepers: list[Callable[[str, Table], None]] = []


@contextmanager
def kept_tables() -> Iterator[dict[str, Table]]:
    """Keep what this process shows as tables in the block, by name: for commands, whose users see no artifact."""
    tables: dict[str, Table] = {}

    def keep(name: str, rows: Table) -> None:
        tables[name] = rows

    _keepers.append(keep)
    try:
        yield tables
    finally:
        _keepers.remove(keep)


def show_table(name: str, rows: Table, description: str) -> None:
    """Show a table of codes and counts as an artifact, under Prefect."""
    for keep in _keepers:
        keep(name, rows)
    if under_prefect():
        create_table_artifact(table=rows, key=name, description=description)


def flush_logs() -> None:
    """Send what Prefect still has to log; call it before its server is stopped."""
    APILogHandler().flush()


@contextmanager
def stage(name: str) -> Iterator[Callable[[Counts], Counts]]:
    """Time a stage, and give what publishes its counts: a row of the ledger and an artifact in Prefect's UI."""
    began = time.monotonic()
    report_progress(Progress(name))
    migrate(world().ledger)

    def publish(counts: Counts) -> Counts:
        seconds = time.monotonic() - began
        with world().ledger.begin() as connection:
            runs.record(connection, name, datetime.now(UTC), seconds, counts)
        table = [{"what": what.replace("_", " "), "number": number} for what, number in counts.items()]
        show_table(f"{name}-counts", table, f"What {name} did, in {seconds:.1f} s")
        report_progress(Progress(name, ended=True))
        return counts

    yield publish
