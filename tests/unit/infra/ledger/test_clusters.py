"""Clusters in the ledger: exactly what was said last, kind by kind."""

from sqlalchemy import select
from taken_in import key, record, sighted, taken

from domain.cluster import ClusterKind
from domain.media import Kind
from domain.report import FileFault
from infra.ledger import clusters, media, schema

COPIES, REPORTS = ClusterKind.COPIES, ClusterKind.REPORTS


def test_members_are_where_they_were_put_and_a_rerun_changes_nothing(connection):
    names = {"a": "x", "b": "x", "c": "y"}
    assert clusters.record(connection, COPIES, names) == 3
    assert clusters.record(connection, COPIES, names) == 0
    assert clusters.members(connection, COPIES) == names


def test_those_that_move_leave_or_come_are_counted(connection):
    clusters.record(connection, COPIES, {"a": "x", "b": "x", "c": "y"})
    assert clusters.record(connection, COPIES, {"a": "x", "b": "y", "d": "y"}) == 3
    assert clusters.members(connection, COPIES) == {"a": "x", "b": "y", "d": "y"}
    assert clusters.record(connection, COPIES, {}) == 3
    assert clusters.members(connection, COPIES) == {}


def test_one_kind_does_not_touch_the_other(connection):
    clusters.record(connection, COPIES, {"a": "x"})
    clusters.record(connection, REPORTS, {"a": "y"})
    clusters.record(connection, COPIES, {})
    assert clusters.members(connection, REPORTS) == {"a": "y"}


def test_a_name_is_kept_after_its_members_left(connection):
    clusters.record(connection, COPIES, {"a": "x"})
    clusters.record(connection, COPIES, {})
    assert connection.execute(select(schema.cluster)).all() == [("x", "copies")]


def test_reports_brought_what_is_usable_each_file_once(connection):
    record(
        connection,
        taken("one", sighted("a"), sighted("a"), sighted("b", Kind.OTHER)),
        taken("two", sighted("a", fault=FileFault.DIGEST_MISMATCH), sighted("c", Kind.VIDEO), sighted("d")),
    )
    media.record_faults(connection, [(key("d"), FileFault.UNDECODABLE)])
    assert clusters.brought(connection) == [(key("one"), key("a")), (key("two"), key("c"))]
