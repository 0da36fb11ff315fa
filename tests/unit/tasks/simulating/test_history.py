"""A simulated history as a whole: what the paper prints is found again in the tables, by queries that know no plan."""

import csv
import hashlib
import tracemalloc
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from domain.errors import InvalidSettings
from domain.report import Vector
from tasks.measuring.regions import countries
from tasks.reports.drops import SIMULATED
from tasks.reports.formats import Format
from tasks.reports.keyed_rows import prepare
from tasks.reports.tabular import COLUMNS, blocks, rows_of
from tasks.simulating.history import writing
from tasks.simulating.history.plan import plan_history
from tasks.simulating.history.tables import tables
from tasks.simulating.history.vectors import printed
from tasks.simulating.history.writing import FEWEST, ROWS, simulate_history

REPORTS, FULL = 234_950, 23_494_983
YEARLY = [4_560, 9_668, 19_245, 24_442, 43_078, 81_987, 112_017, 70_768, 76_584, 105_261, 102_029, 119_547, 223_374,
          326_310, 415_650, 505_280, 1_106_071, 4_403_657, 8_297_923, 7_447_532]  # fmt: skip
TABLE_1 = {"IN": 3_880_235, "ID": 1_743_362, "TH": 1_706_055, "MX": 1_243_028, "BD": 985_347, "US": 792_957,
           "BR": 719_704, "VN": 701_315, "DZ": 631_190, "PK": 567_850}  # fmt: skip
FIGURE_4 = {(2007, "Americas"): 70, (2017, "Asia"): 68, (2017, "Americas"): 19, (2017, "Europe"): 6,
            (2017, "Africa"): 7}  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Give a history of one report in a hundred that nobody changes."""
    root = tmp_path_factory.mktemp("history")
    assert simulate_history(root, REPORTS, 1)
    return root


@pytest.fixture(scope="module")
def found(root):
    """Give what the tables hold: `report`, and `sighting` with a row for each file that a report names."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            "CREATE TABLE report AS SELECT *, year(received_at) AS year, "
            f"date_trunc('month', received_at)::DATE AS month FROM '{root}/inbox/*.parquet'"
        )
        connection.execute(
            "CREATE TABLE sighting AS SELECT external_id, received_at, month, year, file, "
            "split_part(file, ':', 1) AS kind FROM (SELECT *, unnest(files) AS file FROM report)"
        )
        connection.register(
            "country", pa.Table.from_pylist([{"country": each.code, "region": each.region} for each in countries()])
        )
        yield connection


def numbers(found, query):
    return [row[0] for row in found.sql(query).fetchall()]


def content_of(root: Path) -> dict[str, str]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def truth(root: Path, name: str) -> list[dict[str, str]]:
    with (root / "truth" / name).open(newline="", encoding="utf-8") as content:
        return list(csv.DictReader(content))


def test_every_year_has_its_share_of_the_reports_and_each_report_one_number(found):
    yearly = numbers(found, "SELECT count(*) FROM report GROUP BY year ORDER BY year")
    assert np.abs(np.array(yearly) - np.array(YEARLY) / 100).max() < 1.01
    assert numbers(found, "SELECT count(DISTINCT external_id) FROM report") == [REPORTS]
    assert numbers(found, "SELECT count(*) FROM report WHERE received_at < '2008-03-01'") == [5_650]
    assert numbers(found, "SELECT count(*) FROM report WHERE received_at >= '2016-10-01'") == [96_000]
    first, last = found.sql("SELECT min(received_at), max(received_at) FROM report").fetchall()[0]
    assert (first.year, first.month, last.year, last.month) == (1998, 3, 2017, 9)


def test_months_grow_without_leaps(found):
    monthly = np.array(numbers(found, "SELECT count(*) FROM report GROUP BY month ORDER BY month"))
    assert len(monthly) == 235
    late = monthly[142:]
    assert (late[1:] / late[:-1]).max() < 1.35
    assert (late[1:] / late[:-1]).min() > 0.9


def test_providers_overtake_the_public_in_july_2009_for_good(found):
    query = "SELECT 2 * count(*) FILTER (source = 'esp') > count(*) FROM report GROUP BY month ORDER BY month"
    assert numbers(found, query) == [False] * 136 + [True] * (235 - 136)


def test_providers_grow_by_101_per_cent_on_average_over_rolling_years(found):
    monthly = numbers(found, "SELECT count(*) FILTER (source = 'esp') FROM report GROUP BY month ORDER BY month")
    ends = range(136, len(monthly))
    changes = [sum(monthly[end - 11 : end + 1]) / sum(monthly[end - 23 : end - 11]) - 1 for end in ends]
    assert np.mean(changes) == pytest.approx(1.01, abs=0.005)


