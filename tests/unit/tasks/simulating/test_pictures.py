"""Drawn pictures, their edits and the clips made of them."""

import io
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from domain.media import Kind, hamming
from tasks.frames import Sampling, sample
from tasks.hashing.pdq import pdq
from tasks.media import kind_of, sniff
from tasks.simulating.chance import chance
from tasks.simulating.clips import RATE, VIDEO_EDITS, choose_encoding, encode_clip, film
from tasks.simulating.documents import write_document
from tasks.simulating.edits import IMAGE_EDITS, ORIGINAL, edit_picture, encode_picture
from tasks.simulating.figures import FIGURES, draw_figure
from tasks.simulating.scenes import PATTERNS, PLACES, draw_scene

SIZE = (480, 360)


@pytest.fixture(scope="module")
def pictures():
    """Draw some scenes and figures."""
    scenes = [draw_scene(chance(3, "scene", number), SIZE) for number in range(24)]
    return scenes + [draw_figure(chance(3, "figure", number), SIZE) for number in range(24)]


def test_different_pictures_are_far_apart_and_hash_well(pictures):
    prints = [pdq(np.asarray(picture)) for picture in pictures]
    assert min(hamming(a.bits[:32], b.bits[:32]) for a, b in combinations(prints, 2)) > 80
    assert sorted(each.quality for each in prints)[2] >= 80


def test_a_picture_is_drawn_the_same_each_time():
    first, second = (draw_figure(chance(9, "figure", 1)) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_there_are_scenes_and_figures_of_many_sorts():
    assert len(set(PLACES + PATTERNS)) >= 12
    assert len(FIGURES) >= 6


def test_sizes_differ_and_stay_in_bounds():
    sizes = {draw_scene(chance(1, "size", number)).size for number in range(30)}
    assert len(sizes) >= 4
    assert all(480 <= max(size) <= 1280 and 360 <= min(size) <= 960 for size in sizes)


@pytest.mark.parametrize("edit", [ORIGINAL, *IMAGE_EDITS])
def test_an_edit_changes_the_picture_a_little(pictures, edit):
    content, suffix = encode_picture(edit_picture(pictures[0], edit, chance(1, edit)), chance(2, edit))
    assert kind_of(sniff(content)) is Kind.IMAGE
    assert suffix in ("jpg", "png", "webp")
    with Image.open(io.BytesIO(content)) as edited:
        assert 0.3 * SIZE[0] < edited.width <= SIZE[0]
        assert 0.3 * SIZE[1] < edited.height < 1.4 * SIZE[1]


@pytest.mark.parametrize("edit", ["resize", "recompress", "recolour"])
def test_a_mild_edit_keeps_the_fingerprint_near(pictures, edit):
    kept = pdq(np.asarray(edit_picture(pictures[1], edit, chance(1, edit))))
    assert hamming(kept.bits[:32], pdq(np.asarray(pictures[1])).bits[:32]) <= 31


@pytest.mark.parametrize("edit", [ORIGINAL, *VIDEO_EDITS])
def test_a_clip_is_a_short_film_that_is_encoded_alike_each_time(edit):
    frames = film(chance(4, "clip"))
    encoding = choose_encoding(edit, chance(1, edit))
    content = encode_clip(frames, encoding)
    assert content == encode_clip(frames, encoding)
    assert kind_of(sniff(content)) is Kind.VIDEO
    assert 2.4 * RATE <= len(frames) <= 6.1 * RATE
    seen = list(sample(content, Sampling()))
    for shown, frame in zip(seen, frames[::RATE], strict=True):
        near = hamming(pdq(shown.rgb).bits[:32], pdq(np.asarray(frame)).bits[:32])
        assert near <= 31
    assert len(seen) >= 3


def test_every_way_of_encoding_again_is_a_film():
    frames = film(chance(4, "clip"))[:12]
    chosen = (choose_encoding("reencode", chance(number)) for number in range(20))
    encodings = {encoding.suffix: encoding for encoding in chosen}
    assert set(encodings) == {"mp4", "webm", "avi"}
    assert {kind_of(sniff(encode_clip(frames, each))) for each in encodings.values()} == {Kind.VIDEO}


def test_documents_are_neither_pictures_nor_films():
    written = {suffix: content for content, suffix in (write_document(chance(number)) for number in range(12))}
    assert set(written) == {"pdf", "html"}
    assert written["pdf"].startswith(b"%PDF-")
    table = int(written["pdf"].split()[-2])
    assert written["pdf"][table:].startswith(b"xref")
    assert {kind_of(sniff(content)) for content in written.values()} == {Kind.OTHER}
