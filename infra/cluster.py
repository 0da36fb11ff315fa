"""The run's Dask cluster: opened once by the flow on top, and the fan-out of batches over it."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from domain.errors import ServiceFailed
from infra.settings import Settings
from infra.telemetry import Progress, report_progress
from infra.world import world

Item = TypeVar("Item")
Result = TypeVar("Result")
Step = Callable[[Sequence[Item]], list[Result]]

IN_FLIGHT_PER_WORKER = 3
"""Batches handed out ahead, so that no worker waits and no queue grows."""

LOOK_SECONDS = 5.0
"""Seconds after which it is seen to again that there are workers."""

CONDUCT = {
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.scheduler.allowed-failures": 1,
    "distributed.deploy.lost-worker-timeout": "60s",
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 128 * 2**20,
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 32 * 2**20,
}
"""How Dask is to behave: nothing spills to disk in the clear, a batch is given up once it has cost two workers, and a
worker is not while it starts again on a busy machine. It does not watch itself a hundred times a second. Workers keep
some free memory at hand, where Dask would have them hand back every array that they are done with, and fetch the next
one page by page."""

_address = ""
_clusters: list[Any] = []
"""The cluster that this process has started, if it has."""


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
    """Use the scheduler that the settings name, or start a cluster of worker processes on loopback.

    Its workers log nothing: what fails on them is raised here, and a heartbeat that meets the closing scheduler is not
    worth a traceback on the terminal.
    """
    if settings.dask:
        yield settings.dask
        return
    import dask  # noqa: PLC0415 (a metadata-only process never needs it)
    from distributed import LocalCluster  # noqa: PLC0415

    scratch = str(settings.root / "dask")
    with (
        dask.config.set({**CONDUCT, "temporary-directory": scratch}),
        LocalCluster(
            n_workers=settings.workers, threads_per_worker=1, processes=True, host="127.0.0.1",
            dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL, memory_limit=settings.worker_memory,
        ) as cluster,
    ):  # fmt: skip
        _clusters.append(cluster)
        try:
            yield cluster.scheduler_address
        finally:
            _clusters.remove(cluster)


def fan_out(
    step: Step[Item, Result],
    items: Sequence[Item],
    *,
    batch: int = 32,
    name: str = "",
    crashed: Callable[[Item], Result] | None = None,
    lost: list[Item] | None = None,
) -> Iterator[list[Result]]:
    """Run `step` over batches of `items` on the run's workers; give each batch's results as they arrive.

    A bounded number of batches is in flight, so a slow consumer holds the workers back. What `step` raises is raised
    here. A lost worker's batch goes to another. Where workers keep dying of a batch, `lost` takes its items; or these
    are run one at a time, and `crashed` makes the result of the one that kills its worker. Call it in `running()`.

    Raises:
        ServiceFailed: workers keep dying of a batch, and there is neither `crashed` nor `lost`.
    """
    done = 0
    report_progress(Progress(name, done, len(items)))
    if not items:
        return
    from distributed import Client  # noqa: PLC0415

    from infra.bounded import Bounded  # noqa: PLC0415 (as Dask itself)

    with Client(_address, set_as_default=False) as client:
        client.register_plugin(Bounded(world().settings.worker_memory))
        deadly: list[Item] = [] if lost is None else lost
        for some, results in _arriving(client, step, items, batch):
            if results is None:
                if crashed is None and lost is None:
                    raise ServiceFailed(f"workers keep dying of a batch in {name or 'this step'}; see their log")
                deadly += some
                if lost is None:
                    continue
            done += len(some)
            yield results or []
            report_progress(Progress(name, done, len(items)))
        for item in deadly if crashed else ():
            assert crashed is not None
            alone = next(_arriving(client, step, [item], 1))[1]
            done += 1
            yield [crashed(item)] if alone is None else alone
            report_progress(Progress(name, done, len(items)))


def _arriving(
    client: Any,  # noqa: ANN401 (Dask is untyped)
    step: Step[Item, Result],
    items: Sequence[Item],
    batch: int,
) -> Iterator[tuple[list[Item], list[Result] | None]]:
    """Give each batch with its results as they arrive; None for a batch of which workers keep dying."""
    from distributed import KilledWorker  # noqa: PLC0415

    batches = iter([list(items[start : start + batch]) for start in range(0, len(items), batch)])
    ahead = IN_FLIGHT_PER_WORKER * max(1, len(client.scheduler_info()["workers"]))
    in_flight: dict[Any, list[Item]] = {}
    arriving: SimpleQueue[Any] = SimpleQueue()

    def submit(count: int) -> None:
        for some in islice(batches, count):
            future = client.submit(step, some, pure=False)
            in_flight[future] = some
            future.add_done_callback(arriving.put)

    submit(ahead)
    looked = 0.0
    while in_flight:
        if time.monotonic() - looked > LOOK_SECONDS:
            looked = time.monotonic()
            _revive()
        try:
            future = arriving.get(timeout=LOOK_SECONDS)
        except Empty:
            continue
        some = in_flight.pop(future)
        submit(1)
        try:
            results = list(future.result())
        except KilledWorker:
            results = None
        yield some, results


def _revive() -> None:
    """Start workers again that Dask has given up: those that died while they started, or were slow to come back."""
    for cluster in _clusters:
        if len(cluster.workers) < len(cluster.worker_spec):
            cluster.scale(len(cluster.worker_spec))
