"""Drops: whatever arrives is an outcome, every byte of it is kept, and the counts add up."""

import json
import os
import time
import traceback
from datetime import UTC, datetime

import pytest
from cybertips import details_xml, report_xml, write_drop
from taken_in import opened

from domain.counts import Counts
from domain.errors import InvalidSettings, Rejected
from domain.report import FileFault, Rejection
from infra.ledger import reports
from infra.ledger.summaries import summarize
from infra.world import world
from tasks.reports.drops import SIMULATED, drop_key, drops_in, parse_receipt, take
from tasks.reports.intake import _record, archive_reports, take_batch

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
def inbox(data):
    return data / "inbox"


def taken(drop):
    (one,) = take_batch([drop])
    return one


def test_a_whole_drop_is_accepted_and_its_bytes_are_held(inbox):
    one = taken(write_drop(inbox, "r1", [PNG, PNG + b"x"]))
    assert one.rejection is None
    assert [file.fault for file in one.files] == [None, None]
    assert len(one.held) == 2 + 2 * 2
    for held in one.held:
        assert len(opened(held)) == held.digests.size


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("receipt.json", None, Rejection.NO_RECEIPT),
        ("receipt.json", b"{}", Rejection.NO_RECEIPT),
        ("receipt.json", b"\xff", Rejection.NO_RECEIPT),
        ("report.xml", None, Rejection.NO_REPORT),
        ("report.xml", b"<report>", Rejection.NOT_WELL_FORMED),
        ("report.xml", b" " * (5 * 2**20), Rejection.TOO_LARGE),
        ("0000000000000000.xml", b"<fileDetails/>", Rejection.SCHEMA),
    ],
)
def test_a_drop_that_does_not_validate_is_rejected_and_kept(inbox, name, content, reason):
    drop = write_drop(inbox, "r1", [PNG])
    (drop / name).unlink()
    if content is not None:
        (drop / name).write_bytes(content)
    one = taken(drop)
    assert one.rejection is reason
    assert [file.fault for file in one.files] == [FileFault.REPORT_REJECTED]
    kept = {opened(held) for held in one.held}
    assert {file.read_bytes() for file in drop.iterdir()} == kept


def test_each_fault_of_a_file_is_told_apart(inbox):
    wrong = details_xml("0000000000000000", md5="0" * 32)
    empty = details_xml("0000000000000001", name="a.mp4")
    missing = details_xml("0000000000000002")
    text = details_xml("0000000000000003", name="a.jpg")
    drop = write_drop(inbox, "r1", [(wrong, PNG), (empty, b""), (missing, None), (text, b"hello, this is text")])
    faults = [file.fault for file in taken(drop).files]
    assert faults == [FileFault.DIGEST_MISMATCH, FileFault.EMPTY, FileFault.MISSING, FileFault.NOT_MEDIA]


def test_a_file_without_details_is_named_by_its_bytes(inbox):
    drop = write_drop(inbox, "r1", [PNG])
    (drop / "0000000000000000.xml").unlink()
    (file,) = taken(drop).files
    assert (file.named.file_id, file.fault) == ("0000000000000000", None)


def test_counts_add_up_over_the_malformed(inbox):
    write_drop(inbox, "whole", [PNG, b"x"])
    write_drop(inbox, "broken", [PNG], report=b"<report>")
    write_drop(
        inbox,
        "lacking",
        [(details_xml("0000000000000000"), None), (details_xml("0000000000000001", name="b.jpg"), b"y")],
    )
    counts = _record(take_batch(drops_in(inbox, "test")))
    assert counts["received"] == counts["accepted"] + counts["rejected"] == 3
    assert counts["files_named"] == 5
    assert counts["files_named"] == counts["files_stored"] + counts["files_missing"] + counts["files_quarantined"]
    with world().ledger.begin() as connection:
        summary = summarize(connection)
    assert summary.received == summary.accepted + sum(summary.rejected.values()) == 3
    assert summary.sightings == summary.stored + summary.missing + sum(summary.quarantined.values()) == 5


