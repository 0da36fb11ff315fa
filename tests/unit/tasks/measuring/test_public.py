"""The public edition tells the truth, and nothing from which a withheld count can be computed."""

import datetime as dt
import math
from collections import Counter
from dataclasses import fields

import pandas as pd
import pyarrow as pa
import pytest
from attacker import read, systems
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.archive import Dataset, schema
from tasks.measuring.public import PublicEdition, public_edition
from tasks.measuring.public_definitions import DEFINITIONS
from tasks.measuring.regions import countries
from tasks.measuring.series import roll_up, series_of, write_series

TODAY = dt.date(2017, 2, 3)
REGION = {country.code: country.region for country in countries()}
NAMES = [field.name for field in fields(PublicEdition)]

moments = st.datetimes(dt.datetime(2015, 9, 1), dt.datetime(2017, 2, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001
reports = st.fixed_dictionaries(
    {
        "received_at": moments,
        "source": st.sampled_from(["public", "esp", "police"]),
        "incidents": st.integers(1, 2),
        "vectors": st.lists(st.sampled_from(["url", "tor"]), unique=True),
        "countries": st.lists(st.sampled_from(["IN", "BR", "NA"]), unique=True, max_size=2),
        "entries": st.lists(st.tuples(st.sampled_from(["image", "video", "other"]), st.booleans()), max_size=2),
    }
)
histories = st.lists(st.tuples(reports, st.sampled_from([1, 2, 3, 5, 9, 14])), max_size=14)
"""Reports, and how many there are of each; an entry is of a new file, or of one that all share."""


def rolled(history):
    told, seen = [], []
    for report, times in history:
        for _ in range(times):
            report_id = len(told).to_bytes(16)
            rest = {name: value for name, value in report.items() if name != "entries"}
            told.append({"report_id": report_id, "files": len(report["entries"]), **rest})
            for ordinal, (kind, new) in enumerate(report["entries"]):
                file = (len(seen) + 1 if new else 0).to_bytes(16)
                shared = {"received_at": report["received_at"], "source": report["source"]}
                seen.append({"report_id": report_id, "ordinal": ordinal, "kind": kind, "file": file, **shared})
    return roll_up(
        pa.Table.from_pylist(told, schema=schema(Dataset.REPORTS)),
        pa.Table.from_pylist(seen, schema=schema(Dataset.SIGHTINGS)),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("edition")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=histories, k=st.sampled_from([3, 4, 7, 10]))
def test_whoever_reads_all_files_can_tell_no_withheld_count(folder, history, k):
    write_series(public_edition(rolled(history), k, TODAY), folder)
    for attacker in systems(folder).values():
        for (series, *_), number in attacker.withheld.items():
            low, high = attacker.can_be(number)
            if series in {"vectors", "yearly_countries"}:
                assert low == 1
                assert high >= k - 1
            else:
                assert high - low >= k - 1


def test_the_attacker_finds_what_an_edition_without_complements_gives_away(folder):
    report = {"source": "esp", "incidents": 1, "vectors": [], "countries": [], "entries": []}
    january, february = (dt.datetime(2016, month, 3, tzinfo=dt.UTC) for month in (1, 2))
    history = [({**report, "received_at": january}, 4), ({**report, "received_at": february}, 40)]
    edition = public_edition(rolled(history), 10, TODAY)
    edition.yearly.loc[0, ["reports", "incidents"]] = 44
    edition.yearly.loc[0, "withheld"] = ""
    edition.monthly.loc[1, ["reports", "incidents"]] = 40
    edition.monthly.loc[1, "withheld"] = ""
    write_series(edition, folder)
    (attacker,) = systems(folder).values()
    assert attacker.can_be(attacker.withheld["2016-01-01", "esp", "reports"]) == (4, 4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories, st.sampled_from([3, 10]))
def test_what_is_told_is_what_was_measured_and_no_count_below_k(history, k):
    rollup = rolled(history)
    edition, over = public_edition(rollup, k, TODAY), rollup.between(None, dt.date(2016, 12, 31))
    measured = series_of(over)
    for told, true, keys in (
        (edition.yearly, measured.yearly, ["year"]),
        (edition.monthly, measured.monthly, ["month"]),
        (edition.sources, measured.sources, ["month", "source"]),
        (edition.kinds, measured.kinds, ["month", "kind"]),
        (edition.vectors, measured.vectors, ["vector", "year"]),
    ):
        counts = [name for name in ("reports", "incidents", "sightings", "new_files") if name in told]
        both = told.merge(true, on=keys, suffixes=("", "_true"), how="left")
        for count in counts:
            shown = both[count].notna()
            assert (both[count][shown] == both[f"{count}_true"].fillna(0)[shown]).all()
            assert not told[count].between(1, k - 1).any()
            assert (told[count].isna() == told["withheld"].str.split().map(lambda names, one=count: one in names)).all()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=histories)
def test_all_that_is_no_count_follows_from_counts_in_the_files(folder, history):
    write_series(public_edition(rolled(history), 3, TODAY), folder)
    sums, regions, mentions = Counter(), Counter(), Counter()
    for row in read(folder, "yearly_countries"):
        sums[row["country"]] += int(row["reports"] or 0)
        regions[row["year"], REGION[row["country"]]] += int(row["reports"] or 0)
        mentions[row["year"]] += int(row["reports"] or 0)
    assert {row["country"]: int(row["reports"]) for row in read(folder, "countries")} == +sums
    for row in read(folder, "regions"):
        assert int(row["reports"]) == regions[row["year"], row["region"]]
        assert int(row["mentions"]) == mentions[row["year"]]
        if mentions[row["year"]]:
            assert math.isclose(float(row["share"]), int(row["reports"]) / int(row["mentions"]), rel_tol=1e-8)
    yearly = {(row["year"], count): row[count] for row in read(folder, "yearly") for count in ("reports", "sightings")}
    for row in read(folder, "growth"):
        if row["subject"] in {"reports", "sightings"}:
            now, before = yearly[row["year"], row["subject"]], yearly[str(int(row["year"]) - 1), row["subject"]]
            assert math.isclose(float(row["change"]), int(now) / int(before) - 1, rel_tol=1e-8)
    vectors = Counter()
    for row in read(folder, "vectors"):
        vectors[row["vector"]] += int(row["reports"] or 0)
    for row in read(folder, "vectors"):
        assert int(row["total"]) == vectors[row["vector"]]
        if row["share"]:
            assert math.isclose(float(row["share"]), int(row["reports"]) / vectors[row["vector"]], rel_tol=1e-8)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories)
