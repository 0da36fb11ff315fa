"""Scoring: what models said of an evaluation set's files, set beside what is true of them."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from domain.model import Role
from models.contract import AttributesContract, ClassifierContract, Contract, DetectorContract, TaggerContract
from models.evaluation.attributes import UNKNOWN, Attributes
from models.evaluation.detections import Detections
from models.evaluation.pairs import Pairs
from models.evaluation.resampling import Statistics
from models.evaluation.slices import Facts
from models.evaluation.verdicts import Verdicts
from tasks.examining import Examined, Said

UNDECIDED = (0.5, 0.5)
"""The thresholds of a label that has none: it is yes from 0.5 on."""


def facts(examined: Sequence[Examined]) -> Facts:
    """Give what slices are made of."""
    sides, bits, luma = ([getattr(one, name) for one in examined] for name in ("long_side", "bits_per_pixel", "luma"))
    return Facts(tuple(one.kind for one in examined), np.array(sides), np.array(bits), np.array(luma))


def groups(role: Role, examined: Sequence[Examined]) -> tuple[str, ...]:
    """Name what each file is drawn together with: its group in the set, or itself.

    Of an embedder it is all of one person or scene, whose pairs depend, and whatever shares a group with one of these.
    """
    own = [one.group or one.blob for one in examined]
    return _hanging([one.truth for one in examined], own) if _embeds(role) else tuple(own)


def _embeds(role: Role) -> bool:
    return role in (Role.SCENE_EMBEDDER, Role.FACE_EMBEDDER)


def _hanging(truths: Sequence[str], own: Sequence[str]) -> tuple[str, ...]:
    """Name, for each file, the first of the truths that hang together by files of one group."""
    names, truth = np.unique(np.asarray(truths), return_inverse=True)
    group = np.unique(np.asarray(own), return_inverse=True)[1] + len(names)
    nodes = len(names) + len(truths)
    _, parts = connected_components(coo_array((np.ones(len(truths)), (truth, group)), shape=(nodes, nodes)))
    first = dict(zip(parts[len(names) - 1 :: -1], names[::-1], strict=False))
    return tuple(str(first[parts[place]]) for place in truth)


def statistics(contract: Contract, examined: Sequence[Examined], place: int) -> Statistics:
    """Set what the model asked as `place` says beside what is true, by the form of its role."""
    said, truths = [one.said[place] for one in examined], [one.truth for one in examined]
    match contract:
        case ClassifierContract() | TaggerContract():
            return _verdicts(contract, truths, np.stack([_numbers(one) for one in said]))
        case DetectorContract():
            return Detections(np.array([int(truth) for truth in truths]), np.array(said))
        case AttributesContract():
            return _attributes(truths, said)
        case _:
            drawn = groups(contract.role, examined)
            return Pairs(_vectors(said), *(np.unique(each, return_inverse=True)[1] for each in (truths, drawn)))


def _numbers(said: Said) -> NDArray[np.float32]:
    assert isinstance(said, np.ndarray)
    return said


def _vectors(said: Sequence[Said]) -> NDArray[np.float32]:
    """Stack vectors; where no face was found, one of zeros, which is near nothing."""
    width = max((len(one) for one in said if isinstance(one, np.ndarray)), default=1)
    return np.stack([np.zeros(width, np.float32) if one is None else _numbers(one) for one in said])


def _verdicts(
    contract: ClassifierContract | TaggerContract, truths: Sequence[str], said: NDArray[np.float32]
) -> Verdicts:
    """Set a probability for each label beside the label that holds, or of a tagger those that do."""
    holding = [{truth} if contract.role is Role.CLASSIFIER else set(truth.split("|")) for truth in truths]
    truth = np.array([[label in labels for label in contract.labels] for labels in holding], dtype=np.bool_)
    bounds_of = contract.thresholds
    thresholds = tuple(
        (bounds_of[label].no, bounds_of[label].yes) if label in bounds_of else UNDECIDED for label in contract.labels
    )
    return Verdicts(contract.labels, truth, said, thresholds)


def _attributes(truths: Sequence[str], said: Sequence[Said]) -> Attributes:
    """Set labels by attribute beside the true ones; a model that says nothing of one that is known is wrong there."""
    true = [dict(part.split("=", 1) for part in truth.split("|")) for truth in truths]
    told = [one if isinstance(one, Mapping) else {} for one in said]
    names = sorted({name for each in true for name in each})
    return Attributes(
        {name: [each.get(name, UNKNOWN) for each in true] for name in names},
        {name: [each.get(name, UNKNOWN) for each in told] for name in names},
    )


def alike(one: Statistics, other: Statistics) -> tuple[Statistics, Statistics] | None:
    """Leave what both are measured by: of classifiers and taggers, the labels that both have; None without any."""
    if not isinstance(one, Verdicts) or not isinstance(other, Verdicts):
        return one, other
    labels = [label for label in one.labels if label in other.labels]
    return (one.only(labels), other.only(labels)) if labels else None