def test_taking_the_same_drop_again_changes_nothing(inbox):
    write_drop(inbox, "r1", [PNG])
    first = _record(take_batch(drops_in(inbox, "test")))
    again = _record(take_batch(drops_in(inbox, "test")))
    assert (first["received"], again["received"], again["already_held"]) == (1, 0, 1)


def test_a_drop_is_known_by_its_key_until_a_file_of_it_changes(inbox):
    drop = write_drop(inbox, "r1", [PNG])
    before = drop_key(drop)
    assert drop_key(drop) == before
    os.utime(drop / "report.xml", ns=(1, 1))
    assert drop_key(drop) != before


def test_new_content_under_the_same_number_is_another_report(inbox):
    drop = write_drop(inbox, "r1", [PNG])
    before = taken(drop).report_id
    (drop / "report.xml").write_bytes(report_xml(summary="<escalateToHighPriority/>"))
    assert taken(drop).report_id != before


def test_the_same_content_from_two_reporters_is_two_reports(inbox):
    one = write_drop(inbox, "r1", [PNG])
    other = write_drop(inbox / "b", "r1", [PNG], reporter="esp-02")
    assert taken(one).report_id != taken(other).report_id


def test_the_archive_registers_accepted_reports_alone(inbox):
    write_drop(inbox, "whole", [PNG])
    write_drop(inbox, "broken", [PNG], report=b"<report>")
    _record(take_batch(drops_in(inbox, "test")))
    assert [archive_reports.fn()["reports_archived"] for _ in range(2)] == [1, 0]
    from infra.archive import Dataset
    from infra.ledger.summaries import registered

    with world().ledger.begin() as connection:
        ids = {dataset: registered(connection, dataset) for dataset in Dataset}
        keys = [drop_key(drop) for drop in drops_in(inbox, "test")]
        assert reports.taken_drops(connection, [*keys, "another"]) == set(keys)
    assert world().archive.read(Dataset.REPORTS, ids[Dataset.REPORTS]).num_rows == 1
    assert world().archive.read(Dataset.SIGHTINGS, ids[Dataset.SIGHTINGS]).num_rows == 1


def test_an_empty_batch_counts_nothing(data):
    assert dict(_record([])) == dict(Counts(already_held=0, revisions=0))


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b'{"external_id": "1"}',
        json.dumps(
            {"external_id": "1", "reporter": "a", "source": "moon", "received_at": "2016-01-01T00:00:00Z"}
        ).encode(),
    ],
)
def test_a_receipt_that_says_too_little_is_no_receipt(content):
    with pytest.raises(Rejected):
        parse_receipt(content)


def test_what_is_not_simulated_is_taken_only_on_somebodys_authority(inbox):
    drop = write_drop(inbox, "r1", [PNG])
    with pytest.raises(InvalidSettings, match="BREAKWATER_AUTHORITY"):
        drops_in(inbox, "")
    assert drops_in(inbox, "the national clearinghouse, by its charter") == [drop]
    (inbox / SIMULATED).touch()
    assert drops_in(inbox, "") == [drop]


def test_an_inbox_that_is_not_there_is_said_to_be_missing(inbox):
    with pytest.raises(InvalidSettings, match="not a folder"):
        drops_in(inbox / "elsewhere", "test")


def test_stray_files_of_a_drop_are_kept_with_its_report(inbox):
    drop = write_drop(inbox, "r1", [PNG])
    (drop / "a note.txt").write_bytes(b"by the way")
    one = taken(drop)
    assert (one.rejection, len(one.files)) == (None, 1)
    assert b"by the way" in {opened(held) for held in one.documents}


