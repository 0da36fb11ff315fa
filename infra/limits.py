"""Limits of a process that may die: what hostile bytes may cost in time and memory before they cost their process."""

import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

HEADROOM = 2 * 2**30
"""Bytes that libraries and threads reserve beside what a worker's memory bound counts."""

_expendable = False


def expend(memory: int | None) -> None:
    """Let this process die of what it decodes, since somebody starts another one in its place.

    It has `memory` bytes at most from now on, as the kernel sees it, so that an allocation beyond fails at once; as
    much as there is where that is None.
    """
    global _expendable  # noqa: PLW0603 (a process is, or is not)
    _expendable = True
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (memory + HEADROOM, resource.RLIM_INFINITY))


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """End this process when the block takes longer, if it may die; else do nothing.

    The kernel ends it, by SIGALRM, so that a decoder that hangs in C is ended too. What it was on is tried by itself
    then. Blocks may lie in one another, and in several threads: the clock is one, and is set for the earliest end.
    """
    if not _expendable:
        yield
        return
    block = object()
    with _clock:
        _ends[block] = time.monotonic() + seconds
        _set()
    try:
        yield
    finally:
        with _clock:
            del _ends[block]
            _set()


_clock = Lock()
_ends: dict[object, float] = {}
"""When the blocks must have ended that have begun, by `time.monotonic`."""
_SOON = 1e-6
"""Seconds to an end that is past; 0 would stop the clock."""


def _set() -> None:
    left = max(_SOON, min(_ends.values()) - time.monotonic()) if _ends else 0
    signal.setitimer(signal.ITIMER_REAL, left)
