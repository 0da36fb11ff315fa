"""Hostile and damaged entries: each costs itself, and nothing else of what lies beside it."""

import json
import os
import threading
import time

import pytest
from cybertips import report_xml, write_drop
from sqlalchemy import select
from steps import Deadly

from domain.errors import InvalidSettings
from domain.report import FileFault, Rejection
from infra.cluster import running
from infra.inboxes import NAME_BYTES, within
from infra.ledger import reports, schema
from infra.ledger.engine import reading
from infra.world import world
from tasks.reports import packages
from tasks.reports.drops import SIMULATED, drop_key
from tasks.reports.formats import Format, detect
from tasks.reports.intake import _record, crashed, entries_of, intake_reports, record_cases, take_batch
from tasks.reports.packages import package_key

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
MD5 = "0123456789abcdef" * 2


@pytest.fixture
def inbox(data):
    folder = data / "inbox"
    folder.mkdir()
    (folder / SIMULATED).touch()
    return folder


def rows(*columns):
    with reading(world().ledger) as connection:
        return connection.execute(select(*columns)).all()


def police(inbox, name, *named, number="r1"):
    """Write a report as police receive it, with files of these names."""
    files = [{"filename": each, "submittalId": str(place)} for place, each in enumerate(named)]
    told = {"reportingEsp": {"espName": "E"}, "uploadedFiles": {"uploadedFiles": files}}
    document = {"reportId": number, "dateReceived": "2016-01-01T00:00:00Z", "reportedInformation": told}
    (inbox / name).write_text(json.dumps(document))
    return inbox / name


def vics(inbox, name, *entries, kind="Media", late=False):
    """Write a VICS file, its context before or behind what it holds."""
    context, value = {"@odata.context": f"http://example.org/2.0.xml/US/$metadata#{kind}"}, {"value": list(entries)}
    (inbox / name).write_text(json.dumps({**value, **context} if late else {**context, **value}))
    return inbox / name


NO_UNICODE = "\udcff.jpg"
"""Half a letter: a VICS file with one in it is refused as wrongly encoded."""

UNSAFE = ["x\ud800.jpg", "x" * 300 + ".jpg", "x/" * 5000, "é" * 200, "x\0.jpg", NO_UNICODE]


@pytest.mark.parametrize("name", UNSAFE)
def test_a_name_that_no_file_can_have_costs_its_file(inbox, name):
    assert within(inbox, name) is None
    (one,) = take_batch([police(inbox, "a.json", name)])
    assert [file.fault for file in one.files] == [FileFault.UNSAFE_NAME]
    assert _record([one])["accepted"] == 1
    counts = record_cases(vics(inbox, "v.json", {"MediaID": 1, "RelativeFilePath": name}, {"MediaID": 2}))
    wanted = (0, 0, 0) if name == NO_UNICODE else (1, 2, 0)
    assert (counts["accepted"], counts["files_named"], counts["files_stored"]) == wanted


def test_a_name_as_long_as_a_file_can_have_is_looked_for(inbox):
    name = "x" * (NAME_BYTES - 4) + ".png"
    (inbox / name).write_bytes(PNG)
    (one,) = take_batch([police(inbox, "a.json", name)])
    assert [file.fault for file in one.files] == [None]


def test_links_that_lead_to_each_other_are_no_file(inbox):
    (inbox / "a.png").symlink_to(inbox / "b.png")
    (inbox / "b.png").symlink_to(inbox / "a.png")
    (one,) = take_batch([police(inbox, "a.json", "a.png")])
    assert one.files[0].content is None


def test_a_vics_file_that_cannot_be_read_is_told_without_its_name(inbox):
    with pytest.raises(FileNotFoundError) as told:
        record_cases(inbox / "jane.doe.json")
    assert "jane" not in str(told.value)


@pytest.mark.parametrize(
    "entry",
    [
        {"MediaID": 1.0}, {"MediaID": {"a": 1}}, {"Category": True}, {"SHA1": "a" * 2000}, {"SHA1": "a\0b"},
        {"SHA1": "\ud800"}, {"PhotoDNA": [1]}, {"MD5": "no"}, {"AlternativeHashes": ["x"]}, {"AlternativeHashes": 7},
        {"AlternativeHashes": [{"HashName": "a\0\ud800", "HashValue": "b"}]}, {"MediaSize": 10**15},
        {"IsSuspected": "false", "DateUpdated": "/Date(1488447000000)/"}, {"RelativeFilePath": 5},
    ],
)  # fmt: skip
def test_a_bad_field_costs_itself_and_not_its_file(inbox, entry):
    whole = {"MediaID": "w", "MD5": MD5.upper(), "Category": "2", "SHA1": "a" * 40}
    counts = record_cases(vics(inbox, "v.json", whole, {"MediaID": "x", **entry}, whole))
    assert (counts["accepted"], counts["rejected"], counts["files_named"]) == (1, 0, 3)
    told = rows(schema.sighting.c.file_id, schema.sighting.c.claimed_md5, schema.sighting.c.category)
    assert [row for row in told if row.file_id == "w"] == [("w", MD5, "2")] * 2
    hashes = rows(schema.sighting_hash)
    assert len([row for row in hashes if row.value == "a" * 40]) == 2
    assert all((row.kind + row.value).isprintable() for row in hashes)  # PostgreSQL takes no NUL


