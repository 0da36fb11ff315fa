"""S3 servers for tests, started by the stack's own code."""

import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from servers.build_minio import BUILT
from servers.folders import open_folder

from infra.stack.ports import free_ports
from infra.stack.s3 import S3
from infra.stack.service import Service
from infra.stack.supervisor import supervising


def minio_program() -> str | None:
    return shutil.which("minio") or (str(BUILT) if BUILT.exists() else None)


@contextmanager
def running_s3(kind: str) -> Iterator[S3]:
    with open_folder() as folder:
        server = S3(folder / "s3", *free_ports(0), secret_key=secrets.token_hex(20))
        with supervising([_service(server, kind)], logs=folder / "logs"):
            yield server


def _service(server: S3, kind: str) -> Service:
    if kind == "seaweedfs":
        return server.seaweedfs(shutil.which("weed") or str(Path(sys.executable).with_name("weed")))
    program = minio_program()
    if program is None:
        pytest.skip("no MinIO: put `minio` on the PATH, or run `python tests/servers/build_minio.py` (needs Go 1.24)")
    return server.minio(program)
