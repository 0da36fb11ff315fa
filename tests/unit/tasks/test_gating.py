"""The gate: no worse passes, worse needs words, and what was measured stands in the registry either way."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import face_folders
import mlflow
import model_folders
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select
from taken_in import MOMENT, key, record, sighted, taken
from typer.testing import CliRunner

from apps.cli import app
from domain.audit import Act
from domain.errors import InvalidSettings, PromotionRefused, UnusableModel
from domain.model import Alias, Answer, Answered, Role, Serving
from domain.model import Verdict as Said
from infra.cluster import running
from infra.ledger import evaluation_sets, inferences, schema
from infra.ledger.engine import migrate, reading
from infra.registry import Registry
from infra.world import world
from models.evaluation.judging import Verdict
from models.evaluation.resampling import ALL, Name
from models.inputs import fitted
from models.runners.classifier import verdicts
from models.session import Session
from tasks import examining, gating, promoting
from tasks.evaluation_sets import import_set

LABELS = ("red", "green", "blue")
PERMUTED = ["green", "red", "blue"]
WHY = "it is a trial of the gate"


@pytest.fixture(scope="module")
def cluster():
    """Have a scheduler and a worker on loopback, in threads of this process."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp://", host="127.0.0.1",
        dashboard_address="127.0.0.1:0", worker_dashboard_address="127.0.0.1:0",
    ) as cluster:  # fmt: skip
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def empty_registry(tmp_path_factory):
    """Have a registry's empty database, which takes MLflow seconds to make."""
    place = tmp_path_factory.mktemp("mlflow")
    Registry(f"sqlite:///{place}/mlflow.db", place).versions(Role.CLASSIFIER)
    return place / "mlflow.db"


