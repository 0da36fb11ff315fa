"""Pair: films that were cut, mirrored, framed or taken out of others are found, each pair once, in any order."""

import random

import numpy as np
import pytest
from bits import oriented, some, turned
from films import film as encoded
from listed import rows
from taken_in import key, record, sighted, taken

from domain.cluster import ClusterKind
from domain.media import Algorithm, Fingerprint, Fingerprints, Kind, hamming
from infra.ledger import clusters, films, media, schema
from infra.world import world
from tasks.clustering.copies import cluster_copies
from tasks.decoding import bounds
from tasks.hashing.films import descriptor
from tasks.hashing.fingerprints import fingerprint
from tasks.pairing import pair_films

PDQ, TRIMMED = Algorithm.PDQ, Algorithm.PDQ_TRIMMED


def shots(*numbers, algorithm=PDQ, bits=0, quality=80, every=1.0, seed=None):
    """Make frames of these pictures, one after another, each turned over by some bits."""
    return [
        Fingerprint(oriented(turned(some(number), bits), seed or number), quality, at * every, algorithm)
        for at, number in enumerate(numbers)
    ]


def store(name, *frames):
    keep(Fingerprints(key(name), (*frames, *filter(None, [descriptor(frames)])), 1, 1))


def keep(prints):
    name = prints.blob.rstrip(".")
    with world().ledger.begin() as connection:
        record(connection, taken(f"report of {name}", sighted(name, Kind.VIDEO)))
        media.record_fingerprints(connection, [prints])


def paired():
    return {(one.rstrip("."), other.rstrip(".")): tuple(told) for one, other, *told in rows(schema.film_pair)}


def clustered():
    cluster_copies.fn()
    with world().ledger.begin() as connection:
        names = clusters.members(connection, ClusterKind.COPIES)
    return {frozenset(each.rstrip(".") for each in names if names[each] == name) for name in names.values()}


def test_a_film_that_was_cut_anew_is_a_copy(data):
    store("film", *shots(*range(10)))
    store("recut", *shots(5, 6, 7, 8, 9, 0, 1, 2, 3, bits=9))
    store("other", *shots(*range(50, 60)))
    assert dict(pair_films.fn()) == {"films_compared": 3, "film_pairs": 2}
    assert paired() == {("film", "recut"): (0.9, 1.0, -5, 9)}
    assert clustered() == {frozenset({"film", "recut"})}


def test_a_clip_is_found_in_a_longer_film_with_its_offset_and_is_no_copy(data):
    store("a clip", *shots(*range(20, 25)))
    store("b clip", *shots(*range(30, 35)))
    store("longer", *shots(*range(60), bits=3))
    pair_films.fn()
    assert paired() == {("a clip", "longer"): (1.0, 5 / 60, 20, 3), ("b clip", "longer"): (1.0, 5 / 60, 30, 3)}
    assert clustered() == set()
    with world().ledger.begin() as connection:
        found = films.clips(films.pairs(connection))
    assert found == {key("a clip"): {key("longer"): 20}, key("b clip"): {key("longer"): 30}}


def test_mirrored_and_framed_films_are_copies(data):
    store("film", *shots(*range(6)))
    mirror = [Fingerprint(oriented(some(90 + at), 90 + at, at_4=some(at)), 80, float(at)) for at in range(6)]
    store("mirror", *mirror)
    store("framed", *shots(*range(70, 76)), *shots(*range(6), algorithm=TRIMMED))
    pair_films.fn()
    assert clustered() == {frozenset({"film", "mirror", "framed"})}


def test_films_are_compared_once_and_again_when_their_fingerprints_change(data):
    store("a", *shots(*range(5)))
    assert pair_films.fn()["films_compared"] == 1
    store("b", *shots(*range(5)))
    assert dict(pair_films.fn()) == {"films_compared": 1, "film_pairs": 1}
    assert dict(pair_films.fn()) == {"films_compared": 0, "film_pairs": 0}
    store("a", *shots(*range(30, 35)))
    assert dict(pair_films.fn()) == {"films_compared": 1, "film_pairs": 0}
    assert paired() == {}


def test_a_run_that_breaks_off_goes_on_where_it_was(data, monkeypatch):
    monkeypatch.setattr("tasks.pairing.FILMS_AT_ONCE", 1)
    for name in "abc":
        store(name, *shots(*range(5)))
    whole, calls = films.record, []

    def once(*told):
        calls.append(told)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(*told)

    with monkeypatch.context() as patch:
        patch.setattr(films, "record", once)
        with pytest.raises(KeyboardInterrupt):
            pair_films.fn()
    assert pair_films.fn()["films_compared"] == 2
    assert set(paired()) == {("a", "b"), ("a", "c"), ("b", "c")}


def everything(library):
    """Compare every frame of every film with every frame of every other."""
    found = {}
    voting = {
        name: list({frame.bits[:32]: frame for frame in reversed(frames) if frame.quality >= 50}.values())
        for name, frames in library.items()
    }
    for one in sorted(library):
        for other in sorted(library):
            if one < other:
                either = [shares(voting[one], voting[other]), shares(voting[other], voting[one])[::-1]]
                best = max(either, key=lambda each: (min(each), max(each)))
                if max(best) >= 0.5:
                    found[one, other] = best
    return found


def shares(ours, theirs):
    pairs = [
        (first, second)
        for first in range(len(ours))
        for second in range(len(theirs))
        if min(hamming(ours[first].bits[at : at + 32], theirs[second].bits[:32]) for at in range(0, 256, 32)) <= 31
    ]
    if not pairs:
        return 0.0, 0.0
    return len({one for one, _ in pairs}) / len(ours), len({two for _, two in pairs}) / len(theirs)


@pytest.mark.parametrize("seed", range(3))
def test_the_pairs_are_those_of_comparing_every_frame_with_every_frame(data, seed):
    rng = random.Random(seed)
    library = {}
    for number in range(9):
        numbers = [rng.randrange(14) for _ in range(rng.randrange(1, 9))]
        frames = shots(*numbers, bits=rng.choice([0, 10]), seed=rng.randrange(99))
        library[f"film {number}"] = [
            Fingerprint(each.bits, rng.choice([40, 80, 80]), each.seconds) for each in frames
        ]  # fmt: skip
    order = rng.sample(sorted(library), len(library))
    for name in order[:5]:
        store(name, *library[name])
    pair_films.fn()
    for name in order[5:]:
        store(name, *library[name])
    pair_films.fn()
    assert {pair: told[:2] for pair, told in paired().items()} == everything(library)
    assert len(paired()) > 2


def test_an_encoded_clip_is_found_where_it_was_taken_from(data, scene):
    pictures = [scene(number, 144, 192) for number in range(10)]

    def shot(name, *numbers, size=(192, 144)):
        frames = [np.asarray(pictures[number]) for number in numbers]
        moments = range(0, 25 * len(numbers), 25)
        content = encoded(moments=moments, size=size, shade=lambda at: frames[at])
        keep(fingerprint(key(name), Kind.VIDEO, content, bounds()))

    shot("film", *range(10))
    shot("clip", 4, 5, 6)
    shot("recut", 6, 7, 8, 9, 0, 1, 2)
    pair_films.fn()
    found = paired()
    assert found["clip", "film"][:3] == (1.0, 0.3, 4)
    assert found["film", "recut"][:2] == (0.7, 1.0)
    assert clustered() == {frozenset({"film", "recut"})}
