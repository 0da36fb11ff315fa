"""The supervisor: starts servers in order, watches them, and stops what it started, last first."""

import os
import pwd
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from domain.errors import ServiceFailed
from infra.stack.service import Service
from infra.telemetry import SWITCHED_OFF

PAUSE = 0.1
"""Seconds between two looks at the servers."""

TOGETHER = 1.0
"""Seconds within which signals count as one."""

Narrator = Callable[[str, str], None]
"""Takes a server's name and a line of its log."""

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class _Running:
    """A server that was started: its process, its log, and how much of the log was told."""

    service: Service
    process: subprocess.Popen[bytes]
    log: Path
    told: int = 0


class Supervisor:
    """Servers that run together, each in a session of its own: Ctrl-C reaches this process alone."""

    def __init__(self, logs: Path, narrate: Narrator | None = None) -> None:
        self._logs = logs
        self._narrate = narrate
        self._running: list[_Running] = []

    def start(self, *services: Service) -> None:
        """Start `services` side by side and wait until all are ready.

        Raises:
            ServiceFailed: one did not become ready in time, or any server ended.
        """
        waiting = [self._launch(service) for service in services]
        began = time.monotonic()
        while waiting:
            self.look()
            for running in waiting:
                if time.monotonic() - began > running.service.patience:
                    raise ServiceFailed(f"{running.service.name} is not ready in time: see {running.log}")
            waiting = [running for running in waiting if not running.service.ready()]
            time.sleep(PAUSE if waiting else 0)

    def watch(self) -> NoReturn:
        """Watch until one ends by itself.

        Raises:
            ServiceFailed: one did.
        """
        while True:
            self.look()
            time.sleep(PAUSE)

    def look(self) -> None:
        """Tell the new lines of every log.

        Raises:
            ServiceFailed: a server ended by itself.
        """
        for running in self._running:
            self._tell(running)
            if (code := running.process.poll()) is not None:
                raise ServiceFailed(f"{running.service.name} ended by itself (code {code}): see {running.log}")

    def stop(self) -> None:
        """Stop everything, last started first; nothing of it is left when this returns."""
        while self._running:
            running = self._running.pop()
            _end(running.process, running.service)
            self._tell(running)

    def _launch(self, service: Service) -> _Running:
        """Start one process, its output in its log; raises `ServiceFailed` if there is no such program."""
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        service.folder.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{service.name}.log"
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            try:
                process = subprocess.Popen(  # noqa: S603 (our own command, no shell)
                    service.command,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    cwd=service.folder,
                    env=child_environment(service.environment),
                    start_new_session=True,
                    user=service.account,
                    group=pwd.getpwnam(service.account).pw_gid if service.account else None,
                    extra_groups=[] if service.account else None,
                )
            except OSError as error:
                raise ServiceFailed(f"{service.name} did not start: {error}") from error
        running = _Running(service, process, log)
        self._running.append(running)
        return running

    def _tell(self, running: _Running) -> None:
        """Hand the whole lines that a log has gained to the narrator."""
        if not self._narrate:
            return
        with running.log.open("rb") as log:
            log.seek(running.told)
            gained, newline, _ = log.read().rpartition(b"\n")
        running.told += len(gained) + len(newline)
        for line in gained.decode(errors="replace").splitlines():
            self._narrate(running.service.name, line)


@contextmanager
def supervising(
    services: Iterable[Service] = (), *, logs: Path, narrate: Narrator | None = None
) -> Iterator[Supervisor]:
    """Have servers run until the block ends; SIGINT, SIGTERM and SIGHUP raise `KeyboardInterrupt` in it.

    Raises:
        ServiceFailed: one did not become ready, or ended by itself.
    """
    supervisor = Supervisor(logs, narrate)
    with _signalled(_interrupter()):
        try:
            supervisor.start(*services)
            yield supervisor
        finally:
            with _signalled(signal.SIG_IGN):
                supervisor.stop()


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Our own environment, every telemetry switched off, and `extra`: what a child process gets."""
    return {**os.environ, **SWITCHED_OFF, "PYTHONUNBUFFERED": "1", **extra}


def _interrupter() -> Callable[[int, FrameType | None], None]:
    """Make a handler that raises `KeyboardInterrupt`, once for signals that come together (as `timeout` sends)."""
    last = float("-inf")

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        nonlocal last
        since, last = time.monotonic() - last, time.monotonic()
        if since > TOGETHER:
            raise KeyboardInterrupt

    return interrupt


@contextmanager
def _signalled(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> Iterator[None]:
    """Have `handler` take the signals that end us. A server started meanwhile has its own defaults again.

    Only the main thread can; another one leaves the signals as they are.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in _ENDINGS}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def _end(process: subprocess.Popen[bytes], service: Service) -> None:
    """Ask the server to end, then kill whatever is left of its process group."""
    with suppress(ProcessLookupError):
        if process.poll() is None:
            os.kill(process.pid, service.stop)
    with suppress(subprocess.TimeoutExpired):
        process.wait(service.grace)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
