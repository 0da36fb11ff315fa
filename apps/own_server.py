"""A Prefect server of a command's own, for those who run no stack."""

from collections.abc import Iterator
from contextlib import contextmanager

from infra.stack.prefect import prefect_server
from infra.stack.supervisor import supervising
from infra.world import world
from tasks.staging import flush_logs


@contextmanager
def own_server(port: int) -> Iterator[None]:
    """Have Prefect's server at `port`, to which `infra.stack.prefect.use_server` pointed this process."""
    root = world().settings.root
    with supervising([prefect_server(root / "prefect", port)], logs=root / "logs"):
        try:
            yield
        finally:
            flush_logs()
