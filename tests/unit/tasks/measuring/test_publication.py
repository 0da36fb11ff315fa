"""What is published of a span of months stands apart from what is published of all."""

from datetime import date

import pandas as pd
import pytest

from infra.world import world
from tasks.measuring.publication import folder_of, span_of
from tasks.measuring.series import measure, write_series

JANUARY, JUNE = date(2015, 1, 17), date(2016, 6, 30)


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
