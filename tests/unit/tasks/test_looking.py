"""Looking: one decode, scaled, upright, and made what each model wants."""

import io
from pathlib import Path

import numpy as np
import pytest
from films import film
from PIL import Image

from domain.errors import Unreadable
from domain.media import Kind
from models.inputs import Input, fitted
from tasks.frames import Sampling
from tasks.looking import View, look
from tasks.media import decode_colours

SAMPLING = Sampling(every=2.0, frames=8)


def told(height=32, width=32, resize="stretch"):
    return Input(name="image", layout="NCHW", height=height, width=width, colour="RGB", dtype="float32",
                 mean=(0, 0, 0), std=(1, 1, 1), resize=resize)  # fmt: skip


def saved(pixels, form="JPEG", **options):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form, **options)
    return out.getvalue()


@pytest.mark.parametrize("resize", ["stretch", "crop", "letterbox"])
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_what_is_decoded_small_is_what_is_decoded_whole(scene, form, resize):
    pixels = scene(3, 1200, 1600)
    (sight,) = look(Kind.IMAGE, saved(pixels, form, quality=95), View((told(224, 224, resize),)), SAMPLING)
    whole = fitted(pixels, told(224, 224, resize))
    assert sight.fitted[0].shape == (224, 224, 3)
    assert np.abs(sight.fitted[0].astype(int) - whole).mean() < 3


@pytest.mark.parametrize(
    ("least", "left"),
    [(0, (1200, 1600)), (1200, (1200, 1600)), (601, (1200, 1600)), (600, (600, 800)), (224, (300, 400)), (1, (1, 2))],
)
def test_a_jpeg_keeps_as_many_pixels_as_are_wanted_and_fewer_than_twice_as_many(scene, least, left):
    ((_, rgb),) = decode_colours(saved(scene(1, 1200, 1600)), 10**8, least)
    assert rgb.shape[:2] == left
    assert not least or min(rgb.shape[:2]) >= least


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_what_is_decoded_small_stands_upright(orientation, form):
    pixels = np.zeros((96, 128, 3), np.uint8)
    pixels[:48, :64], pixels[:48, 64:], pixels[48:, :64] = (250, 0, 0), (0, 250, 0), (0, 0, 250)
    exif = Image.Exif()
    exif[0x112] = orientation
    turned = {1: pixels, 2: pixels[:, ::-1], 3: np.rot90(pixels, 2), 4: pixels[::-1], 5: pixels.swapaxes(0, 1),
              6: np.rot90(pixels), 7: np.rot90(pixels, 2).swapaxes(0, 1), 8: np.rot90(pixels, -1)}  # fmt: skip
    stored = np.ascontiguousarray(turned[orientation])
    content = saved(stored, form, exif=exif, **({"quality": 100, "subsampling": 0} if form == "JPEG" else {}))
    for least in (0, 24, 48):
        ((_, rgb),) = decode_colours(content, 10**8, least)
        assert rgb.shape[1] / rgb.shape[0] == pytest.approx(4 / 3)
        corners = [rgb[2, 2], rgb[2, -3], rgb[-3, 2], rgb[-3, -3]]
        assert np.allclose(corners, [(250, 0, 0), (0, 250, 0), (0, 0, 250), (0, 0, 0)], atol=12)


def test_what_is_small_is_not_made_larger_than_its_input():
    ((_, rgb),) = decode_colours(saved(np.full((20, 30, 3), 99, np.uint8)), 10**8, 224)
    assert rgb.shape == (20, 30, 3)


def test_frames_for_faces_are_kept_at_twice_the_detectors_input(scene):
    detector = told(384, 384, "letterbox")
    view = View((told(),), (detector,))
    for size, kept in (((1200, 1600), (576, 768)), ((1600, 1200), (768, 576)), ((300, 200), (300, 200))):
        (sight,) = look(Kind.IMAGE, saved(scene(5, *size)), view, SAMPLING)
        assert sight.kept[0].shape[:2] == kept
        assert np.array_equal(sight.fitted[1], fitted(sight.kept[0], detector))
    assert look(Kind.IMAGE, saved(scene(5)), View((told(),)), SAMPLING)[0].kept == ()


def test_what_is_kept_for_faces_does_not_depend_on_who_else_looks(scene):
    content, detector = saved(scene(5, 1200, 1600)), told(384, 384, "letterbox")
    alone, beside = (look(Kind.IMAGE, content, View(each, (detector,)), SAMPLING)[0] for each in ((), (told(),)))
    assert np.array_equal(alone.kept[0], beside.kept[0])
    assert np.array_equal(alone.fitted[0], beside.fitted[1])


def test_an_animation_is_looked_at_as_a_film_is():
    frames = [np.full((40, 50, 3), shade, np.uint8) for shade in (0, 0, 200, 200, 90)]
    out = io.BytesIO()
    first, *rest = (Image.fromarray(each) for each in frames)
    first.save(out, "WEBP", save_all=True, append_images=rest, duration=500, lossless=True)
    sights = look(Kind.IMAGE, out.getvalue(), View((told(),)), SAMPLING)
    assert [(each.seconds, int(each.fitted[0][0, 0, 0])) for each in sights] == [(0.0, 0), (1.0, 200), (2.0, 90)]


def test_of_a_long_film_as_many_frames_are_looked_at_as_may_be():
    still = film(moments=range(0, 25 * 60, 5), shade=lambda _: 99)
    sights = look(Kind.VIDEO, still, View((told(),)), Sampling(every=2.0, frames=8))
    assert [round(each.seconds) for each in sights] == list(range(0, 60, 8))


def test_a_film_taken_sideways_is_looked_at_upright():
    import av

    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, :32] = 250
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as writer:
        stream = writer.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.set_display_rotation(90)
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        writer.mux(stream.encode(frame))
        writer.mux(stream.encode())
    (sight,) = look(Kind.VIDEO, out.getvalue(), View((told(64, 48),)), SAMPLING)
    assert sight.fitted[0].shape == (64, 48, 3)
    assert (sight.fitted[0][-5:].mean() > 200, sight.fitted[0][:5].mean() < 50) == (True, True)


@pytest.mark.parametrize("kind", [Kind.IMAGE, Kind.VIDEO])
def test_what_cannot_be_decoded_is_unreadable(kind):
    with pytest.raises(Unreadable):
        look(kind, b"neither", View((told(),)), SAMPLING)


def test_the_same_file_is_looked_at_the_same_way_each_time():
    content = Path(__file__).parents[2].joinpath("golden", "ramp.heic").read_bytes()
    one, two = (look(Kind.IMAGE, content, View((told(),)), SAMPLING)[0].fitted[0] for _ in range(2))
    assert np.array_equal(one, two)
