"""Exact: bit for bit what the published program gives."""

import csv
from pathlib import Path

import numpy as np
import pytest

from domain.media import Kind, Mode
from tasks.frames import Sampling
from tasks.hashing.fingerprints import pictures
from tasks.hashing.pdq import hashed
from tasks.media import Picture

PUBLISHED = Path(__file__).parents[5] / "shared" / "fixtures" / "pdq"
GOLDEN = Path(__file__).parents[3] / "golden" / "pdq_exact.csv"


def tiled(seed, height, width):
    """Draw noise over tiles: a picture for which two programs with other roundings would soon differ."""
    rng = np.random.default_rng(seed)
    tiles = rng.integers(0, 256, (9, 7, 3), dtype=np.uint8)
    tiles = tiles.repeat(-(-height // 9), 0)[:height].repeat(-(-width // 7), 1)[:, :width]
    return tiles // 2 + rng.integers(0, 128, (height, width, 3), dtype=np.uint8)


def golden():
    """Give what pdqhash 0.2.8 (the published C++) says of `tiled` pictures, by the first number of each row."""
    with GOLDEN.open(newline="") as rows:
        return list(csv.DictReader(rows))


@pytest.mark.parametrize("row", golden(), ids=lambda row: f"{row['height']}x{row['width']}")
def test_a_hash_is_that_of_the_published_program_to_the_bit(row):
    pixels = tiled(*(int(row[name]) for name in ("seed", "height", "width")))
    found = hashed(Picture(pixels, *pixels.shape[:2]), 0.0, Mode.EXACT, turned=False)
    assert (found.bits.hex(), found.quality, found.mode) == (row["pdq"], int(row["quality"]), Mode.EXACT)


def test_each_orientation_is_that_of_the_turned_picture_to_the_bit():
    pixels = tiled(3, 201, 150)
    found = hashed(Picture(pixels, 201, 150), 0.0, Mode.EXACT).bits
    turned = [
        pixels, np.rot90(pixels), np.rot90(pixels, 2), np.rot90(pixels, 3), np.fliplr(pixels), np.flipud(pixels),
        pixels.transpose(1, 0, 2), np.rot90(pixels, 2).transpose(1, 0, 2),
    ]  # fmt: skip
    alone = [hashed(Picture(each, *each.shape[:2]), 0.0, Mode.EXACT, turned=False).bits for each in turned]
    assert found == b"".join(alone)


def test_published_files_are_reproduced_bit_for_bit():
    if not PUBLISHED.is_dir():
        pytest.skip("the published pictures are not here")
    with (PUBLISHED / "expected.csv").open(newline="") as rows:
        for row in csv.DictReader(rows):
            content = (PUBLISHED / row["file"]).read_bytes()
            ((_, picture),) = pictures(Kind.IMAGE, content, Sampling(), Mode.EXACT)
            found = hashed(picture, 0.0, Mode.EXACT, turned=False)
            assert (found.bits.hex(), found.quality) == (row["pdq"], int(row["quality"])), row["file"]
