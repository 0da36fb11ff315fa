"""Prioritize: what the ledger knows of each report, scored by the policy in force."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.counts import Counts
from domain.model import Role
from domain.novelty import Brought, Newness, Standing, tell
from domain.priority import Evidence, Policy, Priority, prioritize
from infra.ledger import priorities
from infra.ledger.priorities import FileFacts, ReportFacts
from infra.world import world
from tasks.staging import step


@dataclass(frozen=True, slots=True)
class Common:
    """What reports have in common: for each file, or cluster of copies, who brought it."""

    newness: Mapping[tuple[str, str], Newness]
    """Whether it is known, seen before or new, by report and file."""
    reporters: Mapping[str, frozenset[str]]
    """All reporters that brought it."""
    categories: Mapping[str, frozenset[str]]
    """The categories that lists give it, or a copy of it."""


def common(reports: Iterable[ReportFacts], files: Mapping[str, Sequence[FileFacts]]) -> Common:
    """Collect who brought what, of the files that somebody could look at."""
    brought: list[Brought] = []
    reporters: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    categories: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for report in reports:
        for ordinal, file in enumerate(files.get(report.id, ())):
            if file.looked_at and not file.faulty:
                standing = Standing() if file.categories else None
                brought.append(Brought(report.id, ordinal, report.received_at, file.group, standing, file.within))
                reporters[file.group] |= {report.reporter}
                categories[file.group] |= frozenset(file.categories)
    newness = {(report, told.group): told.newness for (report, _), told in tell(brought).items()}
    return Common(newness, reporters, categories)


def evidence_of(
    report: ReportFacts, files: Sequence[FileFacts], shared: Common, policy: Policy | None = None
) -> Evidence:
    """Weigh up one report: named numbers, zeros left out; `domain.priority.EVIDENCE` says what each is."""
    found: defaultdict[str, float] = defaultdict(float)
    flags = ["escalated"] * report.escalated + ["located"] * report.located + [f"incident.{report.incident_type}"]
    for name in (*flags, *(f"report.{flag}" for flag in report.annotations)):
        found[name] = 1
    found["identifiers"] = len(report.identifiers)
    usable = {file.group: file for file in files if file.looked_at and not file.faulty}
    others = frozenset[str]().union(*(shared.reporters[group] for group in usable))
    found["reporters"] = len(others - {report.reporter})
    for group in usable:
        known = shared.categories.get(group, frozenset())
        for name in (shared.newness[report.id, group], *(f"known.{category}" for category in known if category)):
            found[name] += 1
    for file in files:
        _add_file(found, file, policy)
    found["viral"] = float(report.batched or any(found[f"file.{flag}"] for flag in ("viral", "potentialMeme")))
    return {name: value for name, value in sorted(found.items()) if value}


def _add_file(found: defaultdict[str, float], file: FileFacts, policy: Policy | None) -> None:
    """Add what its reporter says of one file, and what models do."""
    for annotation in file.annotations:
        found[f"file.{annotation}"] += 1
    if file.classification:
        found[f"class.{file.classification}"] += 1
    if file.faulty:
        found["unseen_fault"] += 1
        return
    if policy:
        found["clue"] = _highest(found["clue"], file.labels, policy.clues)
        found["sought"] = _highest(found["sought"], file.classified, policy.sought)
        found["minor"] = _highest(found["minor"], file.ages, policy.minors)


def _highest(before: float, labels: Iterable[tuple[str, float]], listed: frozenset[str]) -> float:
    """Give the highest probability so far of a label that is listed."""
    return max([before, *(probability for label, probability in labels if label in listed)])


def digest_of(evidence: Evidence) -> str:
    """Digest the evidence: the same evidence under the same policy is the same row."""
    return hashlib.sha256(json.dumps(evidence, sort_keys=True).encode()).hexdigest()


def rank(
    reports: Sequence[ReportFacts], files: Mapping[str, Sequence[FileFacts]], policy: Policy
) -> list[tuple[str, str, Priority]]:
    """Score every report: its id, the digest of its evidence, its priority."""
    shared = common(reports, files)
    weighed = [(one.id, evidence_of(one, files.get(one.id, ()), shared, policy)) for one in reports]
    return [(report, digest_of(evidence), prioritize(evidence, policy)) for report, evidence in weighed]


@step
def rank_reports() -> Counts:
    """Rank every accepted report by the policy in force."""
    policy, registry = world().policy, world().registry
    roles = (Role.TAGGER, Role.FACE_ATTRIBUTES, Role.CLASSIFIER)
    champions = [registry.find(role) for role in roles]
    with world().ledger.begin() as connection:
        ranked = rank(priorities.report_facts(connection), priorities.file_facts(connection, *champions), policy)
        changed = priorities.record(connection, policy.version, ranked)
    bands: defaultdict[str, int] = defaultdict(int)
    for _, _, priority in ranked:
        bands[f"band_{priority.band}"] += 1
    return Counts(reports_ranked=len(ranked), priorities_new=changed, **bands)
