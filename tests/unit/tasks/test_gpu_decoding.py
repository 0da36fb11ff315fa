"""Decoding on a GPU: what it refuses the CPU decodes, file by file; what it decodes is what the CPU makes of it.

There need be no GPU: a stand-in decodes here, and nvImageCodec by its own decoder for the CPU.
"""

import io
import sys

import numpy as np
import pytest
from films import film
from looks import stored
from PIL import Image

from domain.media import Kind
from domain.report import FileFault
from infra.world import world
from tasks import gpu_decoding, inference
from tasks.gpu_decoding import BATCH, TOLERANCE, Jpegs, apart, by_gpu, gpu_jpegs
from tasks.looking import looked
from tasks.media import jpeg_scale


@pytest.fixture
def store(data):
    """Store files, and give what is to be looked at."""
    return stored


@pytest.fixture(autouse=True)
def anew():
    """Look anew whether a GPU decodes, in each test and after it."""
    gpu_jpegs.cache_clear()
    yield
    gpu_jpegs.cache_clear()


def saved(pixels, form="JPEG", mode="RGB", **options):
    out = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(out, form, **options)
    return out.getvalue()


def turned(pixels, orientation):
    exif = Image.Exif()
    exif[0x112] = orientation
    return saved(pixels, exif=exif)


class StandIn:
    """Decodes as the CPU does, whole and then smaller by whole pixels; refuses some, and may fail."""

    def __init__(self, refused=(), fails=None):
        self.refused, self.fails, self.batches = refused, fails, []

    def decoded(self, contents, scales):
        self.batches.append(len(contents))
        if self.fails:
            raise self.fails
        return [
            None
            if content in self.refused
            else np.asarray(Image.open(io.BytesIO(content)).convert("RGB").reduce(scale))
            for content, scale in zip(contents, scales, strict=True)
        ]


def by_cpu(asked):
    """Decode as ever, and note what was asked for."""

    def decode(orders):
        asked.extend(order.blob for order in orders)
        return ((place, looked(order)) for place, order in reversed(list(enumerate(orders))))

    return decode


def near(one, other):
    """Say whether two looks at a file saw the same, but for the rounding of two decoders."""
    if isinstance(one, FileFault) or isinstance(other, FileFault):
        return one is other
    return len(one) == len(other) and all(
        mine.seconds == theirs.seconds
        and all(apart(*pair) <= TOLERANCE for pair in zip(mine.fitted, theirs.fitted, strict=True))
        and all(apart(*pair) <= TOLERANCE for pair in zip(mine.kept, theirs.kept, strict=True))
        for mine, theirs in zip(one, other, strict=True)
    )


def test_what_is_refused_is_decoded_by_the_cpu_and_nothing_else_is(store, scene):
    jpegs = [saved(scene(seed, 150, 200)) for seed in range(3)] + [turned(scene(3, 150, 200), 6)]
    others = {
        store(saved(scene(4, 90, 90), "PNG")), store(saved(scene(5, 90, 90), mode="CMYK")), store(jpegs[0][:-40]),
        store(b"no picture at all"), store(film(), Kind.VIDEO),
    }  # fmt: skip
    orders = [store(content) for content in jpegs]
    orders[1:1] = others
    asked = []
    found = dict(by_gpu(StandIn(refused=jpegs[2:3]), orders, by_cpu(asked)))
    assert sorted(found) == list(range(9))
    assert all(near(found[place], looked(order)) for place, order in enumerate(orders))
    assert sorted(asked) == sorted({each.blob for each in others} | {orders[-2].blob})


def test_files_are_decoded_some_at_a_time(store, scene):
    order = store(saved(scene(1, 60, 80)))
    stand_in = StandIn()
    found = list(by_gpu(stand_in, [order] * (BATCH + 3), by_cpu([])))
    assert [place for place, _ in found] == list(range(BATCH + 3))
    assert [size for size in stand_in.batches if size] == [BATCH, 3]
    assert list(by_gpu(stand_in, [], by_cpu([]))) == []


