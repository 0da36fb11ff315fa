"""Growth: year over year, by each of the three readings that the paper leaves open.

The paper prints a median (+51 % for all reports), an average (+101 % for providers since 2009) and last years
(+379 % for videos) without saying over which periods. So every reading stands beside the others.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tasks.measuring.tally import Numbers

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

    rows: list[tuple[object, ...]] = []
    for subject, counts in subjects.items():
        year = counts.index.to_numpy().astype("datetime64[Y]").astype(np.int64)
        for basis, changes in _changes(year, np.asarray(counts, np.int64)).items():
            if len(changes):
                rows.append((subject, basis, len(changes), np.median(changes), changes.mean(), changes[-1]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _changes(year: Numbers, counts: Numbers) -> dict[str, NDArray[np.float64]]:
    """Compare what each basis compares."""
    starts = np.flatnonzero(np.diff(year, prepend=year[:1] - 1))
    whole = np.diff(starts, append=len(year)) == 12
    sums = np.append(0, np.cumsum(counts))
    return {
        "calendar year": _ratio(np.diff(sums[np.append(starts, len(year))])[whole], 1),
        "rolling year": _ratio(sums[12:] - sums[:-12], 12),
        "same month": _ratio(counts, 12),
    }


def _ratio(counts: Numbers, distance: int) -> NDArray[np.float64]:
    before, after = counts[:-distance], counts[distance:]
    return after[before > 0] / before[before > 0] - 1
