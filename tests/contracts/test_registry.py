"""One suite for the model registry: MLflow in SQLite always, and a real MLflow server on loopback."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import model_folders
import pytest

from domain.errors import UnusableModel
from domain.model import Alias, ModelVersion, Role
from infra.registry import LONGEST_DESCRIPTION, Registry
from infra.telemetry import SWITCHED_OFF
from infra.tracking import Written

START_SECONDS = 120


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Start `mlflow server`; give its address."""
    root = tmp_path_factory.mktemp("mlflow-server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--backend-store-uri", f"sqlite:///{root}/mlflow.db"),
        *("--artifacts-destination", str(root / "artifacts")),
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    with (root / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=root, env=environment | SWITCHED_OFF, stdout=log, stderr=log, start_new_session=True
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process, root / "log")
            yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def _wait(url, process, log):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"mlflow server did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow-sqlite')}/mlflow.db"


@pytest.fixture(params=["sqlite", "server"])
def registry(request, tmp_path, monkeypatch):
    """Give a registry; the working folder must stay empty. Tests share it: each brings its own network."""
    working = tmp_path / "working"
    working.mkdir()
    monkeypatch.chdir(working)
    yield Registry(request.getfixturevalue(request.param), tmp_path / "root")
    assert not list(working.iterdir())


@pytest.fixture
def folder(request, tmp_path):
    return write(tmp_path / "model", request.node.name)


def write(folder, seed, **changes):
    """Write a model folder of a network that no other test has."""
    sharpness = 1 + int(hashlib.sha256(seed.encode()).hexdigest()[:5], 16) / 1000
    return model_folders.write(folder, graph=model_folders.network(sharpness=sharpness), **changes)


def register(registry, folder, **more):
    return registry.register(folder, "strongest_colour", Role.CLASSIFIER, licence="CC0-1.0", **more)


def test_a_registered_model_comes_back_byte_for_byte(registry, folder):
    model = register(registry, folder)
    fetched = registry.folder(model)
    assert model.digest == hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    assert {file.name for file in fetched.iterdir()} == {"model.onnx", "contract.json", "card.md"}
    for file in fetched.iterdir():
        assert file.read_bytes() == (folder / file.name).read_bytes()


def test_a_version_is_named_by_its_role_and_its_own_name(registry, folder):
    model = register(registry, folder)
    assert str(model) == f"classifier/strongest_colour v{model.version}"


def test_registering_a_folder_again_gives_the_same_version(registry, folder):
    assert register(registry, folder) == register(registry, folder)


def test_another_contract_makes_another_version_of_the_same_network(registry, folder, tmp_path, request):
    first = register(registry, folder)
    second = register(registry, write(tmp_path / "other", request.node.name, labels=["rouge", "vert", "bleu"]))
    assert (second.digest, second.name) == (first.digest, first.name)
    assert second.version != first.version
    assert registry.folder(second) != registry.folder(first)
    assert "rouge" in (registry.folder(second) / "contract.json").read_text()


def test_an_alias_moves_from_version_to_version(registry, folder, tmp_path, request):
    first = register(registry, folder, alias=Alias.CHAMPION)
    assert registry.resolve(Role.CLASSIFIER, Alias.CHAMPION) == first
    second = register(registry, write(tmp_path / "second", request.node.name + "2"), alias=Alias.CHALLENGER)
    assert registry.resolve(Role.CLASSIFIER) == first
    assert registry.resolve(Role.CLASSIFIER, Alias.CHALLENGER) == second
    assert registry.promote(Role.CLASSIFIER, second.version, Alias.CHAMPION) == second
    assert registry.resolve(Role.CLASSIFIER) == second


def test_a_role_that_nothing_plays_is_found_empty(registry, folder):
    assert registry.find(Role.TAGGER) is None
    with pytest.raises(UnusableModel, match="no tagger is champion"):
        registry.resolve(Role.TAGGER)
    registry.register(folder, "strongest_colour", Role.FACE_ATTRIBUTES)
    assert registry.find(Role.FACE_ATTRIBUTES) is None


def three(registry, tmp_path, request):
    """Register three versions that no other test has."""
    folders = (write(tmp_path / name, f"{request.node.name} {name}") for name in ("first", "second", "third"))
    return [register(registry, folder) for folder in folders]


def rollback(registry, reason=""):
    """Have the champion before this one serve again."""
    return registry.promote(Role.CLASSIFIER, registry.previous(Role.CLASSIFIER).version, Alias.CHAMPION, reason)


def serving(registry):
    """Give the versions that serve, by alias."""
    found = {alias: registry.find(Role.CLASSIFIER, alias) for alias in Alias}
    return {alias: model for alias, model in found.items() if model}


