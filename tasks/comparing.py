"""Comparing: where a challenger on trial differs from the champion over the same files; from the ledger alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from domain.errors import UnusableModel
from domain.model import OF_FILES, Alias, ModelVersion, Role, Serving
from infra.ledger import opinions, shadows
from infra.ledger.engine import reading
from infra.ledger.opinions import Opinion
from infra.ledger.said import stacked
from infra.tracking import Written
from infra.world import world
from models.disagreement import (
    AttributeAgreement,
    CountAgreement,
    LabelAgreement,
    NeighbourAgreement,
    attribute_agreement,
    count_agreement,
    label_agreement,
    neighbour_agreement,
)
from tasks.evaluating.disagreeing import Disagreement, as_csv, as_page
from tasks.staging import step

MOST_FILES = 20_000
MOST_LABELS = 20
"""Labels that are compared: those with thresholds, else those that stand most often."""

Pairs = Sequence[tuple[Opinion, Opinion]]
"""What champion and challenger say of each file."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Champion and challenger over the same files: labels, faces, attributes or neighbours, by role."""

    champion: ModelVersion
    challenger: ModelVersion
    files: int
    labels: tuple[LabelAgreement, ...] = ()
    faces: CountAgreement | None = None
    neighbours: NeighbourAgreement | None = None
    attributes: tuple[AttributeAgreement, ...] = ()

    def __str__(self) -> str:
        said = [_told(each.label, each.agreement, each.kappa) for each in self.labels if each.said]
        said += [f"as many faces in {self.faces.same:.1%}"] if self.faces else []
        said += [_told(each.name, each.agreement, each.kappa) for each in self.attributes]
        said += [f"{self.neighbours.common:.1%} of the nearest in common"] if self.neighbours else []
        return f"{self.challenger} beside {self.champion}, {self.files:,} files: {'; '.join(said) or 'nothing to tell'}"


def _told(what: str, agreement: float, kappa: float) -> str:
    return f"{what} {agreement:.1%}" + (f", kappa {kappa:.2f}" if not math.isnan(kappa) else "")


def agreeing(found: Compared, pairs: Pairs) -> Compared:
    """Add how far both agree, by the form of their role."""
    role = found.champion.role
    if role in (Role.CLASSIFIER, Role.TAGGER):
        return replace(found, labels=tuple(_label(label, pairs) for label in _labels(pairs)))
    if role is Role.FACE_DETECTOR:
        champion, challenger = (np.array([each.faces for each in side]) for side in zip(*pairs, strict=True))
        return replace(found, faces=count_agreement(champion, challenger))
    if role is Role.FACE_ATTRIBUTES:
        return replace(found, attributes=_attributes(pairs))
    both = [
        (one.vectors, other.vectors) for one, other in pairs if one.vectors and len(one.vectors) == len(other.vectors)
    ]
    if not both:
        return found
    ours, theirs = (stacked([vector for each in side for vector in each]) for side in zip(*both, strict=True))
    return replace(found, neighbours=neighbour_agreement(ours, theirs))


def _labels(pairs: Pairs) -> list[str]:
    """Choose labels: with thresholds, or those that stand most often."""
    counted: dict[str, int] = {}
    telling = {label for pair in pairs for each in pair for label in each.says}
    for pair in pairs:
        for label in {label for each in pair for label in each.probabilities}:
            counted[label] = counted.get(label, 0) + 1
    chosen = [label for label in counted if label in telling] or list(counted)
    return sorted(chosen, key=lambda label: (-counted[label], label))[:MOST_LABELS]


def _label(label: str, pairs: Pairs) -> LabelAgreement:
    champion, challenger = zip(*pairs, strict=True)
    says = tuple([each.says.get(label) for each in side] for side in (champion, challenger))
    numbers = tuple(np.array([each.probabilities.get(label, 0.0) for each in side]) for side in (champion, challenger))
    return label_agreement(label, (says[0], says[1]), (numbers[0], numbers[1]))


def _attributes(pairs: Pairs) -> tuple[AttributeAgreement, ...]:
    """Compare attribute by attribute, over the faces of which both give it; the detector's ordinals tell them apart."""
    labels: dict[str, list[tuple[str, str]]] = {}
    for one, other in pairs:
        theirs = {(each.face, each.name): each.label for each in other.attributes}
        for each in one.attributes:
            if (each.face, each.name) in theirs:
                labels.setdefault(each.name, []).append((each.label, theirs[each.face, each.name]))
    return tuple(attribute_agreement(name, *zip(*labels[name], strict=True)) for name in sorted(labels))


def compare(role: Role) -> Compared:
    """Compare a role's challenger with its champion over the files of which both have spoken.

    Raises:
        UnusableModel: the role lacks one of them, or its models look at no files.
    """
    if role not in OF_FILES:
        raise UnusableModel(f"a {role} looks at no files; `breakwater policy report` compares those in shadow")
    registry = world().registry
    champion, challenger = registry.resolve(role), registry.resolve(role, Alias.CHALLENGER)
    detector = registry.find(Role.FACE_DETECTOR) if role.of_faces else None
    upon = str(detector or "")
    serving = Serving(challenger, upon, shadow=True)
    with reading(world().ledger) as connection:
        once_champion = opinions.files_seen(connection, challenger, MOST_FILES, upon)
        said = opinions.of_files(connection, challenger, once_champion, upon)
        shadow = shadows.answers(connection, serving, MOST_FILES)
        said |= {told.blob: opinions.opinion(told.answers[0]) for _, told in shadow if not told.answers[0].fault}
        spoken = opinions.of_files(connection, champion, sorted(said), upon)
    pairs = [(spoken[blob], said[blob]) for blob in sorted(spoken)]
    found = Compared(champion, challenger, len(pairs))
    return agreeing(found, pairs) if pairs else found


def keep(found: Compared) -> str:
    """Keep a comparison as a run in MLflow, and give the run's id.

    Raises:
        UnusableModel: there is no file of which both have spoken yet.
    """
    if not found.files:
        told = f"{found.challenger} and {found.champion} have seen no file in common; run `breakwater classify` first"
        raise UnusableModel(told)
    tags = {"champion": str(found.champion), "challenger": str(found.challenger), "files": f"{found.files}"}
    metrics = {f"{each.label}/agreement": each.agreement for each in found.labels if each.said}
    metrics |= {f"{each.name}/agreement": each.agreement for each in found.attributes}
    report = Disagreement(
        str(found.champion), str(found.challenger), found.files,
        found.labels, found.faces, found.neighbours, found.attributes,
    )  # fmt: skip
    files = {"report.html": as_page(report), "disagreement.csv": as_csv(report)}
    written = Written(f"{found.challenger} beside v{found.champion.version}", tags, metrics, files)
    return world().registry.compared(found.challenger, written)


@step
def compare_challengers() -> list[Compared]:
    """Compare every challenger with its champion, as far as both have seen files in common.

    One that was not registered by Breakwater has said nothing.
    """
    registry = world().registry
    trials = {role: registry.named(role, Alias.CHALLENGER) for role in OF_FILES}
    roles = [role for role, trial in trials.items() if trial and trial.digest and registry.find(role)]
    return [found for role in roles if (found := compare(role)).files]
