"""What the stack asks of Prefect's own server: its pool, its deployments, lost runs, and flows and events of models."""

import hashlib
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import model_folders
import pytest
from PIL import Image
from prefect import flow
from referred import CANARIES, MEDIA, rows, take_report, write_desks

from domain.errors import InvalidSettings, ServiceFailed
from domain.media import Kind
from domain.model import Alias, Answer, Answered, Role, Says, Serving, Verdict
from domain.referral import Detail
from flows.models import evaluate_model, rollback_model
from infra.ledger import schema
from infra.ledger.engine import migrate, upsert
from infra.ledger.inferences import record_answers
from infra.stack.deployments import end_lost_runs, make_pools, register
from infra.stack.ports import free_ports
from infra.stack.prefect import POOLS, api_url, prefect_server, prefect_worker
from infra.stack.service import answers
from infra.stack.supervisor import supervising
from infra.world import world
from tasks import examining, inference
from tasks.evaluation_sets import import_set
from tasks.referring.deciding import decide
from tasks.watching import EVENT, REFERENCE, check_drift

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


@pytest.fixture(scope="module")
def models(api, tmp_path_factory):
    """Have a world of its own under that server, with a former champion and a champion of classifiers."""
    from distributed import LocalCluster
    from prefect.settings import PREFECT_API_URL, temporary_settings

    place = tmp_path_factory.mktemp("models")
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, protocol="tcp://", host="127.0.0.1",
            dashboard_address="127.0.0.1:0", worker_dashboard_address="127.0.0.1:0",
        ) as cluster,
        pytest.MonkeyPatch.context() as patch,
        temporary_settings({PREFECT_API_URL: api}),
    ):  # fmt: skip
        patch.setenv("BREAKWATER_DATA", str(place / "data"))
        patch.setenv("BREAKWATER_DASK", cluster.scheduler_address)
        world.cache_clear()
        migrate(world().ledger)
        yield [inference.register(world().registry, model_folders.write(place / name, name=name), Alias.CHAMPION)
               for name in ("former", "present")]  # fmt: skip
        world().ledger.dispose()
        world.cache_clear()
        examining._opened.cache_clear()


def run_of(api, flow):
    """Give the state of the newest run of a flow, as the server has it."""
    asked = {"flows": {"name": {"any_": [flow]}}, "sort": "EXPECTED_START_TIME_DESC", "limit": 1}
    (found,) = answer_of(f"{api}/flow_runs/filter", asked)
    return found["state"]["type"]


def shown(api, key):
    """Give the newest artifact of a key."""
    asked = {"artifacts": {"key": {"any_": [key]}}, "sort": "CREATED_DESC", "limit": 1}
    (found,) = answer_of(f"{api}/artifacts/filter", asked)
    return found["data"]


def test_a_version_is_measured_and_a_champion_put_back_from_prefect(api, models, tmp_path):
    former, present = models
    colours = {"red": (250, 10, 10), "green": (10, 250, 10), "blue": (10, 10, 250)}
    for name, colour in colours.items():
        Image.new("RGB", (9, 9), colour).save(tmp_path / f"{name}.png")
    (tmp_path / "labels.csv").write_text("".join(["file,truth\n", *(f"{name}.png,{name}\n" for name in colours)]))
    import_set("colours", Role.CLASSIFIER, tmp_path)

    assert dict(evaluate_model("classifier", former.version)) == {"models_evaluated": 1, "files_evaluated": 3}
    assert run_of(api, "evaluate-model") == "COMPLETED"
    assert f"{former}: no worse than {present} on colours" in shown(api, "models")
    assert {"what": "files evaluated", "number": 3} in json.loads(shown(api, "evaluate-model-counts"))

    why = "it finds marks on every map"
    assert dict(rollback_model("classifier", why)) == {"models_promoted": 1}
    assert run_of(api, "rollback-model") == "COMPLETED"
    assert shown(api, "models").startswith(f"{former} is champion: {why}")
    assert world().registry.find(Role.CLASSIFIER) == former

    with pytest.raises(InvalidSettings, match="may hold no digest"):
        rollback_model("classifier", f"it missed {'0a' * 16}")
    assert run_of(api, "rollback-model") == "FAILED"


@flow
def look_for_drift():
    """Do what the night does."""
    return check_drift()


def test_answers_that_have_moved_are_an_event_that_the_server_has(api, models):
    champion = world().registry.resolve(Role.CLASSIFIER)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    say(champion, "first", [0.1] * (REFERENCE // 2) + [0.3] * (REFERENCE // 2), yesterday - timedelta(days=9))
    say(champion, "later", [0.9] * 200, yesterday)
    (found,) = look_for_drift()
    asked = {"filter": {"event": {"name": [EVENT]}, "occurred": {"since": f"{yesterday.isoformat()}"}}}
    for _ in range(100):
        events = answer_of(f"{api}/events/filter", asked)["events"]
        if events:
            break
        time.sleep(0.2)
    (event,) = events
    assert event["resource"]["prefect.resource.id"] == "breakwater.model.classifier"
    assert event["payload"]["what"] == found.what == "red"
    assert event["payload"]["files"] == 200
    assert "prefect.flow-run" in {
        each["prefect.resource.id"].partition("prefect.flow-run")[1] for each in event["related"]
    }


def say(model, begin, probabilities, at):
    """Have a model say this of so many files."""
    names = [f"{begin}-{number:04}" for number in range(len(probabilities))]
    rows = [{"id": name, "sha256": hashlib.sha256(name.encode()).hexdigest(), "sha1": "", "md5": "", "size": 1,
             "media_type": "", "kind": Kind.IMAGE, "fault": None} for name in names]  # fmt: skip
    told = [Answered(name, (Answer(Serving(model), verdicts=(Verdict("red", each, each, Says.YES),)),))
            for name, each in zip(names, probabilities, strict=True)]  # fmt: skip
    with world().ledger.begin() as connection:
        upsert(connection, schema.blob, rows)
        record_answers(connection, told, at)


REFER = "from flows.refer import refer; print(dict(refer()))"


def test_the_flow_that_refers_tells_counts_alone(api, home, data, scene, monkeypatch):
    write_desks(data, monkeypatch, us_icac_ca=MEDIA)
    report = take_report(data, scene)
    decide(report, Detail.ACTIONABLE, "7", ["us-icac-ca"])
    environment = {**os.environ, "PREFECT_API_URL": api}
    done = subprocess.run([sys.executable, "-c", REFER], capture_output=True, env=environment, check=True)
    assert b"{'packages_sent': 1, 'packages_without_address': 1, " in done.stdout
    everything = done.stdout + done.stderr + b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
    number = next(row["number"] for row in rows(schema.dispatch) if row["number"])
    content = (*CANARIES, *(row["sha256"] for row in rows(schema.blob)), "tip-1")
    assert len(content) > 8
    assert [word for word in (*content, number, report) if word.encode() in everything] == []
