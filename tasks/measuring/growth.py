"""Growth: year over year, by each of the three readings that the paper leaves open.

The paper prints a median (+51 % for all reports), an average (+101 % for providers since 2009) and last years
(+379 % for videos) without saying over which periods. So every reading stands beside the others.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("subject", "basis", "pairs", "median", "mean", "latest")


def growth(subjects: "Mapping[str, pd.Series[int]]") -> "pd.DataFrame":
    """Give the year-over-year growth of monthly counts, 0.5 for +50 %.

    Args:
        subjects: counts by name, each with a row for every month, indexed by the month's first day.

    Columns: subject, basis, pairs, median, mean, latest. Basis `calendar year` compares whole calendar
    years with the one before, `rolling year` every twelve months with the twelve before, `same month` every
    month with the same one a year before. `pairs` counts the comparisons; those with a zero before are
    excluded. Subjects without any comparison have no row.
    """
    import pandas as pd  # noqa: PLC0415 (a flow's start need not pay for it)

    rows = []
    for subject, counts in subjects.items():
        for basis, changes in _changes(counts).items():
            if len(changes):
                numbers = (len(changes), changes.median(), changes.mean(), changes.iloc[-1])
                rows.append((subject, basis, *numbers))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _changes(counts: "pd.Series[int]") -> "dict[str, pd.Series[float]]":
    """Compare what each basis compares."""
    years = counts.groupby(counts.index.year).agg(["sum", "size"])  # type: ignore[attr-defined]
    whole = years["sum"][years["size"] == 12]
    return {
        "calendar year": _ratio(whole, 1),
        "rolling year": _ratio(counts.rolling(12).sum(), 12),
        "same month": _ratio(counts, 12),
    }


def _ratio(counts: "pd.Series[int] | pd.Series[float]", distance: int) -> "pd.Series[float]":
    before = counts.shift(distance)
    return (counts / before.where(before > 0) - 1).dropna()
