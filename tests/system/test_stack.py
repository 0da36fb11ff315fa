"""The operators' stack, whole: every real server, on free ports."""

import contextlib
import re
import shlex
import signal
import stat
import subprocess
import sys
import time

import psutil
import pytest
import urllib3
from servers.folders import open_folder
from sqlalchemy import select

from apps.stack import doctor, tell
from domain.errors import ServiceFailed
from infra.ledger import schema as tables
from infra.ledger.engine import connect
from infra.ledger.summaries import summarize
from infra.policy import SHIPPED, load_policy
from infra.stack.checks import Finding
from infra.stack.layout import alone_in
from infra.stack.supervisor import child_environment
from tasks.simulating.inbox import simulate_inbox

START = """
import sys
from pathlib import Path
from infra.telemetry import switch_off
switch_off()
from apps.stack import up
from infra.stack.layout import Ports
up(Path(sys.argv[1]), ports=Ports(0, 0, 0, 0, 0, 0, 0))
"""
ASK = "from apps.stack import doctor, tell; raise SystemExit(tell(doctor()))"
PARTS = ("settings", "data folder", "blob store", "ledger", "registry", "inference", "Prefect", "Dask")
REPORTS = 24
FLOWS = {"intake", "fingerprint", "classify", "cluster", "prioritize", "measure", "pipeline", "nightly"}


