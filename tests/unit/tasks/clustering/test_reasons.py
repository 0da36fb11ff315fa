"""Why each member is in its cluster: tied to the nearest others, by what can be told."""

from itertools import product

import numpy as np
import pytest
from bits import oriented, some, turned
from hypothesis import given
from hypothesis import strategies as st
from taken_in import MOMENT, key, record, sighted, taken

from domain.cluster import ClusterKind, Ruling, Tie, TieKind
from domain.linking import Link, LinkKind
from domain.media import Algorithm, Fingerprint, Fingerprints, hamming
from infra.ledger import clusters, links, media
from infra.ledger.films import Pair
from infra.world import world
from tasks.clustering.reasons import TIES, by_films, by_links, by_pictures, by_rulings, by_vectors
from tasks.clustering.telling import card
from tasks.hashing.pdq import _TURNS, ORIENTATIONS, pdq

PDQ, TRIMMED = Algorithm.PDQ, Algorithm.PDQ_TRIMMED
COPIES = ClusterKind.COPIES


def test_pictures_are_tied_to_the_nearest_within_the_radius():
    near = {"b": 12, "c": 4, "d": 31, "e": 30, "f": 33}
    prints = [("a", PDQ, oriented(some(1), 1))]
    prints += [
        (name, PDQ, oriented(turned(some(1), bits), place)) for place, (name, bits) in enumerate(near.items(), 2)
    ]
    ties = by_pictures({"a"}, prints)
    assert ties == {"a": [Tie(name, TieKind.PICTURE, near[name], ("upright",)) for name in ("c", "b", "e")]}
    assert len(ties["a"]) == TIES


def test_a_tie_says_that_borders_were_cut_off():
    prints = [("a", PDQ, oriented(some(1), 1)), ("b", PDQ, oriented(some(2), 2)), ("b", TRIMMED, oriented(some(1), 3))]
    assert by_pictures({"a"}, prints)["a"] == [Tie("b", TieKind.PICTURE, 0, ("upright", "borders"))]


@pytest.mark.parametrize("place", range(8))
def test_a_tie_says_how_the_picture_is_turned_whichever_of_the_two_hashes_was(scene, place):
    """The orientation is what makes of the one the other."""
    one, other = scene(1), np.ascontiguousarray(_TURNS[place](scene(1)))
    prints = [("one", PDQ, pdq(one).bits), ("other", PDQ, pdq(other).bits)]
    (tie,) = by_pictures({"one"}, prints)["one"]
    assert (tie.other, tie.notes) == ("other", (ORIENTATIONS[place],))
    assert tie.near <= 12


@given(st.integers(0, 99))
def test_ties_are_as_near_as_the_nearest_of_all_turns(seed):
    prints = [(name, PDQ, oriented(turned(some(seed % 3), 9 * number), number)) for number, name in enumerate("abcd")]
    for blob, ties in by_pictures(set("abcd"), prints).items():
        bits = {name: each for name, _, each in prints}
        for tie in ties:
            pairs = (bits[blob], bits[tie.other]), (bits[tie.other], bits[blob])
            turns = product(pairs, range(0, 256, 32))
            assert tie.near == min(hamming(one[at : at + 32], two[:32]) for (one, two), at in turns)


def test_films_are_tied_by_the_lesser_share_of_frames():
    pairs = [Pair("a", "b", 0.5, 0.9, 0, 3), Pair("a", "c", 1.0, 0.8, 0, 3)]
    assert by_films({"a", "b"}, pairs) == {
        "a": [Tie("c", TieKind.FILM, 0.8), Tie("b", TieKind.FILM, 0.5)], "b": [Tie("a", TieKind.FILM, 0.5)],
    }  # fmt: skip


def test_members_are_tied_by_their_vectors_to_the_nearest_that_is_no_copy():
    angles = np.radians([0, 1, 10, 30])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    ties = by_vectors({"a", "d"}, list("abcd"), vectors, {"a": "x", "b": "x"})
    assert ties == {
        "a": [Tie("c", TieKind.VECTORS, round(float(np.cos(np.radians(10))), 3))],
        "d": [Tie("c", TieKind.VECTORS, round(float(np.cos(np.radians(20))), 3))],
    }
    assert by_vectors({"a"}, ["a", "b"], vectors[:2], {"a": "x", "b": "x"}) == {"a": [Tie("b", TieKind.COPIES, 1.0)]}
    assert by_vectors({"a"}, ["a"], vectors[:1], {}) == {}


def test_reports_are_tied_by_all_that_they_share_with_the_few_with_which_they_share_most():
    found = [Link("a", "b", LinkKind.FILE, "f", 3), Link("a", "b", LinkKind.ACCOUNT, "x", 4)]
    found += [Link("a", name, LinkKind.FILE, "g", 3) for name in "cde"]
    told = by_links({"a"}, found)["a"]
    assert [(tie.other, tie.by, tie.near, tie.notes) for tie in told] == [
        ("b", "account", 2.0, ("x", "4")), ("b", "file", 1.0, ("f", "3")),
        ("c", "file", 1.0, ("g", "3")), ("d", "file", 1.0, ("g", "3")),
    ]  # fmt: skip


def test_what_people_ruled_ties_and_what_they_ruled_apart_does_not():
    rulings = [Ruling("a", "b", same=True), Ruling("a", "c", same=False)]
    assert by_rulings({"a", "c"}, rulings) == {"a": [Tie("b", TieKind.RULING)]}


def test_a_card_tells_of_some_members_why_they_are_in_and_how_many_there_are(data):
    names = "abcde"
    with world().ledger.begin() as connection:
        record(connection, *(taken(name, sighted(name)) for name in names))
        prints = [
            Fingerprints(key(name), (Fingerprint(oriented(turned(some(1), place), place), 80),), 1, 1)
            for place, name in enumerate(names)
        ]
        media.record_fingerprints(connection, prints)
        clusters.record(connection, COPIES, {key(name): "x" for name in names}, MOMENT)
        outside = Ruling(key("a"), key("z"), same=True)
        clusters.rule(connection, COPIES, outside, by="s", at=MOMENT, reason="")
    found = card("x", 2)
    assert (found.size, [one.name for one in found.members]) == (5, [key("a"), key("b")])
    assert found.representative.name in {one.name for one in found.members}
    assert [(tie.other, tie.by, tie.near) for tie in found.members[0].ties] == [
        (key("b"), "picture", 1), (key("c"), "picture", 2), (key("d"), "picture", 3),
    ]  # fmt: skip


def test_links_that_lead_out_of_a_cluster_are_no_ties_of_it(data):
    with world().ledger.begin() as connection:
        record(connection, *(taken(name) for name in "ABC"))
        clusters.record(connection, ClusterKind.REPORTS, {key("A"): "r", key("B"): "r"}, MOMENT)
        found = [Link(key("A"), key(other), LinkKind.EMAIL, "x", 3) for other in "BC"]
        links.record(connection, found)
    assert [[tie.other for tie in one.ties] for one in card("r").members] == [[key("B")], [key("A")]]