def test_the_countries_of_table_1_lead_with_their_counts(found):
    rows = found.sql("SELECT countries[1], count(*) FROM report WHERE len(countries) > 0 GROUP BY 1 ORDER BY 2 DESC")
    counts = dict(rows.fetchall())
    assert list(counts)[:10] == list(TABLE_1)
    assert all(abs(counts[code] - reports / 100) <= 1 for code, reports in TABLE_1.items())
    located = sum(counts.values())
    assert 161_221 <= located <= 161_341
    assert counts["IQ"] / 6_343 > counts["TH"] / 27_637 > counts["SO"] / 242 > counts["BD"] / 20_360
    assert "CN" not in counts


def test_regions_change_as_figure_4_says(found):
    rows = found.sql(
        "SELECT year, region, 100 * count(*) / sum(count(*)) OVER (PARTITION BY year) "
        "FROM (SELECT year, unnest(countries) AS country FROM report) JOIN country USING (country) "
        "GROUP BY year, region"
    ).fetchall()
    shares = {(year, region): share for year, region, share in rows}
    assert all(shares[key] == pytest.approx(share, abs=0.5) for key, share in FIGURE_4.items())
    assert shares[2017, "Oceania"] == pytest.approx(0.04, abs=0.005)
    american = numbers(
        found,
        "SELECT 100 * count(*) FILTER (countries[1] = 'US') / count(*) FROM report "
        "WHERE year = 2007 AND len(countries) > 0",
    )
    assert american == [pytest.approx(54, abs=0.5)]


def test_vectors_spread_over_the_years_as_figure_6_says(found):
    rows = found.sql(
        "SELECT vector, year, count(*) FROM (SELECT unnest(vectors) AS vector, year FROM report) GROUP BY ALL"
    ).fetchall()
    counts = {vector: np.zeros(20) for vector in Vector}
    for vector, year, reports in rows:
        counts[vector][year - 1998] = reports
    for vector, (reports, percent) in printed().items():
        assert counts[vector].sum() == pytest.approx(reports / 100, abs=1.01)
        assert np.abs(counts[vector] - percent / 100 * reports / 100).max() <= reports / 100 * 0.005 + 1.5
    assert numbers(found, "SELECT count(*) FROM report WHERE len(vectors) = 2")[0] == pytest.approx(1_571, abs=10)
    assert numbers(found, "SELECT count(*) FROM report WHERE len(vectors) = 0")[0] == pytest.approx(19_971, abs=10)


@pytest.mark.parametrize(
    ("kind", "sightings", "single", "most"),
    [("image", 205_683, 0.84, 4_912), ("video", 23_355, 0.91, 59), ("other", 3_376, 0.85, 10)],
)
def test_files_return_as_section_4_5_says(found, kind, sightings, single, most):
    query = f"SELECT count(*) AS times FROM sighting WHERE kind = '{kind}' GROUP BY file"
    told = found.sql(f"SELECT sum(times), avg((times = 1)::INT), max(times) FROM ({query})").fetchall()[0]
    assert told == (sightings, pytest.approx(single, abs=0.0005), most)


@pytest.mark.parametrize(
    ("kind", "quantile", "days"),
    [("image", 0.5, 257), ("image", 0.9, 1095), ("video", 0.5, 210), ("video", 0.9, 548), ("other", 0.3, 1095)],
)
def test_files_live_as_long_as_figure_8_says(found, kind, quantile, days):
    query = (
        f"SELECT epoch(max(received_at) - min(received_at)) / 86400 AS days FROM sighting WHERE kind = '{kind}' "
        "GROUP BY file HAVING count(*) > 1"
    )
    assert numbers(found, f"SELECT quantile_cont(days, {quantile}) FROM ({query})") == [pytest.approx(days, rel=0.02)]


def test_videos_and_images_grow_as_section_4_4_says_and_other_files_do_not(found):
    rows = found.sql(
        "SELECT kind, count(*) FILTER (received_at >= '2016-10-01') "
        "/ count(*) FILTER (received_at >= '2015-10-01' AND received_at < '2016-10-01') - 1 FROM sighting GROUP BY kind"
    )
    growth = dict(rows.fetchall())
    expected = {"image": 0.18, "video": 3.79, "other": 0.0}
    assert growth == {kind: pytest.approx(change, abs=0.02) for kind, change in expected.items()}
    monthly = "SELECT count(*) FROM sighting WHERE kind = '{}' AND {} GROUP BY month"
    assert max(numbers(found, monthly.format("video", "year = 2013"))) < 10
    assert set(numbers(found, monthly.format("other", "true"))) == {59, 60}


def test_no_report_names_a_file_twice_and_none_before_2013_names_any(found):
    assert numbers(found, "SELECT count(*) - count(DISTINCT (external_id, file)) FROM sighting") == [0]
    assert numbers(found, "SELECT year(min(received_at)) FROM sighting") == [2013]
    assert 0.2 < numbers(found, "SELECT avg((len(files) = 0)::INT) FROM report WHERE year = 2017")[0] < 0.6


