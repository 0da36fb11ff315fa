"""Prioritize: what the ledger knows of each report, scored by the policy in force."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

from domain.counts import Counts
from domain.errors import UnusableModel
from domain.evidence import TOLD_BY, Evidence, Open
from domain.model import ModelVersion
from domain.priority import Policy, Priority, Ranker, prioritize
from infra.ledger import facts, policies, priorities, rankers
from infra.ledger.engine import Transaction
from infra.ledger.facts import FileFacts, ReportFacts
from infra.world import world
from models.rankers import Scorer
from tasks.clustering.alike import LEAST_QUALITY
from tasks.rankers import at_work, in_shadow
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
    reports: Sequence[ReportFacts],
    files: Mapping[str, Sequence[FileFacts]],
    policy: Policy,
    today: date,
    ranking: tuple[ModelVersion, Ranker] | None = None,
) -> list[tuple[str, str, Priority]]:
    """Score every report as of a day: its id, the digest of its evidence and of the ranker, its priority."""
    model, ranker = ranking or ("", None)
    return [
        (one.id, digest_of(evidence, left_open, str(model)), prioritize(evidence, policy, left_open, ranker))
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
    ranking, shadows = at_work(policy), in_shadow(policy)
    with world().ledger.begin() as connection:
        known = known_facts(connection)
        ranked = rank(*known, policy, now.date(), ranking)
        policies.keep(connection, policy.version, policy.name, policy.text, now)
        changed = priorities.record(connection, policy.version, ranked, now)
        said = _shadow(connection, shadows, known, policy, now)
    bands: defaultdict[str, int] = defaultdict(int)
    for _, _, priority in ranked:
        bands[f"band_{priority.band}"] += 1
    unsure = sum(priority.between is not None for _, _, priority in ranked)
    return Counts(reports_ranked=len(ranked), priorities_new=changed, scores_open=unsure, **bands) + said


def _shadow(
    connection: Transaction,
    shadows: Sequence[tuple[ModelVersion, Scorer | None]],
    known: Facts,
    policy: Policy,
    now: datetime,
) -> Counts:
    """Write down what rankers in shadow say of reports that are new to them; one that cannot say it is counted."""
    counts = Counts()
    every = [(one.id, evidence) for one, evidence, _ in weighed(*known, policy, now.date())] if shadows else []
    for model, scorer in shadows:
        told = _said(scorer, [evidence for _, evidence in every])
        if told is None:
            counts += Counts(shadow_rankers_failed=1)
            continue
        said = [(report, score) for (report, _), score in zip(every, told, strict=True)]
        counts += Counts(ranks_in_shadow=rankers.record(connection, model, said, now))
    return counts


def _said(scorer: Scorer | None, some: Sequence[Evidence]) -> list[float] | None:
    """Score reports; None where the ranker cannot."""
    try:
        return list(scorer.scores(scorer.vectors(some))) if scorer else None
    except UnusableModel:
        return None
