"""Films: thinning keeps something near to every frame, and a descriptor is near for copies."""

from itertools import pairwise

from films import film
from hypothesis import given
from hypothesis import strategies as st

from domain.media import MATCH_RADIUS, Algorithm, Fingerprint, Kind, Mode, hamming
from tasks.frames import Sampling
from tasks.hashing.films import DRIFT, descriptor, thinned
from tasks.hashing.fingerprints import fingerprint


def frame(bits, quality=80, seconds=0.0):
    return Fingerprint(bits, quality, seconds)


def flipped(bits, places):
    """Flip the bits at these places."""
    return (int.from_bytes(bits) ^ sum({1 << place for place in places})).to_bytes(32)


walks = st.lists(st.tuples(st.sets(st.integers(0, 255), max_size=20), st.sampled_from([20, 49, 50, 100])), max_size=40)


@given(walks)
def test_every_matchable_frame_is_near_to_the_last_one_that_was_kept(walk):
    frames, bits = [], bytes(32)
    for ordinal, (places, quality) in enumerate(walk):
        bits = flipped(bits, places)
        frames.append(frame(bits, quality, float(ordinal)))
    kept = list(thinned(frames))
    for each in [each for each in frames if each.matchable]:
        last = [one for one in kept if one.seconds <= each.seconds][-1]
        assert hamming(each.bits, last.bits) <= DRIFT
    for one, two in pairwise(kept):
        assert hamming(one.bits, two.bits) > DRIFT
    assert all(each.matchable for each in kept)


def test_a_descriptor_has_the_bits_of_most_matchable_frames():
    bits = [bytes([0b111]) * 256, bytes([0b110]) * 256, bytes([0b100]) * 256]
    dull = [frame(bytes([255]) * 256, quality=49)] * 5
    found = descriptor([*(frame(each, 60 + 10 * place) for place, each in enumerate(bits)), *dull])
    assert found == Fingerprint(bytes([0b110]) * 256, 70, 0.0, Algorithm.PDQ_FILM, Mode.MATCH)


def test_a_film_without_a_matchable_frame_has_no_descriptor():
    assert descriptor([frame(bytes(256), quality=49)]) is None
    assert descriptor([]) is None


def test_copies_of_a_film_have_near_descriptors_and_another_film_a_far_one(scene):
    def described(number, **options):
        wide = scene(number, 240, 400)
        content = film(size=(320, 240), shade=lambda place: wide[:, place : place + 320], **options)
        found = fingerprint("key", Kind.VIDEO, content, Sampling(every=0.2)).frames
        return next(each.bits[:32] for each in found if each.algorithm is Algorithm.PDQ_FILM)

    assert hamming(described(1), described(1, container="webm", codec="libvpx")) <= MATCH_RADIUS
    assert hamming(described(1), described(2)) > 2 * MATCH_RADIUS