def test_the_truth_is_what_the_tables_hold(root, found):
    rows = found.sql(
        "SELECT month, count(*), count(*) FILTER (source = 'esp'), "
        "coalesce(sum(len(list_filter(files, lambda file: starts_with(file, 'video')))), 0)::INT "
        "FROM report GROUP BY 1 ORDER BY 1"
    ).fetchall()
    told = truth(root, "months.csv")
    assert [(str(month)[:7], *map(str, counts)) for month, *counts in rows] == [
        (row["month"], row["reports"], row["esp"], row["video"]) for row in told
    ]
    for name, column in (("countries.csv", "countries"), ("vectors.csv", "vectors")):
        query = f"SELECT each, year::VARCHAR, count(*) FROM report, unnest({column}) AS _(each) GROUP BY ALL"
        held = {(each, year): count for each, year, count in found.sql(query).fetchall()}
        planted = {
            (each, year): int(count)
            for row in truth(root, name)
            for each in [next(iter(row.values()))]
            for year, count in list(row.items())[1:]
            if int(count)
        }
        assert held == planted


def test_the_truth_stands_beside_what_the_paper_prints(root):
    told = {row["what"]: (float(row["printed"]), float(row["planted"])) for row in truth(root, "published.csv")}
    assert told["reports"] == (FULL, REPORTS)
    assert told["image files seen once"] == (84, pytest.approx(84, abs=0.01))
    for what in [what for what in told if what.endswith((" reports", " sightings"))]:
        share, planted = told[what]
        assert planted == pytest.approx(share / 100, abs=1.01), what


def test_bulk_intake_refuses_no_row(tmp_path):
    assert simulate_history(tmp_path, 30_000, 5)
    rows = 0
    for path in sorted((tmp_path / "inbox").glob("*.parquet")):
        for table in (table for block in blocks(path, Format.PARQUET) for table in rows_of(block)):
            assert table.column_names[: len(COLUMNS)] == list(COLUMNS)
            prepared = prepare(table, b"key")
            assert prepared.refused == []
            rows += prepared.ledger["report"].num_rows
    assert rows == 30_000


def test_the_tables_are_marked_and_cut_for_bulk_intake(root):
    assert (root / "inbox" / SIMULATED).exists()
    files = sorted((root / "inbox").glob("*"))
    assert [file.name for file in files] == [SIMULATED, *(f"reports-{year}.parquet" for year in range(1998, 2018))]
    groups = pq.read_metadata(files[-2])
    assert [groups.row_group(number).num_rows for number in range(groups.num_row_groups)] == [82_980]


def test_row_groups_are_full_but_the_last():
    month = next(tables(plan_history(1, FEWEST), 2016)).slice(0, 210)
    assert [each.num_rows for each in writing._groups([month] * 1000)] == [ROWS, ROWS, 10_000]


def test_the_same_arguments_give_the_same_bytes_even_after_a_kill(tmp_path):
    class KilledError(Exception):
        pass

    def kill(done: int, total: int) -> None:
        if done > total / 20:
            (tmp_path / "one/inbox/reports-2015.draft").write_bytes(b"half a file")
            raise KilledError

    with pytest.raises(KilledError):
        simulate_history(tmp_path / "one", FEWEST, 3, kill)
    assert not (tmp_path / "one/inbox" / SIMULATED).exists()
    assert not (tmp_path / "one/truth/manifest.json").exists()
    assert simulate_history(tmp_path / "one", FEWEST, 3)
    assert simulate_history(tmp_path / "two", FEWEST, 3)
    assert content_of(tmp_path / "one") == content_of(tmp_path / "two")


def test_a_whole_history_is_left_alone_and_another_is_not_written_over(root):
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    assert not simulate_history(root, REPORTS, 1)
    with pytest.raises(InvalidSettings, match="another simulation"):
        simulate_history(root, REPORTS, 2)
    assert before == {path: path.stat().st_mtime_ns for path in root.rglob("*")}


@pytest.mark.parametrize(("reports", "seed"), [(FEWEST - 1, 1), (writing.MOST + 1, 1), (FEWEST, -1)])
def test_numbers_out_of_range_are_refused_and_nothing_is_begun(tmp_path, reports, seed):
    with pytest.raises(InvalidSettings):
        simulate_history(tmp_path / "new", reports, seed)
    assert not (tmp_path / "new").exists()


def test_a_full_disk_is_told_before_a_year_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_BYTES", 2**50)
    with pytest.raises(InvalidSettings, match="make room"):
        simulate_history(tmp_path, FEWEST, 1)


def test_seeds_differ_and_progress_is_told(tmp_path):
    told: list[tuple[int, int]] = []
    assert simulate_history(tmp_path / "one", FEWEST, 1, lambda done, total: told.append((done, total)))
    assert told[-1] == (FEWEST, FEWEST)
    assert simulate_history(tmp_path / "two", FEWEST, 2)
    assert (
        content_of(tmp_path / "one")["inbox/reports-2017.parquet"]
        != content_of(tmp_path / "two")["inbox/reports-2017.parquet"]
    )


def test_a_history_is_never_held_as_a_whole():
    plan = plan_history(1, 1_000_000)
    whole, largest = 0, 0
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    for size in (month.nbytes for month in tables(plan, 2016)):
        whole += size
        largest = max(largest, size, pa.total_allocated_bytes() - before)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak + largest < whole / 1.5
