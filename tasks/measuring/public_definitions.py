"""Definitions: what each series of the public edition is, in the words that stand beside its numbers."""

EDITION = (
    "Calendar years up to {last}, by the time of receipt in UTC. Counts from 1 to {most} are withheld, and with them "
    "further counts, so that none of them can be computed from the others: at least {k} numbers are possible for each "
    "count by month, and for its sums, and every number from 1 to {most} for each count by vector or country. "
    "A withheld count is missing, and the column withheld names it. Zeros are told. Shares, rates and sums are of "
    "what is told. What is told of files is rounded, and of kinds with {files} files or more. Numbers are of reports "
    "as revisions and analysts corrected them until the edition was made."
)
"""What holds for all series; `last` is a year, `k` the least count that is told."""

_FOUR = (
    "Reports: accepted ones. Incidents: what they stand for, since a bundled report stands for several. Sightings: "
    "distinct pairs of report and file. New files: files that no report had named before."
)

DEFINITIONS = {
    "yearly": f"{_FOUR} By calendar year; the first year has the months since the first report.",
    "monthly": f"{_FOUR} By month; months without any are there.",
    "yearly_sources": "Reports and incidents by calendar year and by who reported (esp: a service provider).",
    "sources": "Reports and incidents by month and by who reported (esp: a service provider).",
    "yearly_kinds": "Sightings and new files by calendar year and kind; a new file is of its first sighting's kind.",
    "kinds": "Sightings and new files by month and kind; a new file is of the kind of its first sighting.",
    "growth": "A whole calendar year's count beside that of the year before, 0.5 for half as many again; where both "
    "are told and the one before is not zero.",
    "regions": "Reports that name a country, by calendar year and UN region (M49), added up over the countries whose "
    "count is told: a report that names several counts several times. Mentions are the year's, and the denominator of "
    "share. countries_withheld says how many countries of the region are missing in the sum.",
    "countries": "Reports that name a country (ISO 3166-1), added up over the years in which they are told; "
    "years_withheld says in how many they are not, so that reports are so many at least. Mentions are the sum over all "
    "countries, and the denominator of share. per_1000_users is for each thousand Internet users of 2015.",
    "yearly_countries": "Reports that name a country (ISO 3166-1), by calendar year; a report counts in each country "
    "that it names. A country without a row has none.",
    "rates": "Countries by reports for each thousand Internet users of 2015, of those with 500 reports and more.",
    "vectors": "Reports by the technology that was used and calendar year; a report counts in each of its vectors. "
    "Total and share are of the vector's years that are told.",
    "uniqueness": "Distinct files that exactly one report named, of all distinct files whose content is known, over "
    "all history, in whole per cent.",
    "lifetimes": "Days from the first to the last report of a file that several name, rounded up, over all history: "
    "the fewest that half of them, and nine of ten, lived at most. An underestimate: history is cut off at both ends.",
    "lifetime_distribution": "The share of the files that several reports name that came back for at most so many "
    "days, in whole per cent.",
    "definitions": "This table.",
}
"""By the name of the series, in `PublicEdition`."""
