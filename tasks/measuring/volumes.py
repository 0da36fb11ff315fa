"""Volumes: how much came in, always said of what.

Four counts, never mixed: *reports*; *incidents* (a bundled report stands for several); *sightings*, the
distinct (report, file) pairs; *new files*, those that had never been seen before (by keyed digest; file entries whose
content nobody knows are sightings of no file). The time axis is the time of receipt, in UTC (paper, section 3.1).

A file is new once, so that new files add up over months, sources and kinds, and up to any month they are all the
distinct files there were. Of several sightings at the same microsecond the one whose source, then whose kind, stands
first in the vocabulary is the file's first.
"""

from typing import TYPE_CHECKING

import numpy as np

from tasks.measuring.cube import KINDS, SOURCES, Facet
from tasks.measuring.frames import by_year, crossed
from tasks.measuring.rollup import RollUp
from tasks.measuring.tally import Numbers

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

    counts = {name: rollup.table(facet).sum((1, 2)) for name, facet in COUNTS.items()}
    return pd.DataFrame({"month": rollup.months(), **counts})


def yearly_volume(rollup: RollUp) -> "pd.DataFrame":
    """Give the four counts of every calendar year, as `monthly_volume` does; columns: year, then the counts.

    The first and the last year cover only the months that there are.
    """
    import pandas as pd  # noqa: PLC0415 (as above)

    monthly = np.stack([rollup.table(facet).sum((1, 2)) for facet in COUNTS.values()], axis=1)
    years, counts = by_year(rollup.months(), monthly)
    return pd.DataFrame({"year": years, **dict(zip(COUNTS, counts.T, strict=True))})


def monthly_by_source(rollup: RollUp) -> "pd.DataFrame":
    """Figure 3: the four counts of every month and source (public, electronic service provider, police).

    Columns: month, source, reports, incidents, sightings, new_files. Every source that ever reported has a row
    for every month. Excluded: nothing.
    """
    counts = {name: rollup.table(facet).sum(2) for name, facet in COUNTS.items()}
    there = np.flatnonzero(counts["reports"].any(0))
    names = [SOURCES[place] for place in there]
    counts = {name: count[:, there] for name, count in counts.items()}
    return crossed(("month", rollup.months()), ("source", names), **counts)


def monthly_by_kind(rollup: RollUp) -> "pd.DataFrame":
    """Figure 7: sightings and new files of every month and kind (image, video, other).

    Columns: month, kind, sightings, new_files. Runs from the first month with a sighting to the last; the paper's
    starts in 2013, where its file entries do. A new file is of the kind of its first sighting. Kinds that were never
    seen have no rows.
    """
    counts = {name: rollup.table(COUNTS[name]).sum(1) for name in ("sightings", "new_files")}
    there, span = np.flatnonzero(counts["sightings"].any(0)), with_files(counts["sightings"])
    names = [KINDS[place] for place in there]
    counts = {name: count[span][:, there] for name, count in counts.items()}
    return crossed(("month", rollup.months()[span]), ("kind", names), **counts)


def with_files(sightings: Numbers) -> slice:
    """Give the span of the months from the first with sightings to the last, of (months, kinds)."""
    months = np.flatnonzero(sightings.any(1))
    return slice(months[0], months[-1] + 1) if len(months) else slice(0, 0)


def crossover(sources: "pd.DataFrame") -> "pd.DataFrame":
    """Figure 3 in a number: when providers overtook the public, from the rows of `monthly_by_source`.

    Columns: first, for_good, esp, public. `first` is the first month in which providers sent more reports than the
    public, `for_good` the first since which they always did (missing where they did not in the last month); `esp`
    and `public` are the reports of `first`. The paper says July 2009 without telling which of the two; there they
    agree. No row where it never happened, or where one of both never reported.
    """
    import pandas as pd  # noqa: PLC0415 (as above)

    esp, public = (sources.loc[sources["source"] == name].set_index("month")["reports"] for name in ("esp", "public"))
    more = esp > public if len(esp) and len(public) else esp.astype("bool").head(0)
    first, behind = more.index[more][:1], more.index[~more]
    after = more.index[more.index > behind[-1]] if len(behind) else more.index
    frame = pd.DataFrame({"first": first, "esp": esp[first].to_numpy(), "public": public[first].to_numpy()})
    frame.insert(1, "for_good", pd.Series(after[:1], frame.index[: len(after)], frame["first"].dtype))
    return frame