def test_a_foreign_name_is_kept_to_what_a_database_holds(inbox):
    receipt = {
        "external_id": "1\x00" + "2" * 300,
        "reporter": "a",
        "source": "esp",
        "received_at": "2016-01-01T00:00:00Z",
    }
    read = parse_receipt(json.dumps(receipt).encode())
    assert read.external_id.startswith("1?" + "2" * 90)
    assert len(read.external_id) == 128


def test_a_time_without_a_zone_is_utc_wherever_this_runs(monkeypatch):
    receipt = {"external_id": "1", "reporter": "a", "source": "esp", "received_at": "2016-01-01T00:00:00"}
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert parse_receipt(json.dumps(receipt).encode()).received_at == datetime(2016, 1, 1, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_name_that_is_no_unicode_and_a_link_to_nowhere_stop_no_batch(inbox):
    drop = write_drop(inbox, os.fsdecode(b"\xff\xfe"), [PNG])
    (drop / "link").symlink_to(drop / "absent")
    (drop / "fedcba.bin").symlink_to("/etc/passwd")
    one = taken(drop)
    assert (one.rejection, len(one.files)) == (None, 1)
    assert _record([one])["accepted"] == 1


class Meanwhile:
    """A store during whose first write somebody adds a file to the drop."""

    def __init__(self, blobs, late):
        self._blobs, self._late = blobs, late

    def __getattr__(self, name):
        return getattr(self._blobs, name)

    def store(self, *arguments):
        self._late.write_bytes(PNG)
        return self._blobs.store(*arguments)


def test_a_file_that_comes_while_its_drop_is_read_makes_it_another_drop(inbox):
    drop = write_drop(inbox, "r1", [PNG])
    one = take(drop, Meanwhile(world().blobs, drop / "fedcba9876543210.bin"), 2**20)
    assert len(one.files) == 1
    assert one.drop != drop_key(drop)


def test_folders_in_a_drop_are_kept_with_its_report(inbox):
    drop = write_drop(inbox, "r1", [PNG])
    (drop / "more").mkdir()
    (drop / "more" / "evidence.bin").write_bytes(b"deep")
    before = drop_key(drop)
    assert b"deep" in {opened(held) for held in taken(drop).documents}
    (drop / "more" / "evidence.bin").write_bytes(b"deeper")
    assert drop_key(drop) != before


def test_a_linked_folder_is_no_drop(inbox, tmp_path):
    write_drop(tmp_path / "elsewhere", "9", [PNG])
    inbox.mkdir()
    (inbox / "3").symlink_to(tmp_path / "elsewhere" / "9")
    assert drops_in(inbox, "test") == []


@pytest.mark.parametrize(
    "said",
    [
        {"external_id": None},
        {"reporter": True},
        {"reporter": " "},
        {"received_at": "0001-01-01T00:00:00Z"},
        {"received_at": "9999-01-01T00:00:00Z"},
    ],
)
def test_a_receipt_of_nonsense_is_no_receipt(said):
    receipt = {"external_id": "1", "reporter": "a", "source": "esp", "received_at": "2016-01-01T00:00:00Z", **said}
    with pytest.raises(Rejected):
        parse_receipt(json.dumps(receipt).encode())


def test_a_receipt_nested_without_end_is_no_receipt():
    with pytest.raises(Rejected):
        parse_receipt(b"[" * 200_000)


class Vanishing(Meanwhile):
    """A store during whose first write somebody takes a file of the drop away."""

    def store(self, *arguments):
        self._late.unlink(missing_ok=True)
        return self._blobs.store(*arguments)


def test_a_file_that_cannot_be_read_is_told_without_its_name(inbox):
    drop = write_drop(inbox, "jane.doe@example.org", [PNG])
    world().blobs = Vanishing(world().blobs, drop / "report.xml")
    with pytest.raises(FileNotFoundError) as told:
        take_batch([drop])
    assert "jane" not in "".join(traceback.format_exception(told.value))
    assert "can read the inbox" in str(told.value)
