"""A PostgreSQL server for tests, started by the stack's own code."""

import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from servers.folders import open_folder

from infra.stack.ports import free_ports
from infra.stack.postgres import Postgres
from infra.stack.supervisor import supervising

THROWN_AWAY = ("-c", "fsync=off", "-c", "full_page_writes=off")
"""No power fails in a test: what a killed process leaves is the same, and nobody waits for a disk."""


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    with open_folder() as folder:
        server = Postgres(folder / "postgres", *free_ports(0), password=secrets.token_hex(16))
        service = server.service()
        quick = replace(service, command=(*service.command, *THROWN_AWAY), stop=signal.SIGQUIT)
        with supervising([quick], logs=folder / "logs"):
            yield server
