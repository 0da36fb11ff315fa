"""The whole stack in one folder: which servers, on which ports, and what their clients need to know."""

import fcntl
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path

from domain.errors import ServiceFailed
from infra import keys
from infra.settings import WITHOUT_FILES, Settings
from infra.stack import dask, prefect
from infra.stack.gateway import gateway_server
from infra.stack.mlflow import mlflow_server
from infra.stack.ports import HOST, free_ports
from infra.stack.postgres import Postgres
from infra.stack.s3 import ACCESS_KEY, S3
from infra.stack.service import Service

DATABASES = ("breakwater", "prefect", "mlflow")
BUCKET = "breakwater"


@dataclass(frozen=True, slots=True)
class Ports:
    """The port of each server; one that is taken, or 0, gives way to any free one."""

    postgres: int = 54320
    s3: int = 9000
    prefect: int = 4200
    mlflow: int = 5000
    dask: int = 8786
    dashboard: int = 8787
    gateway: int = 8250

    def free(self) -> "Ports":
        """Give ports that are free now."""
        return Ports(*free_ports(*astuple(self)))


class Layout:
    """The servers over one data folder. Passwords are made once and kept in `DATA/keys`."""

    def __init__(self, data: Path, ports: Ports, workers: int) -> None:
        self.root = data.expanduser().resolve()
        self.ports = ports.free()
        self.workers = workers
        self.postgres = Postgres(self.root / "postgres", self.ports.postgres, self._secret("postgres"))
        self.s3 = S3(self.root / "s3", self.ports.s3, self._secret("s3")[:40])  # the length of AWS's secret keys

    @property
    def logs(self) -> Path:
        """Where every server's log is."""
        return self.root / "logs"

    @property
    def prefect_api(self) -> str:
        """Prefect's API."""
        return prefect.api_url(self.ports.prefect)

    @cached_property
    def settings(self) -> Settings:
        """Breakwater's settings on these servers; those that are none of theirs come from the environment."""
        return Settings(
            data=self.root,
            blobs=f"s3+http://{self.s3.endpoint}/{BUCKET}",
            blobs_access_key=ACCESS_KEY,
            blobs_secret_key=self.s3.secret_key,
            ledger=self.postgres.url("breakwater"),
            mlflow=f"http://{HOST}:{self.ports.mlflow}",
            dask=dask.address(self.ports.dask),
            workers=self.workers,
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment of whatever uses these servers."""
        known = self.settings.model_dump(mode="json", exclude_unset=True, exclude_none=True)
        ours = {f"BREAKWATER_{name.upper()}": str(value) for name, value in known.items()}
        return {**ours, "PREFECT_API_URL": self.prefect_api, "PREFECT_HOME": str(self.root / "prefect")}

    @property
    def metadata_account(self) -> tuple[str, str]:
        """The database's account for work on metadata alone: its name and password."""
        return "breakwater_nightly", self._secret("nightly")

    @property
    def metadata_environment(self) -> dict[str, str]:
        """The environment of who works on metadata alone: no store, no key, no helper that has them, few rights."""
        withheld = {"BREAKWATER_BLOBS_ACCESS_KEY", "BREAKWATER_BLOBS_SECRET_KEY", "BREAKWATER_DASK"}
        kept = {name: value for name, value in self.environment.items() if name not in withheld}
        ledger = self.postgres.url("breakwater", account=self.metadata_account)
        return {**kept, **WITHOUT_FILES, "BREAKWATER_LEDGER": ledger}

    @property
    def stores(self) -> tuple[Service, ...]:
        """What everything else stands on: PostgreSQL and S3."""
        return self.postgres.service(), self.s3.service()

    @property
    def servers(self) -> tuple[Service, ...]:
        """The servers that people look at: Prefect, MLflow and Dask's scheduler."""
        return (
            prefect.prefect_server(
                self.root / "prefect", self.ports.prefect, self.postgres.url("prefect", "postgresql+asyncpg")
            ),
            mlflow_server(self.root / "mlflow", self.ports.mlflow, self.postgres.url("mlflow", "postgresql+psycopg")),
            dask.dask_scheduler(self.root / "dask", self.ports.dask, self.ports.dashboard),
        )

    @property
    def hands(self) -> tuple[Service, ...]:
        """The processes that do the work: Prefect's workers, Dask's, and the gateway."""
        home = self.root / "prefect"
        return (
            prefect.prefect_worker(home, self.prefect_api, self.environment),
            prefect.prefect_worker(home, self.prefect_api, self.metadata_environment, prefect.METADATA_POOL),
            dask.dask_workers(
                self.root / "dask", self.ports.dask, self.workers, self.settings.worker_memory, self.environment
            ),
            gateway_server(self.root / "gateway", self.ports.gateway, self.environment),
        )

    @property
    def addresses(self) -> dict[str, str]:
        """Where people find each part; no password among it."""
        return {
            "Prefect": f"http://{HOST}:{self.ports.prefect}",
            "MLflow": f"http://{HOST}:{self.ports.mlflow}",
            "Dask": f"http://{HOST}:{self.ports.dashboard}/status",
            "Gateway": f"http://{HOST}:{self.ports.gateway}/ispws/",
            "S3": f"http://{self.s3.endpoint}/{BUCKET}",
            "PostgreSQL": f"{HOST}:{self.ports.postgres}",
        }

    @property
    def environment_file(self) -> Path:
        """Where `environment` is kept for other shells while the servers run; its owner alone can read it."""
        return self.root / "keys" / "stack.env"

    def publish(self) -> None:
        """Write `environment_file`, to be read by a shell: `set -a; . FILE`."""
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in self.environment.items()]
        draft = self.environment_file.with_suffix(".draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.writelines(lines)
        draft.replace(self.environment_file)

    def withdraw(self) -> None:
        """Remove `environment_file`."""
        self.environment_file.unlink(missing_ok=True)

    def _secret(self, name: str) -> str:
        return keys.load_or_make(self.root / "keys" / f"{name}.key").hex()


@contextmanager
def alone_in(root: Path) -> Iterator[None]:
    """Keep any other stack off this data folder until the block ends.

    The folder is made so that its owner lists it alone; PostgreSQL's own account passes through it.

    Raises:
        ServiceFailed: another stack runs on it.
    """
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o711)
    with (root / "stack.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServiceFailed(
                f"another `breakwater up` runs on {root}; stop it first, or name another folder"
            ) from None
        yield