@pytest.fixture
def place(tmp_path, monkeypatch, cluster, empty_registry):
    """Have a world of its own, and be inside the run's cluster."""
    (tmp_path / "data").mkdir()
    shutil.copy(empty_registry, tmp_path / "data")
    monkeypatch.setenv("BREAKWATER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("BREAKWATER_DASK", cluster)
    world.cache_clear()
    examining._opened.cache_clear()
    migrate(world().ledger)
    with running():
        yield tmp_path
    world().ledger.dispose()
    world.cache_clear()


def picture(number):
    """Draw the colour of its number, with noise, in one of two sizes."""
    rng = np.random.default_rng(number)
    side = 300 if number % 2 else 20
    pixels = rng.integers(0, 100, (side, side, 3))
    pixels[..., number % 3] += 50
    content = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(content, "PNG")
    return content.getvalue()


def evaluation_set(place, count=60, role=Role.CLASSIFIER, together=0, **odd):
    """Import a set of as many pictures, so many of which at a time are of one group."""
    folder = place / f"set-{role}-{count}-{together}"
    folder.mkdir()
    rows = [("file", "truth", *(["group"] if together else []))]
    rows += [(f"{n}.png", LABELS[n % 3], *([f"{n // together}"] if together else [])) for n in range(count)]
    for number in range(count):
        (folder / f"{number}.png").write_bytes(picture(number))
    for name, content in odd.items():
        (folder / name).write_bytes(content)
        rows.append((name, "red"))
    with (folder / "labels.csv").open("w", newline="") as table:
        csv.writer(table).writerows(rows)
    return import_set(f"colours-{role}", role, folder)


def folder(place, name, **changes):
    return model_folders.write(place / name, name=name, **changes)


def good(place):
    return promoting.register(folder(place, "good")).model


def bad(place):
    return promoting.register(folder(place, "bad", labels=PERMUTED)).model


def champion(role=Role.CLASSIFIER):
    return world().registry.find(role)


def promote(model, reason="", alias=Alias.CHAMPION):
    return promoting.promote(model.role, model.version, alias, reason)


def test_a_worse_version_needs_a_reason_in_words_and_a_better_one_needs_none(place):
    evaluation_set(place)
    right, wrong = good(place), bad(place)
    first = promote(wrong)
    assert first.evaluated.report.judgement is None
    assert "evaluated beside no other" in first.reason
    better = promote(right)
    assert better.evaluated.report.judgement.verdict is Verdict.BETTER
    assert champion() == right
    assert better.reason.startswith("better than classifier/bad v")
    with pytest.raises(PromotionRefused, match=r"bad v\d+ is worse than classifier/good v\d+ on colours") as refused:
        promote(wrong)
    assert "average precision on the whole set" in str(refused.value)
    with pytest.raises(PromotionRefused):
        promote(wrong, "too short")
    assert champion() == right
    assert promote(wrong, f"  {WHY} ").reason == WHY
    assert (champion(), world().registry.find(Role.CLASSIFIER, Alias.PREVIOUS)) == (wrong, right)
    told = {each.model: each.reason for each in promoting.listed()}
    assert told == {wrong: WHY, right: better.reason}


def test_what_was_measured_is_kept_also_of_a_version_that_is_refused(place):
    of = evaluation_set(place)
    right, wrong = good(place), bad(place)
    promote(right)
    with pytest.raises(PromotionRefused) as refused:
        promote(wrong)
    client = mlflow.MlflowClient()
    version = client.get_model_version("classifier", str(wrong.version))
    run = client.get_run(version.tags["evaluation"])
    assert run.info.run_id in str(refused.value)
    assert (run.data.tags["verdict"], run.data.tags["set_version"]) == ("worse", of.version)
    assert run.data.tags["champion"] == str(right)
    low, value, high = (run.data.metrics[f"all/average_precision{end}"] for end in ("_low", "", "_high"))
    assert low < value < high
    assert [each.path for each in client.list_artifacts(run.info.run_id)] == ["evaluation.csv", "report.html"]
    assert {"size/small/auc", "size/medium/auc", "kind/image/auc"} <= set(run.data.metrics)
    assert version.tags["headline"].startswith("average precision 0.")


def test_the_gate_draws_groups_where_the_set_has_them(place):
    promote(good(place), WHY)
    candidate = bad(place)
    told = {}
    for together in (0, 3):
        of = evaluation_set(place, 12, together=together)
        report = gating._measured(candidate, champion(), of).report
        (whole,) = [each for each in report.differences if each.slice == ALL and each.name == report.by]
        told[together] = whole
        assert {each.groups for each in report.estimates if each.slice == ALL} == {whole.groups}
    assert [(each.n, each.groups) for each in told.values()] == [(12, 12), (12, 4)]
    assert told[0].value == pytest.approx(told[3].value)
    assert (told[0].low, told[0].high) != (told[3].low, told[3].high)


def alone(session, *frames):
    """Ask a model of a file of these frames."""
    return examining.probabilities(session, np.stack([fitted(frame, session.contract.input) for frame in frames]))


def test_a_version_is_measured_file_by_file_as_by_hand(place):
    of = evaluation_set(place, 12)
    found = gating.measure(good(place))
    session = Session(folder(place, "again"))
    right = []
    for number in range(12):
        said = alone(session, np.asarray(Image.open(io.BytesIO(picture(number)))))
        right.append((said[0] >= 0.5) == (LABELS[number % 3] == "red"))
    accuracy = {each.name: each.value for each in found.report.estimates if each.slice == ALL}
    assert accuracy[Name("accuracy", "red")] == pytest.approx(np.mean(right))
    assert (found.report.items, found.report.unread, found.of) == (12, 0, of)


def test_a_film_is_told_by_the_rule_of_the_three_strongest_frames(place):
    session = Session(folder(place, "film"))
    colours = ([90, 80, 70], [80, 90, 70], [95, 80, 75], [70, 75, 90])
    frames = [np.full((9, 9, 3), colour, np.uint8) for colour in colours]
    each = np.stack([alone(session, frame) for frame in frames])
    told = {one.label: one.probability for one in verdicts(each, [0, 1, 2, 3], session.contract)}
    assert dict(zip(LABELS, alone(session, *frames), strict=True)) == pytest.approx(told, abs=1e-6)


def test_files_that_cannot_be_decoded_are_left_out_and_counted(place):
    evaluation_set(place, 9, **{"broken.png": picture(4)[:200]})
    found = gating.measure(good(place))
    assert (found.report.items, found.report.unread) == (9, 1)


def test_without_a_set_a_champion_needs_a_reason(place):
    model = good(place)
    with pytest.raises(PromotionRefused, match=r"classifier has no evaluation set.*model evaluation import"):
        promote(model)
    assert champion() is None
    assert promote(model, WHY).evaluated is None
    assert champion() == model
    with pytest.raises(InvalidSettings, match="has no evaluation set"):
        gating.measure(model)


def test_a_challenger_passes_no_gate(place):
    model = good(place)
    promoting.promote(model.role, model.version, Alias.CHALLENGER)
    assert world().registry.find(Role.CLASSIFIER, Alias.CHALLENGER) == model


def test_the_champion_promoted_again_is_not_measured_again(place):
    evaluation_set(place, 9)
    model = good(place)
    promote(model)
    assert promote(model).evaluated is None


def test_models_without_a_label_in_common_are_not_compared(place):
    evaluation_set(place, 9)
    promote(good(place))
    other = promoting.register(folder(place, "other", labels=["cat", "dog", "owl"])).model
    with pytest.raises(PromotionRefused, match=r"not shown to be as good as .*no label in common"):
        promote(other)
    assert promote(other, WHY).model == champion() == other


def test_models_are_compared_by_the_labels_that_both_have(place):
    evaluation_set(place)
    promote(good(place))
    other = promoting.register(folder(place, "other", labels=["red", "green", "azure"])).model
    assert gating.measure(other).report.judgement.verdict is Verdict.NO_WORSE


def test_an_embedder_is_measured_by_its_groups(place):
    evaluation_set(place, 30, Role.SCENE_EMBEDDER)
    model = promoting.register(folder(place, "scenes", base=model_folders.EMBEDDER)).model
    found = gating.measure(model)
    assert found.measured_by == "verification auc"
    assert float(found.headline.split()[2]) > 0.9


def test_of_an_embedder_it_is_told_from_which_cosine_on_groups_are_one(place):
    evaluation_set(place, 30, Role.SCENE_EMBEDDER)
    model = promoting.register(folder(place, "scenes", base=model_folders.EMBEDDER, alike=0.912)).model
    found = gating.measure(model, precision=0.4)
    grouping = found.report.grouping
    assert {0.5, 0.912, 0.995} <= {cut.alike for cut in grouping.cuts}
    assert grouping.lowest.precision == 1
    assert grouping.told().startswith(
        f"alike {grouping.lowest.alike:g} is the lowest for groups of a precision of 40.0%"
    )
    assert "the contract says 0.912" in grouping.told()
    files = {each.path for each in mlflow.MlflowClient().list_artifacts(found.run)}
    assert "alike.csv" in files
    assert "no cosine is shown" in gating.measure(model).report.grouping.told()  # three colours are too few


def faces_set(place, role, truths):
    """Write pictures in which the two places of `face_folders` are red, or not, and what is true of them."""
    folder = place / f"faces-{role}"
    folder.mkdir()
    rows = [("file", "truth")]
    for number, (reds, truth) in enumerate(truths):
        pixels = np.zeros((64, 64, 3), np.uint8)
        pixels[0, number] = number + 1  # no two files are the same
        for red, box in zip(reds, face_folders.BOXES.astype(int) * 4, strict=True):
            pixels[box[1] : box[3], box[0] : box[2]] = red
        Image.fromarray(pixels).save(folder / f"{number}.png")
        rows.append((f"{number}.png", truth))
    with (folder / "labels.csv").open("w", newline="") as table:
        csv.writer(table).writerows(rows)
    return import_set(f"faces-{role}", role, folder)


NONE, RED, PINK = (0, 0, 0), (250, 0, 0), (240, 0, 200)


def test_models_of_faces_are_measured_by_the_largest_face(place):
    folders = face_folders.write_all(place / "faces")
    detector, embedder, looks = (promoting.register(folders[role]).model for role in folders)
    with pytest.raises(InvalidSettings, match=r"has no evaluation set"):
        gating.measure(embedder)
    faces_set(
        place, Role.FACE_DETECTOR, [((RED, RED), "2"), ((RED, NONE), "1"), ((NONE, NONE), "0"), ((RED, RED), "1")]
    )
    found = gating.measure(detector)
    assert found.measured_by == "count right"
    assert found.headline.startswith("count right 0.750")
    people = [((NONE, RED), "a"), ((RED, RED), "a"), ((NONE, PINK), "b"), ((RED, PINK), "b")]
    faces_set(place, Role.FACE_EMBEDDER, people)
    with pytest.raises(InvalidSettings, match="promote a detector first"):
        gating.measure(embedder)
    world().registry.promote(Role.FACE_DETECTOR, detector.version, Alias.CHAMPION)
    assert gating.measure(embedder).headline.startswith("verification auc 1.000")
    told = [((NONE, RED), "colour=red"), ((RED, PINK), "colour=red"), ((NONE, NONE), "colour=blue")]
    faces_set(place, Role.FACE_ATTRIBUTES, told)
    assert gating.measure(looks).headline.startswith("accuracy 0.667")


def test_a_network_that_gives_no_numbers_cannot_be_measured(place):
    graph = model_folders.failing_in_the_dark()
    odd = folder(place, "odd", base=model_folders.EMBEDDER, graph=graph)
    model = world().registry.register(odd, "odd", Role.SCENE_EMBEDDER)
    evaluation_set(place, role=Role.SCENE_EMBEDDER)
    with pytest.raises(UnusableModel, match="embedder-scene/odd v1 gives no answer"):
        gating.measure(model)


def test_who_ends_its_workers_over_good_files_is_not_measured_and_broken_files_blame_nobody(place):
    of = evaluation_set(place, 3, **{"broken.png": picture(4)[:200]})
    model = good(place)
    with reading(world().ledger) as connection:
        items = evaluation_sets.items(connection, of)
    broken = [item for item in items if item.size == 200]
    examining.blame(broken, examining.panel_of([model]))
    with pytest.raises(UnusableModel, match=r"classifier/good v1 ends its worker over a file that can be decoded"):
        examining.blame(items, examining.panel_of([model]))


@pytest.mark.parametrize("base", [model_folders.CONTRACT, model_folders.EMBEDDER])
def test_a_network_that_cannot_be_run_is_not_measured(place, base):
    odd = folder(place, "odd", base=base, graph=model_folders.misshapen(above=0.3))
    model = world().registry.register(odd, "odd", Role(base["role"]))
    evaluation_set(place, 6, model.role)
    with pytest.raises(
        UnusableModel, match=r"odd v1 (cannot be run on a file|gives no answer); `breakwater model check`"
    ):
        gating.measure(model)


def test_rolling_back_needs_a_reason_and_no_gate(place):
    first, second = good(place), bad(place)
    promote(first, WHY)
    promote(second, WHY)
    with pytest.raises(InvalidSettings, match="say in words"):
        promoting.rollback(Role.CLASSIFIER, " ")
    assert promoting.rollback(Role.CLASSIFIER, "it was worse").model == first
    assert champion() == first
    assert promoting.rollback(Role.CLASSIFIER, "it was better after all").model == second


def test_who_serves_is_told_what_waits_for_it_and_what_it_said_on_trial_counts_at_once(place):
    first, second = good(place), bad(place)
    with world().ledger.begin() as connection:
        record(connection, taken("one", sighted("a"), sighted("b"), sighted("c")))
    done = promote(first, WHY)
    assert (done.waiting, "3 files wait for it" in promoting.told(done)) == (3, True)
    assert promote(second, alias=Alias.CHALLENGER).waiting == 3
    on_trial = Answer(Serving(second, shadow=True), verdicts=(Said("red", 0.7, 0.7),))
    with world().ledger.begin() as connection:
        inferences.record_answers(connection, [Answered(key("a"), (on_trial,))], MOMENT)
    assert promote(second, WHY).waiting == 2
    with reading(world().ledger) as connection:
        said = connection.execute(select(schema.score.c.blob_id, schema.score.c.version)).all()
        assert [tuple(row) for row in said] == [(key("a"), second.version)]
        assert connection.execute(select(schema.shadow)).all() == []


def test_acts_are_on_record(place):
    model = good(place)
    promote(model, WHY)
    with reading(world().ledger) as connection:
        rows = connection.execute(select(schema.audit.c.action, schema.audit.c.details)).all()
    assert [action for action, _ in rows] == [Act.MODEL_REGISTERED, Act.MODEL_PROMOTION_BEGUN, Act.MODEL_PROMOTED]
    told = {"alias": "champion", "back": False, "role": "classifier", "version": model.version}
    assert [json.loads(row.details) for row in rows[1:]] == [told, told]
    assert not any(WHY in details for _, details in rows)


KILLED = """
import os, sys
from domain.model import Alias, Role
from infra.registry import Registry
from tasks import promoting

promote = Registry.promote

def and_die(*words):
    promote(*words)
    os._exit(7)

Registry.promote = and_die
promoting.promote(Role.CLASSIFIER, int(sys.argv[1]), Alias.CHAMPION, "it is a trial of the gate")
"""


def test_a_promotion_that_is_killed_in_between_is_told_and_done_again_is_whole(place, monkeypatch):
    first, second = good(place), bad(place)
    promote(first, WHY)
    with monkeypatch.context() as patch:
        patch.setattr(Registry, "promote", interrupted)
        with pytest.raises(KeyboardInterrupt):
            promote(second, WHY)
    assert champion() == first
    assert len(promoting.unfinished()) == 1
    killed = subprocess.run([sys.executable, "-c", KILLED, f"{second.version}"], check=False)
    assert killed.returncode == 7
    assert champion() == second
    assert _acts()[-1] == (Act.MODEL_PROMOTION_BEGUN, second.version)
    (told,) = promoting.unfinished()
    assert told.startswith(f"classifier v{second.version} was to be champion, and it is not on record that it is")
    listed = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["model", "list"])
    assert told in " ".join(listed.output.split())
    assert promote(second, WHY).model == champion() == second
    assert _acts()[-1] == (Act.MODEL_PROMOTED, second.version)
    assert promoting.unfinished() == []
    assert world().registry.find(Role.CLASSIFIER, Alias.PREVIOUS) == first


