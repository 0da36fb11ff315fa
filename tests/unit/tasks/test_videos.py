"""Videos: the frames' votes are those of comparing every frame with every frame, and few films are compared at all."""

import math
import random
from collections import Counter

import pytest
from bits import oriented, some, turned
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.media import Fingerprint, hamming
from tasks.videos import FilmMatch, Library, Rule, distinct, needed


def film(*numbers, every=1.0, start=0.0, quality=80, bits=0):
    """Make a film of these pictures, one after another, each turned over by some bits."""
    return [Fingerprint(turned(some(number), bits), quality, start + at * every) for at, number in enumerate(numbers)]


def everything(query, films, rule):
    """Compare every frame with every frame, one by one: an oracle without an index and without candidates."""

    def voting(frames):
        kept = []
        for frame in frames:
            if frame.quality >= rule.quality and frame.bits[:32] not in [other.bits[:32] for other in kept]:
                kept.append(frame)
        return kept

    found = []
    ours = voting(query)
    for name, frames in films.items():
        theirs = voting(frames)
        pairs = []
        for one in ours:
            for other in theirs:
                turns = [one.bits[at : at + 32] for at in range(0, len(one.bits), 32)]
                distance = min(hamming(each, other.bits[:32]) for each in turns)
                if distance <= rule.radius:
                    pairs.append((one, other, distance))
        if not pairs:
            continue
        shares = (
            len({id(one) for one, _, _ in pairs}) / len(ours),
            len({id(two) for _, two, _ in pairs}) / len(theirs),
        )
        if shares[0] + 1e-12 < rule.query or shares[1] + 1e-12 < rule.reference:
            continue
        votes = Counter(round(two.seconds - one.seconds) for one, two, _ in pairs)
        most = [offset for offset, number in votes.items() if number == max(votes.values())]
        offset = min(most, key=lambda each: (abs(each), each))
        found.append(FilmMatch(name, *shares, offset, min(distance for _, _, distance in pairs)))
    return sorted(found, key=lambda one: (-one.query_share, -one.reference_share, one.film))


def test_an_extract_is_found_in_a_longer_film_with_its_offset():
    films = {"long": film(*range(60)), "other": film(*range(100, 160))}
    (match,) = Library(films, Rule()).search(film(*range(20, 30), bits=9))
    assert match == FilmMatch("long", 1.0, 10 / 60, 20, 9)


def test_a_longer_film_holds_a_listed_clip_by_the_reference_alone():
    clip = {"clip": film(*range(20, 30))}
    compilation = film(*range(60))
    assert Library(clip, Rule()).search(compilation) == []
    (match,) = Library(clip, Rule(query=0.01, reference=0.9)).search(compilation)
    assert (match.reference_share, match.offset) == (1.0, -20)


@pytest.mark.parametrize(("agreeing", "found"), [(8, True), (7, False), (10, True)])
def test_a_film_matches_from_both_thresholds_on(agreeing, found):
    films = {"film": film(*range(agreeing), *range(100, 110))}
    assert bool(Library(films, Rule(query=0.8)).search(film(*range(10)))) is found
    both = Rule(query=0.8, reference=0.44)
    assert bool(Library(films, both).search(film(*range(10)))) is (found and agreeing / (agreeing + 10) >= 0.44)


def test_identical_frames_count_once_and_it_moves_the_score():
    still, moving = [1] * 10, [2, 3, 4]
    (match,) = Library({"film": film(1, 2, 3)}, Rule(query=0.5)).search(film(*still, *moving))
    assert match.query_share == 3 / 4  # of 13 frames 12 agree, which would be 0.92
    assert [frame.seconds for frame in distinct(film(1, 1, 2, 1), 50)] == [0.0, 2.0]


def test_frames_of_low_quality_do_not_vote():
    query = [*film(1, 2), *film(3, 4, quality=49)]
    (match,) = Library({"film": film(1, 2)}, Rule(query=1.0)).search(query)
    assert match.query_share == 1.0
    assert Library({"film": film(1, 2, quality=20)}, Rule()).search(query) == []


def test_a_mirrored_film_is_found_too():
    query = [Fingerprint(oriented(some(90 + at), at, at_4=some(at)), 80, float(at)) for at in range(5)]
    (match,) = Library({"film": film(*range(5))}, Rule()).search(query)
    assert (match.query_share, match.distance) == (1.0, 0)


def test_nothing_is_found_in_nothing():
    assert Library({}, Rule()).search(film(1)) == []
    assert Library({"empty": []}, Rule()).search(film(1)) == []
    assert Library({"film": film(1)}, Rule()).search([]) == []


@pytest.mark.parametrize("rule", [{"query": 0.0}, {"query": 1.1}, {"reference": -0.1}, {"radius": 32}])
def test_a_rule_that_cannot_be_is_refused(rule):
    with pytest.raises(ValueError, match="share"):
        Rule(**rule)


@given(st.integers(1, 10_000), st.integers(1, 100))
def test_the_frames_that_are_needed_are_the_fewest_that_reach_the_share(frames, percent):
    least = needed(percent / 100, frames)
    assert least * 100 >= percent * frames > (least - 1) * 100
    assert least == math.ceil(percent * frames / 100 - 1e-9)


@settings(deadline=None, max_examples=60)
@given(st.randoms(use_true_random=False))
def test_votes_are_those_of_comparing_every_frame_with_every_frame(rng):
    pictures = [some(number) for number in range(12)]

    def any_film():
        return [
            Fingerprint(turned(rng.choice(pictures), rng.choice([0, 0, 10, 20, 31])), rng.choice([40, 60, 90]), at / 2)
            for at in range(rng.randrange(0, 12))
        ]

    films = {f"film {number}": any_film() for number in range(6)}
    rule = Rule(rng.choice([0.1, 0.5, 0.8, 1.0]), rng.choice([0.0, 0.3, 0.8]), rng.choice([5, 31]), rng.choice([0, 50]))
    query = any_film()
    assert Library(films, rule).search(query) == everything(query, films, rule)


def test_films_that_share_nothing_are_never_compared():
    rng = random.Random(1)
    films = {f"film {number}": film(*(rng.randrange(10**6) for _ in range(20))) for number in range(300)}
    films["it"] = film(*range(20))
    library = Library(films, Rule())
    assert library.candidates(distinct(film(*range(20), bits=5), 50)) == {300}


def test_no_more_frames_are_looked_up_than_a_match_can_miss_and_one():
    looked_up = []

    class Counting(Library):
        def _near(self, frames, hashes):
            looked_up.append((len(frames), len(hashes)))
            return super()._near(frames, hashes)

    library = Counting({f"film {n}": film(*range(100 * n, 100 * n + 50)) for n in range(20)}, Rule(query=0.8))
    assert len(library.search(film(*range(50)))) == 1
    assert looked_up == [(11, 1000), (50, 50)]
