"""The run's Dask cluster: opened once by the flow on top, and the fan-out of batches over it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from infra.settings import Settings
from infra.telemetry import Progress, report_progress
from infra.world import world

Item = TypeVar("Item")
Result = TypeVar("Result")
Step = Callable[[Sequence[Item]], list[Result]]

IN_FLIGHT_PER_WORKER = 3
"""Batches handed out ahead, so that no worker waits and no queue grows."""

RETRIES = 2
"""Times that a batch which raises is tried again; Dask by itself moves one whose worker is lost."""

_address = ""


@contextmanager
def running() -> Iterator[str]:
    """Have a cluster until the block ends; one that this process has open already is used, and left open."""
    global _address  # noqa: PLW0603 (one cluster a process is the point)
    if _address:
        yield _address
        return
    with _cluster(world().settings) as _address:
        try:
            yield _address
        finally:
            _address = ""


@contextmanager
def _cluster(settings: Settings) -> Iterator[str]:
    """Use the scheduler that the settings name, or start a cluster of worker processes on loopback."""
    if settings.dask:
        yield settings.dask
        return
    import dask  # noqa: PLC0415 (a metadata-only process never needs it)
    from distributed import LocalCluster  # noqa: PLC0415

    never = {f"distributed.worker.memory.{level}": False for level in ("target", "spill", "pause")}
    scratch = str(settings.root / "dask")
    with (
        dask.config.set({**never, "temporary-directory": scratch}),  # content never spills to disk in the clear
        LocalCluster(
            n_workers=settings.workers, threads_per_worker=1, processes=True, host="127.0.0.1",
            dashboard_address="127.0.0.1:0", silence_logs=logging.ERROR, memory_limit=0,
        ) as cluster,
    ):  # fmt: skip
        yield cluster.scheduler_address


def fan_out(
    step: Step[Item, Result], items: Sequence[Item], *, batch: int = 32, name: str = ""
) -> Iterator[list[Result]]:
    """Run `step` over batches of `items` on the run's workers; give each batch's results as they arrive.

    A bounded number of batches is in flight, so a slow consumer holds the workers back. What `step` raises is
    raised here. Call it inside `running()`.
    """
    from distributed import Client, as_completed  # noqa: PLC0415

    batches = iter([list(items[start : start + batch]) for start in range(0, len(items), batch)])
    done = 0
    report_progress(Progress(name, done, len(items)))
    if not items:
        return
    with Client(_address, set_as_default=False) as client:
        ahead = IN_FLIGHT_PER_WORKER * max(1, len(client.scheduler_info()["workers"]))

        def submit(some: list[Item]) -> object:
            return client.submit(_counted, step, some, pure=False, retries=RETRIES, key=None)

        arriving = as_completed([submit(some) for some in islice(batches, ahead)], loop=client.loop)
        for future in arriving:
            size, results = future.result()
            done += size
            for some in islice(batches, 1):
                arriving.add(submit(some))
            yield results
            report_progress(Progress(name, done, len(items)))


def _counted(step: Step[Item, Result], items: list[Item]) -> tuple[int, list[Result]]:
    """Run one batch on a worker; its size says how much is done, whatever the results are."""
    return len(items), step(items)
