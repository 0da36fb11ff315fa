"""Limits of a worker process: what hostile bytes may cost in time and memory before they cost their worker."""

import ctypes
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from distributed import Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin

HEADROOM = 2 * 2**30
"""Bytes that libraries and threads reserve beside what a worker's memory bound counts."""


class Bounded(WorkerPlugin):
    """Bounds the memory that a worker process may have, as the kernel sees it; an allocation beyond fails at once.

    Where there is a GPU it does nothing, since its driver reserves without end; the bound of the nanny stays. Nor does
    it where the worker has no process of its own, with a nanny that starts another: the bound would be everybody's.
    """

    name = "breakwater limits"

    def __init__(self, memory: int) -> None:
        self._memory = memory

    def setup(self, worker: Worker) -> None:
        """Set the bound."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if worker.nanny and not _gpu():
            resource.setrlimit(resource.RLIMIT_DATA, (self._memory + HEADROOM, resource.RLIM_INFINITY))


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """End this worker process when the block takes longer; elsewhere, do nothing.

    The kernel ends it, by SIGALRM, so that a decoder that hangs in C is ended too. Its batch is tried one by one then.
    """
    if not _in_worker():
        yield
        return
    before = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before)


def _in_worker() -> bool:
    try:
        get_worker()
    except ValueError:
        return False
    return True


def _gpu() -> bool:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True