def test_a_later_edition_withholds_and_tells_the_same_of_years_that_were_over(history):
    rollup = rolled(history)
    before = rollup.between(None, dt.date(2015, 12, 31))
    earlier, later = public_edition(before, 3, dt.date(2016, 5, 1)), public_edition(rollup, 3, TODAY)
    for name in ("yearly", "monthly", "yearly_countries"):
        old, new = getattr(earlier, name), getattr(later, name)
        pd.testing.assert_frame_equal(
            old, new.head(len(old)) if name != "yearly_countries" else new[new["year"] < 2016]
        )


def test_the_year_that_is_not_over_is_left_out(synthetic):
    edition = public_edition(roll_up(*synthetic), 10, dt.date(2016, 12, 31))
    assert edition.yearly["year"].tolist() == [2013, 2014, 2015]
    assert edition.monthly["month"].max() == pd.Timestamp("2015-12-01")


def test_of_few_files_no_share_is_told_and_of_many_a_rounded_one():
    report = {
        "received_at": dt.datetime(2016, 1, 3, tzinfo=dt.UTC),
        "source": "esp",
        "incidents": 1,
        "vectors": [],
        "countries": [],
        "entries": [("image", True), ("image", False), ("video", True)],
    }
    assert len(public_edition(rolled([(report, 298)]), 3, TODAY).uniqueness) == 0
    edition = public_edition(rolled([(report, 299)]), 3, TODAY)
    assert edition.uniqueness.to_dict("records") == [{"kind": "image", "share_of_files": 1.0}]
    assert len(edition.lifetimes) == len(edition.lifetime_distribution) == 0


def test_a_k_below_three_is_refused(synthetic):
    with pytest.raises(ValueError, match="below 3"):
        public_edition(roll_up(*synthetic), 2, TODAY)


def test_every_series_has_a_definition_beside_it(synthetic):
    assert list(DEFINITIONS) == NAMES
    definitions = public_edition(roll_up(*synthetic), 10, TODAY).definitions
    assert definitions["series"].tolist() == ["edition", *NAMES]
    assert "from 1 to 9 are withheld" in definitions["definition"][0]
    assert "up to 2016" in definitions["definition"][0]


@pytest.mark.parametrize("name", NAMES)
def test_of_nothing_a_public_series_is_empty_with_its_columns_and_types(name, synthetic):
    nothing = getattr(public_edition(rolled([]), 10, TODAY), name)
    something = getattr(public_edition(roll_up(*synthetic), 10, TODAY), name)
    assert len(nothing) == 0 or name == "definitions"
    assert list(nothing.columns) == list(something.columns)