def started(folder, out):
    return subprocess.Popen(
        [sys.executable, "-c", START, str(folder)],
        env=child_environment({}),
        stdout=out,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def environment_of(folder, process, out):
    """Wait until the stack tells its environment."""
    published = folder / "keys" / "stack.env"
    while not published.exists():
        assert process.poll() is None, out.read_text()
        time.sleep(0.2)
    assert stat.S_IMODE(published.stat().st_mode) == 0o600
    return dict(shlex.split(line)[0].split("=", 1) for line in published.read_text().splitlines())


def asked(url, body):
    answer = urllib3.request("POST", url, json=body)
    assert answer.status < 300, answer.data
    return answer.json()


def ended(api, deployment, **parameters):
    """Start a deployment as an operator does in the UI, and wait for its end."""
    run = asked(f"{api}/deployments/{deployment['id']}/create_flow_run", {"parameters": parameters})
    until = time.monotonic() + 240
    while run["state_type"] not in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") and time.monotonic() < until:
        time.sleep(1)
        run = urllib3.request("GET", f"{api}/flow_runs/{run['id']}").json()
    return run


def switched(api, folder):
    """Have a policy proposed, approved by who proposed it, then by somebody else, reported on, and tell the ends."""
    file = folder / "ours.toml"
    file.write_text(SHIPPED.read_text().replace("raises = 40", "raises = 35"))
    deployments = asked(f"{api}/deployments/filter", {"deployments": {"name": {"like_": "_policy"}}})
    propose, approve, report = (
        next(each for each in deployments if each["name"] == f"{name}_policy")
        for name in ("propose", "approve", "report")
    )
    version = load_policy(file).version[:12]
    runs = [
        ended(api, propose, file=str(file), by="7", reason="tried on what came in"),
        ended(api, approve, version=version, by="7"),
        ended(api, approve, version=version, by="8"),
        ended(api, report),
    ]
    return [run["state_name"] for run in runs]


def piped(environment, folder):
    """Have `pipeline` run, another policy come in force, then `nightly`, and tell what is to be seen of them."""
    simulate_inbox(folder, REPORTS, 3)
    api = environment["PREFECT_API_URL"]
    (deployment,) = asked(f"{api}/deployments/filter", {"deployments": {"name": {"any_": ["pipeline"]}}})
    schema = deployment["parameter_openapi_schema"]["properties"]
    assert all(schema[name]["description"] for name in ("inbox", "lists"))
    run = ended(api, deployment)
    policy = switched(api, folder)
    (deployment,) = asked(f"{api}/deployments/filter", {"deployments": {"name": {"any_": ["nightly"]}}})
    night = ended(api, deployment)
    runs = asked(f"{api}/flow_runs/filter", {})
    flows = {flow["id"]: flow["name"] for flow in asked(f"{api}/flows/filter", {})}
    engine = connect(environment["BREAKWATER_LEDGER"])
    with engine.begin() as connection:
        received = summarize(connection).received
        ranked_by = set(connection.scalars(select(tables.priority.c.policy).where(tables.priority.c.current)))
    engine.dispose()
    return {
        **run,
        "night": night["state_name"],
        "subflows": {flows[one["flow_id"]] for one in runs if one["parent_task_run_id"]},
        "artifacts": {artifact["key"] for artifact in asked(f"{api}/artifacts/filter", {})},
        "reports": received,
        "policy": policy,
        "ranked by": ranked_by,
    }


def connections(process):
    """Tell the sockets of a process; one that has ended since it was listed (a probe of a server, say) has none."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.net_connections("inet")
    return []


def listening(processes):
    return {
        connection.laddr.ip
        for process in processes
        for connection in connections(process)
        if connection.status == psutil.CONN_LISTEN
    }


@pytest.mark.timeout(600)
def test_the_whole_stack_starts_is_well_and_leaves_nothing(tmp_path):
    out = tmp_path / "up.txt"
    with open_folder() as folder, out.open("wb") as log:
        process = started(folder, log)
        try:
            environment = environment_of(folder, process, out)
            family = psutil.Process(process.pid).children(recursive=True)
            examined = subprocess.run(
                [sys.executable, "-c", ASK],
                env=child_environment(environment),
                capture_output=True,
                text=True,
                check=False,
            )
            deployments = urllib3.request(
                "POST", f"{environment['PREFECT_API_URL']}/deployments/filter", json={}
            ).json()
            addresses = listening(family)
            run = piped(environment, folder)
            gateway = re.search(r"http://127\.0\.0\.1:\d+/ispws/", out.read_text())[0]
            asked_back = urllib3.request("GET", f"{gateway}status").status
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(120)
        _, left = psutil.wait_procs(family, timeout=10)
        said = out.read_text() + examined.stdout + "".join(file.read_text() for file in (folder / "logs").iterdir())
        assert code == 0, said
        assert examined.returncode == 0, examined.stdout + examined.stderr
        assert all(part in examined.stdout for part in PARTS)
        assert {deployment["name"] for deployment in deployments} >= FLOWS
        assert asked_back == 401
        assert addresses <= {"127.0.0.1", "::1"}
        assert run["state_name"] == "Completed", run
        assert run["night"] == "Completed", said
        assert run["subflows"] == FLOWS - {"pipeline", "nightly"}  # which has its own hour
        assert {
            "summary",
            "pipeline-counts",
            "intake",
            "intake-counts",
            "nightly",
            "policy-backtest",
            "policy-report",
        } <= run["artifacts"]
        assert run["reports"] == REPORTS
        assert run["policy"] == ["Completed", "Failed", "Completed", "Completed"], said
        assert run["ranked by"] == {load_policy(folder / "ours.toml").version}
        assert left == []
        assert not (folder / "keys" / "stack.env").exists()
        for key in ("postgres.key", "s3.key"):
            assert (folder / "keys" / key).read_text().strip()[:40] not in said


def test_doctor_finds_the_embedded_parts_and_says_what_mends_a_ledger_that_is_not_there(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BREAKWATER_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    found = {finding.part: finding for finding in doctor()}
    assert tuple(found)[: len(PARTS)] == PARTS
    assert {part for part, finding in found.items() if not finding.works} >= {"ledger"}
    assert "breakwater up" in found["ledger"].told
    assert tell(list(found.values())) == 1
    assert "ledger" in capsys.readouterr().out


def test_doctor_names_a_setting_that_is_wrong_without_its_value(monkeypatch):
    monkeypatch.setenv("BREAKWATER_WORKERS", "sesame")
    (finding,) = doctor()
    assert not finding.works
    assert "BREAKWATER_WORKERS" in finding.told
    assert "sesame" not in finding.told


def test_the_exit_code_is_0_only_when_every_part_works():
    well, ill = Finding("a", works=True, told=""), Finding("b", works=False, told="")
    assert [tell([well]), tell([well, ill])] == [0, 1]


@pytest.mark.timeout(120)
def test_a_stack_that_cannot_start_stops_what_it_started(tmp_path):
    """A cluster that another version of PostgreSQL made cannot be served."""
    out = tmp_path / "up.txt"
    with open_folder() as folder, out.open("wb") as log:
        (folder / "postgres").mkdir()
        (folder / "postgres" / "PG_VERSION").write_text("7.4\n")
        process = started(folder, log)
        assert process.wait(60) == 1
        assert "no PostgreSQL 7.4 is installed" in out.read_text()


def test_a_second_stack_on_one_folder_is_refused(tmp_path):
    with alone_in(tmp_path), pytest.raises(ServiceFailed, match="another"), alone_in(tmp_path):
        pass
    with alone_in(tmp_path):
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o711
