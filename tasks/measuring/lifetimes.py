"""Lifetimes: for how long a file keeps coming back.

A lifetime is the time from the first to the last report of a file that at least two reports name, in days of
24 hours, rounded up to whole ones. Lifetimes of zero, all reports at the same moment, stay in.

It is an underestimate, as the paper says of its own: the history is cut off at both ends, so that a file may have been
reported before it begins, or come back after it ends. Nothing is done about that; `window_days` says how long a
lifetime could be seen at all, and a share near it says little.
"""

from typing import TYPE_CHECKING

import numpy as np

from tasks.measuring.cube import Facet
from tasks.measuring.rollup import RollUp
from tasks.measuring.volumes import with_files

if TYPE_CHECKING:
    import pandas as pd

SHARES = {"median_days": 0.5, "p90_days": 0.9}


def lifetimes(rollup: RollUp) -> "pd.DataFrame":
    """Figure 8 in numbers: median and 90th percentile lifetime per kind.

    Columns: kind (that of the file's first sighting), files, median_days, p90_days, window_days. A percentile is the
    fewest whole days that at least that share of the files lived at most. `window_days` are the days of the months
    from the first sighting's to the last one's. Excluded: files of one report, and file entries whose content nobody
    knows. The paper prints 257 and 210 days for the medians of images and videos, three years and one and a half for
    the 90th percentiles, and of other files that 70 % come back for over three years.
    """
    curve = lifetime_distribution(rollup)
    table = curve.groupby("kind")[["files"]].max()
    for name, share in SHARES.items():
        table[name] = curve[curve["share"] >= share].groupby("kind")["days"].min()
    months = rollup.months()[with_files(rollup.table(Facet.SIGHTINGS).sum(1))].astype("datetime64[M]")
    window = (months[-1:] + 1).astype("datetime64[D]") - months[:1].astype("datetime64[D]")
    table["window_days"] = int(window.astype(np.int64).sum())
    return table.astype("int64").reset_index()


def lifetime_distribution(rollup: RollUp) -> "pd.DataFrame":
    """Figure 8: the share of files of each kind whose lifetime is at most so many days.

    Columns: kind, days (whole, rounded up), files (with at most that lifetime), share (of the kind's files
    with two reports or more). Exclusions as in `lifetimes`; only days at which the share rises have a row.
    """
    curve = rollup.by_days().rename(columns={"number": "days"})
    curve["files"] = curve.groupby("kind")["files"].cumsum()
    curve["share"] = curve["files"] / curve.groupby("kind")["files"].transform("max")
    return curve
