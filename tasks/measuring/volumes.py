"""Volumes: how much came in, always said of what.

Four counts, never mixed: *reports*; *incidents* (a bundled report stands for several); *sightings*, the
distinct (report, file) pairs; *new files*, those that had never been seen before (by keyed digest; file entries whose
content nobody knows are sightings of no file). The time axis is the time of receipt, in UTC (paper, section 3.1).

A file is new once, so that new files add up over months, sources and kinds, and up to any month they are all the
distinct files there were. Of several sightings at the same microsecond the one whose source, then whose kind, stands
first in the vocabulary is the file's first.
"""

from typing import TYPE_CHECKING

from tasks.measuring.cube import Facet
from tasks.measuring.rollup import RollUp

if TYPE_CHECKING:
    import pandas as pd

COUNTS = {
    "reports": Facet.REPORTS,
    "incidents": Facet.INCIDENTS,
    "sightings": Facet.SIGHTINGS,
    "new_files": Facet.NEW_FILES,
}


def monthly_volume(rollup: RollUp) -> "pd.DataFrame":
    """Figure 2: the four counts of every month, from the first report's to the last one's, zeros included.

    Columns: month (first day), reports, incidents, sightings, new_files. Excluded: nothing.
    """
    import pandas as pd  # noqa: PLC0415 (a flow's start need not pay for it)

    counts = {name: rollup.counts(facet).groupby("month")["number"].sum() for name, facet in COUNTS.items()}
    frame = pd.DataFrame(counts, index=rollup.months(), dtype="Int64")
    return frame.fillna(0).astype("int64").reset_index()


def yearly_volume(rollup: RollUp) -> "pd.DataFrame":
    """Give the four counts of every calendar year, as `monthly_volume` does; columns: year, then the counts.

    The first and the last year cover only the months that there are.
    """
    monthly = monthly_volume(rollup)
    return monthly.groupby(monthly["month"].dt.year.astype("int64").rename("year"))[list(COUNTS)].sum().reset_index()


def monthly_by_source(rollup: RollUp) -> "pd.DataFrame":
    """Figure 3: the four counts of every month and source (public, electronic service provider, police).

    Columns: month, source, reports, incidents, sightings, new_files. Every source that ever reported has a row
    for every month. Excluded: nothing.
    """
    return _crossed(rollup, "source", rollup.months(), COUNTS)


def monthly_by_kind(rollup: RollUp) -> "pd.DataFrame":
    """Figure 7: sightings and new files of every month and kind (image, video, other).

    Columns: month, kind, sightings, new_files. Runs from the first month with a sighting to the last; the paper's
    starts in 2013, where its file entries do. A new file is of the kind of its first sighting.
    """
    counts = {name: COUNTS[name] for name in ("sightings", "new_files")}
    return _crossed(rollup, "code", rollup.months_with_files(), counts).rename(columns={"code": "kind"})


def _crossed(rollup: RollUp, column: str, months: "pd.DatetimeIndex", counts: dict[str, Facet]) -> "pd.DataFrame":
    """Count by month and `column`, with a row for each of both that the first of `counts` has."""
    import pandas as pd  # noqa: PLC0415 (as above)

    by = ["month", column]
    found = {
        name: rollup.counts(facet).astype({column: "str"}).groupby(by)["number"].sum() for name, facet in counts.items()
    }
    first = next(iter(found.values()))
    names = pd.Index(sorted(set(first.index.get_level_values(column))), dtype="str")
    rows = pd.MultiIndex.from_product([months, names], names=by)
    frame = pd.DataFrame({name: each.reindex(rows, fill_value=0) for name, each in found.items()}, index=rows)
    return frame.astype("int64").reset_index()


def crossover(sources: "pd.DataFrame") -> "pd.DataFrame":
    """Figure 3 in a number: when providers overtook the public, from the rows of `monthly_by_source`.

    Columns: first, for_good, esp, public. `first` is the first month in which providers sent more reports than the
    public, `for_good` the first since which they always did (missing where they did not in the last month); `esp`
    and `public` are the reports of `first`. The paper says July 2009 without telling which of the two; there they
    agree. No row where it never happened, or where one of both never reported.
    """
    import pandas as pd  # noqa: PLC0415 (as above)

    counts = sources.pivot_table(index="month", columns="source", values="reports", aggfunc="sum")
    counts = counts.reindex(columns=["esp", "public"]).dropna()
    more = counts["esp"] > counts["public"]
    ahead = counts[more].head(1)
    lasting = counts.index[~more]
    since = more.index[more.index > lasting.max()] if len(lasting) else more.index
    frame = ahead.reset_index(names="first").astype({"esp": "int64", "public": "int64"})
    frame.insert(
        1, "for_good", pd.Series([since.min() if len(since) else pd.NaT] * len(frame), dtype=frame["first"].dtype)
    )
    frame.columns.name = None
    return frame[["first", "for_good", "esp", "public"]]
