"""Vectors: the technologies by which material was distributed."""

from typing import TYPE_CHECKING

import numpy as np

from tasks.measuring.cube import Facet
from tasks.measuring.rollup import RollUp

if TYPE_CHECKING:
    import pandas as pd


def by_vector(rollup: RollUp) -> "pd.DataFrame":
    """Figure 6: how each vector's reports spread over the years.

    Columns: vector, year, reports, total, share. Normalised by row: the denominator of `share` is `total`,
    all reports of that vector, so that each vector's shares add up to 1. A report counts once in each of
    its vectors; reports without a vector are excluded. Every vector has a row for every year. The paper's rows add up
    to 96 to 101 per cent, by rounding.
    """
    import pandas as pd  # noqa: PLC0415 (a flow's start need not pay for it)

    counts = rollup.counts(Facet.VECTORS).astype({"code": "str"})
    counts = counts.rename(columns={"code": "vector"})
    by_year = counts.groupby(["vector", counts["month"].dt.year.rename("year")])["number"].sum()
    years = rollup.months().year
    span = pd.Index(np.arange(years.min(), years.max() + 1) if len(years) else [], dtype="int64")
    vectors = pd.Index(sorted(set(counts["vector"])), dtype="str")
    rows = pd.MultiIndex.from_product([vectors, span], names=["vector", "year"])
    table = pd.DataFrame({"reports": by_year.reindex(rows, fill_value=0)}).reset_index()
    table["total"] = table.groupby("vector")["reports"].transform("sum")
    table["share"] = table["reports"] / table["total"]
    return table
