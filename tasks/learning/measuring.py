"""Measuring rankers: by reports that came after those they learned from, and of which feedback says if they helped."""

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np

from domain.errors import InvalidSettings
from domain.evidence import Evidence
from domain.model import ModelVersion, Role
from domain.priority import Policy, prioritize
from domain.referral import helped
from infra.ledger import desk
from infra.ledger.engine import reading
from infra.ledger.evaluation_sets import EvaluationSet
from infra.world import world
from models.evaluation.judging import headline, judge
from models.evaluation.ranked import Ranked
from models.evaluation.resampling import ALL, compare, evaluate
from tasks.evaluating.report import Report
from tasks.learning.calibration import FEW
from tasks.rankers import open_ranker
from tasks.ranking import known_facts, weighed

OUTCOMES = "outcomes"
"""The set by which rankers are measured: what feedback in the ledger says by now."""

Answered = list[tuple[str, Evidence, bool]]
"""Reports by their ids, what is known of them today, and whether they helped."""


def lacking(model: ModelVersion) -> str:
    """Say why a ranker cannot be measured; empty where it can."""
    found = _answered(_until(model, world().registry.find(Role.RANKER)))
    good = sum(was for _, _, was in found)
    if min(good, len(found) - good) >= FEW:
        return ""
    return (
        f"{good} reports after those it learned from helped, and {len(found) - good} did not, by feedback; to measure "
        f"a ranker takes {FEW} of both"
    )


def measure_ranker(model: ModelVersion, champion: ModelVersion | None) -> tuple[EvaluationSet, Report]:
    """Measure a ranker beside the champion, or where there is none beside the policy's scores, on the same reports.

    Raises:
        InvalidSettings: too few reports that came after those it learned from were answered.
    """
    why = lacking(model)
    if why:
        raise InvalidSettings(why)
    found, policy = _answered(_until(model, champion)), world().policy
    truth = np.array([was for _, _, was in found], dtype=bool)
    names, parts = [report for report, _, _ in found], {ALL: np.ones(len(found), bool)}
    other = open_ranker(champion) if champion else _policy_alone(policy)
    ours, theirs = (
        Ranked(np.array([say(evidence) for _, evidence, _ in found]), truth) for say in (open_ranker(model), other)
    )
    of = EvaluationSet(OUTCOMES, _digest(found), Role.RANKER, datetime.now(UTC), len(found))
    differences = compare(ours, theirs, names, parts)
    beside = str(champion or f"the policy {policy.name}")
    return of, Report(
        str(model), str(of), len(found), headline(Role.RANKER), evaluate(ours, names, parts), champion=beside,
        champions=evaluate(theirs, names, parts), differences=differences,
        judgement=judge(differences, headline(Role.RANKER)), unit="reports",
    )  # fmt: skip


def _policy_alone(policy: Policy) -> Callable[[Evidence], float]:
    return lambda evidence: prioritize(evidence, policy).score


def _until(*models: ModelVersion | None) -> date:
    """Give the last day of which any of these learned."""
    return max(open_ranker(model).contract.until for model in models if model)


def _answered(until: date) -> Answered:
    """Give the reports received after a day that feedback says something of."""
    with reading(world().ledger) as connection:
        reports, files = known_facts(connection)
        said = {report: helped(each) for report, each in desk.answers(connection).items()}
    found = []
    for one, evidence, _ in weighed(reports, files, world().policy, datetime.now(UTC).date()):
        was = said.get(one.id)
        if was is not None and one.received_at.date() > until:
            found.append((one.id, evidence, was))
    return found


def _digest(found: Answered) -> str:
    return hashlib.sha256(repr(sorted((report, was) for report, _, was in found)).encode()).hexdigest()
