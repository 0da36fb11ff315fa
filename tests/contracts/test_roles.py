"""The role for metadata does every stage but intake on PostgreSQL, and changes nothing that intake wrote."""

import hashlib
import secrets
from datetime import UTC, date, datetime, timedelta

import face_folders
import model_folders
import numpy as np
import pytest
from cybertips import report_xml, write_drop
from sqlalchemy import func, select
from sqlalchemy.exc import ProgrammingError
from taken_in import key, record, sighted, taken

from domain.cluster import ClusterKind
from domain.media import Algorithm, Kind
from domain.model import Alias, Answer, Answered, Face, ModelVersion, Role, Says, Serving, Verdict
from domain.report import FileFault
from infra.ledger import clusters, inferences, measured, media, opinions, schema, shadows
from infra.ledger.engine import migrate, reading, upsert
from infra.ledger.roles import METADATA, make_roles
from infra.world import world
from models.drift import LEAST, State
from tasks import watching
from tasks.clustering.alike import cluster_faces, cluster_scenes
from tasks.clustering.copies import cluster_copies
from tasks.clustering.sharing import cluster_reports
from tasks.comparing import compare_challengers
from tasks.hashing.files import fingerprint_batch
from tasks.inference import register
from tasks.matching import match_entries, match_files
from tasks.measuring.kept import read_kept
from tasks.promoting import promote
from tasks.ranking import rank_reports
from tasks.reports.drops import drops_in
from tasks.reports.intake import _record, archive_reports, take_batch
from tasks.staging import stage
from tasks.sweeping import sweep


@pytest.fixture
def owned(postgres, tmp_path, monkeypatch):
    """Have an empty ledger on PostgreSQL, and be its owner; gives its URL."""
    name = f"roles_{secrets.token_hex(4)}"
    postgres.make_databases(name)
    monkeypatch.setenv("BREAKWATER_DATA", str(tmp_path))
    monkeypatch.setenv("BREAKWATER_LEDGER", postgres.url(name))
    world.cache_clear()
    migrate(world().ledger)
    yield postgres.url(name)
    world().ledger.dispose()
    world.cache_clear()


def work_on_metadata(monkeypatch, url):
    """Work on in the role for metadata."""
    for _ in range(2):
        with world().ledger.begin() as connection:
            make_roles(connection)
    world().ledger.dispose()
    monkeypatch.setenv("BREAKWATER_LEDGER", f"{url}?options=-c%20role%3D{METADATA}")
    world.cache_clear()
    return world().ledger


@pytest.fixture
def metadata(owned, tmp_path, monkeypatch, scene):
    """Take a drop in, and work on as the role for metadata."""
    from io import BytesIO

    from PIL import Image

    picture = BytesIO()
    Image.fromarray(scene(1)).save(picture, "PNG")
    report = report_xml(people="<personOrUserReported><screenName>amber12</screenName></personOrUserReported>")
    write_drop(tmp_path / "inbox", "1", [picture.getvalue(), b"no picture"], report=report)
    write_drop(tmp_path / "inbox", "2", [b"nor this"], report=report)
    _record(take_batch(drops_in(tmp_path / "inbox", "test")))
    return work_on_metadata(monkeypatch, owned)


def test_it_does_every_stage_but_intake(metadata):
    with stage("metadata") as publish:
        assert archive_reports.fn()["reports_archived"] == 2
        with metadata.begin() as connection:
            files = media.without_fingerprint(connection, Algorithm.PDQ)
            media.record_fingerprints(connection, fingerprint_batch(files))
            media.record_faults(connection, [(files[0][0], FileFault.UNDECODABLE)])
            serving = Serving(ModelVersion("tagger/any", 1, "1" * 64))
            answer = Answer(serving, verdicts=(Verdict("landscape", 0.5, 0.5),), vectors=((0, bytes(8)),))
            inferences.record_answers(connection, [Answered(files[0][0], (answer,))], datetime.now(UTC))
        for step in (match_entries, match_files, cluster_copies, cluster_reports, rank_reports):
            publish(step.fn())
        with reading(metadata) as connection:
            assert connection.scalar(select(func.count()).select_from(schema.report_link)) == 1
        month = date(2016, 5, 1)
        with metadata.begin() as connection:
            assert measured.record(connection, {(month, "reports"): 1}, date(2016, 6, 1), datetime.now(UTC)) == 1
        with reading(metadata) as connection:
            assert len(read_kept(connection).said) == 1
    assert sweep()["objects_swept"] == 0