def test_what_a_bad_field_cost_is_counted(inbox):
    bad = {"MediaID": 1, "Category": True, "SHA1": "a" * 2000, "MD5": "no"}
    assert record_cases(vics(inbox, "v.json", {"MediaID": 1.0}, bad))["fields_unread"] == 3
    assert rows(schema.sighting.c.file_id) == [("1",), ("1",)]


def test_an_entry_without_end_is_kept_with_what_stands_at_its_start(inbox):
    endless = {"MediaID": "e", "Exifs": [{}] * 60_000, "Category": "9"}
    counts = record_cases(vics(inbox, "v.json", endless, {"MediaID": "2"}))
    assert (counts["accepted"], counts["files_named"], counts["fields_unread"]) == (1, 2, 1)
    assert [row.file_id for row in rows(schema.sighting.c.file_id)] == ["e", "2"]


@pytest.mark.parametrize("moment", [315_532_800, 10**11])
def test_a_file_time_at_which_nothing_can_be_received_is_not_believed(inbox, moment):
    file = vics(inbox, "v.json", {"MediaID": 1})
    os.utime(file, (moment, moment))
    began = time.time()
    assert record_cases(file)["accepted"] == 1
    ((received,),) = rows(schema.report.c.received_at)
    assert abs(received.timestamp() - began) < 86_400


def test_members_of_the_document_whose_names_look_like_places_stop_nothing(inbox):
    strange = {"@odata.context": "x#Cases", "value.item.CaseNumber": "1", "value.item.Media.item": {"MediaID": 1}}
    (inbox / "v.json").write_text(json.dumps(strange))
    assert record_cases(inbox / "v.json")["rejected"] == 1
    (inbox / "w.json").write_text(json.dumps({**strange, "value": [{"CaseNumber": "c"}]}))
    assert record_cases(inbox / "w.json")["accepted"] == 1


@pytest.mark.parametrize(("kind", "entry"), [("Media", {"MediaID": "m"}), ("Cases", {"CaseNumber": "c", "Media": []})])
def test_a_context_behind_the_content_is_found(inbox, kind, entry):
    more = [{"MediaID": str(number), "Comments": "x" * 500} for number in range(300)]
    entry = {**entry, "Media": more} if kind == "Cases" else entry
    file = vics(inbox, "v.json", entry, *(more if kind == "Media" else ()), kind=kind, late=True)
    assert detect(file) is Format.VICS
    counts = record_cases(file)
    assert (counts["accepted"], counts["files_named"]) == (1, 300 + (kind == "Media"))


def test_two_sets_of_media_supersede_nobody(inbox):
    for name in ("a", "b"):
        record_cases(vics(inbox, f"{name}.json", {"MediaID": 1, "MD5": name * 32}))
    found = rows(schema.report.c.revision, schema.report.c.superseded_by)
    assert found == [(1, None), (1, None)]
    numbers = {row.external_id for row in rows(schema.report.c.external_id)}
    assert len(numbers) == 2


@pytest.mark.parametrize(
    ("cases", "numbers"),
    [
        ([{"CaseNumber": "7"}, {"CaseNumber": "7"}], {"7 #1", "7 #2"}),
        ([{"CaseNumber": "7", "CaseID": "a"}, {"CaseNumber": "7", "CaseID": "b"}], {"7 a", "7 b"}),
        ([{"CaseNumber": "7", "CaseID": "a"}, {"CaseNumber": "8", "CaseID": "a"}], {"7", "8"}),
        ([{"CaseNumber": "7"}, {"CaseNumber": "7", "ContactOrganization": "other"}], {"7"}),
    ],
)
def test_two_cases_of_one_number_are_told_apart(inbox, cases, numbers):
    entries = [{**each, "Media": [{"MediaID": place}]} for place, each in enumerate(cases)]
    assert record_cases(vics(inbox, "v.json", *entries, kind="Cases"))["accepted"] == 2
    found = rows(schema.report.c.external_id, schema.report.c.superseded_by)
    assert {row.external_id for row in found} == numbers
    assert {row.superseded_by for row in found} == {None}


def test_the_ledger_is_free_while_the_media_of_a_vics_file_are_read(inbox, monkeypatch):
    """The reader of media waits until another has written; it would wait for ever inside a transaction."""
    wrote, read = threading.Event(), packages.vics.media

    def slow(stream, **told):
        for each in read(stream, **told):
            yield each
            assert wrote.wait(30)

    monkeypatch.setattr(packages.vics, "media", slow)
    file = vics(inbox, "v.json", *({"MediaID": number} for number in range(3)))

    def write():
        with world().ledger.begin():
            wrote.set()

    other = threading.Timer(0.3, write)
    other.start()
    assert record_cases(file)["files_named"] == 3
    other.join()


class Killed(BaseException):
    """Stands for the end of the process."""


