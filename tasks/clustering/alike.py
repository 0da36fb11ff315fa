"""Alike: pictures and films of one scene, and faces of one person perhaps, by the vectors that models gave them."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from domain.cluster import ClusterKind, Ruling
from domain.counts import Counts
from domain.model import ModelVersion, Role
from infra.index.nearest import Vectors
from infra.ledger import clusters
from infra.ledger.engine import reading
from infra.world import world
from models.contract import FaceEmbedderContract, SceneEmbedderContract, load_contract
from models.runners.embedder import unit
from tasks.clustering.keeping import Grouped, Population, grouped
from tasks.clustering.linkage import Pair
from tasks.clustering.naming import Touched, record_groups
from tasks.staging import step

LEAST_QUALITY = 50
"""Faces of a lower quality, or blurred ones, are in no cluster: their vectors say little."""

Units = Mapping[str, Sequence[str]]
"""Files by what stands for them: copies of one another together, every other file by itself."""


def as_units(files: Sequence[str], copies: Mapping[str, str]) -> Units:
    """Make one of the copies of each file, in order; `copies` gives each file's cluster of copies.

    It is called by its first file, and by a digest of all where there are several: those that change are another unit.
    """
    together: defaultdict[str, list[str]] = defaultdict(list)
    for file in files:
        together[copies.get(file, file)].append(file)
    return {_called(some): some for some in together.values()}


def _called(files: Sequence[str]) -> str:
    digest = hashlib.sha256(" ".join(files).encode()).hexdigest()[:8] if len(files) > 1 else ""
    return f"{files[0]}+{digest}" if digest else files[0]


def mean_directions(units: Sequence[Sequence[str]], vectors: Vectors) -> Vectors:
    """Give the mean direction of each unit's files, whose vectors stand in their order."""
    starts = np.cumsum([0, *map(len, units)])[:-1]
    return unit(np.add.reduceat(vectors, starts, axis=0)) if len(units) else vectors


def ruled_of_units(rulings: Sequence[Ruling], units: Units, copies: Mapping[str, str]) -> list[Ruling]:
    """Let what was ruled of a file be ruled of its unit."""
    names = {copies.get(files[0], files[0]): name for name, files in units.items()} if rulings else {}
    turned = [
        (names.get(copies.get(each.one, each.one)), names.get(copies.get(each.other, each.other)), each.same)
        for each in rulings
    ]
    return [Ruling(one, other, same) for one, other, same in turned if one and other and one != other]


def of_one_picture(names: Sequence[str], moments: Sequence[float]) -> Iterator[Pair]:
    """Pair the faces that one picture or frame shows at once: they are of different people."""
    shown: defaultdict[tuple[str, float], list[int]] = defaultdict(list)
    for at, (name, moment) in enumerate(zip(names, moments, strict=True)):
        shown[name.partition("/")[0], moment].append(at)
    for together in shown.values():
        yield from combinations(together, 2)


@step
def cluster_scenes(*, anew: bool = False) -> Counts:
    """Cluster the files of one scene, as the champion's vectors tell; copies of one another count as one.

    Of many files, those that the latest ones touch; all if `anew`.
    """
    model = world().registry.find(Role.SCENE_EMBEDDER)
    if model is None:
        return Counts()
    with reading(world().ledger) as connection:
        files = clusters.scene_files(connection, model)
        copies = clusters.members(connection, ClusterKind.COPIES)
        units = as_units(files, copies)

        def fetch(some: Sequence[str]) -> Vectors:
            theirs = [units[name] for name in some]
            every = [file for of_unit in theirs for file in of_unit]
            return mean_directions(theirs, clusters.scene_vectors(connection, model, every))

        rulings = ruled_of_units(clusters.rulings(connection, ClusterKind.SCENES), units, copies)
        those = Population(ClusterKind.SCENES, _folder(model), list(units), fetch, _alike(model), rulings)
        found = grouped(those, anew=anew)
    return _recorded(those, found, units)


@step
def cluster_faces(*, anew: bool = False) -> Counts:
    """Cluster faces that may be of one person, as the champions tell; those that one picture shows at once are not.

    Of many faces, those that the latest ones touch; all if `anew`.
    """
    registry = world().registry
    model, detector = registry.find(Role.FACE_EMBEDDER), registry.find(Role.FACE_DETECTOR)
    if model is None or detector is None:
        return Counts()
    with reading(world().ledger) as connection:
        faces = clusters.faces(connection, model, detector, LEAST_QUALITY)

        def fetch(some: Sequence[str]) -> Vectors:
            return clusters.face_vectors(connection, model, detector, some)

        def apart(names: Sequence[str]) -> Iterator[Pair]:
            return of_one_picture(names, [faces[name].seconds for name in names])

        rulings = clusters.rulings(connection, ClusterKind.FACES)
        folder = f"{_folder(model)}-{_folder(detector)}"
        those = Population(ClusterKind.FACES, folder, list(faces), fetch, _alike(model), rulings, apart)
        found = grouped(those, anew=anew)
    shown = {name: face.quality for name, face in faces.items()}
    return _recorded(those, found, {name: (name,) for name in faces}, shown)


def confidence(cosine: float, least: float, qualities: Sequence[int] = ()) -> float:
    """Tell how far a group's average cosine is from the threshold (0) to 1 (1), less where its faces are worse.

    It is a number to compare groups of one model by, and no probability: the mean quality of the faces, 0-100, is
    taken as a share of it.
    """
    above = min(max((cosine - least) / (1 - least), 0.0), 1.0) if least < 1 else 1.0
    return above * (sum(qualities) / len(qualities) / 100 if qualities else 1.0)


def _recorded(those: Population, found: Grouped, units: Units, shown: Mapping[str, int] | None = None) -> Counts:
    """Write groups of units as groups of their members; `shown` is the quality of faces."""
    groups, worth = [], {}
    for names, cosine in found.groups:
        groups.append(sorted(file for name in names for file in units[name]))
        worth[groups[-1][0]] = confidence(cosine, those.least, [shown[name] for name in names] if shown else ())
    touched = None
    if found.touched is not None:
        known = {file for files in units.values() for file in files}
        touched = Touched({file for name in found.touched for file in units[name]}, known)
    with world().ledger.begin() as connection:
        counts = record_groups(connection, those.kind, sorted(groups), touched, worth)
    return counts + found.settle(those.kind)


def _folder(model: ModelVersion) -> str:
    return f"{model.name.replace('/', '-')}-{model.version}"


def _alike(model: ModelVersion) -> float:
    """Read from an embedder's contract from which average cosine on groups are one."""
    contract = load_contract(world().registry.folder(model))
    assert isinstance(contract, SceneEmbedderContract | FaceEmbedderContract)
    return contract.alike
