"""What a GPU decodes is what the CPU makes of the file, within two levels of 255 on average."""

import io

import numpy as np
import pytest
from PIL import Image

from models.session import driver_present
from tasks.gpu_decoding import TOLERANCE, Jpegs, apart, gpu_jpegs
from tasks.media import decode_image, jpeg_scale, upright

pytestmark = pytest.mark.skipif(not driver_present(), reason="there is no NVIDIA driver here")


@pytest.fixture(scope="module")
def jpegs():
    pytest.importorskip("nvidia.nvimgcodec", reason="the extra gpu-decoding is not installed")
    return Jpegs()


def saved(pixels, mode="RGB", orientation=1, **options):
    exif = Image.Exif()
    exif[0x112] = orientation
    out = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(out, "JPEG", exif=exif, **options)
    return out.getvalue()


def test_it_is_used_where_it_is(jpegs):
    assert gpu_jpegs() is not None


@pytest.mark.parametrize("least", [0, 120, 224])
@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"subsampling": 0}, {"mode": "L"}, {"quality": 30}, {"orientation": 6}]
)
def test_pixels_agree_with_the_cpu(jpegs, scene, least, options):
    contents = [saved(scene(seed, 603, 801 - seed), **options) for seed in range(2)]
    told = [jpeg_scale(content, 10**8, least) for content in contents]
    found = jpegs.decoded(contents, [scale for scale, _ in told])
    for content, pixels, (_, orientation) in zip(contents, found, told, strict=True):
        right = decode_image(content, 10**8, least)
        assert apart(upright(pixels, orientation, least), right) <= TOLERANCE


def test_what_it_cannot_decode_is_refused_and_the_others_are_not(jpegs, scene):
    whole = saved(scene(1, 90, 120))
    found = jpegs.decoded([b"none", whole, whole[:300] + whole[-2:], whole], [1, 2, 1, 4])
    assert [found[place] is None for place in (0, 1, 3)] == [True, False, False]
    assert np.asarray(found[3]).shape == (23, 30, 3)
