"""The role for metadata does every stage but intake on PostgreSQL, and changes nothing that intake wrote."""

import secrets
from datetime import UTC, date, datetime

import pytest
from cybertips import report_xml, write_drop
from sqlalchemy.exc import ProgrammingError

from domain.media import Algorithm
from domain.model import Answer, Answered, ModelVersion, Serving, Verdict
from domain.report import FileFault
from infra.ledger import inferences, measured, media
from infra.ledger.engine import migrate, reading
from infra.ledger.roles import METADATA, make_roles
from infra.world import world
from tasks.clustering.copies import cluster_copies
from tasks.clustering.sharing import cluster_reports
from tasks.hashing.files import fingerprint_batch
from tasks.matching import match_entries, match_files
from tasks.measuring.kept import read_kept
from tasks.ranking import rank_reports
from tasks.reports.drops import drops_in
from tasks.reports.intake import _record, archive_reports, take_batch
from tasks.staging import stage
from tasks.sweeping import sweep


@pytest.fixture
def metadata(postgres, tmp_path, monkeypatch, scene):
    """Take a drop in, and work on as the role for metadata."""
    from io import BytesIO

    from PIL import Image

    name = f"roles_{secrets.token_hex(4)}"
    postgres.make_databases(name)
    monkeypatch.setenv("BREAKWATER_DATA", str(tmp_path))
    monkeypatch.setenv("BREAKWATER_LEDGER", postgres.url(name))
    world.cache_clear()
    migrate(world().ledger)
    picture = BytesIO()
    Image.fromarray(scene(1)).save(picture, "PNG")
    write_drop(tmp_path / "inbox", "1", [picture.getvalue(), b"no picture"], report=report_xml())
    _record(take_batch(drops_in(tmp_path / "inbox", "test")))
    for _ in range(2):
        with world().ledger.begin() as connection:
            make_roles(connection)
    world().ledger.dispose()
    monkeypatch.setenv("BREAKWATER_LEDGER", f"{postgres.url(name)}?options=-c%20role%3D{METADATA}")
    world.cache_clear()
    yield world().ledger
    world().ledger.dispose()
    world.cache_clear()


def test_it_does_every_stage_but_intake(metadata):
    with stage("metadata") as publish:
        assert archive_reports.fn()["reports_archived"] == 1
        with metadata.begin() as connection:
            files = media.without_fingerprint(connection, Algorithm.PDQ)
            media.record_fingerprints(connection, fingerprint_batch(files))
            media.record_faults(connection, [(files[0][0], FileFault.UNDECODABLE)])
            serving = Serving(ModelVersion("tagger/any", 1, "1" * 64))
            answer = Answer(serving, verdicts=(Verdict("landscape", 0.5, 0.5),), vectors=((0, bytes(8)),))
            inferences.record_answers(connection, [Answered(files[0][0], (answer,))], datetime.now(UTC))
        for step in (match_entries, match_files, cluster_copies, cluster_reports, rank_reports):
            publish(step.fn())
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
    "SELECT content FROM person", "UPDATE audit SET actor = ''", "DELETE FROM audit", "INSERT INTO hold DEFAULT VALUES",
)  # fmt: skip


def test_it_changes_nothing_that_intake_wrote(metadata):
    for statement in REFUSED:
        with pytest.raises(ProgrammingError, match="permission denied"), metadata.begin() as connection:
            connection.exec_driver_sql(statement)
