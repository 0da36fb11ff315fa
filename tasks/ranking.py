"""Prioritize: what the ledger knows of each report, scored by the policy in force."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from domain.counts import Counts
from domain.priority import Evidence, Policy, Priority, prioritize
from infra.ledger import priorities
from infra.ledger.priorities import FileFacts, ReportFacts
from infra.world import world
from tasks.staging import step


def evidence_of(
    report: ReportFacts, files: Sequence[FileFacts], first_seen: Mapping[str, str], clues: frozenset[str]
) -> Evidence:
    """Weigh up one report: named numbers, zeros left out; `domain.priority.EVIDENCE` says what each is.

    `first_seen` names, for each file or cluster of copies, the report that brought it first.
    """
    found: defaultdict[str, float] = defaultdict(float)
    flags = ["escalated"] * report.escalated + ["located"] * report.located + [f"incident.{report.incident_type}"]
    for name in (*flags, *(f"report.{flag}" for flag in report.annotations)):
        found[name] = 1
    found["identifiers"] = len(report.identifiers)
    found["reporters"] = report.other_reporters
    for file in files:
        _add_file(found, file, first_seen.get(file.group, report.id) == report.id, clues)
    found["viral"] = float(report.batched or any(found[f"file.{flag}"] for flag in ("viral", "potentialMeme")))
    return {name: value for name, value in sorted(found.items()) if value}


def _add_file(found: defaultdict[str, float], file: FileFacts, first: bool, clues: frozenset[str]) -> None:  # noqa: FBT001 (a fact, not a switch)
    """Add what one file tells."""
    for annotation in file.annotations:
        found[f"file.{annotation}"] += 1
    if file.classification:
        found[f"class.{file.classification}"] += 1
    if file.faulty:
        found["unseen_fault"] += 1
    elif file.categories:
        found["known"] += 1
        for category in file.categories:
            found[f"known.{category}"] += 1
    elif file.looked_at:
        found["new" if first else "seen"] += 1
    probabilities = [probability for label, probability in file.labels if label in clues]
    found["clue"] = max([found["clue"], *probabilities])


def first_bringers(reports: Iterable[ReportFacts], files: Mapping[str, Sequence[FileFacts]]) -> dict[str, str]:
    """Name the report that brought each file, or cluster of copies, first; ties go to the smaller id."""
    first: dict[str, str] = {}
    for report in sorted(reports, key=lambda one: (one.received_at, one.id)):
        for file in files.get(report.id, ()):
            first.setdefault(file.group, report.id)
    return first


def digest_of(evidence: Evidence) -> str:
    """Digest the evidence: the same evidence under the same policy is the same row."""
    return hashlib.sha256(json.dumps(evidence, sort_keys=True).encode()).hexdigest()


def rank(
    reports: Sequence[ReportFacts], files: Mapping[str, Sequence[FileFacts]], policy: Policy
) -> list[tuple[str, str, Priority]]:
    """Score every report: its id, the digest of its evidence, its priority."""
    first = first_bringers(reports, files)
    weighed = [(one.id, evidence_of(one, files.get(one.id, ()), first, policy.clues)) for one in reports]
    return [(report, digest_of(evidence), prioritize(evidence, policy)) for report, evidence in weighed]


@step
def rank_reports() -> Counts:
    """Rank every accepted report by the policy in force."""
    policy = world().policy
    with world().ledger.begin() as connection:
        ranked = rank(priorities.report_facts(connection), priorities.file_facts(connection), policy)
        changed = priorities.record(connection, policy.version, ranked)
    bands: defaultdict[str, int] = defaultdict(int)
    for _, _, priority in ranked:
        bands[f"band_{priority.band}"] += 1
    return Counts(reports_ranked=len(ranked), priorities_new=changed, **bands)
