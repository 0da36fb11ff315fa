"""Uniqueness: how much of what is reported was ever reported only once."""

from typing import TYPE_CHECKING

from tasks.measuring.rollup import RollUp

if TYPE_CHECKING:
    import pandas as pd


def uniqueness(rollup: RollUp) -> "pd.DataFrame":
    """Section 4.5: distinct files that exactly one report ever named, per kind.

    Columns: kind, files (distinct), seen_once, share_of_files (of the distinct files), sightings (distinct
    report and file pairs), share_of_sightings (the same files, by occurrence), most_reports (of any one
    file: how often the paper's outliers "resurfaced"). The paper's wording allows either share; the first is ours. It
    does not say how it counts a file that one report names twice; here that is one sighting. A file's kind is that of
    its first sighting. Excluded: file entries whose content nobody knows.
    """
    counts = rollup.by_reports()
    counts["seen_once"] = counts["files"].where(counts["number"] == 1, 0)
    counts["sightings"] = counts["files"] * counts["number"]
    by_kind = counts.groupby("kind")
    table = by_kind[["files", "seen_once", "sightings"]].sum()
    table.insert(2, "share_of_files", table["seen_once"] / table["files"])
    table["share_of_sightings"] = table["seen_once"] / table["sightings"]
    table["most_reports"] = by_kind["number"].max()
    return table.reset_index()
