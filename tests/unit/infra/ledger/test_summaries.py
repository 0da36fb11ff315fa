"""The ledger in numbers: four different counts, each of which adds up."""

from taken_in import MOMENT, key, record, sighted, taken

from domain.cluster import ClusterKind
from domain.match import Match, SignalType
from domain.media import Fingerprint, Fingerprints, Kind
from domain.report import FileFault, Rejection
from infra.ledger import clusters, matches, media
from infra.ledger.summaries import summarize


def looked_at(connection, *names):
    media.record_fingerprints(
        connection, [Fingerprints(key(name), (Fingerprint(bytes(256), 80),), 1, 1) for name in names]
    )


def matched(connection, **by):
    """Have each file, by name, stand on the list by a signal of this type; no other does."""
    found = [
        Match(key(name), "mine", "1", "A1", signal_type, 0, 1.0, settles=signal_type is SignalType.PDQ)
        for name, signal_type in by.items()
    ]
    matches.record(connection, found, tested=False)


def test_an_empty_ledger_counts_nothing(connection):
    summary = summarize(connection)
    assert (summary.received, summary.incidents, summary.sightings, summary.distinct_files, summary.new) == (0,) * 5
    assert summary.rejected == summary.quarantined == summary.kinds == {}


def test_reports_are_accepted_or_rejected_for_a_reason_the_commonest_first(connection):
    rejections = [Rejection.SCHEMA, Rejection.NO_REPORT, Rejection.SCHEMA]
    record(connection, taken("0"), *(taken(f"{at + 1}", rejection=why) for at, why in enumerate(rejections)))
    summary = summarize(connection)
    assert (summary.received, summary.accepted) == (4, 1)
    assert list(summary.rejected.items()) == [("schema", 2), ("no_report", 1)]


def test_incidents_are_what_accepted_reports_stand_for(connection):
    record(connection, taken("1"), taken("2", batched=True, users=30), taken("3", rejection=Rejection.SCHEMA))
    assert summarize(connection).incidents == 31


def test_sightings_and_distinct_files_are_counted_apart(connection):
    record(
        connection,
        taken("1", sighted("a"), sighted("b", Kind.VIDEO), sighted("c", Kind.OTHER)),
        taken("2", sighted("a"), sighted(None, fault=FileFault.MISSING), sighted("d", fault=FileFault.EMPTY)),
        taken("3", sighted("a")),
    )
    media.record_faults(connection, [(key("b"), FileFault.UNDECODABLE)])
    summary = summarize(connection)
    assert (summary.sightings, summary.stored, summary.missing) == (7, 4, 1)
    assert summary.quarantined == {"empty": 1, "undecodable": 1}
    assert summary.sightings == summary.stored + summary.missing + sum(summary.quarantined.values())
    assert summary.distinct_files == 2
    assert list(summary.kinds.items()) == [("image", 3), ("other", 1)]


def test_new_content_counts_copies_once_and_what_shares_a_cluster_with_a_known_file_not_at_all(connection):
    names = ("a", "b", "c", "d", "e", "f")
    record(connection, taken("1", *(sighted(name) for name in names), sighted("never looked at")))
    looked_at(connection, *names)
    clusters.record(
        connection, ClusterKind.COPIES, {key(name): "x" for name in "ab"} | {key(name): "y" for name in "cd"}, MOMENT
    )
    matched(connection, a=SignalType.PDQ)
    summary = summarize(connection)
    assert (summary.known, summary.new) == (1, 3)
    matched(connection, a=SignalType.PDQ, e=SignalType.MD5)
    assert (summarize(connection).known, summarize(connection).new) == (1, 3)


def test_clusters_are_counted_while_they_have_members(connection):
    clusters.record(connection, ClusterKind.COPIES, {"a": "x", "b": "x", "c": "y"}, MOMENT)
    clusters.record(connection, ClusterKind.REPORTS, {"a": "z"}, MOMENT)
    assert (summarize(connection).copies, summarize(connection).report_clusters) == (2, 1)
    clusters.record(connection, ClusterKind.COPIES, {"a": "x", "b": "x"}, MOMENT)
    assert summarize(connection).copies == 1
