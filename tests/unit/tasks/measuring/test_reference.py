"""What NCMEC published stands beside our numbers, in its years and nowhere else."""

import math
from dataclasses import asdict

import pandas as pd
import pytest
from synthetic_history import as_tables, synthetic_rows

from infra.ledger.desk import Made
from infra.ledger.found import Fresh
from tasks.measuring.desk import recipients
from tasks.measuring.found import contents, novelty
from tasks.measuring.reference import published_contents, published_novelty, published_recipients, published_years
from tasks.measuring.series import roll_up, series_of


def moved(rows, years):
    """Put rows so many years later."""
    return [{**row, "received_at": row["received_at"] + pd.Timedelta(days=365 * years)} for row in rows]


@pytest.fixture(scope="module")
def rollup():
    """Roll up a history that lies in NCMEC's years."""
    told, seen = synthetic_rows(seed=3, reports=400)
    return roll_up(*as_tables(moved(told, 6), moved(seen, 6)))


def test_contents_add_up_to_the_months_and_stand_beside_the_published(rollup):
    found = contents(rollup).set_index(["year", "kind"])
    kinds = series_of(rollup).kinds
    sums = kinds.groupby([kinds["month"].dt.year.rename("year"), "kind"])[["sightings", "new_files"]].sum()
    assert sums.to_dict() == found.loc[sums.index, ["sightings", "new_files"]].to_dict()
    assert found["sightings"].sum() == kinds["sightings"].sum()
    assert found.loc[(2023, "video"), "published"] == 49_528_198
    assert found.loc[(2023, "video"), "published_unique"] == 17_653_496
    assert math.isnan(found.loc[(2020, "other"), "published_unique"])
    assert found.loc[2019]["published"].isna().all()


def test_reports_with_new_files_stand_beside_the_published():
    yearly = pd.DataFrame({"year": [2019, 2020], "reports": [5, 9]})
    found = novelty(yearly, [Fresh(2020, 8, 4, 3)]).set_index("year")
    assert found.loc[2020, "published_unique"] == 14_269_712
    assert math.isnan(found.loc[2019, "published_reports"])
    assert found.loc[2020, ["with_files", "unique", "similar_unique"]].to_list() == [8, 4, 3]
    assert found.loc[2019, ["with_files", "unique", "similar_unique"]].to_list() == [0, 0, 0]
    assert found["share_unique"].to_list() == pytest.approx([0, 4 / 9])


def test_recipients_stand_beside_the_published():
    found = recipients(
        [Made(2021, "icac", actionable=True, reports=3), Made(2021, "icac", actionable=False, reports=1)]
    ).set_index("recipient")
    assert found.loc["icac", ["actionable", "informational"]].to_list() == [3, 1]
    assert found.loc["icac", ["published_actionable", "published_informational"]].to_list() == [395_173, 11_900]
    assert math.isnan(found.loc["other", "published_actionable"])


def test_the_published_numbers_agree_with_one_another():
    years = published_years().set_index("year")["published"]
    whole = published_novelty().set_index("year")
    assert whole["published_reports"].to_dict() == years.loc[2020:].to_dict()
    for table, columns in ((whole, list(whole)), (published_contents(), list(published_contents())[2:])):
        numbers = table[columns].dropna()
        assert (numbers.diff(axis=1).iloc[:, 1:] < 0).all(axis=None)
    assert set(published_recipients()["year"]) == set(whole.index)


def test_nothing_gives_every_series_with_its_columns():
    series = asdict(series_of(roll_up(*as_tables([], []))))
    assert all(len(frame) == 0 and len(frame.columns) > 2 for name, frame in series.items() if name != "crossover")
