"""Summaries: where the ledger stands, in words that a person understands."""

from collections.abc import Mapping, Sequence

from prefect.artifacts import create_markdown_artifact

from infra.ledger import priorities
from infra.ledger.engine import reading
from infra.ledger.priorities import Ranked
from infra.ledger.summaries import Summary, summarize
from infra.world import world
from tasks.explaining import complete, score_of, why

MOST_URGENT = 10


def current() -> tuple[Summary, list[Ranked]]:
    """Read where the ledger stands, and the head of the queue."""
    with reading(world().ledger) as connection:
        return summarize(connection), priorities.queue(connection, MOST_URGENT)


def lines(summary: Summary) -> list[tuple[str, int, str]]:
    """Put a summary into lines: what, how many, and what is in the number."""
    aside = f"{summary.missing} missing, {sum(summary.quarantined.values())} quarantined"
    aside += f", {summary.not_sent} in metadata alone" if summary.not_sent else ""
    kinds = ", ".join(f"{number} {kind}" for kind, number in summary.kinds.items())
    known = _share(summary.known, summary.distinct_files)
    rejected = sum(summary.rejected.values())
    return [
        ("Reports received", summary.received, f"{summary.accepted} accepted, {rejected} rejected"),
        ("Incidents", summary.incidents, "what the accepted reports stand for; a batched report counts its bundle"),
        ("Sightings", summary.sightings, f"files named: {summary.stored} stored, {aside}"),
        ("Distinct files", summary.distinct_files, f"in {kinds or 0} sightings"),
        ("Known", summary.known, f"distinct files that a list settles: {known} of all"),
        ("New content", summary.new, "pictures and videos on no list, copies of one another counted once"),
        ("Clusters of copies", summary.copies, "near-duplicate files"),
        ("Clusters of reports", summary.report_clusters, "reports that share what few others do"),
    ]  # fmt: skip


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "none"


def reasons(counts: Mapping[str, int]) -> str:
    """Put counts by reason into one line."""
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.items()) or "none"


def markdown(summary: Summary, queue: Sequence[Ranked]) -> str:
    """Write the summary for Prefect's UI: surrogate ids and counts only."""
    table = [f"| {what} | {number:,} | {detail} |" for what, number, detail in lines(summary)]
    urgent = [
        f"| `{one.report_id[:12]}` | {score_of(one)} | {one.band} | {complete(one)} | {why(one)} |" for one in queue
    ]
    return "\n".join(
        [
            "| | | |",
            "|---|---:|---|",
            *table,
            "",
            f"**Rejected reports:** {reasons(summary.rejected)}  ",
            f"**Quarantined files:** {reasons(summary.quarantined)}",
            "",
            "| most urgent | score | band | complete | why |",
            "|---|---:|---|---|---|",
            *urgent,
        ]
    )


def publish_summary() -> None:
    """Publish where the ledger stands as an artifact in Prefect's UI."""
    text = markdown(*current())
    create_markdown_artifact(text, key="summary", description="Where the ledger stands, and what is most urgent")
