"""A PostgreSQL server for tests, started by the stack's own code."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from servers.folders import open_folder

from infra.stack.ports import free_ports
from infra.stack.postgres import Postgres
from infra.stack.supervisor import supervising


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    with open_folder() as folder:
        server = Postgres(folder / "postgres", *free_ports(0), password=secrets.token_hex(16))
        with supervising([server.service()], logs=folder / "logs"):
            yield server
