"""What could tie the members of a cluster, as the ledger holds it."""

import numpy as np
from taken_in import MOMENT, key, record, sighted, taken

from domain.cluster import ClusterKind
from domain.model import Answer, Answered, ModelVersion, Serving
from infra.ledger import clusters, inferences, ties

SCENES, FACES = ModelVersion("embedder-scene/m", 2, "0"), ModelVersion("embedder-face/m", 1, "0")


def vectors(*numbers):
    return tuple((ordinal, np.array([number, 0], "<f2").tobytes()) for ordinal, number in enumerate(numbers))


def test_vectors_are_of_the_members_named_of_one_version_and_of_one_detectors_faces(connection):
    record(connection, taken("one", sighted("a"), sighted("b"), sighted("c")))
    older = ModelVersion("embedder-scene/m", 1, "0")
    said = [
        ("a", Answer(Serving(SCENES), vectors=vectors(1))),
        ("a", Answer(Serving(older), vectors=vectors(9))),
        ("c", Answer(Serving(SCENES), vectors=vectors(3))),
        ("a", Answer(Serving(FACES, "detector v1"), vectors=vectors(4, 5))),
        ("b", Answer(Serving(FACES, "detector v2"), vectors=vectors(6))),
    ]
    inferences.record_answers(connection, [Answered(key(name), (answer,)) for name, answer in said], MOMENT)
    names, found = ties.vectors(connection, [key("a"), key("b")], SCENES)
    assert (names, found.tolist()) == ([key("a")], [[1, 0]])
    wanted = [f"{key('a')}/1", f"{key('b')}/0"]
    names, found = ties.vectors(connection, wanted, FACES, "detector v1")
    assert (names, found.tolist()) == ([f"{key('a')}/1"], [[5, 0]])


def test_copies_are_told_of_those_named(connection):
    clusters.record(connection, ClusterKind.COPIES, {"a": "x", "b": "x"}, MOMENT)
    clusters.record(connection, ClusterKind.SCENES, {"a": "y", "c": "y"}, MOMENT)
    assert ties.copies(connection, ["a", "c"]) == {"a": "x"}
