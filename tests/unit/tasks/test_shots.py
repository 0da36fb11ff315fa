"""Shots: cuts are found and nothing else, long shots are looked at again, and long films evenly."""

from pathlib import Path

import numpy as np
import pytest
from films import film
from hypothesis import given
from hypothesis import strategies as st

from tasks.frames import Sampling, sample_small
from tasks.media import Picture
from tasks.shots import chosen, cuts, glance, spread
from tasks.simulating import clips
from tasks.simulating.edits import ORIGINAL

EVERY_FRAME = Sampling(every=0, frames=10**6)
FILMED = Path(__file__).parents[4] / "shared" / "fixtures" / "vpdq"


def found(content):
    """Give the moments at which shots begin, after the first."""
    return [seconds for seconds, _, cut in cuts(sample_small(content, EVERY_FRAME, 0)) if cut and seconds]


def drawn(seed, edit):
    """Draw a clip whose shots pan and zoom, and say in which of its frames they begin."""
    rng = np.random.default_rng(seed)
    lengths, shot = [], clips._shot

    def counted(rng, size, frames):
        lengths.append(frames)
        return shot(rng, size, frames)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clips, "_shot", counted)
        frames = clips.film(rng)
    return clips.encode_clip(frames, clips.choose_encoding(edit, rng)), set(np.cumsum(lengths)[:-1].tolist())


def test_of_the_cuts_in_drawn_clips_all_are_found_and_nothing_else():
    right = wrong = missed = 0
    for seed in range(100, 130):
        content, truth = drawn(seed, (ORIGINAL, *clips.VIDEO_EDITS)[seed % 3])
        told = {round(clips.RATE * seconds) for seconds in found(content)}
        right, wrong, missed = right + len(told & truth), wrong + len(told - truth), missed + len(truth - told)
    assert right >= 25
    assert right / (right + wrong) >= 0.95
    assert right / (right + missed) >= 0.95


def dissolve(place):
    """Blend one drawn picture into another in the frames from 25 to 50."""
    y, x = np.mgrid[0:48, 0:64]
    share = np.clip((place - 25) / 25, 0, 1)
    shades = (1 - share) * (4 * x) + share * (255 - 5 * y)
    return np.repeat(shades[..., None], 3, axis=2).astype(np.uint8)


def test_a_dissolve_is_no_cut_and_what_it_leads_to_is_seen():
    content = film(moments=range(125), shade=dissolve)
    assert found(content) == []
    assert [round(at, 2) for at, _ in chosen(sample_small(content, EVERY_FRAME, 0), 2.0)] == [0, 2, 4]


@pytest.mark.parametrize(("name", "most"), [("doorknob-hd-no-bar", 0), ("pattern-sd-grey-bar", 2)])
def test_filmed_shots_that_pan_are_hardly_cut_apart(name, most):
    file = FILMED / f"{name}.mp4"
    if not file.is_file():
        pytest.skip("the filmed clips are not here")
    assert len(found(file.read_bytes())) <= most


def shades(*runs):
    """Give a film of still shots: so many frames of a shade each, ten a second."""
    place = 0
    for shade, frames in runs:
        for _ in range(frames):
            yield place / 10, Picture(np.full((20, 30), shade, np.uint8), 20, 30)
            place += 1


@given(st.lists(st.tuples(st.integers(0, 7).map(lambda step: 36 * step), st.integers(1, 60)), min_size=1, max_size=8),
       st.integers(5, 50).map(lambda tenths: tenths / 10))  # fmt: skip
def test_every_still_shot_is_seen_and_no_stretch_goes_by_unseen(runs, every):
    frames = list(shades(*runs))
    at = [seconds for seconds, _ in chosen(frames, every)]
    begins = [
        seconds
        for place, (seconds, picture) in enumerate(frames)
        if not place or picture.pixels[0, 0] != frames[place - 1][1].pixels[0, 0]
    ]
    assert set(begins) <= set(at)
    assert max(np.diff([*at, frames[-1][0]])) <= every + 0.1 + 1e-6
    assert len(at) <= len(begins) + frames[-1][0] / every


@given(st.integers(0, 5000), st.integers(1, 16))
def test_frames_are_spread_evenly_from_the_first_on_and_what_is_not_kept_is_not_looked_at(length, most):
    looked = []

    def view(item):
        looked.append(item)
        return item

    kept = spread(range(length), most, view)
    assert len(kept) == min(length, most) or most / 2 <= len(kept) <= most
    assert set(kept) <= set(looked)
    assert len(looked) <= most * (1 + np.log2(max(2, length)))
    steps = set(np.diff(kept).tolist())
    assert len(steps) <= 1
    if kept:
        step = steps.pop() if steps else 1
        assert kept[0] == 0
        assert len(kept) == 1 or length - kept[-1] <= 2 * step
        assert step.bit_count() == 1


def test_a_glance_is_the_same_of_any_size_and_of_shades_and_colours():
    y, x = np.mgrid[0:480, 0:640]
    large = ((x // 40 * 17 + y // 30 * 5) % 256).astype(np.uint8)
    told = glance(large)
    assert told.shape == (16, 16)
    assert np.array_equal(told, glance(np.repeat(large[..., None], 3, axis=2)))
    assert np.abs(told - glance(np.ascontiguousarray(large[::2, ::2]))).max() <= 1
