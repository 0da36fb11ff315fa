"""The plugin that bounds Dask's workers."""

import ctypes

from distributed import Worker
from distributed.diagnostics.plugin import WorkerPlugin

from infra.limits import expend


class Bounded(WorkerPlugin):
    """Bounds a worker that has a process of its own, with a nanny that starts another in its place.

    Where there is a GPU its memory is not bounded, since the driver reserves without end; the bound of the nanny stays.
    A worker within another process is not bounded: the bound would be everybody's.
    """

    name = "breakwater limits"

    def __init__(self, memory: int) -> None:
        self._memory = memory

    def setup(self, worker: Worker) -> None:
        """Set the bound."""
        if worker.nanny:
            expend(None if _gpu() else self._memory)


def _gpu() -> bool:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True
