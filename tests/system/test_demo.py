"""The demo as a newcomer runs it, in a network without a way out: it ends well, twice, and tells nothing of content."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select

from infra.ledger import schema
from infra.ledger.engine import reading
from infra.settings import Settings
from infra.world import World

REPORTS = 30
BREAKWATER = str(Path(sys.executable).with_name("breakwater"))
ALONE = """
import fcntl, pathlib, re, socket, struct, subprocess, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 0x41))  # SIOCSIFFLAGS: the loopback, up and running
code = subprocess.call(sys.argv[1:])
names, numbers = re.findall(r"^Ip: (.*)$", pathlib.Path("/proc/net/snmp").read_text(), re.M)
tried = int(dict(zip(names.split(), numbers.split()))["OutNoRoutes"])
tried += int(re.search(r"Ip6OutNoRoutes\\s+(\\d+)", pathlib.Path("/proc/net/snmp6").read_text())[1])
print(f"{tried} attempts to leave the machine")
sys.exit(code)
"""
CALL_OUT = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect_ex(('192.0.2.1', 80))"


def alone(*command, **environment):
    """Run a command in a network namespace of its own, with loopback and no route."""
    unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    return subprocess.run(
        [*unshare, sys.executable, "-c", ALONE, *command],
        capture_output=True, text=True, check=False, env={**as_a_user(), **environment},
    )  # fmt: skip


def as_a_user():
    """Give our environment as a user has it: no library is quieter there for thinking that it is tested."""
    return {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")}


def namespaces() -> bool:
    return bool(shutil.which("unshare")) and alone("true").returncode == 0


@pytest.fixture(scope="module")
def run_in(tmp_path_factory):
    """Give what runs a command: with no way out where the system lets us, as it is elsewhere."""
    if namespaces():
        return alone
    return lambda *command, **environment: subprocess.run(
        command, capture_output=True, text=True, check=False, env={**as_a_user(), **environment}
    )


@pytest.fixture(scope="module")
def demo(run_in, tmp_path_factory):
    """Run the demo twice on one folder: the folder, both runs, and the ledger after each."""
    folder = tmp_path_factory.mktemp("demo")
    runs, ledgers = [], []
    for _ in range(2):
        runs.append(run_in(BREAKWATER, "demo", "--data", str(folder), "--reports", str(REPORTS), "--seed", "5"))
        ledgers.append(rows_of(folder / "ledger.db"))
    return folder, runs, ledgers


def rows_of(ledger):
    """Read every table but `run`, which records that something ran."""
    with sqlite3.connect(ledger) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = [name for name in tables if name != "run" and not name.startswith("sqlite_")]
        return {name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}"))) for name in kept}


@pytest.mark.timeout(600)
def test_it_ends_well_and_says_what_it_found(demo):
    folder, (first, _), _ = demo
    assert first.returncode == 0, first.stdout + first.stderr
    for words in ("Reports received", "Rejected reports", "most urgent", "Beside the truth", "Seconds per stage"):
        assert words in first.stdout
    assert (folder / "report.html").stat().st_size > 50_000


@pytest.mark.timeout(600)
def test_a_second_run_finds_nothing_new_and_changes_nothing(demo):
    _, (_, second), (before, after) = demo
    assert second.returncode == 0, second.stdout + second.stderr
    assert "Nothing new" in second.stdout
    assert before == after
    assert len(before["report"]) == REPORTS


@pytest.mark.timeout(600)
def test_nothing_calls_out(demo):
    if not namespaces():
        pytest.skip("this system lets us make no network namespace")
    _, runs, _ = demo
    assert "1 attempts to leave" in alone(sys.executable, "-c", CALL_OUT).stdout
    for run in runs:
        assert "\n0 attempts to leave the machine" in run.stdout


@pytest.mark.timeout(600)
def test_received_is_accepted_and_rejected_and_every_named_file_is_somewhere(demo):
    folder, _, _ = demo
    with sqlite3.connect(folder / "ledger.db") as connection:
        rejections = Counter(why for (why,) in connection.execute("SELECT rejection FROM report"))
        faults = Counter(
            why for (why,) in connection.execute(
                "SELECT coalesce(s.fault, b.fault) FROM sighting s LEFT JOIN blob b ON b.id = s.blob_id"
            )
        )  # fmt: skip
    drops = [drop for drop in (folder / "inbox").iterdir() if drop.is_dir()]
    files = (file for drop in drops for file in drop.iterdir())
    named = {file.with_suffix("") for file in files if re.fullmatch("[0-9a-f]{16}", file.stem)}
    assert sum(rejections.values()) == len(drops) == REPORTS
    assert sum(faults.values()) == len(named)
    assert faults["missing"] == sum(not file.with_suffix(".bin").exists() for file in named)
    assert set(rejections) - {None} == {"forbidden_xml", "no_receipt", "no_report", "not_well_formed", "schema"}
    assert set(faults) - {None} == {
        "digest_mismatch", "empty", "missing", "not_media", "report_rejected", "too_many_pixels", "undecodable"
    }  # fmt: skip


@pytest.mark.timeout(600)
def test_every_byte_that_came_is_kept(demo):
    folder, _, _ = demo
    there = World(Settings(data=folder))
    with reading(there.ledger) as connection:
        kept = {there.blobs.read(blob) for blob in connection.scalars(select(schema.blob.c.id))}
    there.ledger.dispose()
    came = {file.read_bytes() for file in (folder / "inbox").glob("*/*")}
    assert came <= kept


@pytest.mark.timeout(600)
def test_nothing_that_came_is_stored_in_the_clear(demo):
    folder, _, _ = demo
    starts = {file.read_bytes()[:64] for file in (folder / "inbox").glob("*/*") if file.stat().st_size >= 64}
    for file in (file for file in folder.rglob("*") if file.is_file() and folder / "inbox" not in file.parents):
        assert file.read_bytes()[:64] not in starts, file


@pytest.mark.timeout(600)
def test_no_content_reaches_logs_artifacts_parameters_or_the_page(demo):
    folder, runs, _ = demo
    secrets = set()
    for document in (folder / "inbox").glob("*/*.xml"):
        values = r"<(fileName|originalFileName|email|ipAddress|screenName|espIdentifier|url|phone)[^>]*>([^<]{6,})<"
        secrets |= {value for _, value in re.findall(values, document.read_text(errors="replace"))}
    with sqlite3.connect(folder / "ledger.db") as connection:
        for digests in connection.execute("SELECT md5, sha1, sha256 FROM blob"):
            secrets |= set(digests)
    assert len(secrets) > 300
    traces = [file for place in ("prefect", "logs", "measures", "dask") for file in (folder / place).rglob("*")]
    traces = [file for file in traces if file.is_file()] + [folder / "report.html", *folder.glob("mlflow.db*")]
    told = b"".join(file.read_bytes() for file in traces) + "".join(run.stdout + run.stderr for run in runs).encode()
    assert b"pipeline" in told
    found = re.findall(rb"|".join(re.escape(secret.encode()) for secret in sorted(secrets)), told)
    assert not found


@pytest.mark.timeout(600)
def test_the_night_works_without_a_file_and_tells_what_it_changed(demo, tmp_path):
    """On a copy of the folder from which every file, and every key but that of names, is gone."""
    folder, _, _ = demo
    copy = tmp_path / "night"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("blobs", "sealing.key", "inbox", "logs", "dask"))
    with sqlite3.connect(copy / "ledger.db") as connection:
        (sha256,) = connection.execute(
            "SELECT sha256 FROM blob WHERE kind = 'image' AND tested AND NOT EXISTS "
            "(SELECT 1 FROM match WHERE blob_id = blob.id)"
        ).fetchone()
    (tmp_path / "fresh.txt").write_text(f"sha256 {sha256}\n")
    said = []
    for command in (("nightly",), ("lists", "import", str(tmp_path / "fresh.txt")), ("nightly",), ("nightly",)):
        run = subprocess.run(
            [BREAKWATER, *command, "--data", str(copy)], capture_output=True, text=True, check=False, env=as_a_user()
        )
        assert run.returncode == 0, run.stdout + run.stderr
        said.append(run.stdout)
    assert "Nothing changed" in said[0]
    assert re.search(r"matches added\W+1\W", said[2])
    assert re.search(r"reports scored anew\W+[1-9]", said[2])
    assert "Nothing changed" in said[3]
    with sqlite3.connect(copy / "prefect" / "prefect.db") as connection:
        artifacts = [data for (data,) in connection.execute("SELECT data FROM artifact WHERE key = 'nightly'")]
    assert len(artifacts) == 3
    assert sum("No file was opened" in data for data in artifacts) == 3
    assert sum("The audit chain is whole" in data for data in artifacts) == 3
    assert sum("retention" in data for data in artifacts) == 3
    assert "The audit chain is whole" in said[0]
    assert len((copy / "audit.heads").read_text().splitlines()) == 2  # of the demo, and with the import
    with sqlite3.connect(copy / "ledger.db") as connection:
        connection.execute("DROP TRIGGER audit_refuses_update")
        connection.execute("UPDATE audit SET actor = 'nobody' WHERE number = 1")
    run = subprocess.run(
        [BREAKWATER, "nightly", "--data", str(copy)], capture_output=True, text=True, check=False, env=as_a_user()
    )
    assert run.returncode == 1
    assert "row 1 was changed" in run.stderr
    with sqlite3.connect(copy / "prefect" / "prefect.db") as connection:
        artifacts = [data for (data,) in connection.execute("SELECT data FROM artifact WHERE key = 'nightly'")]
    assert sum("row 1 was changed" in data for data in artifacts) == 1
    assert not (copy / "blobs").exists()


def killed_at(stage, folder):
    """Start the demo on `folder`, and kill every process of it in the middle of a stage."""
    command = [BREAKWATER, "demo", "--data", str(folder), "--reports", str(REPORTS), "--seed", "5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=as_a_user()) as run:
        for line in run.stdout:
            if line.startswith(stage.encode()):
                break
        time.sleep(0.7)
        for process in (*psutil.Process(run.pid).children(recursive=True), psutil.Process(run.pid)):
            with suppress(psutil.NoSuchProcess):
                process.kill()


@pytest.mark.timeout(600)
def test_a_run_killed_in_the_middle_loses_nothing_and_doubles_nothing(demo, tmp_path):
    folder, (whole, _), _ = demo
    for stage in ("register model", "intake"):  # lines that end a stage: the kill comes in the next
        killed_at(stage, tmp_path)
    environment = {**as_a_user(), "BREAKWATER_DATA": str(tmp_path)}
    command = [BREAKWATER, "demo", "--data", str(tmp_path), "--reports", str(REPORTS), "--seed", "5"]
    resumed = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    stands = re.compile(r"(Where the ledger stands.*?)  Clusters of reports[^\n]*(.*?The most urgent)", re.DOTALL)
    assert stands.search(resumed.stdout).groups() == stands.search(whole.stdout).groups()
    # Each folder has names of its own, by which ties fall: scenes may differ, and with them what reports share.
    aside = {"audit", "batch", "cluster", "cluster_change", "report_link"}
    sizes = [
        {name: sum(not re.search("'(scenes|reports)'", row) for row in rows)
         for name, rows in rows_of(place / "ledger.db").items()
         if name not in aside}
        for place in (folder, tmp_path)
    ]  # fmt: skip
    assert sizes[0] == sizes[1]


@pytest.mark.timeout(120)
def test_what_goes_wrong_is_said_once_in_one_line(demo, tmp_path):
    folder, _, _ = demo
    shutil.copytree(folder / "truth", tmp_path / "truth")
    (tmp_path / "inbox").mkdir()
    command = [BREAKWATER, "demo", "--data", str(tmp_path), "--reports", str(REPORTS), "--seed", "5"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=as_a_user())
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert run.stderr.startswith("breakwater: ")
    assert "BREAKWATER_AUTHORITY" in run.stderr


@pytest.mark.timeout(600)
def test_what_it_keeps_is_for_its_own_account_alone(demo):
    folder, _, _ = demo
    for place in ("ledger.db", "mlflow.db", "report.html", "blobs", "inbox", "archive", "keys/names.key"):
        assert not (folder / place).stat().st_mode & 0o077, place
    assert not any(file.stat().st_mode & 0o077 for file in (folder / "blobs").rglob("*"))
