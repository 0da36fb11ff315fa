"""Modes: how near the fast ways come to the exact hash, for pictures and films of all sorts."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from domain.media import MATCH_RADIUS, Kind, Mode, hamming
from tasks.frames import Sampling
from tasks.hashing.fingerprints import LEAST, pictures
from tasks.hashing.pdq import hashed
from tasks.media import decode_frames

PUBLISHED = Path(__file__).parents[5] / "shared" / "fixtures" / "vpdq"
ORIENTATION = 0x112
EVERY = Sampling(every=0, frames=10**6)


def jpeg(pixels, mode="RGB", **options):
    out = io.BytesIO()
    exif = Image.Exif()
    exif[ORIENTATION] = options.pop("orientation", 1)
    Image.fromarray(pixels).convert(mode).save(out, "JPEG", exif=exif, **{"quality": 85, **options})
    return out.getvalue()


def prints(content, mode, kind=Kind.IMAGE):
    return [hashed(picture, seconds, mode, turned=False) for seconds, picture in pictures(kind, content, EVERY, mode)]


def distance(content, mode):
    (fast,), (exact,) = prints(content, mode), prints(content, Mode.EXACT)
    assert exact.quality >= 80, "the rule speaks of these alone"
    assert abs(fast.quality - exact.quality) <= 6
    return hamming(fast.bits, exact.bits)


BOUNDS = [(Mode.MATCH, 10), (Mode.TRIAGE, 16)]
SIZES = [(480, 640), (513, 777), (300, 301), (1234, 821), (1201, 1601), (260, 2000), (1900, 270), (40, 60), (9, 400)]


@pytest.mark.parametrize(("mode", "most"), BOUNDS)
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_a_picture_of_any_size_is_hashed_within_the_rule(scene, height, width, mode, most):
    for number in (1, 2, 3):
        noise = np.random.default_rng(number).normal(0, 8, (height, width, 3))
        pixels = np.clip(scene(number, height, width) + noise, 0, 255).astype(np.uint8)
        assert distance(jpeg(pixels), mode) <= most


@pytest.mark.parametrize(("mode", "most"), BOUNDS)
@pytest.mark.parametrize(
    ("colours", "options"),
    [("RGB", {"progressive": True}), ("L", {}), ("CMYK", {}), ("RGB", {"subsampling": 0}), ("RGB", {"quality": 30}),
     ("RGB", {"keep_rgb": True})],
    ids=["progressive", "grey", "cmyk", "444", "poor", "rgb"],
)  # fmt: skip
def test_a_jpeg_of_any_kind_is_hashed_within_the_rule(scene, colours, options, mode, most):
    assert distance(jpeg(scene(4, 900, 1210), colours, **options), mode) <= most


def mosaic(seed, height, width, tile):
    """Lay square tiles of pure red, green and blue at random: hard edges that decoders clip, and nothing else."""
    rng = np.random.default_rng(seed)
    places = rng.integers(0, 3, (-(-height // tile), -(-width // tile)))
    return (np.eye(3, dtype=np.uint8) * 255)[np.kron(places, np.ones((tile, tile), int))[:height, :width]]


@pytest.mark.parametrize(("mode", "most"), BOUNDS)
@pytest.mark.parametrize("quality", [10, 75])
@pytest.mark.parametrize(("height", "width"), [(300, 400), (480, 640), (960, 1280), (2048, 2048)])
def test_hard_edges_of_pure_colours_and_fine_texture_are_hashed_within_the_rule(height, width, quality, mode, most):
    for tile in (1, 2, 4, 12, 40, 100):
        content = jpeg(mosaic(tile, height, width, tile), quality=quality)
        (fast,), (exact,) = prints(content, mode), prints(content, Mode.EXACT)
        assert hamming(fast.bits, exact.bits) <= most


def colours_read(content, mode):
    """Tell whether a file is decoded a second time, in colours."""
    ((_, picture),) = pictures(Kind.IMAGE, content, EVERY, mode)
    calls = []

    def colours():
        calls.append(1)
        return picture.colours()

    hashed(dataclasses.replace(picture, colours=colours), mode=mode)
    return bool(calls)


def test_the_colours_are_read_of_what_luma_does_not_tell_and_of_nothing_else(scene):
    for mode in (Mode.MATCH, Mode.TRIAGE):
        assert colours_read(jpeg(mosaic(1, 480, 640, 2)), mode)
        assert colours_read(jpeg(mosaic(100, 300, 400, 100), quality=10), mode)
        assert not any(colours_read(jpeg(scene(number, 900, 1210)), mode) for number in range(5))


def test_a_grey_picture_at_full_size_has_no_colours_to_read(scene):
    ((_, small),) = pictures(Kind.IMAGE, jpeg(scene(1, 300, 400), "L"), EVERY, Mode.MATCH)
    ((_, large),) = pictures(Kind.IMAGE, jpeg(scene(1), "L"), EVERY, Mode.MATCH)
    assert small.colours is None
    assert (large.scale, large.colours().scale, large.colours().pixels.shape) == (2, 1, (480, 640))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", Mode)
def test_a_picture_is_hashed_upright_as_its_exif_says(scene, orientation, mode):
    upright = scene(5, 901, 1203)
    stored = [
        upright, np.fliplr(upright), np.rot90(upright, 2), np.flipud(upright), upright.transpose(1, 0, 2),
        np.rot90(upright), np.rot90(upright, 2).transpose(1, 0, 2), np.rot90(upright, -1),
    ][orientation - 1]  # fmt: skip
    ((_, picture),) = decode_frames(jpeg(stored, orientation=orientation, quality=95), 10**7, LEAST[mode])
    assert picture.upright == (901, 1203)
    assert (picture.scale > 1) is (mode is not Mode.EXACT)
    (plain,) = prints(jpeg(upright, quality=95), Mode.EXACT)
    assert hamming(hashed(picture, 0.0, mode, turned=False).bits, plain.bits) <= 12
    assert hashed(picture, 0.0, mode).bits[:32] == hashed(picture, 0.0, mode, turned=False).bits


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 3), (4, 500), (500, 1)])
def test_a_tiny_picture_has_a_hash_of_zeros_and_no_quality(height, width, mode):
    (found,) = prints(jpeg(np.full((height, width, 3), 200, np.uint8)), mode)
    assert (found.bits, found.quality, found.mode) == (bytes(32), 0, mode)


@pytest.mark.parametrize("name", ["doorknob-hd-no-bar", "pattern-hd-no-bar", "pattern-sd-grey-bar"])
@pytest.mark.parametrize(("mode", "most"), [(Mode.EXACT, 2), (Mode.MATCH, 4)])
def test_published_hashes_of_films_are_reproduced_frame_by_frame(name, mode, most):
    if not PUBLISHED.is_dir():
        pytest.skip("the published clips are not here")
    told = [line.split(",") for line in (PUBLISHED / f"{name}.txt").read_text().split()]
    found = prints((PUBLISHED / f"{name}.mp4").read_bytes(), mode, Kind.VIDEO)
    assert len(found) == len(told)
    for print_, (_, quality, bits, seconds) in zip(found, told, strict=True):
        assert hamming(print_.bits, bytes.fromhex(bits)) <= most
        assert abs(print_.quality - int(quality)) <= 1
        assert abs(print_.seconds - float(seconds)) < 0.001


def test_different_pictures_stay_far_apart_in_every_mode(scene):
    for mode in Mode:
        (one,), (other,) = prints(jpeg(scene(1)), mode), prints(jpeg(scene(2)), mode)
        assert hamming(one.bits, other.bits) > 2 * MATCH_RADIUS
