"""Files in the ledger: what may be looked at, what was seen, and what is quarantined."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from taken_in import key, record, sighted, taken

from domain.counts import Counts
from domain.media import Algorithm, Fingerprint, Fingerprints, Kind
from domain.report import FileFault, Rejection
from infra.ledger import media, reports, schema


def printed(name, *qualities):
    frames = tuple(Fingerprint(bytes([place] * 256), quality, float(place)) for place, quality in enumerate(qualities))
    return Fingerprints(key(name), frames, 64, 48, float(len(qualities) - 1))


def waiting(connection):
    return [(blob.rstrip("."), kind) for blob, kind in media.without_fingerprint(connection, Algorithm.PDQ)]


def test_pictures_and_videos_wait_for_a_fingerprint_in_order_of_their_keys(connection):
    record(connection, taken("one", sighted("b", Kind.VIDEO), sighted("a"), sighted("c", Kind.OTHER)))
    assert waiting(connection) == [("a", Kind.IMAGE), ("b", Kind.VIDEO)]


@pytest.mark.parametrize("fault", [FileFault.DIGEST_MISMATCH, FileFault.NOT_MEDIA, FileFault.EMPTY])
def test_a_file_that_no_report_brought_whole_is_not_looked_at(connection, fault):
    record(connection, taken("one", sighted("a", fault=fault)))
    assert waiting(connection) == []
    record(connection, taken("two", sighted("a")))
    assert waiting(connection) == [("a", Kind.IMAGE)]


def test_a_file_of_a_rejected_report_is_not_looked_at(connection):
    record(connection, taken("one", sighted("a", fault=FileFault.REPORT_REJECTED), rejection=Rejection.SCHEMA))
    assert waiting(connection) == []


def test_a_fingerprinted_file_waits_no_more_and_its_size_is_kept(connection):
    record(connection, taken("one", sighted("a", Kind.VIDEO)))
    counts = media.record_fingerprints(connection, [printed("a", 80, 20, 90)])
    assert counts == Counts(files_fingerprinted=1, fingerprints=3, files_quarantined=0)
    assert waiting(connection) == []
    row = connection.execute(select(schema.blob).where(schema.blob.c.id == key("a"))).one()
    assert (row.width, row.height, row.duration, row.fault) == (64, 48, 2.0, None)


def test_recording_fingerprints_again_changes_nothing(connection):
    record(connection, taken("one", sighted("a")))
    for _ in range(2):
        media.record_fingerprints(connection, [printed("a", 80)])
    assert len(connection.execute(select(schema.fingerprint)).all()) == 1


def test_a_file_that_cannot_be_decoded_is_quarantined_for_every_report(connection):
    record(connection, taken("one", sighted("a")), taken("two", sighted("a")))
    counts = media.record_fingerprints(connection, [(key("a"), FileFault.UNDECODABLE)])
    assert counts["files_quarantined"] == 1
    assert waiting(connection) == []


def test_frames_of_low_quality_are_not_matched(connection):
    record(connection, taken("one", sighted("a")))
    media.record_fingerprints(connection, [printed("a", 80, 49, 50)])
    frames = media.matchable(connection)
    assert [(blob, kind, bits[0]) for blob, kind, bits in frames] == [
        (key("a"), Kind.IMAGE, 0),
        (key("a"), Kind.IMAGE, 2),
    ]
    assert all(len(bits) == 256 for _, _, bits in frames)


def test_what_is_quarantined_after_its_fingerprint_is_no_longer_matched(connection):
    record(connection, taken("one", sighted("a"), sighted("b")))
    media.record_fingerprints(connection, [printed("a", 80), printed("b", 80)])
    media.record_faults(connection, [(key("a"), FileFault.UNDECODABLE)])
    assert [blob for blob, _, _ in media.matchable(connection)] == [key("b")]


def test_nothing_to_record_is_recorded_as_nothing(connection):
    assert sum(media.record_fingerprints(connection, []).values()) == 0


def revised(connection, number, *files, **said):
    """Record a report under the number of another one of its reporter."""
    another = taken(number + " again", *files, **said)
    record(connection, replace(another, external_id=number))


@pytest.mark.parametrize(("first", "then"), [(True, False), (False, True)])
def test_the_viewing_of_a_file_is_what_the_report_that_stands_says(connection, first, then):
    record(connection, taken("one", sighted("a", viewed_by_reporter=first)))
    assert (len(media.without_fingerprint(connection, Algorithm.PDQ, [True])), media.closed(connection, [True])) == (
        int(first), int(not first),
    )  # fmt: skip
    revised(connection, "one", sighted("a", viewed_by_reporter=then))
    assert (len(media.without_fingerprint(connection, Algorithm.PDQ, [True])), media.closed(connection, [True])) == (
        int(then), int(not then),
    )  # fmt: skip


def test_a_rejected_revision_changes_nothing_of_the_viewing(connection):
    record(connection, taken("one", sighted("a", viewed_by_reporter=True)))
    revised(connection, "one", sighted("a", viewed_by_reporter=False), rejection=Rejection.SCHEMA)
    assert media.closed(connection, [True]) == 0


def test_files_of_an_unfinished_report_are_not_looked_at(connection):
    one = taken("one")
    reports.begin(connection, [one])
    reports.add_files(connection, [(one.report_id, 0, sighted("a"))])
    assert waiting(connection) == []
    record(connection, one)
    assert waiting(connection) == [("a", Kind.IMAGE)]
