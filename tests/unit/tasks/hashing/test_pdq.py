"""Fingerprints: as published, in every orientation, against an oracle that does it the long way."""

import csv
import hashlib
import io
import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.media import MATCH_RADIUS, Kind, hamming
from tasks.frames import Sampling
from tasks.hashing.fingerprints import digest, fingerprint
from tasks.hashing.pdq import ORIENTATIONS, pdq
from tasks.media import decode_image

PUBLISHED = Path(__file__).parents[5] / "shared" / "fixtures" / "pdq"
GOLDEN = Path(__file__).parents[3] / "golden" / "pdq.csv"


def reference_pdq(rgb):
    """PDQ step by step, as its authors describe it: two running box means each way, decimate, DCT, median."""
    luma = 0.299 * rgb[..., 0].astype(np.float64) + 0.587 * rgb[..., 1] + 0.114 * rgb[..., 2]

    def box(line, window):
        half = (window + 2) // 2
        return np.array([np.mean(line[max(0, at - (window - half)) : at + half]) for at in range(len(line))])

    for _ in range(2):
        luma = np.apply_along_axis(box, 1, luma, (rgb.shape[1] + 127) // 128)
        luma = np.apply_along_axis(box, 0, luma, (rgb.shape[0] + 127) // 128)
    rows, columns = ([int((i + 0.5) * length / 64) for i in range(64)] for length in luma.shape)
    small = luma[np.ix_(rows, columns)]
    terms = [
        sum(
            small[y, x] * math.cos(math.pi * k * (2 * y + 1) / 128) * math.cos(math.pi * j * (2 * x + 1) / 128)
            for y in range(64)
            for x in range(64)
        )
        for k in range(1, 17)
        for j in range(1, 17)
    ]
    median = sorted(terms)[127]
    bits = sum(1 << place for place, term in enumerate(terms) if term > median)
    return bits.to_bytes(32, "big")


def test_a_fingerprint_is_what_the_published_steps_give(scene):
    picture = scene(3, 90, 130)
    assert hamming(pdq(picture).bits[:32], reference_pdq(picture)) <= 2


@pytest.mark.parametrize("position", range(8), ids=ORIENTATIONS)
def test_each_orientation_is_the_fingerprint_of_the_turned_picture(scene, position):
    picture = scene(5, 301, 222)
    turned = [
        picture, np.rot90(picture), np.rot90(picture, 2), np.rot90(picture, 3), np.fliplr(picture), np.flipud(picture),
        picture.transpose(1, 0, 2), np.rot90(picture, 2).transpose(1, 0, 2),
    ][position]  # fmt: skip
    stored = pdq(picture).bits[position * 32 : position * 32 + 32]
    assert hamming(stored, pdq(np.ascontiguousarray(turned)).bits[:32]) <= 2


def test_published_hashes_are_reproduced_bit_for_bit():
    if not PUBLISHED.is_dir():
        pytest.skip("the published pictures are not here")
    with (PUBLISHED / "expected.csv").open(newline="") as rows:
        for row in csv.DictReader(rows):
            print_ = pdq(decode_image((PUBLISHED / row["file"]).read_bytes(), 10**8))
            assert (print_.bits[:32].hex(), print_.quality) == (row["pdq"], int(row["quality"])), row["file"]


def test_golden_hashes_of_drawn_scenes_have_not_moved(scene):
    with GOLDEN.open(newline="") as rows:
        golden = {int(row["scene"]): row for row in csv.DictReader(rows)}
    assert len(golden) >= 8
    for number, row in golden.items():
        print_ = pdq(scene(number))
        assert hamming(print_.bits[:32], bytes.fromhex(row["pdq"])) <= 2, number
        assert abs(print_.quality - int(row["quality"])) <= 1


def test_different_scenes_are_far_apart_and_a_smaller_one_is_near(scene):
    one, other = pdq(scene(1)), pdq(scene(2))
    half = scene(1)[::2, ::2]
    assert hamming(one.bits[:32], other.bits[:32]) > 2 * MATCH_RADIUS
    assert hamming(one.bits[:32], pdq(half).bits[:32]) <= 10


def test_a_blank_picture_is_not_matchable():
    assert not pdq(np.full((200, 300, 3), 128, np.uint8)).matchable


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 200), st.integers(1, 200))
def test_pictures_of_any_size_have_a_fingerprint(height, width):
    fingerprint_ = pdq(np.zeros((height, width, 3), np.uint8))
    assert len(fingerprint_.bits) == 8 * 32
    assert fingerprint_.quality == 0


@given(st.binary(max_size=4096))
def test_digests_are_those_of_the_whole_content(content):
    found = digest(io.BytesIO(content))
    assert found.size == len(content)
    assert found.md5 == hashlib.md5(content).hexdigest()
    assert found.sha1 == hashlib.sha1(content).hexdigest()
    assert found.sha256 == hashlib.sha256(content).hexdigest()


def test_a_picture_is_one_frame_at_second_zero(scene):
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(scene(4)).save(content, "PNG")
    found = fingerprint("key", Kind.IMAGE, content.getvalue(), Sampling())
    assert (found.width, found.height, found.duration) == (640, 480, 0.0)
    assert [frame.seconds for frame in found.frames] == [0.0]
    assert found.frames[0] == pdq(scene(4))


@pytest.mark.parametrize("shape", [(1, 65_000), (65_000, 1), (300, 30_000)])
def test_long_thin_pictures_cost_little_memory(shape):
    rgb = np.zeros((*shape, 3), np.uint8)
    rgb[:, ::2] = 200
    tracemalloc.start()
    try:
        pdq(rgb)
        assert tracemalloc.get_traced_memory()[1] < 400 * 2**20
    finally:
        tracemalloc.stop()
