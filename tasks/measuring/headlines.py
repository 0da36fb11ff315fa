"""Headlines: the measures in a few lines, for Prefect's UI and for the terminal."""

from typing import NamedTuple

from tasks.measuring.series import Series


class Headline(NamedTuple):
    """What is said, its number as people write it, and of what it is."""

    what: str
    number: str
    detail: str


def headlines(series: Series) -> list[Headline]:
    """Say how much came in, how it grew, from where, and how often files come back; of nothing there are none."""
    if not len(series.monthly):
        return []
    monthly, last = series.monthly, series.monthly.iloc[-1]
    span = f"{monthly['month'].iloc[0]:%B %Y} to {last['month']:%B %Y}"
    found = [
        Headline("Reports", f"{monthly['reports'].sum():,}", span),
        Headline("Incidents", f"{monthly['incidents'].sum():,}", "what these reports stand for"),
        Headline("Sightings", f"{monthly['sightings'].sum():,}", "distinct pairs of report and file"),
        Headline("New files", f"{monthly['new_files'].sum():,}", "never reported before"),
        Headline("Last month", f"{last['reports']:,}", f"reports in {last['month']:%B %Y}, so far"),
    ]
    rolling = series.growth[(series.growth["subject"] == "reports") & (series.growth["basis"] == "rolling year")]
    found += [
        Headline("Growth", f"{row.latest:+.0%}", "reports of the last twelve months, against the twelve before")
        for row in rolling.itertuples(index=False)
    ]
    found += [
        Headline("Providers overtook the public", f"{row.first:%B %Y}", f"{row.esp:,} reports against {row.public:,}")
        for row in series.crossover.itertuples(index=False)
    ]
    found += [
        Headline(str(row.name), f"{row.share:.1%}", "of all located reports")
        for row in series.countries.head(3).itertuples(index=False)
    ]
    found += [
        Headline(f"Seen once: {row.kind}", f"{row.share_of_files:.1%}", f"of {row.files:,} distinct files")
        for row in series.uniqueness.itertuples(index=False)
    ]
    found += [
        Headline(f"Half are back for: {row.kind}", f"{row.median_days:,} days", "from the first report to the last")
        for row in series.lifetimes.itertuples(index=False)
    ]
    return found


def markdown(found: list[Headline]) -> str:
    """Write headlines as a table for Prefect's UI."""
    if not found:
        return "Nothing is measured yet: no report is in the archive."
    rows = [f"| {one.what} | {one.number} | {one.detail} |" for one in found]
    return "\n".join(["| what | number | of what |", "|---|---:|---|", *rows])
