"""Heaps: how many of them the C library keeps for the threads of a process that lives long."""

import ctypes
import sys

ARENA_MAX = -8
"""The option's number in glibc's `malloc.h`."""


def share_heaps(most: int = 2) -> None:
    """Have all threads share this many heaps, from now on; elsewhere than on glibc nothing is done.

    Without it each thread fills a heap of its own, whose free parts no other thread uses: a process of many threads
    grows for hours until each has seen its largest request.
    """
    library = ctypes.CDLL(None)
    if sys.platform == "linux" and hasattr(library, "gnu_get_libc_version"):
        library.mallopt(ARENA_MAX, most)
