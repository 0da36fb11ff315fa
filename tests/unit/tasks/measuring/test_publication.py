"""The same history is published as the same files, byte for byte, however it came and whatever was lost.

What is published of a span of months stands apart from what is published of all.
"""

import shutil
from dataclasses import fields
from datetime import date

import pandas as pd
import pytest
from synthetic_history import synthetic_rows

from infra.archive import Dataset
from infra.ledger import history
from infra.world import world
from tasks.measuring.figures import figures
from tasks.measuring.headlines import headlines
from tasks.measuring.page import Page, render_page
from tasks.measuring.publication import FOLDER, STANDING, folder_of, measure_history, span_of
from tasks.measuring.series import Series, measure, with_forecast, write_series, written_series

JANUARY, JUNE = date(2015, 1, 17), date(2016, 6, 30)

TOLD, SEEN = synthetic_rows(seed=4, reports=120)


def register(numbers):
    """Have the reports of these numbers come, with their files."""
    ids = {TOLD[number]["report_id"] for number in numbers}
    batches = []
    for dataset, rows in zip(Dataset, (TOLD, SEEN), strict=True):
        some = [row for row in rows if row["report_id"] in ids]
        in_hex = [
            {**row, **{key: row[key] and row[key].hex() for key in ("report_id", "file") if key in row}} for row in some
        ]
        batches.append(world().archive.stage(dataset, in_hex))
    with world().ledger.begin() as connection:
        history.register(connection, batches, [])


@pytest.fixture
def published(data):
    """Measure, and read every file that is there then; those of what stands apart."""

    def files():
        measure_history.fn()
        folder = data / FOLDER
        found = {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        stands = {name: content for name, content in found.items() if name.parts[0] == STANDING}
        return {name: content for name, content in found.items() if name not in stands}, stands

    return files


def test_every_file_is_the_same_each_time(published, data):
    register(range(50))
    published()
    register(range(50, 60))
    published()
    register(range(60, 120))
    by_night, stood = published()
    assert "monthly.csv" in map(str, by_night)
    assert "index.html" in map(str, by_night)
    assert published() == (by_night, stood)
    shutil.rmtree(data / FOLDER / STANDING)
    after_loss, stands = published()
    assert after_loss == by_night
    shutil.rmtree(data / FOLDER)
    assert published() == (by_night, stands)


@pytest.mark.parametrize(
    ("since", "until", "name"),
    [
        (None, None, "measures"),
        (JANUARY, JUNE, "2015-01_2016-06"),
        (JANUARY, None, "2015-01_"),
        (None, JUNE, "_2016-06"),
    ],
)
def test_each_span_has_a_folder_of_its_own(data, since, until, name):
    folder = folder_of(since, until)
    assert folder.name == name
    assert folder.is_relative_to(world().settings.root / "measures")


def test_a_span_is_said_in_words():
    assert span_of(None, None) == ""
    assert span_of(JANUARY, JUNE).startswith("Volumes from January 2015 to June 2016;")
    assert span_of(None, JUNE).startswith("Volumes to June 2016;")


def test_both_files_of_a_series_say_the_same_and_the_same_again(synthetic, tmp_path):
    series = measure(*synthetic)
    for folder in ("one", "other"):
        write_series(series, tmp_path / folder)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "other" / file.name).read_bytes()
    for file in (tmp_path / "one").glob("*.csv"):
        said = pd.read_csv(file, keep_default_na=False, na_values=[""])
        exact = pd.read_parquet(file.with_suffix(".parquet"))
        assert said.columns.tolist() == exact.columns.tolist()
        for name in said.columns:
            if said[name].dtype.kind in "if":
                assert said[name].to_numpy() == pytest.approx(exact[name].astype("float64").to_numpy(), nan_ok=True)
            else:
                assert said[name].astype(str).str[:10].tolist() == exact[name].astype(str).str[:10].tolist()


def test_what_was_written_is_read_back_as_it_was(synthetic, tmp_path):
    series = with_forecast(measure(*synthetic))
    write_series(series, tmp_path)
    again = written_series(tmp_path)
    for field in fields(Series):
        pd.testing.assert_frame_equal(getattr(again, field.name), getattr(series, field.name))
    assert headlines(again) == headlines(series)
    assert render_page(Page("", "", (), figures=figures(again))) == render_page(
        Page("", "", (), figures=figures(series))
    )
