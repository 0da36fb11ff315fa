"""Cluster: files that show the same in any orientation, and reports that brought them, in any order."""

import random
from collections import defaultdict
from itertools import combinations

import pytest
from bits import oriented, some, turned
from taken_in import key, record, sighted, taken

from domain.cluster import ClusterKind
from domain.media import Fingerprint, Fingerprints, Kind, hamming
from infra.ledger import clusters, media
from infra.world import world
from tasks.clustering.copies import cluster_copies, copy_edges
from tasks.clustering.sharing import cluster_reports

IMAGE, VIDEO = Kind.IMAGE, Kind.VIDEO


def still(name, upright, seed=0, **others):
    return (name, IMAGE, oriented(upright, seed, **others))


def film(name, *numbers, seed):
    return [(name, VIDEO, oriented(some(number), seed + place)) for place, number in enumerate(numbers)]


@pytest.mark.parametrize(("bits", "edges"), [(0, [("a", "b")]), (31, [("a", "b")]), (32, []), (128, [])])
def test_pictures_within_31_bits_are_copies(bits, edges):
    assert copy_edges([still("a", some(1), 1), still("b", turned(some(1), bits), 2)]) == edges


@pytest.mark.parametrize("place", range(8))
@pytest.mark.parametrize("whose", [0, 1])
def test_a_turned_picture_is_a_copy_whichever_of_the_two_was_turned(place, whose):
    uprights = [some(1), some(2)]
    turn = {f"at_{place}": turned(uprights[1 - whose], 9)}
    files = [still("ab"[at], uprights[at], at, **(turn if at == whose else {})) for at in (0, 1)]
    assert copy_edges(files) == [("a", "b")]


def test_a_video_and_a_picture_are_no_copies():
    assert copy_edges([still("a", some(1), 1), *film("b", 1, seed=2)]) == []


@pytest.mark.parametrize(
    ("one", "other", "copies"),
    [
        ([1, 2, 3, 4], [1, 2, 9, 8], True),
        ([1, 2, 3, 4], [1, 9, 8, 7], False),
        ([1, 2], [1, 9, 8, 7, 6, 5], True),
        ([1, 2, 3], [1, 9, 8, 7, 6, 5], False),
        ([1], [5, 6, 7, 8, 1], True),
        ([1, 2, 3, 4], [1, 1, 1, 1], False),
    ],
)
def test_videos_are_copies_when_half_of_the_shorter_agrees(one, other, copies):
    frames = [*film("a", *one, seed=10), *film("b", *other, seed=20)]
    assert copy_edges(frames) == ([("a", "b")] if copies else [])
    renamed = [*film("a", *other, seed=20), *film("b", *one, seed=10)]
    assert len(one) == len(other) or copy_edges(renamed) == copy_edges(frames)


def test_the_frames_of_one_file_make_no_edge():
    assert copy_edges(film("a", 1, 1, 1, seed=1)) == []
    assert copy_edges([]) == []


def archive(seed):
    """Draw pictures and films of which many show the same."""
    rng = random.Random(seed)
    files = []
    for number in range(14):
        kind, length = (VIDEO, rng.randint(1, 4)) if number % 3 else (IMAGE, 1)
        for _ in range(length):
            upright = turned(some(rng.randrange(4)), rng.randrange(30))
            spare = (
                {f"at_{rng.randrange(1, 8)}": turned(some(rng.randrange(4)), rng.randrange(40))}
                if rng.random() < 0.5
                else {}
            )
            files.append((f"{number:02}", kind, oriented(upright, len(files), **spare)))
    return files


def compared(frames):
    """Compare every frame with every other, as the rule says it."""
    by_file, kinds = defaultdict(list), {}
    for place, (blob, kind, bits) in enumerate(frames):
        by_file[blob].append((place, bits))
        kinds[blob] = kind

    def agree(one, other):
        return any(
            hamming(query[at : at + 32], upright[:32]) <= 31
            for query, upright in ((one, other), (other, one))
            for at in range(0, 256, 32)
        )

    edges = []
    for one, other in combinations(sorted(by_file), 2):
        shorter, longer = sorted((one, other), key=lambda name: (len(by_file[name]), name))
        agreeing = [bits for _, bits in by_file[shorter] if any(agree(bits, each) for _, each in by_file[longer])]
        if kinds[one] is kinds[other] and agreeing and 2 * len(agreeing) >= len(by_file[shorter]):
            edges.append((one, other))
    return edges


@pytest.mark.parametrize("seed", range(6))
def test_copies_are_those_that_comparing_every_frame_with_every_other_finds(seed):
    edges = copy_edges(archive(seed))
    assert edges == compared(archive(seed))
    assert len(edges) > 5


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_files_does_not_matter(seed):
    frames = archive(seed)
    blobs = sorted({blob for blob, _, _ in frames})
    random.Random(seed).shuffle(blobs)
    shuffled = [frame for blob in blobs for frame in frames if frame[0] == blob]
    assert copy_edges(shuffled) == copy_edges(frames)


def test_clusters_are_written_once_and_keep_their_names(data):
    def add(report, **files):
        with world().ledger.begin() as connection:
            record(connection, taken(report, *(sighted(name) for name in files)))
            prints = [
                Fingerprints(key(name), (Fingerprint(oriented(bits, int(name[1:])), 80),), 1, 1)
                for name, bits in files.items()
            ]
            media.record_fingerprints(connection, prints)

    def names(kind):
        with world().ledger.begin() as connection:
            return {member.rstrip("."): name for member, name in clusters.members(connection, kind).items()}

    add("P", f1=some(1), f2=some(2))
    add("Q", f3=turned(some(1), 5))
    add("R", f4=some(4))
    assert dict(cluster_copies.fn()) == {"copies_clusters": 1, "copies_members_changed": 2}
    assert dict(cluster_reports.fn()) == {"reports_clusters": 1, "reports_members_changed": 2}
    before = names(ClusterKind.COPIES)
    assert set(before) == {"f1", "f3"}
    assert set(names(ClusterKind.REPORTS)) == {"P", "Q"}
    assert cluster_copies.fn()["copies_members_changed"] == cluster_reports.fn()["reports_members_changed"] == 0
    add("S", f0=turned(some(1), 9))
    assert cluster_copies.fn()["copies_members_changed"] == 1
    assert names(ClusterKind.COPIES) == {**before, "f0": before["f1"]}
