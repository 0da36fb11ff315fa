"""What the stack asks of Prefect's own server: its pool, its deployments, and runs that were lost."""

import time

import pytest

from domain.errors import ServiceFailed
from infra.stack.deployments import end_lost_runs, make_pools, register
from infra.stack.ports import free_ports
from infra.stack.prefect import POOLS, api_url, prefect_server, prefect_worker
from infra.stack.service import answers
from infra.stack.supervisor import supervising

GREETING = '''"""A flow for the tests."""
from prefect import flow

@flow
def greet(times: int = 1) -> int:
    """Greet."""
    return times
'''
PLAN = """
pull: []
deployments:
  - {name: greet, entrypoint: greeting.greet, work_pool: {name: cpu}}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture(scope="module")
def supervisor(home):
    with supervising(logs=home / "logs") as running:
        yield running


@pytest.fixture(scope="module")
def api(supervisor, home):
    (port,) = free_ports(0)
    supervisor.start(prefect_server(home, port))
    make_pools(api_url(port))
    return api_url(port)


def deployments(api):
    return answer_of(f"{api}/deployments/filter", {})


def test_the_pools_are_made_once(api):
    make_pools(api)
    make_pools(api)
    assert {pool["name"] for pool in answer_of(f"{api}/work_pools/filter", {})} == set(POOLS)


def test_the_plan_is_registered_once_by_module_path_and_its_run_ends_well(api, home, supervisor):
    (home / "greeting.py").write_text(GREETING)
    (home / "plan.yaml").write_text(PLAN)
    environment = {"PYTHONPATH": str(home), "PREFECT_HOME": str(home)}
    for _ in range(2):
        register(api, environment, home / "logs" / "deployments.log", home / "plan.yaml")
    (deployment,) = deployments(api)
    assert (deployment["name"], deployment["entrypoint"]) == ("greet", "greeting.greet")
    assert (deployment["path"], deployment["pull_steps"]) == (None, [])
    supervisor.start(prefect_worker(home, api, environment))
    asked = {"parameters": {"times": 2}, "idempotency_key": "once"}
    run = answer_of(f"{api}/deployments/{deployment['id']}/create_flow_run", asked)
    while state_of(api, run)["type"] != "COMPLETED":
        supervisor.look()
        assert state_of(api, run)["type"] not in {"FAILED", "CRASHED"}
        time.sleep(0.3)


def test_a_plan_that_names_no_flow_is_told_with_its_log(api, home):
    (home / "wrong.yaml").write_text(PLAN.replace("greeting.greet", "absent.flow"))
    log = home / "logs" / "wrong.log"
    with pytest.raises(ServiceFailed, match=r"could not be registered: see .*wrong\.log"):
        register(api, {"PREFECT_HOME": str(home)}, log, home / "wrong.yaml")
    assert "absent" in log.read_text()


def test_a_run_that_a_stopped_worker_left_is_ended_and_others_are_not(api):
    flow = answer_of(f"{api}/flows/", {"name": "lost"})
    runs = {
        state: answer_of(
            f"{api}/flow_runs/", {"flow_id": flow["id"], "state": {"type": state}, "idempotency_key": state}
        )
        for state in ("RUNNING", "COMPLETED")
    }
    assert end_lost_runs(api) == 1
    assert state_of(api, runs["RUNNING"])["type"] == "CRASHED"
    assert state_of(api, runs["COMPLETED"])["type"] == "COMPLETED"
    assert end_lost_runs(api) == 0


def state_of(api, run):
    (found,) = answer_of(f"{api}/flow_runs/filter", {"flow_runs": {"id": {"any_": [run["id"]]}}})
    return found["state"]


def answer_of(url, question):
    """Ask until the server answers; while a worker writes, a busy machine can need longer than one question waits."""
    for _ in range(10):
        answer = answers(url, question)
        if answer is not None:
            return answer
        time.sleep(1)
    raise AssertionError(f"no answer from {url}")
