"""Bundles count the reports that stand: one that a revision took the place of leaves its bundle."""

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select
from taken_in import key, record, sighted, taken

from infra.ledger import bundles, schema

NOW = datetime(2020, 1, 1, tzinfo=UTC)


def bundled(connection):
    counts = bundles.bundle(connection, bundles.floods(connection, 3), lambda files: key("".join(sorted(files))), NOW)
    return counts, [each.reports for each in bundles.bundles(connection)]


def test_a_superseded_report_leaves_its_bundle(connection):
    record(connection, *(taken(name, sighted("flood")) for name in ("one", "two", "three", "four")))
    assert bundled(connection)[1] == [4]
    record(connection, replace(taken("one again", sighted("other")), external_id="one"))
    assert bundled(connection)[1] == [3]
    members = connection.scalars(select(schema.bundle_member.c.report_id)).all()
    assert key("one") not in members


def test_a_revision_of_the_same_files_takes_the_place_in_the_bundle(connection):
    record(connection, *(taken(name, sighted("flood")) for name in ("one", "two", "three")))
    assert bundled(connection)[1] == [3]
    record(connection, replace(taken("one again", sighted("flood")), external_id="one"))
    assert bundled(connection)[1] == [3]


def test_a_bundle_of_which_too_few_stand_shrinks_too(connection):
    record(connection, *(taken(name, sighted("flood")) for name in ("one", "two", "three")))
    bundled(connection)
    record(connection, replace(taken("one again", sighted("other")), external_id="one"))
    assert bundled(connection)[1] == [2]
