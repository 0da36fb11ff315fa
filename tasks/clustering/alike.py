"""Alike: pictures and films of one scene, and faces of one person perhaps, by the vectors that models gave them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from domain.cluster import ClusterKind, Ruling
from domain.counts import Counts
from domain.model import ModelVersion, Role
from infra.index.nearest import Vectors, nearest
from infra.ledger import clusters
from infra.world import world
from models.contract import FaceEmbedderContract, SceneEmbedderContract, load_contract
from models.runners.embedder import unit
from tasks.clustering.linkage import Pair, linked
from tasks.clustering.naming import record_groups
from tasks.staging import step

LEAST_QUALITY = 50
"""Faces of a lower quality, or blurred ones, are in no cluster: their vectors say little."""


def alike(
    names: Sequence[str], vectors: Vectors, least: float, rulings: Sequence[Ruling] = (), apart: Sequence[Pair] = ()
) -> list[list[str]]:
    """Group members by their vectors: by average linkage among near neighbours, keeping to what people ruled.

    Args:
        names: of members, in their order.
        vectors: as many, of unit length.
        least: average cosine from which on two groups are one.
        rulings: of members; those of others are not looked at.
        apart: places of members that are not the same, whatever their vectors say.
    """
    place = {name: at for at, name in enumerate(names)}
    here = [each for each in rulings if {each.one, each.other} <= place.keys()]
    ruled = [(place[each.one], place[each.other], each.same) for each in here]
    together = [(one, other) for one, other, same in ruled if same]
    parted = [*apart, *((one, other) for one, other, same in ruled if not same)]
    near = nearest(vectors, least)
    return [[names[at] for at in group] for group in linked(vectors, near, least, together, parted)]


def spread(groups: Sequence[Sequence[str]], copies: Mapping[str, str], names: Sequence[str]) -> list[list[str]]:
    """Let the copies of each member be with it, of those named; `copies` gives each one's cluster of copies."""
    same: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        same[copies.get(name, name)].append(name)
    whole = ([name for member in group for name in same[copies.get(member, member)]] for group in groups)
    return sorted(sorted(group) for group in whole)


def _as_one(names: Sequence[str], vectors: Vectors, copies: Mapping[str, str]) -> tuple[list[str], Vectors]:
    """Make one of the copies of each file, of the cluster's name and the mean direction; what has none stays itself."""
    place: dict[str, int] = {}
    of = [place.setdefault(copies.get(name, name), len(place)) for name in names]
    sums = np.zeros((len(place), vectors.shape[1]), np.float32)
    np.add.at(sums, of, vectors)
    return list(place), unit(sums)


def _ruled_as_one(rulings: Sequence[Ruling], copies: Mapping[str, str]) -> list[Ruling]:
    """Let what was ruled of a file be ruled of all its copies."""
    turned = [Ruling(copies.get(each.one, each.one), copies.get(each.other, each.other), each.same) for each in rulings]
    return [each for each in turned if each.one != each.other]


def of_one_picture(names: Sequence[str], moments: Sequence[float]) -> Iterator[Pair]:
    """Pair the faces that one picture or frame shows at once: they are of different people."""
    shown: defaultdict[tuple[str, float], list[int]] = defaultdict(list)
    for at, (name, moment) in enumerate(zip(names, moments, strict=True)):
        shown[name.partition("/")[0], moment].append(at)
    for together in shown.values():
        yield from combinations(together, 2)


@step
def cluster_scenes() -> Counts:
    """Cluster the files of one scene, as the champion's vectors tell; copies of one another count as one."""
    model = world().registry.find(Role.SCENE_EMBEDDER)
    if model is None:
        return Counts()
    least = _alike(model)
    with world().ledger.begin() as connection:
        names, vectors = clusters.scene_vectors(connection, model)
        copies = clusters.members(connection, ClusterKind.COPIES)
        rulings = _ruled_as_one(clusters.rulings(connection, ClusterKind.SCENES), copies)
        groups = alike(*_as_one(names, vectors, copies), least, rulings)
        return record_groups(connection, ClusterKind.SCENES, spread(groups, copies, names))


@step
def cluster_faces() -> Counts:
    """Cluster faces that may be of one person, as the champions tell; those that one picture shows at once are not."""
    registry = world().registry
    model, detector = registry.find(Role.FACE_EMBEDDER), registry.find(Role.FACE_DETECTOR)
    if model is None or detector is None:
        return Counts()
    least = _alike(model)
    with world().ledger.begin() as connection:
        names, vectors, moments = clusters.face_vectors(connection, model, detector, LEAST_QUALITY)
        rulings = clusters.rulings(connection, ClusterKind.FACES)
        groups = alike(names, vectors, least, rulings, list(of_one_picture(names, moments)))
        return record_groups(connection, ClusterKind.FACES, groups)


def _alike(model: ModelVersion) -> float:
    """Read from an embedder's contract from which average cosine on groups are one."""
    contract = load_contract(world().registry.folder(model))
    assert isinstance(contract, SceneEmbedderContract | FaceEmbedderContract)
    return contract.alike
