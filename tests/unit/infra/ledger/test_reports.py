"""Reports in the ledger: each once, whole, and counted so that the counts add up."""

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from taken_in import key, record, sighted, taken, utc

from domain.media import Kind
from domain.report import (
    Classification,
    FileAnnotation,
    FileFault,
    Identifier,
    Location,
    LocationRole,
    Particular,
    PersonRole,
    Rejection,
    ReportAnnotation,
    Vector,
)
from infra.ledger import reports, schema

EVERYTHING = {
    "escalated": True, "batched": True, "users": 4,
    "annotations": frozenset({ReportAnnotation.SPAM, ReportAnnotation.SEXTORTION}),
    "vectors": frozenset({Vector.CHAT, Vector.TOR}),
    "locations": frozenset({Location("IN", LocationRole.SUSPECT), Location("IN", LocationRole.VICTIM)}),
    "particulars": frozenset({Particular(PersonRole.SUSPECT, Identifier.PHONE, "555-0100")}),
}  # fmt: skip
FAULTS = [None, FileFault.MISSING, FileFault.EMPTY, FileFault.DIGEST_MISMATCH, FileFault.NOT_MEDIA]


def rows(connection, table):
    return {tuple(row) for row in connection.execute(select(table))}


def everything(connection):
    return {table.name: rows(connection, table) for table in schema.metadata.sorted_tables}


def test_a_report_is_written_whole(connection):
    one = taken("one", sighted("a", annotations=frozenset({FileAnnotation.VIRAL})), **EVERYTHING)
    record(connection, one)
    row = connection.execute(select(schema.report)).one()
    assert (row.id, row.external_id, row.reporter, row.source) == (key("one"), "one", "esp-01", "esp")
    assert (row.escalated, row.batched, row.incidents, row.incident_type) == (True, True, 4, "possession")
    assert utc(row.received_at) == one.receipt.received_at
    assert rows(connection, schema.report_vector) == {(key("one"), "chat"), (key("one"), "tor")}
    assert rows(connection, schema.report_annotation) == {(key("one"), "spam"), (key("one"), "sextortion")}
    assert rows(connection, schema.report_location) == {(key("one"), "IN", "suspect"), (key("one"), "IN", "victim")}
    assert rows(connection, schema.report_identifier) == {(key("one"), "phone")}
    assert rows(connection, schema.report_document) == {(key("one"), key("document of one"))}
    assert rows(connection, schema.sighting_annotation) == {(key("one"), 0, "viral")}


def test_a_file_entry_keeps_what_its_reporter_says_and_unknown_stays_unknown(connection):
    said = {"claimed_md5": "0" * 32, "classification": Classification.B2, "viewed_by_reporter": False}
    record(connection, taken("one", sighted("a", Kind.VIDEO, **said), sighted(None, fault=FileFault.MISSING)))
    whole, absent = connection.execute(select(schema.sighting).order_by(schema.sighting.c.ordinal)).all()
    assert (whole.blob_id, whole.kind, whole.claimed_md5, whole.classification) == (key("a"), "video", "0" * 32, "B2")
    assert (whole.viewed_by_reporter, whole.publicly_available, whole.fault) == (False, None, None)
    assert (absent.blob_id, absent.kind, absent.fault) == (None, None, "missing")


def test_a_rejected_report_is_a_row_with_its_reason_alone(connection):
    counts = record(connection, taken("one", sighted("a", fault=FileFault.REPORT_REJECTED), rejection=Rejection.SCHEMA))
    row = connection.execute(select(schema.report)).one()
    assert (row.rejection, row.incident_type, row.incidents, row.escalated) == ("schema", None, None, None)
    assert (counts["accepted"], counts["rejected"], counts["files_quarantined"]) == (0, 1, 1)


def test_recording_again_changes_nothing_and_is_counted_as_held(connection):
    both = taken("one", sighted("a"), **EVERYTHING), taken("two", sighted("a"), rejection=Rejection.SCHEMA)
    first = record(connection, *both)
    before = everything(connection)
    again = record(connection, *both)
    assert (first["received"], first["already_held"]) == (2, 0)
    assert {name: number for name, number in again.items() if number} == {"already_held": 2}
    assert everything(connection) == before


def test_the_same_report_twice_in_one_batch_is_one(connection):
    counts = record(connection, taken("one", sighted("a")), taken("one", sighted("a")))
    assert (counts["received"], counts["already_held"]) == (1, 1)


def test_a_file_of_several_reports_is_one_blob_and_a_sighting_each(connection):
    record(connection, taken("one", sighted("a")), taken("two", sighted("a"), sighted("a")))
    files = connection.scalar(select(func.count()).select_from(schema.blob).where(schema.blob.c.kind == Kind.IMAGE))
    assert (files, len(rows(connection, schema.sighting))) == (1, 3)


def test_taken_drops_are_remembered(connection):
    one = taken("one", sighted("a"))
    record(connection, one)
    assert reports.taken_drops(connection, [one.drop, "another"]) == {one.drop}


def test_the_same_number_with_new_content_is_a_revision_that_takes_the_old_ones_place(connection):
    first = record(connection, again("one", "7"))
    second = record(connection, again("two", "7"), again("three", "8"))
    third = record(connection, again("four", "7"))
    assert [counts["revisions"] for counts in (first, second, third)] == [0, 1, 1]
    report = schema.report.c
    stand = connection.execute(select(report.id, report.revision, report.superseded_by))
    assert {tuple(row) for row in stand} == {
        (key("one"), 1, key("two")), (key("two"), 2, key("four")), (key("four"), 3, None), (key("three"), 1, None),
    }  # fmt: skip


def test_two_revisions_in_one_batch_are_numbered_as_they_come(connection):
    record(connection, again("one", "7"), again("two", "7"))
    report = schema.report.c
    assert connection.execute(select(report.revision, report.superseded_by).order_by(report.revision)).all() == [
        (1, key("two")), (2, None),
    ]  # fmt: skip


def test_a_rejected_revision_takes_nobodys_place(connection):
    record(connection, again("one", "7"))
    record(connection, again("two", "7", rejection=Rejection.SCHEMA))
    assert connection.scalars(select(schema.report.c.superseded_by)).all() == [None, None]


def test_the_same_number_of_another_reporter_is_another_report(connection):
    record(connection, again("one", "7"))
    counts = record(connection, again("two", "7", reporter="esp-02"))
    assert counts["revisions"] == 0


def again(name, number, **said):
    """Take in a report whose reporter calls it `number`."""
    return dataclasses.replace(taken(name, **said), external_id=number)


@pytest.fixture
def names(request):
    """Give names that no example before has had."""
    numbers = iter(range(10**6))
    return lambda: f"{next(numbers)}"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.lists(st.sampled_from(FAULTS), max_size=4)), max_size=4))
def test_counts_add_up_whatever_comes(connection, names, drops):
    everything = []
    for rejected, faults in drops:
        files = [sighted(None if fault is FileFault.MISSING else names(), fault=fault) for fault in faults]
        everything.append(taken(names(), *files, rejection=Rejection.SCHEMA if rejected else None))
    counts = record(connection, *everything)
    assert counts["received"] == counts["accepted"] + counts["rejected"] == len(drops)
    faults = [fault for _, some in drops for fault in some]
    assert counts["files_named"] == len(faults)
    assert (counts["files_stored"], counts["files_missing"]) == (faults.count(None), faults.count(FileFault.MISSING))
    assert counts["files_named"] == counts["files_stored"] + counts["files_missing"] + counts["files_quarantined"]
