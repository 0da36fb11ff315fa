"""Reference: the yearly numbers that NCMEC published, beside ours; each file says its source, licence and date."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@cache
def published_years() -> "pd.DataFrame":
    """Give the reports that NCMEC received in each calendar year from 1998 to 2023; columns: year, published.

    Source, licence and dates stand at the top of `published.csv`. From 2024 on bundled reports count as one, which
    breaks the series; it ends before.
    """
    return _read("published.csv")


def published_contents() -> "pd.DataFrame":
    """Give the files that NCMEC received in 2020 to 2023; columns: year, kind, published and the unique ones."""
    return _read("published_contents.csv")


def published_novelty() -> "pd.DataFrame":
    """Give the reports with unique files that NCMEC received in 2020 to 2023; columns: year, then `published_…`."""
    return _read("published_novelty.csv")


def published_recipients() -> "pd.DataFrame":
    """Give the reports that NCMEC referred in 2020 to 2023; columns: year, recipient, actionable, informational."""
    return _read("published_recipients.csv")


def _read(name: str) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415 (a flow's start need not pay for it)

    return pd.read_csv(Path(__file__).with_name(name), comment="#")


def beside_published(yearly: "pd.DataFrame") -> "pd.DataFrame":
    """Put what NCMEC published beside the reports and incidents of `yearly_volume`.

    Columns: year, published, reports, incidents. Only the years that there are; `published` is missing outside NCMEC's
    series. The paper's snapshot ends with September 2017, so that its last year is not the published one.
    """
    rows = yearly[["year", "reports", "incidents"]].copy()
    rows.insert(1, "published", yearly["year"].map(published_years().set_index("year")["published"]).astype("float64"))
    return rows