def test_a_champion_that_is_replaced_is_the_previous_one_and_comes_back(registry, tmp_path, request):
    first, second, third = three(registry, tmp_path, request)
    registry.promote(Role.CLASSIFIER, first.version, Alias.CHAMPION)
    registry.promote(Role.CLASSIFIER, third.version, Alias.CHALLENGER)
    registry.promote(Role.CLASSIFIER, second.version, Alias.CHAMPION)
    assert serving(registry) == {Alias.CHAMPION: second, Alias.CHALLENGER: third, Alias.PREVIOUS: first}
    assert rollback(registry, "the second one missed signs at night") == first
    assert serving(registry) == {Alias.CHAMPION: first, Alias.CHALLENGER: third, Alias.PREVIOUS: second}
    assert rollback(registry) == second
    assert serving(registry) == {Alias.CHAMPION: second, Alias.CHALLENGER: third, Alias.PREVIOUS: first}


def test_a_challenger_that_becomes_champion_is_no_challenger(registry, tmp_path, request):
    first, second, _ = three(registry, tmp_path, request)
    registry.promote(Role.CLASSIFIER, first.version, Alias.CHAMPION)
    registry.promote(Role.CLASSIFIER, second.version, Alias.CHALLENGER)
    registry.promote(Role.CLASSIFIER, second.version, Alias.CHAMPION)
    assert serving(registry) == {Alias.CHAMPION: second, Alias.PREVIOUS: first}
    with pytest.raises(UnusableModel, match="a challenger is another version"):
        registry.promote(Role.CLASSIFIER, second.version, Alias.CHALLENGER)


def test_the_champion_promoted_again_is_not_its_own_predecessor(registry, tmp_path, request):
    first, second, _ = three(registry, tmp_path, request)
    registry.promote(Role.CLASSIFIER, first.version, Alias.CHAMPION)
    for _ in range(2):
        registry.promote(Role.CLASSIFIER, second.version, Alias.CHAMPION)
    assert serving(registry)[Alias.PREVIOUS] == first


def test_a_reason_stays_where_what_serves_already_is_promoted_without_one(registry, tmp_path, request):
    first, second, _ = three(registry, tmp_path, request)

    def reason(model):
        return next(each.reason for each in registry.versions(Role.CLASSIFIER) if each.model == model)

    registry.promote(Role.CLASSIFIER, first.version, Alias.CHAMPION, "it was worse by night alone")
    registry.promote(Role.CLASSIFIER, first.version, Alias.CHAMPION)
    assert reason(first) == "it was worse by night alone"
    registry.promote(Role.CLASSIFIER, second.version, Alias.CHAMPION)
    registry.promote(Role.CLASSIFIER, first.version, Alias.CHAMPION)
    assert reason(first) == ""


def test_a_long_card_is_kept_whole_and_described_by_its_beginning(registry, folder):
    card = "".join(chr(97 + number % 26) for number in range(LONGEST_DESCRIPTION + 700))
    (folder / "card.md").write_text(card)
    model = register(registry, folder)
    import mlflow

    version = mlflow.MlflowClient().get_model_version("classifier", str(model.version))
    assert version.description == card[:LONGEST_DESCRIPTION]
    assert (registry.folder(model) / "card.md").read_text() == card


def test_where_nothing_served_before_nothing_comes_back(registry, folder):
    registry.register(folder, "strongest_colour", Role.SCENE_EMBEDDER, alias=Alias.CHAMPION)
    with pytest.raises(UnusableModel, match="no other embedder-scene served before"):
        registry.previous(Role.SCENE_EMBEDDER)


def test_an_alias_moved_in_the_console_holds_at_once(registry, tmp_path, request):
    first, second, third = three(registry, tmp_path, request)
    registry.promote(Role.CLASSIFIER, first.version, Alias.CHAMPION)
    import mlflow

    client = mlflow.MlflowClient()
    client.set_registered_model_alias("classifier", "champion", str(second.version))
    assert registry.resolve(Role.CLASSIFIER) == second
    registry.promote(Role.CLASSIFIER, third.version, Alias.CHAMPION)
    assert rollback(registry) == second


def test_versions_are_listed_with_all_that_is_told_of_them(registry, tmp_path, request):
    first, second, third = three(registry, tmp_path, request)
    registry.promote(Role.CLASSIFIER, first.version, Alias.CHAMPION)
    registry.promote(Role.CLASSIFIER, second.version, Alias.CHAMPION, "it knows more colours")
    listed = {each.model: each for each in registry.versions(Role.CLASSIFIER)}
    assert [each.version for each in listed] == sorted((each.version for each in listed), reverse=True)
    assert [listed[each].aliases for each in (first, second, third)] == [(Alias.PREVIOUS,), (Alias.CHAMPION,), ()]
    assert [listed[each].reason for each in (first, second, third)] == ["", "it knows more colours", ""]
    assert {listed[each].licence for each in (first, second, third)} == {"CC0-1.0"}
    assert abs(datetime.now(UTC) - listed[third].registered_at) < timedelta(minutes=5)
    assert registry.versions(Role.TAGGER) == []


def test_a_version_that_is_not_there_is_refused_with_advice(registry, folder):
    register(registry, folder)
    with pytest.raises(UnusableModel, match="there is no classifier v9999; `breakwater model list`"):
        registry.promote(Role.CLASSIFIER, 9999, Alias.CHAMPION)
    with pytest.raises(UnusableModel, match="there is no tagger v1"):
        registry.version(Role.TAGGER, 1)