def test_where_the_gpu_fails_the_cpu_decodes_all(store, scene):
    orders = [store(saved(scene(seed, 60, 80))) for seed in range(2)]
    asked = []
    found = dict(by_gpu(StandIn(fails=RuntimeError("out of memory")), orders, by_cpu(asked)))
    assert all(near(found[place], looked(order)) for place, order in enumerate(orders))
    assert asked == [order.blob for order in orders]


def test_a_bug_is_no_refusal(store, scene):
    with pytest.raises(KeyError):
        list(by_gpu(StandIn(fails=KeyError("a bug")), [store(saved(scene(1, 60, 80)))], by_cpu([])))


def test_a_large_file_is_left_to_the_cpu(store, scene, monkeypatch):
    monkeypatch.setattr(gpu_decoding, "LARGEST", 100)
    order, asked = store(saved(scene(1, 60, 80))), []
    list(by_gpu(StandIn(), [order], by_cpu(asked)))
    assert asked == [order.blob]


def test_without_a_gpu_or_the_library_nothing_is_asked_of_either(monkeypatch):
    monkeypatch.setattr(gpu_decoding, "driver_present", lambda: False)
    assert gpu_jpegs() is None
    monkeypatch.setattr(gpu_decoding, "driver_present", lambda: True)
    monkeypatch.setitem(sys.modules, "nvidia.nvimgcodec", None)
    gpu_jpegs.cache_clear()
    with pytest.raises(ImportError):
        Jpegs()
    assert gpu_jpegs() is None


@pytest.mark.parametrize("agrees", [True, False])
def test_a_decoder_that_draws_otherwise_is_not_used(monkeypatch, agrees):
    class Odd:
        def agrees(self):
            return agrees

    monkeypatch.setattr(gpu_decoding, "driver_present", lambda: True)
    monkeypatch.setattr(gpu_decoding, "Jpegs", Odd)
    assert (gpu_jpegs() is not None) is agrees


@pytest.mark.parametrize(("allowed", "used"), [("true", True), ("false", False)])
def test_the_setting_turns_it_off(store, scene, monkeypatch, allowed, used):
    monkeypatch.setenv("BREAKWATER_GPU_DECODING", allowed)
    stand_in = StandIn()
    monkeypatch.setattr(inference, "gpu_jpegs", lambda: stand_in)
    order = store(saved(scene(1, 60, 80)))
    world.cache_clear()
    ((place, found),) = inference._decoded([order])
    assert (place, near(found, looked(order))) == (0, True)
    assert bool(stand_in.batches) is used


@pytest.fixture
def library():
    """Have nvImageCodec by its decoder for the CPU; it says on opening which of NVIDIA's libraries it lacks."""
    pytest.importorskip("nvidia.nvimgcodec", reason="nvImageCodec is for Linux on x86-64 alone")
    return Jpegs(gpu=False)


def test_the_library_draws_what_pillow_draws(library):
    assert library.agrees()


def test_files_that_the_library_decodes_are_what_the_cpu_makes_of_them(store, scene, library):
    pixels = scene(7, 300, 401)
    contents = [
        saved(pixels), saved(pixels, progressive=True), saved(pixels, mode="L"), saved(pixels, subsampling=0),
        *(turned(pixels, orientation) for orientation in range(2, 9)),
    ]  # fmt: skip
    orders, asked = [store(content) for content in contents], []
    found = dict(by_gpu(library, orders, by_cpu(asked)))
    assert asked == []
    assert all(near(found[place], looked(order)) for place, order in enumerate(orders))


def test_what_the_library_cannot_decode_is_refused(library, scene):
    whole = saved(scene(1, 90, 120))
    broken = whole[:400] + whole[-2:]
    found = library.decoded([b"", broken, whole, saved(scene(1, 90, 120), mode="CMYK"), b"none"], [1, 2, 2, 1, 8])
    assert [one is None for one in found] == [True, True, False, True, True]


@pytest.mark.parametrize(
    ("least", "expected"), [(0, (1, 1)), (150, (1, 1)), (75, (2, 1)), (1, (8, 1))],
)  # fmt: skip
def test_the_scale_is_that_of_the_cpu(scene, least, expected):
    assert jpeg_scale(saved(scene(1, 150, 200)), 10**6, least) == expected
    assert jpeg_scale(saved(scene(1, 150, 200)), 10**3, least) is None