def test_a_vics_file_that_was_stopped_half_way_is_no_part_of_anything_until_it_is_whole(inbox, monkeypatch):
    monkeypatch.setattr(packages, "CASES_TOGETHER", 2)
    file = vics(inbox, "v.json", *({"MediaID": number, "MD5": MD5} for number in range(5)))
    read = packages.vics.media

    def broken(stream, **told):
        for place, each in enumerate(read(stream, **told)):
            if place == 3:
                raise Killed
            yield each

    monkeypatch.setattr(packages.vics, "media", broken)
    with pytest.raises(Killed):
        record_cases(file)
    assert rows(schema.report.c.rejection) == [(Rejection.UNFINISHED,)]
    assert len(rows(schema.sighting)) == 2
    assert rows(schema.taken_drop) == []
    monkeypatch.setattr(packages.vics, "media", read)
    assert (record_cases(file)["accepted"], record_cases(file)["already_held"]) == (1, 1)
    assert rows(schema.report.c.rejection, schema.report.c.revision) == [(None, 1)]
    assert len(rows(schema.sighting)) == 5


def test_an_entry_that_kills_its_worker_is_rejected_with_its_bytes_kept(inbox):
    drop, file = write_drop(inbox, "r1", [PNG]), police(inbox, "a.json")
    for entry in (drop, file):
        one = crashed(entry)
        assert one.rejection is Rejection.READER_CRASHED
        assert _record([one])["rejected"] == 1
    with reading(world().ledger) as connection:
        assert len(reports.taken_drops(connection, [drop_key(drop), package_key(file)])) == 2
    kept = {world().blobs.read(row.id) for row in rows(schema.blob.c.id)}
    assert {PNG, file.read_bytes(), (drop / "report.xml").read_bytes()} <= kept


def test_the_others_of_a_batch_are_taken_in_where_one_kills_its_workers(inbox):
    for name in ("a", "deadly", "b", "c"):
        police(inbox, f"{name}.json", number=name)
    with running():
        first, again = intake_reports.fn(Deadly(inbox)), intake_reports.fn(inbox)
    assert (first["new_drops"], first["accepted"], first["rejected"]) == (4, 3, 1)
    assert (again["new_drops"], again["received"]) == (0, 0)
    rejected = [row.external_id for row in rows(schema.report) if row.rejection == Rejection.READER_CRASHED]
    assert rejected == ["deadly.json"]


def test_a_hostile_folder_is_taken_in_whole_and_once(inbox):
    """Through the workers: everything that is hostile beside what is not."""
    for place, name in enumerate(UNSAFE):
        police(inbox, f"p{place}.json", name, number=f"p{place}")
        vics(inbox, f"v{place}.json", {"MediaID": 1, "RelativeFilePath": name, "SHA1": "a\0"})
    police(inbox, "honest.json", "late.png", number="honest")
    (inbox / "UPPER.JSON").write_text("{}")
    write_drop(inbox, "r1", [PNG])
    for ignored in ("t.csv.gz", "notes.eml", "report.xml"):
        (inbox / ignored).write_bytes(b"x")
    with running():
        first, again = intake_reports.fn(inbox), intake_reports.fn(inbox)
        (inbox / "late.png").write_bytes(PNG)
        late, settled = intake_reports.fn(inbox), intake_reports.fn(inbox)
    assert (first["new_drops"], first["accepted"], first["rejected"]) == (15, 13, 2)
    assert first["entries_ignored"] == 3
    assert (again["new_drops"], again["received"]) == (0, 0)
    assert (late["new_drops"], late["revisions"], late["files_stored"]) == (1, 1, 1)
    assert settled["new_drops"] == 0


def test_files_of_one_name_size_and_time_in_two_folders_are_two(inbox):
    for folder in ("x", "y"):
        (inbox / folder).mkdir()
        os.utime(police(inbox / folder, "tip.json", number=folder), (1.6e9, 1.6e9))
        write_drop(inbox / folder, "r1")
    assert package_key(inbox / "x" / "tip.json") != package_key(inbox / "y" / "tip.json")
    assert package_key(inbox / "x" / "tip.json") == package_key(inbox / "y" / ".." / "x" / "tip.json")
    assert drop_key(inbox / "x" / "r1") != drop_key(inbox / "y" / "r1")


@pytest.mark.parametrize("name", ["r1/{}.bin", "deep/../r1/{}.bin", "r1/more/x.bin", "link/{}.bin"])
def test_a_name_never_leads_into_a_drop(inbox, name):
    drop = write_drop(inbox, "r1", [PNG])
    (drop / "more").mkdir()
    (drop / "more" / "x.bin").write_bytes(PNG)
    (inbox / "deep").mkdir()
    (inbox / "deep" / "x.png").write_bytes(PNG)
    (inbox / "link").symlink_to(drop)
    (one,) = take_batch([police(inbox, "a.json", name.format("0" * 16), "deep/x.png")])
    assert [file.fault for file in one.files] == [FileFault.UNSAFE_NAME, None]


def test_a_report_without_a_receipt_is_refused_with_what_to_do(inbox):
    (inbox / "report.xml").write_bytes(report_xml())
    with pytest.raises(InvalidSettings, match=r"receipt\.json"):
        entries_of(inbox / "report.xml", "a test")
