"""The gate: a version is measured beside the champion on the newest set of its role, before it may take its place."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.errors import InvalidSettings, PromotionRefused
from domain.model import ModelVersion, Role
from infra.ledger import evaluation_sets
from infra.ledger.engine import reading
from infra.ledger.evaluation_sets import EvaluationSet
from infra.tracking import Written
from infra.world import world
from models.contract import Contract, FaceEmbedderContract, SceneEmbedderContract, load_contract
from models.evaluation.cuts import GRID, PRECISION, cuts
from models.evaluation.judging import Judgement, Verdict, headline, judge
from models.evaluation.pairs import Pairs
from models.evaluation.resampling import ALL, MACRO, Estimate, Name, Slices, Statistics, compare, evaluate
from models.evaluation.slices import slices
from models.evaluation.verdicts import Verdicts, reliability
from tasks.evaluating.grouping import Grouping
from tasks.evaluating.report import Report, as_csv, as_page
from tasks.examining import examine
from tasks.learning.measuring import lacking, measure_ranker
from tasks.rankers import agree, open_ranker
from tasks.scoring import alike, facts, groups, statistics

LEAST_REASON = 10
"""Characters of a reason that lets a version through which the gate would not."""

LEAST_ITEMS = 2
"""Files that can be decoded, without which nothing is measured."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What was measured of a version.

    Attributes:
        model: which.
        champion: it was compared with; None where there was none, or it is that itself.
        of: the set.
        report: what was found.
        run: the id of the run that holds it in MLflow.
    """

    model: ModelVersion
    champion: ModelVersion | None
    of: EvaluationSet
    report: Report
    run: str = ""

    @property
    def measured_by(self) -> str:
        """Name the number by which models of this role are judged."""
        return self.report.by.metric.replace("_", " ")

    @property
    def headline(self) -> str:
        """Tell that number with its interval, and the set."""
        one = next(each for each in self.report.estimates if each.name == self.report.by and each.slice == ALL)
        return f"{self.measured_by} {number(one)} on {self.of}"

    @property
    def passes(self) -> bool:
        """Whether it may become champion without a reason in words."""
        return self.report.judgement is None or self.report.judgement.passes

    @property
    def told(self) -> str:
        """Say how the version stands to the champion."""
        judged = self.report.judgement
        if judged is None:
            return f"evaluated beside no other: {self.headline}"
        than = "as" if judged.verdict is Verdict.NOT_SHOWN else "than"
        return f"{judged.verdict} {than} {self.report.champion} on {self.of}: {'; '.join(judged.reasons)}"


def lines(report: Report) -> list[tuple[str, str, str, str]]:
    """Tell it slice by slice: the slice, its files, the number that is judged, and its difference to the champion."""
    differences = {each.slice: number(each) for each in report.differences if each.name == report.by}
    return [
        (each.slice, f"{each.n:,}", number(each), differences.get(each.slice, ""))
        for each in report.estimates
        if each.name == report.by
    ]


def number(one: Estimate) -> str:
    """Write a number with its interval."""
    if math.isnan(one.value):
        return "not defined"
    return f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"


def set_of(role: Role) -> EvaluationSet | None:
    """Give the set by which models of a role are evaluated, if there is one."""
    with reading(world().ledger) as connection:
        return evaluation_sets.newest(connection, role)


def measure(model: ModelVersion, precision: float = PRECISION) -> Evaluated:
    """Measure a version on the newest set of its role, beside the champion, and keep it as a run in MLflow.

    Of an embedder it tells from which cosine on groups are one with this precision.

    Raises:
        InvalidSettings: the role has no set, or nothing of it can be decoded.
    """
    champion = world().registry.find(model.role)
    beside = None if champion == model else champion
    if model.role is Role.RANKER:
        agree(open_ranker(model).contract, world().policy)
        return _kept(Evaluated(model, beside, *measure_ranker(model, beside)))
    of = set_of(model.role)
    if of is None:
        raise InvalidSettings(f"{model.role} has no evaluation set; `breakwater model evaluation import` takes one in")
    return _kept(_measured(model, beside, of, precision))


def evaluate_version(role: Role, version: int, precision: float = PRECISION) -> Evaluated:
    """Measure a version of this number; as `measure`."""
    return measure(world().registry.version(role, version), precision)


def _measured(
    model: ModelVersion, champion: ModelVersion | None, of: EvaluationSet, precision: float = PRECISION
) -> Evaluated:
    """Measure a version, and the champion on the same files, with the same resamples."""
    with reading(world().ledger) as connection:
        items = evaluation_sets.items(connection, of)
    models = [model, champion] if champion else [model]
    contracts = [load_contract(world().registry.folder(each)) for each in models]
    examined = examine(items, models)
    if len(examined) < LEAST_ITEMS:
        raise InvalidSettings(f"of the {len(items)} files of {of} {len(examined)} can be decoded; import better ones")
    drawn, parts = groups(model.role, examined), slices(facts(examined))
    every = [statistics(contract, examined, place) for place, contract in enumerate(contracts)]
    estimates = [evaluate(each, drawn, parts) for each in every]
    bins = [reliability(each) if isinstance(each, Verdicts) else () for each in every]
    report = Report(
        str(model), str(of), len(examined), headline(model.role), estimates[0],
        unread=len(items) - len(examined), bins=bins[0], grouping=_grouping(every[0], contracts[0], precision),
    )  # fmt: skip
    if champion:
        differences, judgement = _beside(every, drawn, parts, report.by)
        report = replace(
            report, champion=str(champion), champions=estimates[1], champions_bins=bins[1],
            differences=differences, judgement=judgement,
        )  # fmt: skip
    return Evaluated(model, champion, of, report)


def _grouping(measured: Statistics, contract: Contract, precision: float) -> Grouping | None:
    """Tell of an embedder what groups come of its vectors."""
    if not isinstance(measured, Pairs) or not isinstance(contract, SceneEmbedderContract | FaceEmbedderContract):
        return None
    grid = sorted({*GRID, contract.alike})
    return Grouping(contract.alike, precision, cuts(measured.vectors, measured.groups, grid))


def _beside(
    every: Sequence[Statistics], drawn: Sequence[str], parts: Slices, by: Name
) -> tuple[tuple[Estimate, ...], Judgement]:
    """Compare a version with the champion, as far as both can be measured by the same."""
    both = alike(*every)
    if both is None:
        return (), Judgement(Verdict.NOT_SHOWN, by, ("the two have no label in common, so that nothing compares them",))
    differences = compare(*both, drawn, parts)
    return differences, judge(differences, by)


def _kept(found: Evaluated) -> Evaluated:
    """Keep what was measured as a run in MLflow, with the version."""
    beside, report = f" beside v{found.champion.version}" if found.champion else "", found.report
    tags = {
        "role": found.model.role.value, "version": str(found.model.version), "champion": report.champion,
        "set": found.of.name, "set_version": found.of.version, "items": str(report.items),
        "unread": str(report.unread), "verdict": report.judgement.verdict.value if report.judgement else "",
    }  # fmt: skip
    files = {"report.html": as_page(report), "evaluation.csv": as_csv(report)}
    if report.grouping:
        files["alike.csv"] = report.grouping.as_csv()
    written = Written(f"{found.model}{beside} on {found.of}", tags, metrics(report.estimates), files)
    return replace(found, run=world().registry.evaluated(found.model, found.headline, written))


def metrics(estimates: Sequence[Estimate]) -> dict[str, float]:
    """Name the numbers for MLflow: means over labels, as `SLICE/METRIC`; the table beside them has every label."""
    told = [each for each in estimates if each.name.label == MACRO and not math.isnan(each.value)]
    return {
        f"{each.slice.replace(': ', '/')}/{each.name.metric}{end}": value
        for each in told
        for end, value in (("", each.value), ("_low", each.low), ("_high", each.high))
        if not math.isnan(value)
    }


def admit(model: ModelVersion, reason: str = "") -> tuple[str, Evaluated | None]:
    """Let a version become champion, or not; give the reason to keep with it, and what was measured.

    One that is no worse than the champion passes, and the first of its role. Any other needs a reason in words of at
    least ten characters, and so does one of a role without a set.

    Raises:
        PromotionRefused: it does not pass, and nobody says why it should.
    """
    reason = reason.strip()
    lacks = _lacks(model)
    if lacks:
        if len(reason) < LEAST_REASON:
            raise PromotionRefused(
                f"{lacks}, so nothing tells whether {model} is any good: give a reason of {LEAST_REASON} characters "
                "or more"
            )
        return reason, None
    found = measure(model)
    if found.passes or len(reason) >= LEAST_REASON:
        return reason or found.told, found
    raise PromotionRefused(
        f"{model} is {found.told}. The report is run {found.run} of the experiment evaluations; promote it all the "
        f"same by a reason of {LEAST_REASON} characters or more"
    )


def _lacks(model: ModelVersion) -> str:
    """Say what is lacking to measure a version; empty where nothing is."""
    if model.role is Role.RANKER:
        return lacking(model)
    imported = "import one with `breakwater model evaluation import`"
    return f"{model.role} has no evaluation set ({imported})" if set_of(model.role) is None else ""
