"""Decoders: processes that decode files for one that runs networks, so that no network waits for a file.

Each is handed one file and another ahead, opens and decodes it within the bounds of the settings, and sends the frames
as they are wanted: numbers through a pipe, nothing on disk. One that dies costs the file that it was on, and another
takes its place. It ends when the other end of its pipe is closed.
"""

import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from multiprocessing.connection import Connection, wait
from queue import Queue
from threading import Event

import numpy as np
from pydantic import BaseModel, TypeAdapter

from domain.report import FileFault
from infra.limits import expend
from infra.world import world
from models.inputs import RGB
from tasks.looking import Look, Looked, Sight, looked

AHEAD = 2
"""Files that a decoder has at a time: one that it decodes, and one so that it need not wait for the next."""

_DEATHS = [
    -each
    for each in (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT, signal.SIGALRM,
                 signal.SIGKILL, signal.SIGTRAP, signal.SIGSYS)
]  # fmt: skip
"""How a process ends by what it decodes: broken by it, too long over it, or ended by the kernel for its memory."""

_ORDER: TypeAdapter[Look] = TypeAdapter(Look)


class _Head(BaseModel):
    """What comes before the pixels of a file: its fault, or each frame's second and the sizes of its parts."""

    fault: FileFault | None = None
    seconds: tuple[float, ...] = ()
    fitted: tuple[tuple[tuple[int, int], ...], ...] = ()
    kept: tuple[tuple[tuple[int, int], ...], ...] = ()


def send(pipe: Connection, found: Looked) -> None:
    """Send what was seen of a file."""
    if isinstance(found, FileFault):
        pipe.send_bytes(_Head(fault=found).model_dump_json().encode())
        return
    head = _Head(
        seconds=tuple(each.seconds for each in found),
        fitted=tuple(_sizes(each.fitted) for each in found),
        kept=tuple(_sizes(each.kept) for each in found),
    )
    pipe.send_bytes(head.model_dump_json().encode())
    for sight in found:
        for pixels in (*sight.fitted, *sight.kept):
            pipe.send_bytes(np.ascontiguousarray(pixels).reshape(-1).data)


def receive(pipe: Connection) -> Looked:
    """Receive what `send` sent; numbers alone are taken from a process that has read hostile bytes.

    Raises:
        EOFError, OSError: the other end is gone.
    """
    head = _Head.model_validate_json(pipe.recv_bytes())
    if head.fault:
        return head.fault
    frames = zip(head.seconds, head.fitted, head.kept, strict=True)
    return tuple(Sight(at, _pixels(pipe, fitted), _pixels(pipe, kept)) for at, fitted, kept in frames)


def _sizes(parts: Iterable[RGB]) -> tuple[tuple[int, int], ...]:
    return tuple((each.shape[0], each.shape[1]) for each in parts)


def _pixels(pipe: Connection, sizes: Iterable[tuple[int, int]]) -> tuple[RGB, ...]:
    parts = []
    for height, width in sizes:
        part = np.empty((height, width, 3), np.uint8)
        pipe.recv_bytes_into(part.reshape(-1))
        parts.append(part)
    return tuple(parts)


def decode(number: int) -> None:
    """Decode what comes in through the pipe of this number until it is closed: the life of a decoder."""
    expend(world().settings.worker_memory)
    with Connection(number) as pipe:
        while True:
            try:
                send(pipe, looked(_ORDER.validate_json(pipe.recv_bytes())))
            except (EOFError, BrokenPipeError, ConnectionResetError):
                return


class Decoder:
    """A decoder, seen from outside: its process, its pipe, and the files that it has, by their places."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 (Dask's workers may have no child that multiprocessing knows)
                [sys.executable, "-c", f"from tasks.decoders import decode; decode({theirs.fileno()})"],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # what interrupts its parent is no fault of its file
            )
        self.pipe = Connection(ours.detach())
        self.orders: deque[tuple[int, Look]] = deque()

    def hand(self, place: int, order: Look) -> None:
        """Hand it a file."""
        self.orders.append((place, order))
        try:
            self.pipe.send_bytes(_ORDER.dump_json(order))
        except OSError:
            return  # it is dead; who asks for its answer is told

    def answer(self) -> tuple[int, Looked]:
        """Take its next answer, with the place of the file; it is dead, and its pipe closed, where that killed it.

        Raises:
            ChildProcessError: it failed, and not by what it decoded; what it printed says why.
        """
        try:
            found = receive(self.pipe)
        except (EOFError, OSError):
            self.close()
            if self.process.returncode not in _DEATHS:
                raise ChildProcessError("a decoder failed, and not by its file; see what it printed") from None
            found = FileFault.DECODER_CRASHED
        return self.orders.popleft()[0], found

    def close(self) -> None:
        """Close its pipe, and see it end."""
        self.pipe.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:  # it decodes still
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


class Decoders:
    """So many decoders, started when they are needed first."""

    def __init__(self, count: int) -> None:
        self._count = count

    @cached_property
    def _every(self) -> list[Decoder]:
        return [Decoder() for _ in range(self._count)]

    def looked(self, orders: Sequence[Look]) -> Iterator[tuple[int, Looked]]:
        """Decode files, a bounded number of them ahead; give what was seen of each with its place, as it comes.

        Raises:
            ChildProcessError: a decoder failed, and not by what it decoded.
        """
        ready: Queue[tuple[int, Looked] | None] = Queue(self._count)
        enough, ended = Event(), False
        with ThreadPoolExecutor(1) as thread:
            reading = thread.submit(self._read, orders, ready, enough)
            try:
                while (one := ready.get()) is not None:
                    yield one
                ended = True
                reading.result()
            finally:
                enough.set()
                while not ended:
                    ended = ready.get() is None

    def _read(self, orders: Sequence[Look], ready: "Queue[tuple[int, Looked] | None]", enough: Event) -> None:
        """Hand files out and fill the queue with answers until there are no more, or it is enough."""
        try:
            left = deque(enumerate(orders))
            while True:
                for decoder in self._every * AHEAD:
                    if left and not enough.is_set() and len(decoder.orders) < AHEAD:
                        decoder.hand(*left.popleft())
                busy = {decoder.pipe: at for at, decoder in enumerate(self._every) if decoder.orders}
                if not busy:
                    return
                for at in [busy[pipe] for pipe in wait(list(busy)) if isinstance(pipe, Connection)]:
                    place, found = self._every[at].answer()
                    if self._every[at].pipe.closed:
                        left.extendleft(reversed(self._every[at].orders))
                        self._every[at] = Decoder()
                    ready.put((place, found))
        except ChildProcessError:
            self.close()
            raise
        finally:
            ready.put(None)

    def close(self) -> None:
        """End them all."""
        for decoder in self.__dict__.pop("_every", []):
            decoder.close()
