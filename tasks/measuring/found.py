"""What files turned out to be: on a list, new, or seen before, and how many looks that can spare.

All series are by the calendar year in which the report was received (UTC).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from infra.ledger.found import Fresh, Held, Listed, Spared
from tasks.measuring.cube import KINDS, Facet
from tasks.measuring.frames import by_year, crossed, of_rows
from tasks.measuring.reference import published_contents, published_novelty
from tasks.measuring.rollup import RollUp
from tasks.measuring.volumes import with_files

if TYPE_CHECKING:
    import pandas as pd


def contents(rollup: RollUp) -> "pd.DataFrame":
    """Give sightings and new files of each year and kind, beside NCMEC's.

    Columns: year, kind, sightings, new_files, published, published_unique, published_similar_unique. NCMEC counts the
    files of reports, those unique by MD5, and those unique after perceptual hashing (PhotoDNA, Videntifier); beside
    them stand our sightings and new files; that a file is new once and for all is our reading. What NCMEC did not
    publish is missing. Excluded: years before the first sighting and after the last. Source of the published:
    `published_contents.csv`.
    """
    counts = [rollup.table(facet).sum(1) for facet in (Facet.SIGHTINGS, Facet.NEW_FILES)]
    span = with_files(counts[0])
    years, sightings = by_year(rollup.months()[span], counts[0][span])
    _, new = by_year(rollup.months()[span], counts[1][span])
    table = crossed(("year", years), ("kind", KINDS), sightings=sightings, new_files=new)
    published = published_contents().set_index(["year", "kind"]).astype("float64")
    return table.join(published, on=["year", "kind"])


def list_hits(yearly: "pd.DataFrame", listed: Sequence[Listed], held: Sequence[Held]) -> "pd.DataFrame":
    """Give the share of sightings, and of distinct held files, that stand on a list.

    Columns: year; sightings (as `yearly` has them); listed (those whose file is held and matches an entry in force: not
    withdrawn, proposed or quarantined), claimed (more of them, of which only a hash that the reporter claims stands on
    such an entry), share (listed of sightings), share_with_claims; files (distinct sound files that are held, in the
    year that brought them first), files_listed, share_of_files. Lists count as they stand today, whenever they came. A
    match need not settle: an MD5 alone is one. Excluded: nothing; sightings whose content nobody knows are none that
    stand on a list.
    """
    table = yearly[["year", "sightings"]].set_index("year")
    hits = {each.year: each for each in listed}
    files = {each.year: each for each in held}
    table["listed"] = [hits[year].listed if year in hits else 0 for year in table.index]
    table["claimed"] = [hits[year].claimed if year in hits else 0 for year in table.index]
    table["share"] = table["listed"] / table["sightings"]
    table["share_with_claims"] = (table["listed"] + table["claimed"]) / table["sightings"]
    table["files"] = [files[year].files if year in files else 0 for year in table.index]
    table["files_listed"] = [files[year].listed if year in files else 0 for year in table.index]
    table["share_of_files"] = table["files_listed"] / table["files"]
    return table.reset_index()


def novelty(yearly: "pd.DataFrame", fresh: Sequence[Fresh]) -> "pd.DataFrame":
    """Give the reports that bring a file never seen before, and those that bring one like none before.

    Columns: year; reports (accepted, as `yearly` has them); with_files (those with a picture or film that its bytes, or
    a claimed MD5 in their place, tell); unique (those with one that no earlier report brought, by exact identity);
    similar_unique (those with one that is no copy and no clip of any before, either); share_unique and
    share_similar_unique, of reports; published_unique and published_similar_unique, NCMEC's reports with unique and
    similar-unique files, beside published_reports. Copies are told of held files alone: one that never came is like
    none but itself, so that similar_unique is too high where little came but metadata. History before the first report
    is unknown, so that the first years are too high. Excluded: files of other kinds, with a fault, or of which nobody
    can tell. Source of the published: `published_novelty.csv`.
    """
    counts = of_rows(Fresh, fresh).rename(columns={"reports": "with_files"}).set_index("year")
    table = yearly[["year", "reports"]].set_index("year")
    table = table.join(counts.reindex(table.index, fill_value=0))
    table["share_unique"] = table["unique"] / table["reports"]
    table["share_similar_unique"] = table["similar_unique"] / table["reports"]
    return table.join(published_novelty().set_index("year").astype("float64")).reset_index()


def exposure(spared: Sequence[Spared]) -> "pd.DataFrame":
    """Give the looks of people at pictures and films that need not happen: an upper bound, given the policy.

    Columns: year; sightings (of held, sound pictures and films); settled (their file stands on a list that settles it),
    repeats (of the others, an earlier sighting was of the same file), copies (of the others still, an earlier sighting
    was of another file of the same cluster of copies); spared (all three); share (of sightings). The rest is what a
    person must see once. A policy that has people look at known or repeated files all the same spares less, and so do
    those who look at a file without asking. Years without such a sighting have no row. Excluded: files that never came,
    are broken or of another kind, which nobody can look at.
    """
    table = of_rows(Spared, spared)
    table["spared"] = table["settled"] + table["repeats"] + table["copies"]
    table["share"] = table["spared"] / table["sightings"]
    return table
