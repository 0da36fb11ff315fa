"""Overnight: what a night changed and why, and what its checks found, for those who come in the morning."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prefect.artifacts import create_markdown_artifact

from domain.audit import Verdict
from domain.counts import Counts
from domain.errors import InvalidSettings
from domain.retention import Held, Standing
from infra.ledger import priorities
from infra.ledger.engine import reading
from infra.world import world
from tasks import retaining
from tasks.comparing import Compared
from tasks.explaining import difference
from tasks.watching import Watched

_WHY = {
    "entries_tested": ("entries of lists compared", "they are new, or changed"),
    "matches_new": ("matches added", "a stored fingerprint or digest stands on an entry"),
    "matches_recalled": ("matches recalled", "the entry was withdrawn, quarantined or changed"),
    "claims_new": ("reporters' claims that stand on an entry", "the claimed hash is listed now"),
    "entries_quarantined": ("entries quarantined", "they matched more files than an entry may"),
    "film_pairs": ("films that share frames", "the frames of one agree with the other's"),
    "copies_members_changed": ("files that changed their cluster of copies", "copies came, or were told apart"),
    "scenes_members_changed": ("files that changed their cluster of one scene", "their vectors are near"),
    "faces_members_changed": ("faces that changed their cluster", "their vectors are near"),
    "reports_members_changed": ("reports that changed their cluster", "what they share became rare or common"),
    "priorities_new": ("reports scored anew", "their evidence or the policy is another"),
}
"""What is counted, in words, and why it changes."""

_CLOSED = "No file was opened: the process had no store and no key."

Queue = Mapping[str, tuple[str, Mapping[str, float]]]
"""Band, and points by reason, of each report in the queue."""


@dataclass(frozen=True, slots=True)
class Move:
    """Reports that went from one band to another, by the reason that weighs most in the difference."""

    before: str
    after: str
    reason: str
    reports: int


class Night:
    """The queue as it stood in the evening.

    Raises:
        InvalidSettings: this process could open files.
    """

    def __init__(self) -> None:
        settings = world().settings
        if settings.blobs != "none" or settings.sealing != "none":
            raise InvalidSettings(
                "the night works on metadata alone: set BREAKWATER_BLOBS=none and BREAKWATER_SEALING=none, "
                "or start it in the work pool metadata-only"
            )
        self._evening = _standing()

    def moves(self) -> list[Move]:
        """Tell what moved since, the most first."""
        return moved(self._evening, _standing())


def _standing() -> Queue:
    with reading(world().ledger) as connection:
        return priorities.standing(connection)


def moved(before: Queue, after: Queue) -> list[Move]:
    """Compare two states of the queue; reports that came or went are none of the moves."""
    found: Counter[tuple[str, str, str]] = Counter()
    for report in before.keys() & after.keys():
        (old, points), (new, others) = before[report], after[report]
        if old != new:
            found[old, new, difference(points, others)] += 1
    return [Move(*key, number) for key, number in sorted(found.items(), key=lambda item: (-item[1], item[0]))]


def changes(counts: Counts) -> list[tuple[str, int, str]]:
    """Put what the stages counted into words: what changed, how many, and why."""
    return [(what, counts[name], why) for name, (what, why) in _WHY.items() if counts[name]]


def told(moves: list[Move], counts: Counts) -> str:
    """Write what changed: counts and reasons alone."""
    changed = changes(counts)
    changed += [(f"reports from {one.before} to {one.after}", one.reports, one.reason) for one in moves]
    if not changed:
        return f"Nothing changed. {_CLOSED}"
    rows = [f"| {what} | {number:,} | {why} |" for what, number, why in changed]
    return "\n".join(["| what changed | how many | why |", "|---|---:|---|", *rows, "", _CLOSED])


def publish_night(
    night: Night,
    counts: Counts,
    audit: Verdict,
    retention: Mapping[Held, Standing],
    unsteady: Sequence[Watched],
    trials: Sequence[Compared],
) -> Counts:
    """Publish what the night changed, and what its checks found, as an artifact in Prefect's UI; count both.

    `unsteady` are answers of champions that are not spread as at first, `trials` challengers beside their champions.
    """
    of_models = [*map(str, unsteady), *map(str, trials)]
    text = "\n\n".join([told(night.moves(), counts), str(audit), retaining.told(retention), *of_models])
    create_markdown_artifact(text, key="nightly", description="What changed, and why; what the checks found")
    past, soon = sum(one.past for one in retention.values()), sum(one.soon for one in retention.values())
    return counts + Counts(audit_rows=audit.rows, past_retention=past, due_soon=soon, answers_unsteady=len(unsteady))
