"""What nobody names is swept; keys are wrapped anew, and no kept file is touched."""

import resource
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from cybertips import write_drop
from sqlalchemy import select

from domain.errors import BlobMissing, InvalidSettings
from infra.ledger import schema, sealed
from infra.world import world
from infra.wrapping import read_keys
from tasks.reports.drops import drops_in
from tasks.reports.intake import _record, take_batch
from tasks.sweeping import PATIENCE, forget_old_keys, rotate, sweep

CANARY = b"a canary in a coal mine"
LATER = datetime.now(UTC) + PATIENCE + timedelta(days=1)
PERSON = (
    "<personOrUserReported><personOrUserReportedPerson><email>canary@example.org</email></personOrUserReportedPerson>"
    "</personOrUserReported>"
)


@pytest.fixture
def taken(data):
    """Take two drops in, and give what they brought."""
    from cybertips import report_xml

    for name in ("r1", "r2"):
        write_drop(data / "inbox", name, [CANARY * 50, name.encode()], report=report_xml(people=PERSON))
    everything = take_batch(drops_in(data / "inbox", "test"))
    _record(everything)
    return everything


def objects():
    return {name for name, _ in world().blobs.objects()}


def contents(taken):
    return {held.blob: world().blobs.read(held.blob) for one in taken for held in one.held}


def test_what_nobody_names_is_swept_when_it_is_old(taken):
    before = contents(taken)
    lost = world().blobs.store(BytesIO(b"stored, and never recorded"))
    world().blobs.flush()
    assert sweep()["objects_swept"] == 0
    assert sweep(LATER)["objects_swept"] >= 1
    assert lost.sealed.object not in objects()
    assert contents(taken) == before


def test_what_a_draft_names_is_not_swept(taken):
    one = world().blobs.store(BytesIO(b"of a draft"))
    world().blobs.flush()
    now = datetime.now(UTC)
    part = {
        "number": 1, "name": "report.xml", "blob_id": one.blob, "sha256": "", "sha1": "", "md5": "", "size": 1,
        "media_type": "", "kind": "", "object": one.sealed.object, "kek": one.sealed.kek, "wrapped": one.sealed.wrapped,
    }  # fmt: skip
    with world().ledger.begin() as connection:
        draft = {"number": 1, "reporter": "r", "opened_at": now, "changed_at": now, "state": "open"}
        connection.execute(schema.draft.insert().values(draft))
        connection.execute(schema.draft_part.insert().values(part))
    sweep(LATER)
    assert one.sealed.object in objects()


def test_deleting_the_wrapped_key_deletes_the_file(taken):
    one = taken[0].files[0].content
    with world().ledger.begin() as connection:
        assert sealed.forget(connection, one.blob) == 1
    with pytest.raises(BlobMissing):
        world().blobs.read(one.blob)
    sweep(LATER)
    assert one.sealed.object not in objects()


def test_rotation_wraps_every_key_anew_and_touches_no_file(taken, data):
    before, stood = contents(taken), {file: file.read_bytes() for file in (data / "blobs").rglob("??/??/*")}
    first = world().wrapping.current
    counts = rotate()
    assert counts["keys_rewrapped"] == len(before) + 2  # and the particulars of two reports
    world.cache_clear()
    assert contents(taken) == before
    assert rotate()["keys_rewrapped"] == counts["keys_rewrapped"]
    forget_old_keys()
    world.cache_clear()
    assert contents(taken) == before
    assert len(read_keys(data / "keys" / "sealing.key")) == 1
    assert world().wrapping.current != first
    assert {file: file.read_bytes() for file in (data / "blobs").rglob("??/??/*")} == stood


def test_rotation_that_was_stopped_goes_on(taken, monkeypatch):
    before = contents(taken)
    monkeypatch.setattr("tasks.sweeping.REWRAPPED_TOGETHER", 2)
    original, calls = sealed.rewrap, []

    def stopped(*arguments):
        calls.append(arguments)
        if len(calls) == 4:
            raise KeyboardInterrupt
        original(*arguments)

    monkeypatch.setattr(sealed, "rewrap", stopped)
    with pytest.raises(KeyboardInterrupt):
        rotate()
    world.cache_clear()
    assert contents(taken) == before
    monkeypatch.setattr(sealed, "rewrap", original)
    forget_old_keys()
    world.cache_clear()
    assert contents(taken) == before


def test_particulars_are_sealed_and_open_again(taken):
    from tasks.reports.taking import particulars_of

    with world().ledger.begin() as connection:
        rows = connection.execute(select(schema.person)).all()
    assert len(rows) == 2
    for one, row in zip(sorted(taken, key=lambda each: each.report_id), sorted(rows), strict=True):
        assert b"canary" not in bytes(row.content)
        assert [each.value for each in particulars_of(row.report_id, one.person)] == ["canary@example.org"]


def test_no_plaintext_is_written_anywhere(data, tmp_path, monkeypatch, taken):
    elsewhere = [file for file in data.rglob("*") if file.is_file() and data / "inbox" not in file.parents]
    assert len(elsewhere) > 4
    assert not [file for file in elsewhere if CANARY[:12] in file.read_bytes()]
    assert not [file for file in elsewhere if b"canary@example.org" in file.read_bytes()]


def test_a_process_leaves_no_core_dump(data):
    world()
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def test_a_process_without_the_key_does_metadata_steps_and_no_other(taken, data, monkeypatch):
    from tasks.clustering.copies import cluster_copies
    from tasks.clustering.sharing import cluster_reports
    from tasks.matching import match_entries, match_files
    from tasks.ranking import rank_reports
    from tasks.reports.intake import archive_reports

    monkeypatch.setenv("BREAKWATER_SEALING", "none")
    (data / "keys" / "sealing.key").rename(data / "taken-away")
    world.cache_clear()
    assert archive_reports.fn()["reports_archived"] == 2
    for step in (match_files, match_entries, cluster_copies, cluster_reports, rank_reports):
        step.fn()
    write_drop(data / "inbox", "r3", [b"new"])
    with pytest.raises(InvalidSettings, match="BREAKWATER_SEALING=none"):
        take_batch([data / "inbox" / "r3"])
    with pytest.raises(InvalidSettings, match="BREAKWATER_SEALING=none"):
        world().blobs.read(taken[0].held[0].blob)