def interrupted(*_):
    """End before anything is done."""
    raise KeyboardInterrupt


def _acts():
    """Give what was done to versions, and to which, in order."""
    with reading(world().ledger) as connection:
        rows = connection.execute(select(schema.audit.c.action, schema.audit.c.details).order_by(schema.audit.c.number))
        return [(action, json.loads(details)["version"]) for action, details in rows]


def test_of_two_promotions_at_once_the_second_is_refused_with_what_to_do(place, monkeypatch):
    first, second, third = good(place), bad(place), promoting.register(folder(place, "third", batch=3)).model
    promote(first, WHY)
    both = threading.Barrier(2)

    def admitted(_, reason):
        both.wait(30)
        return reason, None

    monkeypatch.setattr(promoting, "admit", admitted)

    def tried(model):
        try:
            return promote(model, WHY).model
        except PromotionRefused as refused:
            return str(refused)

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(tried, (second, third)))
    assert champion() in told
    (refused,) = (each for each in told if isinstance(each, str))
    assert f"{champion()} is champion by now, and {first} was when this began; begin again" in refused
    acts = [version for act, version in _acts() if act == Act.MODEL_PROMOTED]
    assert acts == [first.version, champion().version]
    assert promoting.unfinished() == []


def test_a_rollback_meets_no_champion_that_it_did_not_see(place, monkeypatch):
    first, second = good(place), bad(place)
    promote(first, WHY)
    promote(second, WHY)
    monkeypatch.setattr(promoting, "_waiting", lambda _: 0)
    serve = promoting._serve
    monkeypatch.setattr(promoting, "_serve", lambda *words, **more: (serve(*words, **more), serve(*words, **more)))
    with pytest.raises(PromotionRefused, match="begin again"):
        promoting.rollback(Role.CLASSIFIER, "it was worse")
    assert champion() == first


