"""Months: the 235 of the paper's history, March 1998 to September 2017, by number from 0 (section 3)."""

import numpy as np
from numpy.typing import NDArray

_FIRST = np.datetime64("1998-03", "M")
_AFTER = np.datetime64("2017-10", "M")

YEARS = range(1998, 2018)


def number(month: str) -> int:
    """Number a month such as "2009-07"."""
    return int((np.datetime64(month, "M") - _FIRST).astype(np.int64))


COUNT = number("2017-10")

FILES_SINCE = number("2013-01")
"""From this month on reports name files (section 3.1)."""

STARTS: NDArray[np.int64] = np.arange(_FIRST, _AFTER + 1).astype("datetime64[s]").astype(np.int64)
"""When each month begins, in seconds since 1970 (UTC), and at last when the history ends."""

_DAYS = STARTS[FILES_SINCE:] / 86_400
FILE_DAYS: NDArray[np.float64] = _DAYS - _DAYS[0]
"""When each month with files begins, in days since the first of them, and at last when the history ends."""


def of_year(year: int) -> slice:
    """Give the months of a year."""
    return slice(max(number(f"{year}-01"), 0), min(number(f"{year + 1}-01"), COUNT))


def names() -> list[str]:
    """Name the months, such as "1998-03"."""
    return [str(month) for month in np.arange(_FIRST, _AFTER)]
