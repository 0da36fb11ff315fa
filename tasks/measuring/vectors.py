"""Vectors: the technologies by which material was distributed."""

from typing import TYPE_CHECKING

import numpy as np

from tasks.measuring.cube import VECTORS, Facet
from tasks.measuring.frames import by_year
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

    years, counts = by_year(rollup.months(), rollup.table(Facet.VECTORS).sum(1))
    used = sorted(np.flatnonzero(counts.any(0)).tolist(), key=VECTORS.__getitem__)
    reports = counts.T[used]
    frame = pd.DataFrame({
        "vector": pd.array(np.repeat(np.array(VECTORS, object)[used], len(years)), "str"),
        "year": np.tile(years, len(used)),
        "reports": reports.reshape(-1),
        "total": np.repeat(reports.sum(1), len(years)),
    })  # fmt: skip
    frame["share"] = frame["reports"] / frame["total"]
    return frame