def test_a_rollback_that_is_killed_in_between_is_ended_by_the_next_and_not_undone(place, monkeypatch):
    """It is killed where MLflow knows the reason and the previous one, and that is the champion still."""
    first, second = good(place), bad(place)
    promote(first, WHY)
    promote(second, WHY)
    left = ["reason", "previous"]
    with monkeypatch.context() as patch:
        for name in ("set_model_version_tag", "set_registered_model_alias"):
            patch.setattr(mlflow.MlflowClient, name, _until(left, getattr(mlflow.MlflowClient, name)))
        with pytest.raises(KeyboardInterrupt):
            promoting.rollback(Role.CLASSIFIER, "it was worse")
    assert champion() == world().registry.find(Role.CLASSIFIER, Alias.PREVIOUS) == second
    assert "roll back again" in promoting.unfinished()[0]
    assert promoting.rollback(Role.CLASSIFIER, "it was worse").model == champion() == first
    assert promoting.unfinished() == []
    assert promoting.rollback(Role.CLASSIFIER, "it was better after all").model == second


def _until(left, call):
    """Do a call as long as there is one left."""

    def counted(*words):
        if not left:
            raise KeyboardInterrupt
        left.pop()
        return call(*words)

    return counted


def test_the_champion_is_not_made_its_own_challenger(place):
    model = good(place)
    promote(model, WHY)
    with pytest.raises(UnusableModel, match="a challenger is another version"):
        promote(model, alias=Alias.CHALLENGER)
    assert promoting.unfinished() == []


