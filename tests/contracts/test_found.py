"""The measures of files are, on every database, what reading every row in Python gives."""

from collections import Counter

import pandas as pd
import pytest
from told_ledger import fill, in_force, know, rows

from domain.media import Kind
from infra.ledger import films, found, novelty, schema
from infra.ledger.engine import migrate, reading
from tasks.measuring.found import exposure, list_hits
from tasks.measuring.found import novelty as novelty_series

MEDIA = (Kind.IMAGE, Kind.VIDEO)


@pytest.fixture
def told(ledger):
    """Fill a ledger; give a connection that reads it."""
    migrate(ledger)
    with ledger.begin() as connection:
        fill(connection, 1, reports=150)
        know(connection, 1)
    with reading(ledger) as connection:
        yield connection


class Everything:
    """All rows at hand."""

    def __init__(self, connection):
        self.reports = in_force(connection)
        self.blobs = {row.id: row for row in rows(connection, schema.blob)}
        self.sightings = [row for row in rows(connection, schema.sighting) if row.report_id in self.reports]
        self.sightings.sort(key=lambda row: (*self.came(row.report_id), row.ordinal))
        self.copies = {row.member: row.cluster_id for row in rows(connection, schema.cluster_member)}
        entries = {row.entry: row for row in rows(connection, schema.list_entry)}
        live = {name for name, row in entries.items() if not row.withdrawn_at and row.state in ("active", "released")}
        self.listed = {row.blob_id for row in rows(connection, schema.match) if row.entry in live}
        self.settled = {row.blob_id for row in rows(connection, schema.match) if row.settles}
        self.claimed = {
            (row.report_id, row.ordinal) for row in rows(connection, schema.claim_match) if row.entry in live
        }
        self.clips = films.clips(films.pairs(connection))

    def came(self, report):
        return self.reports[report], report

    def year(self, report):
        return self.reports[report].year

    def sound(self, row):
        return bool(row.blob_id) and not row.fault and not self.blobs[row.blob_id].fault

    def identity(self, row):
        """Tell a picture or film by its bytes or its MD5."""
        if row.kind not in MEDIA:
            return None
        if row.fault == "not_sent" and row.claimed_md5:
            same = [name for name, blob in self.blobs.items() if blob.md5 == row.claimed_md5 and not blob.fault]
            return min(same, default=row.claimed_md5)
        return row.blob_id if self.sound(row) else None

    def yearly(self, name):
        counts = Counter(self.year(report) for report in self.reports)
        return pd.DataFrame({"year": sorted(counts), name: [counts[year] for year in sorted(counts)]})


def test_what_stands_on_lists(told):
    everything = Everything(told)
    hits = list_hits(everything.yearly("sightings"), found.listed(told), found.held(told)).set_index("year")
    listed, claimed = set(), set()
    for row in everything.sightings:
        if row.blob_id in everything.listed:
            listed.add((row.report_id, row.blob_id))
        elif (row.report_id, row.ordinal) in everything.claimed:
            claimed.add((row.report_id, row.blob_id or row.claimed_md5 or row.ordinal))
    first = {}
    for row in everything.sightings:
        if everything.sound(row):
            first.setdefault(row.blob_id, everything.year(row.report_id))
    assert hits["listed"].to_dict() == counted(hits, (everything.year(report) for report, _ in listed))
    assert hits["claimed"].to_dict() == counted(hits, (everything.year(report) for report, _ in claimed))
    assert hits["files"].to_dict() == counted(hits, first.values())
    on_list = counted(hits, (year for name, year in first.items() if name in everything.listed))
    assert hits["files_listed"].to_dict() == on_list
    assert hits["share_with_claims"].to_list() == pytest.approx(
        list((hits["listed"] + hits["claimed"]) / hits["sightings"])
    )
    assert hits[["listed", "claimed", "files_listed"]].sum().gt(0).all()


def counted(table, years):
    counts = Counter(years)
    return {year: counts[year] for year in table.index}


def test_which_reports_bring_something_new(told):
    everything = Everything(told)
    series = novelty_series(everything.yearly("reports"), found.fresh(told)).set_index("year")
    brought, unique, alone = set(), set(), set()
    told_rows = [(row, everything.identity(row)) for row in everything.sightings]
    told_rows = [(row, file, everything.copies.get(file, file)) for row, file in told_rows if file]
    for row, file, group in told_rows:
        came = everything.came(row.report_id)
        before = [each for each in told_rows if everything.came(each[0].report_id) < came]
        wholes = {everything.copies.get(whole, whole) for whole in everything.clips.get(row.blob_id, ())}
        brought.add(row.report_id)
        if not any(other == file for _, other, _ in before):
            unique.add(row.report_id)
        if not any(other in {group, *wholes} for _, _, other in before):
            alone.add(row.report_id)
    for name, reports in (("with_files", brought), ("unique", unique), ("similar_unique", alone)):
        assert series[name].to_dict() == counted(series, map(everything.year, reports)), name
    assert len(alone) < len(unique) < len(brought)
    assert everything.clips


def test_what_is_like_nothing_before_is_new_as_each_file_is_answered(ledger):
    """By `novelty.answers`, which makes an exception for claims that stand on lists."""
    migrate(ledger)
    with ledger.begin() as connection:
        fill(connection, 2, reports=150)
        know(connection, 2, claims=False)
        answers = novelty.answers(connection, sorted(in_force(connection)), str)
        kinds = {(row.report_id, row.ordinal): row.kind for row in rows(connection, schema.sighting)}
        new = {whose for (whose, at), one in answers.items() if one.first == whose and kinds[whose, at] in MEDIA}
        assert sum(each.similar_unique for each in found.fresh(connection)) == len(new)


def test_which_looks_need_not_happen(told):
    everything = Everything(told)
    series = exposure(found.spared(told)).set_index("year")
    files, groups, done = set(), set(), set()
    counts = {name: Counter() for name in ("sightings", "settled", "repeats", "copies")}
    for row in everything.sightings:
        if not everything.sound(row) or everything.blobs[row.blob_id].kind not in MEDIA:
            continue
        if (row.report_id, row.blob_id) in done:
            continue
        done.add((row.report_id, row.blob_id))
        group, year = everything.copies.get(row.blob_id, row.blob_id), everything.year(row.report_id)
        counts["sightings"][year] += 1
        if row.blob_id in everything.settled:
            counts["settled"][year] += 1
        elif row.blob_id in files:
            counts["repeats"][year] += 1
        elif group in groups:
            counts["copies"][year] += 1
        files.add(row.blob_id)
        groups.add(group)
    for name, expected in counts.items():
        assert series[name].to_dict() == {year: expected[year] for year in counts["sightings"]}, name
        assert sum(expected.values()) > 0
    assert series["spared"].sum() == sum(sum(counts[name].values()) for name in ("settled", "repeats", "copies"))


def test_a_ledger_without_anything_gives_nothing(ledger):
    migrate(ledger)
    with reading(ledger) as connection:
        assert not any(each(connection) for each in (found.listed, found.held, found.fresh, found.spared))