def test_what_was_measured_stands_with_the_version(registry, folder):
    model = register(registry, folder)
    written = Written("colours", {"set": "colours"}, {"auc": 0.9, "auc/dark": 0.7}, {"report.html": "<p>good</p>"})
    run = registry.evaluated(model, "AUC 0.900", written)
    import mlflow

    client = mlflow.MlflowClient()
    found = client.get_run(run)
    assert (found.info.run_name, found.info.status) == ("colours", "FINISHED")
    assert (found.data.metrics, found.data.tags["set"]) == ({"auc": 0.9, "auc/dark": 0.7}, "colours")
    assert [each.path for each in client.list_artifacts(run)] == ["report.html"]
    version = client.get_model_version("classifier", str(model.version))
    assert [each.model_id for each in found.inputs.model_inputs] == [version.source.removeprefix("models:/")]
    assert version.tags["evaluation"] == run
    assert client.get_experiment(found.info.experiment_id).name == "evaluations"
    assert next(each.headline for each in registry.versions(Role.CLASSIFIER) if each.model == model) == "AUC 0.900"


def test_many_workers_fetch_one_folder_at_once(registry, folder, tmp_path):
    model = register(registry, folder)
    with ThreadPoolExecutor(8) as workers:
        folders = set(workers.map(lambda _: registry.folder(model), range(16)))
    assert len(folders) == 1
    assert [each.name for each in folders.pop().parent.iterdir()] == [f"classifier-{model.version}"]


def test_a_fetched_folder_needs_no_registry(registry, folder, tmp_path):
    model = register(registry, folder)
    here = registry.folder(model)
    assert Registry("http://127.0.0.1:9", tmp_path / "root").folder(model) == here


def test_a_network_that_was_changed_is_refused(registry, folder):
    model = register(registry, folder)
    (registry.folder(model) / "model.onnx").write_bytes(b"something else")
    with pytest.raises(UnusableModel, match="is not the one registered"):
        registry.folder(model)


def test_a_network_that_is_not_the_one_named_is_refused(registry, folder):
    model = register(registry, folder)
    with pytest.raises(UnusableModel, match="is not the one registered"):
        registry.folder(ModelVersion(model.name, model.version, "0" * 64))


def test_the_console_shows_signature_card_and_tags(registry, folder):
    model = register(registry, folder)
    import mlflow

    version = mlflow.MlflowClient().get_model_version("classifier", str(model.version))
    assert version.description == (folder / "card.md").read_text()
    assert version.tags["licence"] == "CC0-1.0"
    info = mlflow.models.get_model_info(f"models:/classifier/{model.version}")
    assert info.signature.inputs.inputs[0].name == "image"
    assert info.signature.inputs.inputs[0].shape == (-1, 3, 8, 8)
    assert {each.name for each in info.signature.outputs.inputs} == {"probabilities", "embedding"}


def test_a_version_that_someone_registered_otherwise_is_refused_with_advice(registry, folder):
    register(registry, folder)
    number = model_folders.register_by_hand("classifier", folder)
    with pytest.raises(UnusableModel, match="was not registered by Breakwater"):
        registry.promote(Role.CLASSIFIER, number, Alias.CHALLENGER)


def test_an_alias_that_names_a_version_of_others_is_told_and_given_up_again(registry, folder, tmp_path):
    register(registry, folder, alias=Alias.CHAMPION)
    number = model_folders.register_by_hand("classifier", folder, "challenger")
    strange = registry.named(Role.CLASSIFIER, Alias.CHALLENGER)
    assert (f"{strange}", strange.role, strange.digest) == (f"classifier v{number}", Role.CLASSIFIER, "")
    with pytest.raises(UnusableModel, match="is challenger, and was not registered by Breakwater; move the alias"):
        registry.find(Role.CLASSIFIER, Alias.CHALLENGER)
    with pytest.raises(UnusableModel, match="was not registered by Breakwater; register its folder"):
        registry.folder(strange)
    ours = register(registry, write(tmp_path / "other", "an alias given up"), alias=Alias.CHALLENGER)
    assert registry.named(Role.CLASSIFIER, Alias.CHALLENGER) == ours


def test_nothing_is_kept_open_or_left_behind(tmp_path):
    """A process of its own, quiet and with every warning an error."""
    folder = model_folders.write(tmp_path / "model")
    program = (
        "import sys; from pathlib import Path; from infra.registry import Registry, Role, Alias\n"
        "registry = Registry(sys.argv[1], Path(sys.argv[2]))\n"
        "model = registry.register(Path(sys.argv[3]), 'quiet', Role.CLASSIFIER, alias=Alias.CHAMPION)\n"
        "assert registry.folder(registry.resolve(Role.CLASSIFIER)).is_dir()\n"
    )
    working, root = tmp_path / "working", tmp_path / "root"
    working.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, f"sqlite:///{tmp_path}/new/mlflow.db", root, folder],
        cwd=working,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert not list(working.iterdir())