@pytest.mark.parametrize(
    ("reason", "what"),
    [
        (f"it missed {'0a' * 16} twice", "digest"),
        (f"it missed {'AB' * 32}", "digest"),
        ("it was seen on HTTPS://pictures.test/1", "web address"),
        ("it was seen on www.pictures.test", "web address"),
        ("somebody@example.test asked for it", "e-mail address"),
        ("x" * 513, "at most 512 characters"),
    ],
)
def test_a_reason_that_tells_content_is_refused(place, reason, what):
    model = good(place)
    for act in (lambda: promote(model, reason), lambda: promoting.rollback(Role.CLASSIFIER, reason)):
        with pytest.raises(InvalidSettings, match=what) as refused:
            act()
        assert reason not in str(refused.value)
    assert champion() is None


@given(st.text("abcdefghijklmnopqrstuvwxyz ,.;:-()/%0123456789", max_size=512))
def test_plain_words_are_a_reason(words):
    assume("://" not in words and "www." not in words and not re.search(r"[0-9a-f]{32}", words))
    promoting._sayable(words)


def test_a_folder_that_is_not_there_is_told(place):
    with pytest.raises(UnusableModel, match="there is no folder"):
        promoting.register(place / "none")


def test_a_folder_that_is_not_good_is_told_with_what_to_mend(place):
    with pytest.raises(UnusableModel, match=r"model is not registered: .*labels"):
        promoting.register(model_folders.write(place / "model", labels=["red", "green"]))
    assert promoting.listed() == []


def test_the_previous_alias_is_not_given(place):
    model = good(place)
    with pytest.raises(InvalidSettings, match="champion or challenger"):
        promoting.promote(model.role, model.version, Alias.PREVIOUS)


def test_what_is_registered_is_told_in_a_table(place):
    assert promoting.markdown([]) == "No version is registered."
    model = good(place)
    promote(model, "a | b is a reason")
    lines = promoting.markdown(promoting.listed()).splitlines()
    assert len(lines) == 3
    assert all(line.count("|") == len(promoting.COLUMNS) + 1 for line in lines)
    assert f"| classifier/good v{model.version} | champion | CC0-1.0 |" in lines[2]
