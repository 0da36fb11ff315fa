"""Prefect: the server that operators look at, and the worker that runs what they start."""

import os
import sys
from pathlib import Path

from infra.stack.ports import HOST, free_ports
from infra.stack.service import Service, answers

POOL = "cpu"
"""The work pool of the stages that read files."""

METADATA_POOL = "metadata-only"
"""The work pool of what runs without a file or a key."""

POOLS = (POOL, METADATA_POOL)


def api_url(port: int) -> str:
    """Address the API of a server of ours."""
    return f"http://{HOST}:{port}/api"


def prefect_server(folder: Path, port: int, database: str = "") -> Service:
    """Describe the server with its pages on `port`.

    The `database` is `postgresql+asyncpg://…`, or SQLite in `folder` where none is named.
    """
    url = api_url(port)
    environment = {"PREFECT_HOME": str(folder), "PREFECT_API_URL": url, "PREFECT_UI_API_URL": url}
    if database:
        environment["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database
    return Service(
        name="prefect",
        command=(sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)),
        ready=lambda: answers(f"{url}/flows/count", {}) is not None,
        folder=folder,
        environment=environment,
    )


def prefect_worker(folder: Path, api: str, environment: dict[str, str], pool: str = POOL) -> Service:
    """Describe the worker of a pool: every run is a process of its own, which gets `environment`."""
    return Service(
        name="worker" if pool == POOL else pool,
        command=(sys.executable, "-m", "prefect", "worker", "start", "--type", "process", "--pool", pool),
        ready=lambda: online(api, pool),
        folder=folder,
        environment={
            **environment,
            "PREFECT_HOME": str(folder),
            "PREFECT_API_URL": api,
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "PREFECT_RUNNER_POLL_FREQUENCY": "2",
            "PREFECT_WORKER_WEBSERVER_HOST": HOST,
        },
        grace=30,  # it ends its runs first, each of which leads a session of its own
    )


def online(api: str, pool: str = POOL) -> bool:
    """Whether a pool has a worker that is online."""
    workers = answers(f"{api}/work_pools/{pool}/workers/filter", {})
    return isinstance(workers, list) and any(worker["status"] == "ONLINE" for worker in workers)


def use_server(folder: Path) -> int:
    """Point this process and its children at a server of ours on a free port, and give the port.

    Call it before Prefect is imported: Prefect reads its environment then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (port,) = free_ports(0)
    os.environ.update(
        PREFECT_HOME=str(folder), PREFECT_API_URL=api_url(port), PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL="CRITICAL"
    )
    return port
