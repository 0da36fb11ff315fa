"""Every measure equals what plain loops over the rows count."""

import calendar
import datetime as dt
import math
from collections import Counter, defaultdict
from dataclasses import fields

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.media import Kind
from domain.report import Source
from infra.archive import Dataset, schema
from tasks.measuring.geography import by_country, by_region
from tasks.measuring.lifetimes import lifetime_distribution, lifetimes
from tasks.measuring.regions import countries
from tasks.measuring.series import Series, measure, roll_up, write_series
from tasks.measuring.uniqueness import uniqueness
from tasks.measuring.vectors import by_vector
from tasks.measuring.volumes import monthly_by_kind, monthly_by_source, monthly_volume, yearly_volume

FILES = [None, *(bytes([letter]) * 16 for letter in b"abcd")]
_, FILE, OTHER, *_ = FILES
REGION = {country.code: country.region for country in countries()}

moments = st.datetimes(dt.datetime(2015, 11, 1), dt.datetime(2017, 3, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001
codes = st.sampled_from(["IN", "BR", "US", "NA", "XK", "AQ"])
entries = st.tuples(
    st.sampled_from(["image", "video", "other"]),
    st.sampled_from([None, *(bytes([letter]) * 16 for letter in range(4))]),
)
reports = st.fixed_dictionaries(
    {
        "received_at": moments,
        "source": st.sampled_from(["public", "esp"]),
        "incidents": st.integers(1, 9),
        "vectors": st.lists(st.sampled_from(["url", "tor", "chat"]), unique=True),
        "countries": st.lists(codes, unique=True, max_size=3),
        "entries": st.lists(entries, max_size=5),
    }
)
histories = st.lists(reports, max_size=12)


def as_rows(history):
    """Split generated reports into the rows of the two datasets."""
    told, seen = [], []
    for number, report in enumerate(history):
        rest = {name: value for name, value in report.items() if name != "entries"}
        told.append({"report_id": number.to_bytes(16), "files": len(report["entries"]), **rest})
        for ordinal, (kind, file) in enumerate(report["entries"]):
            shared = {"received_at": report["received_at"], "source": report["source"]}
            seen.append({"report_id": number.to_bytes(16), "ordinal": ordinal, "kind": kind, "file": file, **shared})
    return told, seen


def distinct(seen):
    """Keep the first entry of every (report, file); an entry without a file stands for itself."""
    kept = {}
    for entry in seen:
        kept.setdefault((entry["report_id"], entry["file"] or entry["ordinal"]), entry)
    return list(kept.values())


def counted(history, *measures):
    """Give the reports, the distinct sightings, and what each of `measures` says of them."""
    told, seen = as_rows(history)
    tables = (
        pa.Table.from_pylist(told[::-1], schema=schema(Dataset.REPORTS)),
        pa.Table.from_pylist(seen[::-1], schema=schema(Dataset.SIGHTINGS)),
    )
    rolled = roll_up(*tables)
    return told, distinct(seen), *(each(rolled) for each in measures)


def month_of(moment):
    return (moment.year, moment.month)


def months_between(rows):
    """List every month from the earliest row to the latest."""
    months = {month_of(row["received_at"]) for row in rows}
    first, last = (year * 12 + month - 1 for year, month in (min(months), max(months)))
    return [(number // 12, number % 12 + 1) for number in range(first, last + 1)]


def first_sightings(seen):
    """Give the first sighting of every known file; of several at once by source, then kind."""
    first = {}
    for entry in seen:
        rank = (entry["received_at"], list(Source).index(entry["source"]), list(Kind).index(entry["kind"]))
        if entry["file"] is not None and (entry["file"] not in first or rank < first[entry["file"]][0]):
            first[entry["file"]] = (rank, entry)
    return [entry for _, entry in first.values()]


def four_counts(told, seen, new):
    """Count one group of rows in the four ways."""
    return {
        "reports": len(told),
        "incidents": sum(report["incidents"] for report in told),
        "sightings": len(seen),
        "new_files": len(new),
    }


def keyed(frame, *names):
    """Read a frame as key to the rest of the row; months as (year, month)."""
    rows = {}
    for row in frame.to_dict("records"):
        key = tuple(month_of(row[name]) if name == "month" else row[name] for name in names)
        assert key not in rows
        rows[key] = {name: value for name, value in row.items() if name not in names}
    return rows


quick = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(histories)
def test_volumes_are_what_loops_count(history):
    told, seen, monthly, yearly, by_source = counted(history, monthly_volume, yearly_volume, monthly_by_source)
    months, years, sources = {}, {}, {}
    every = (told, seen, first_sightings(seen))
    for month in months_between(told) if told else []:
        parts = [[row for row in rows if month_of(row["received_at"]) == month] for rows in every]
        months[(month,)] = four_counts(*parts)
        for source in {report["source"] for report in told}:
            of_source = ([row for row in part if row["source"] == source] for part in parts)
            sources[(month, source)] = four_counts(*of_source)
    for year in range(min(months)[0][0], max(months)[0][0] + 1) if months else []:
        years[(year,)] = four_counts(*([row for row in rows if row["received_at"].year == year] for rows in every))
    assert keyed(monthly, "month") == months
    assert keyed(yearly, "year") == years
    assert keyed(by_source, "month", "source") == sources


@quick
@given(histories)
def test_kinds_are_what_loops_count(history):
    _, seen, by_kind = counted(history, monthly_by_kind)
    expected = {}
    for month in months_between(seen) if seen else []:
        for kind in {entry["kind"] for entry in seen}:
            here, new = (
                [row for row in rows if month_of(row["received_at"]) == month and row["kind"] == kind]
                for rows in (seen, first_sightings(seen))
            )
            expected[(month, kind)] = {"sightings": len(here), "new_files": len(new)}
    assert keyed(by_kind, "month", "kind") == expected


@quick
@given(histories)
def test_countries_and_regions_are_what_loops_count(history):
    told, _, nations, parts = counted(history, by_country, by_region)
    located = [report for report in told if report["countries"]]
    tally = Counter(country for report in located for country in report["countries"])
    assert {key[0]: row["reports"] for key, row in keyed(nations, "country").items()} == tally
    assert all(row["located"] == len(located) for row in nations.to_dict("records"))
    assert nations["share"].tolist() == [reports / len(located) for reports in nations["reports"]]
    regions, by_year = Counter(), Counter(report["received_at"].year for report in located)
    for report in located:
        for region in {REGION.get(country, "Unassigned") for country in report["countries"]}:
            regions[report["received_at"].year, region] += 1
    names = {region for _, region in regions}
    assert {key: row["reports"] for key, row in keyed(parts, "year", "region").items()} == {
        (year, region): regions[year, region] for year in by_year for region in names
    }
    for row in parts.to_dict("records"):
        assert row["located"] == by_year[row["year"]]
        assert row["share"] == row["reports"] / row["located"]


@quick
@given(histories)
def test_vectors_are_what_loops_count_and_every_row_adds_up_to_one(history):
    told, _, matrix = counted(history, by_vector)
    tally = Counter((vector, report["received_at"].year) for report in told for vector in report["vectors"])
    totals = Counter(vector for report in told for vector in report["vectors"])
    years = [report["received_at"].year for report in told]
    assert keyed(matrix, "vector", "year") == {
        (vector, year): {
            "reports": tally[vector, year],
            "total": totals[vector],
            "share": tally[vector, year] / totals[vector],
        }
        for vector in totals
        for year in range(min(years), max(years) + 1)
    }
    for _, shares in matrix.groupby("vector")["share"]:
        assert math.isclose(shares.sum(), 1)


def known_files(seen):
    """Group the sightings of known files: the kind of the first one, and the moments of all."""
    by_kind = defaultdict(list)
    for first in first_sightings(seen):
        by_kind[first["kind"]].append(sorted(row["received_at"] for row in seen if row["file"] == first["file"]))
    return by_kind


@quick
@given(histories)
def test_uniqueness_is_what_loops_count(history):
    _, seen, shares = counted(history, uniqueness)
    expected = {}
    for kind, files in known_files(seen).items():
        once, sightings = sum(len(moments) == 1 for moments in files), sum(map(len, files))
        expected[(kind,)] = {
            "files": len(files),
            "seen_once": once,
            "share_of_files": once / len(files),
            "sightings": sightings,
            "share_of_sightings": once / sightings,
            "most_reports": max(map(len, files)),
        }
    assert keyed(shares, "kind") == expected


def fewest(values, share):
    """Give the least of `values` that so much of them reaches at most."""
    return next(value for value in sorted(values) if sum(each <= value for each in values) >= share * len(values))


@quick
@given(histories)
def test_lifetimes_are_what_loops_count(history):
    _, seen, summary, curve = counted(history, lifetimes, lifetime_distribution)
    expected, distribution = {}, {}
    for kind, files in known_files(seen).items():
        spans = [math.ceil((times[-1] - times[0]) / dt.timedelta(days=1)) for times in files if len(times) > 1]
        if spans:
            expected[kind] = (len(spans), fewest(spans, 0.5), fewest(spans, 0.9))
        for days in set(spans):
            ended = sum(span <= days for span in spans)
            distribution[(kind, days)] = {"files": ended, "share": ended / len(spans)}
    rows = keyed(summary, "kind")
    assert {kind: tuple(row.values())[:-1] for (kind,), row in rows.items()} == expected
    assert keyed(curve, "kind", "days") == distribution
    months = months_between(seen) if seen else []
    window = sum(calendar.monthrange(*month)[1] for month in months)
    assert {row["window_days"] for row in rows.values()} <= {window}


@pytest.mark.parametrize("name", [field.name for field in fields(Series)])
def test_of_nothing_a_measure_is_empty_with_its_columns(name, synthetic):
    nothing = getattr(measure(*(schema(dataset).empty_table() for dataset in Dataset)), name)
    something = getattr(measure(*synthetic), name)
    assert len(nothing) == 0
    assert list(nothing.columns) == list(something.columns)


def test_the_four_counts_of_a_bundled_report_with_a_file_twice_differ():
    report = {
        "received_at": dt.datetime(2024, 5, 31, 23, 59, tzinfo=dt.UTC),
        "source": "esp",
        "incidents": 40,
        "vectors": [],
        "countries": [],
        "entries": [("image", FILE), ("image", FILE), ("image", OTHER), ("other", None), ("other", None)],
    }
    other = {**report, "incidents": 2, "entries": [("image", OTHER)]}
    _, _, monthly = counted([report, other], monthly_volume)
    month = pd.Timestamp("2024-05-01")
    assert monthly.to_dict("records") == [
        {"month": month, "reports": 2, "incidents": 42, "sightings": 5, "new_files": 2}
    ]


def test_the_same_rows_in_another_order_give_the_same_files(synthetic, tmp_path):
    told, seen = synthetic
    write_series(measure(told, seen), tmp_path / "once")
    backwards = [table.take(list(range(table.num_rows))[::-1]) for table in (told, seen)]
    write_series(measure(*backwards), tmp_path / "again")
    names = sorted(path.name for path in (tmp_path / "once").iterdir())
    assert "monthly.csv" in names
    assert len(names) == 2 * len(fields(Series))
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "once" / name).read_bytes()


def test_a_measure_as_a_file_reads_as_the_paper_prints_it(synthetic, tmp_path):
    write_series(measure(*synthetic), tmp_path)
    head = (tmp_path / "monthly.csv").read_text().splitlines()[:2]
    assert head[0] == "month,reports,incidents,sightings,new_files"
    assert head[1].startswith("2013-02-01,")


def test_every_country_has_a_region_and_namibia_is_no_missing_value():
    sizes = Counter(country.region for country in countries())
    assert sizes == {
        "Africa": 60,
        "Americas": 57,
        "Antarctica": 1,
        "Asia": 51,
        "Europe": 51,
        "Oceania": 29,
    }
    assert REGION["NA"] == "Africa"
    assert [country.code for country in countries()] == sorted(REGION)
