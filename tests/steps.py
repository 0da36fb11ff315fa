"""Steps that the workers of a test's cluster import."""

import ctypes
import multiprocessing
import os
import secrets
import signal
import time
from pathlib import Path, PosixPath

from domain.errors import Unreadable
from domain.report import FileFault
from infra.limits import at_most


def double(numbers):
    """Double each number."""
    return [2 * number for number in numbers]


def keep_even(numbers):
    """Leave the odd ones out: a batch of several may give nothing."""
    return [number for number in numbers if not number % 2]


def tell_process(numbers):
    """Say for each number which process has it."""
    time.sleep(0.05)
    return [(number, os.getpid()) for number in numbers]


def leave_mark(folder, numbers):
    """Leave a file for each batch that is begun."""
    (Path(folder) / secrets.token_hex(8)).touch()
    return list(numbers)


def fail_at_seven(folder, numbers):
    """Leave a mark for each try at the batch of 7, and fail."""
    if 7 in numbers:
        leave_mark(folder, numbers)
        raise Unreadable(FileFault.UNDECODABLE)
    return list(numbers)


def fail_once(folder, numbers):
    """Lose this worker's process at the first try."""
    if not list(Path(folder).iterdir()):
        leave_mark(folder, numbers)
        os._exit(1)
    return list(numbers)


def die_of_thirteen(numbers):
    """Die, as a decoder does of bytes that break it."""
    if 13 in numbers:
        os.kill(os.getpid(), signal.SIGSEGV)
    return [2 * number for number in numbers]


def hang_at_thirteen(numbers):
    """Hang in C at the thirteenth, holding the interpreter's lock, as a decoder may do."""
    doubled = []
    for number in numbers:
        with at_most(1.5):
            if number == 13:
                ctypes.PyDLL(None).usleep(20_000_000)
            doubled.append(2 * number)
    return doubled


def allocate(gigabytes):
    """Say of each number whether so many gigabytes can be had at once."""
    had = []
    for number in gigabytes:
        try:
            had.append(len(bytearray(number * 2**30)) > 0)
        except MemoryError:
            had.append(False)
    return had


class DeadlyName(str):
    """The key of a file of which every worker dies that has to do with it."""

    __slots__ = ()

    def __reduce__(self):
        """Kill the worker that reads it."""
        return _read, (str(self),)


def _read(name):
    if multiprocessing.parent_process():
        os.kill(os.getpid(), signal.SIGSEGV)
    return DeadlyName(name)


class Deadly(PosixPath):
    """A folder of files; who reads the one called `deadly.json` on a worker dies of it."""

    def read_bytes(self):
        """Read all of it."""
        if self.name == "deadly.json" and multiprocessing.parent_process():
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().read_bytes()
