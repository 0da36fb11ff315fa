"""Dask: the scheduler, and the worker processes that take batches."""

import sys
from pathlib import Path

from infra.cluster import CONDUCT
from infra.stack.ports import HOST
from infra.stack.service import Service

CONDUCT_VARIABLES = {
    f"DASK_{name.replace('.', '__').replace('-', '_').upper()}": str(value) for name, value in CONDUCT.items()
}
"""`infra.cluster.CONDUCT` as Dask reads it from the environment."""


def address(port: int) -> str:
    """Address a scheduler of ours."""
    return f"tcp://{HOST}:{port}"


def dask_scheduler(folder: Path, port: int, dashboard: int) -> Service:
    """Describe the scheduler, with its dashboard."""
    return Service(
        name="dask",
        command=(sys.executable, "-m", "dask", "scheduler", "--host", HOST, "--port", str(port),
                 "--dashboard-address", f"{HOST}:{dashboard}"),
        ready=lambda: _workers(port) >= 0,
        folder=folder,
        environment=CONDUCT_VARIABLES,
    )  # fmt: skip


def dask_workers(folder: Path, port: int, count: int, memory: int, environment: dict[str, str]) -> Service:
    """Describe `count` worker processes of one thread and `memory` bytes each, which spill nothing to disk."""
    return Service(
        name="dask-workers",
        command=(sys.executable, "-m", "dask", "worker", address(port), "--host", HOST,
                 "--nworkers", str(count), "--nthreads", "1", "--memory-limit", str(memory),
                 "--dashboard-address", f"{HOST}:0", "--local-directory", str(folder)),
        ready=lambda: _workers(port) >= count,
        folder=folder,
        environment={**environment, **CONDUCT_VARIABLES},
    )  # fmt: skip


def _workers(port: int) -> int:
    """Count the workers that a scheduler has; -1 while it does not answer."""
    from distributed import Client  # noqa: PLC0415 (who starts no Dask imports none)

    try:
        with Client(address(port), timeout=5, set_as_default=False) as client:
            return len(client.scheduler_info(n_workers=-1)["workers"])
    except OSError:
        return -1