REFUSED = (
    "DELETE FROM blob_key", "UPDATE blob_key SET wrapped = ''", "DELETE FROM report", "DELETE FROM draft_part",
    "UPDATE report SET rejection = 'schema'", "UPDATE blob SET sha256 = ''", "DELETE FROM sighting", "DELETE FROM run",
    "INSERT INTO look VALUES ('a', now())", "UPDATE measured SET count = 0", "DELETE FROM measured",
    "INSERT INTO hash_list VALUES ('a', 'b', 0)", "TRUNCATE report CASCADE", "SELECT * FROM person",
    "SELECT content FROM person", "INSERT INTO decision VALUES ('a', now(), 'b', 'actionable')",
    "UPDATE dispatch SET sent_at = now()", "DELETE FROM dispatch", "SELECT * FROM unmatched_feedback",
    "INSERT INTO referral VALUES ('a', 'icac', now(), 'actionable')", "UPDATE feedback SET status = 'arrest'",
    "UPDATE audit SET actor = ''", "DELETE FROM audit", "INSERT INTO hold DEFAULT VALUES",
)  # fmt: skip


def test_it_changes_nothing_that_intake_wrote(metadata):
    for statement in REFUSED:
        with pytest.raises(ProgrammingError, match="permission denied"), metadata.begin() as connection:
            connection.exec_driver_sql(statement)


FILES = [hashlib.sha256(f"{number}".encode()).hexdigest() for number in range(2 * LEAST)]


SHOWN = ("a", "b", "c")
"""Files that a report names."""


@pytest.fixture
def models(owned, tmp_path, monkeypatch):
    """Have files and models at work, one of them on trial, and work on as the role for metadata."""
    rows = [
        {"id": each, "sha256": each, "sha1": "", "md5": "", "size": 1, "media_type": "", "kind": Kind.IMAGE}
        for each in FILES
    ]
    with world().ledger.begin() as connection:
        upsert(connection, schema.blob, rows)
        record(connection, taken("one", *(sighted(name) for name in SHOWN)))
    faces = face_folders.write_all(tmp_path / "faces")
    folders = {
        "champion": (model_folders.write(tmp_path / "one", name="one"), Alias.CHAMPION),
        "challenger": (model_folders.write(tmp_path / "other", name="other"), Alias.CHALLENGER),
        "scenes": (model_folders.write(tmp_path / "s", name="s", base=model_folders.EMBEDDER), Alias.CHAMPION),
        "detector": (faces[Role.FACE_DETECTOR], Alias.CHAMPION),
        "faces": (faces[Role.FACE_EMBEDDER], Alias.CHAMPION),
    }
    made = {name: register(world().registry, folder, alias) for name, (folder, alias) in folders.items()}
    work_on_metadata(monkeypatch, owned)
    return made


def said(days, answers):
    """Record what models say of files, so many days after the first."""
    with world().ledger.begin() as connection:
        moment = datetime(2018, 6, 1, 12, tzinfo=UTC) + timedelta(days=days)
        inferences.record_answers(connection, [Answered(blob, (answer,)) for blob, answer in answers], moment)


def marked(model, probabilities, *, shadow=False):
    return [
        Answer(Serving(model, shadow=shadow), verdicts=(Verdict("marked", each, each, Says.YES),))
        for each in probabilities
    ]


def clusters_scenes_and_faces(models):
    one, other = (np.eye(8, dtype="<f2")[place].tobytes() for place in (0, 1))
    upon = str(models["detector"])
    face = Face(0.0, 0.1, 0.1, 0.5, 0.5, 0.9, 80, blurred=False)
    for _ in range(2):
        for blob, vector in zip(map(key, SHOWN), (one, one, other), strict=True):
            for name, more in (("scenes", {}), ("faces", {"upon": upon})):
                said(0, [(blob, Answer(Serving(models[name], **more), vectors=((0, vector),)))])
            said(0, [(blob, Answer(Serving(models["detector"]), faces=(face,)))])
        cluster_scenes.fn()
        cluster_faces.fn()
        with reading(world().ledger) as connection:
            for kind in (ClusterKind.SCENES, ClusterKind.FACES):
                of = {name.partition("/")[0]: own for name, own in clusters.members(connection, kind).items()}
                assert of[key("a")] == of[key("b")] != of.get(key("c"))


def test_it_clusters_scenes_and_faces_watches_and_compares_models_and_takes_over_what_was_said_on_trial(
    models, monkeypatch
):
    clusters_scenes_and_faces(models)
    monkeypatch.setattr(watching, "REFERENCE", LEAST)
    said(0, zip(FILES[:LEAST], marked(models["champion"], np.linspace(0, 0.5, LEAST)), strict=True))
    said(7, zip(FILES[LEAST:], marked(models["champion"], np.linspace(0.5, 1, LEAST)), strict=True))
    said(0, zip(FILES[:9], marked(models["challenger"], [0.4] * 9, shadow=True), strict=True))
    for _ in range(2):
        (found,) = watching.watch_all([models["champion"]], date(2018, 6, 8))
        assert found.drift.state is State.MOVED
    (compared,) = compare_challengers.fn()
    assert compared.files == 9
    promote(Role.CLASSIFIER, models["challenger"].version, Alias.CHAMPION, "as a test has it")
    with reading(world().ledger) as connection:
        assert len(opinions.files_seen(connection, models["challenger"], 99)) == 9
        assert list(shadows.answers(connection, Serving(models["challenger"]))) == []
        assert [row.moved for row in connection.execute(select(schema.drift))] == [True]
