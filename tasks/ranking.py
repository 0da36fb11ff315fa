"""Prioritize: what the ledger knows of each report, scored by the policy in force."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

from domain.counts import Counts
from domain.evidence import TOLD_BY, Evidence, Open
from domain.priority import Policy, Priority, prioritize
from infra.ledger import facts, policies, priorities
from infra.ledger.engine import Transaction
from infra.ledger.facts import FileFacts, ReportFacts
from infra.world import world
from tasks.clustering.alike import LEAST_QUALITY
from tasks.staging import step
from tasks.weighing import common, digest_of, weigh

Facts = tuple[list[ReportFacts], dict[str, list[FileFacts]]]
"""What the ledger knows of every accepted report, and of the files of each."""


def weighed(
    reports: Sequence[ReportFacts], files: Mapping[str, Sequence[FileFacts]], policy: Policy, today: date
) -> Iterator[tuple[ReportFacts, Evidence, Open]]:
    """Weigh up every report as of a day: its evidence, and what models left open of it."""
    shared = common(reports, files, policy, today)
    for one in reports:
        yield one, *weigh(one, files.get(one.id, ()), shared, policy, today)


def rank(
    reports: Sequence[ReportFacts], files: Mapping[str, Sequence[FileFacts]], policy: Policy, today: date
) -> list[tuple[str, str, Priority]]:
    """Score every report as of a day: its id, the digest of its evidence, its priority."""
    return [
        (one.id, digest_of(evidence, left_open), prioritize(evidence, policy, left_open))
        for one, evidence, left_open in weighed(reports, files, policy, today)
    ]


def known_facts(connection: Transaction) -> Facts:
    """Read what the ledger knows, as the champions tell it."""
    registry = world().registry
    found = {role: registry.find(role) for role in TOLD_BY.values()}
    champions = {role: model for role, model in found.items() if model}
    return facts.report_facts(connection), facts.file_facts(connection, champions, LEAST_QUALITY)


@step
def rank_reports() -> Counts:
    """Rank every accepted report by the policy in force, as of today."""
    policy, now = world().policy, datetime.now(UTC)
    with world().ledger.begin() as connection:
        ranked = rank(*known_facts(connection), policy, now.date())
        policies.keep(connection, policy.version, policy.name, policy.text, now)
        changed = priorities.record(connection, policy.version, ranked, now)
    bands: defaultdict[str, int] = defaultdict(int)
    for _, _, priority in ranked:
        bands[f"band_{priority.band}"] += 1
    unsure = sum(priority.between is not None for _, _, priority in ranked)
    return Counts(reports_ranked=len(ranked), priorities_new=changed, scores_open=unsure, **bands)
