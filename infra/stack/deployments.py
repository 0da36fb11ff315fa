"""What operators can start: the work pool and the deployments of `infra/prefect.yaml`."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import urllib3

from domain.errors import ServiceFailed
from infra.stack.prefect import POOLS
from infra.stack.service import BUSY, answers
from infra.stack.supervisor import child_environment

_LOST = ("RUNNING", "PENDING", "CANCELLING")
PLAN = Path(__file__).parents[1] / "prefect.yaml"


def make_pools(api: str) -> None:
    """Make the work pools at Prefect's `api` that are not there already; their workers fill in the rest.

    Raises:
        ServiceFailed: Prefect did not make it.
    """
    for pool in POOLS:
        answer = urllib3.request("POST", f"{api}/work_pools/", json={"name": pool, "type": "process"}, retries=BUSY)
        if answer.status not in {201, 409}:
            raise ServiceFailed(f"Prefect made no work pool {pool} (HTTP {answer.status}): see the log of prefect")


def end_lost_runs(api: str) -> int:
    """Mark the runs that a stopped worker left behind as crashed, and count them; no worker may run yet.

    Raises:
        ServiceFailed: Prefect did not take it.
    """
    lost = answers(f"{api}/flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": list(_LOST)}}}})
    if not isinstance(lost, list):
        raise ServiceFailed("Prefect names no runs: see the log of prefect")
    state = {"type": "CRASHED", "name": "Crashed", "message": "Breakwater was stopped while this ran"}
    for run in lost:
        if answers(f"{api}/flow_runs/{run['id']}/set_state", {"state": state, "force": True}) is None:
            raise ServiceFailed(f"Prefect does not end the lost run {run['id']}: see the log of prefect")
    return len(lost) + (end_lost_runs(api) if lost else 0)


def register(api: str, environment: Mapping[str, str], log: Path, plan: Path = PLAN) -> None:
    """Register every deployment of `plan`, or bring it up to date, through Prefect's own command.

    Raises:
        ServiceFailed: one could not be registered.
    """
    command = (sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(plan))
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        done = subprocess.run(  # noqa: S603 (our own command, no shell)
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            env=child_environment({**environment, "PREFECT_API_URL": api}),
            check=False,
        )
    if done.returncode:
        raise ServiceFailed(f"the deployments could not be registered: see {log}")
