"""Telemetry: every switch that keeps our libraries from calling out, and the progress of long jobs."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SWITCHED_OFF = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "ORT_DISABLE_TELEMETRY": "1",  # since 1.29 onnxruntime tells its makers of every session, models' digests included
    "DASK_LOGGING__DISTRIBUTED": "warning",  # Prefect would print what Dask tells of itself
    "GIT_PYTHON_REFRESH": "quiet",
}
"""Environment of every process that we start; each switch is documented by the library that reads it."""


def switch_off() -> None:
    """Switch all telemetry off in this process and its children; call it before importing a library."""
    os.environ.update(SWITCHED_OFF)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is: `done` of `total` items; it began where `total` is 0, and is over once `ended`."""

    stage: str
    done: int = 0
    total: int = 0
    ended: bool = False


Watcher = Callable[[Progress], None]
_watchers: list[Watcher] = []


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Have `watcher` called at every progress of this process, until the block ends."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def report_progress(progress: Progress) -> None:
    """Tell whoever watches this process."""
    for watcher in _watchers:
        watcher(progress)
