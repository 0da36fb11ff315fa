"""Borders: what is inside bars and margins is found, and what only looks like a border is left."""

import io

import numpy as np
import pytest
from PIL import Image

from domain.media import MATCH_RADIUS, Algorithm, Kind, hamming
from tasks.frames import Sampling
from tasks.hashing.borders import trimmed
from tasks.hashing.fingerprints import fingerprint
from tasks.hashing.pdq import pdq
from tasks.media import Picture


def picture(pixels, **more):
    return Picture(pixels, *pixels.shape[:2], **more)


def framed(pixels, top, right, bottom, left, shade=0):
    return np.pad(pixels, ((top, bottom), (left, right), (0, 0)), constant_values=shade)


BARS = [(80, 0, 80, 0), (0, 100, 0, 100), (40, 30, 20, 10), (0, 0, 60, 0), (0, 25, 0, 0)]


@pytest.mark.parametrize("bars", BARS, ids=str)
@pytest.mark.parametrize("shade", [0, 128, 255])
def test_bars_are_cut_off_to_the_pixel(scene, bars, shade):
    inside = trimmed(picture(framed(scene(1), *bars, shade)))
    assert inside is not None
    assert np.array_equal(inside.pixels, scene(1))
    assert (inside.height, inside.width) == (480, 640)


@pytest.mark.parametrize("bars", BARS, ids=str)
def test_the_second_fingerprint_of_a_compressed_letterbox_matches_the_picture(scene, bars):
    out = io.BytesIO()
    Image.fromarray(framed(scene(2), *bars)).save(out, "JPEG", quality=60)
    found = fingerprint("key", Kind.IMAGE, out.getvalue(), Sampling())
    assert [each.algorithm for each in found.frames] == [Algorithm.PDQ, Algorithm.PDQ_TRIMMED]
    assert hamming(found.frames[1].bits[:32], pdq(scene(2)).bits[:32]) <= MATCH_RADIUS // 2


def test_sizes_are_those_at_full_size_where_the_picture_is_reduced(scene):
    reduced = framed(scene(3, 100, 150), 25, 0, 25, 0)[:, :, 1]
    inside = trimmed(Picture(reduced, 1199, 1197, scale=8))
    assert inside is not None
    assert (inside.height, inside.width, inside.scale) == (800, 1197, 8)


def test_the_inside_has_its_own_colours_where_the_picture_has(scene):
    whole = framed(scene(3, 800, 1197), 200, 0, 199, 0)
    reduced = framed(scene(3, 100, 150), 25, 0, 25, 0)[:, :, 1]
    inside = trimmed(Picture(reduced, 1199, 1197, scale=8, colours=lambda: picture(whole)))
    colours = inside.colours()
    assert np.array_equal(colours.pixels, scene(3, 800, 1197))
    assert (colours.height, colours.width, colours.scale) == (800, 1197, 1)


def test_a_picture_without_borders_is_left(scene):
    assert trimmed(picture(scene(1))) is None


@pytest.mark.parametrize("shade", [0, 90, 255])
def test_an_empty_picture_has_no_inside(shade):
    assert trimmed(picture(np.full((300, 200), shade, np.uint8))) is None


def test_two_shades_that_run_into_each_other_have_no_inside():
    """Lines of one shade from the top and from the bottom meet: either side's drift takes in the other's lines."""
    lines = np.repeat(np.array([10, 18, 30], np.uint8), [90, 20, 90])
    assert trimmed(picture(np.broadcast_to(lines[:, None, None], (200, 100, 3)))) is None


def test_a_speck_on_an_empty_page_is_no_picture_in_a_border():
    page = np.full((300, 300), 255, np.uint8)
    page[140:160, 140:160] = 0
    assert trimmed(picture(page)) is None


def test_a_line_at_the_edge_is_no_border(scene):
    assert trimmed(picture(framed(scene(1), 4, 0, 4, 0))) is None
