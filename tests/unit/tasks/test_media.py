"""Media: types by content alone, pixels upright and in RGB, and broken files that do no more than be told."""

import io
import os
import struct
import time
import tracemalloc
import zlib
from itertools import islice
from pathlib import Path

import numpy as np
import puremagic
import pytest
from films import film
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from domain.errors import Unreadable
from domain.media import HEAD_BYTES, Kind
from domain.report import FileFault
from tasks.media import claims_media, decode_frames, decode_image, kind_of, sniff

PIXELS = 10**6
HEIC = Path(__file__).parents[2] / "golden" / "ramp.heic"
ORIENTATION = 0x112
BROKEN_EXIF = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # it tells of what it repairs


def ramp(height=48, width=64):
    """Draw colours that rise to the right and downwards, so that every corner differs."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], axis=-1).astype(np.uint8)


def saved(pixels, form="PNG", **options):
    out = io.BytesIO()
    (pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)).save(out, form, **options)
    return out.getvalue()


def fault(content, max_pixels=PIXELS):
    with pytest.raises(Unreadable) as unreadable:
        decode_image(content, max_pixels)
    return unreadable.value.args[0]


def close(one, other, tolerance=3.0):
    assert one.shape == other.shape
    return np.abs(one.astype(float) - other).mean() <= tolerance


SIGNATURES = [*puremagic.magic_header_array, *puremagic.magic_footer_array]
SECOND_PARTS = [part for parts in puremagic.multi_part_dict.values() for part in parts]


@st.composite
def signed(draw):
    """Write the first bytes of a file with several signatures in it, each in its place or near the end."""
    head = bytearray(draw(st.binary(max_size=40)) * draw(st.sampled_from([1, 20, 100])))
    for row in draw(st.lists(st.sampled_from(SIGNATURES) | st.sampled_from(SECOND_PARTS), max_size=4)):
        start = row.offset if row.offset >= 0 else max(0, len(head) + row.offset)
        head.extend(bytes(max(0, start + len(row.byte_match) - len(head))))
        head[start : start + len(row.byte_match)] = row.byte_match
    return bytes(head[:HEAD_BYTES])


def named_by_puremagic(head):
    """Give the types that puremagic itself may answer: where signatures are as long, it may be any one's of them."""
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return {"application/octet-stream"}
    best = [
        each
        for each in found
        if (each.confidence, len(each.byte_match)) == (found[0].confidence, len(found[0].byte_match))
    ]
    first = puremagic.from_string(head, mime=True)
    return {each.mime_type or "application/octet-stream" for each in best} | {first or "application/octet-stream"}


@settings(max_examples=400)
@given(signed())
def test_the_sniffer_says_what_puremagic_says(head):
    by_ourselves = head[4:8] == b"ftyp" or head[::188][:3] == b"GGG"
    assert by_ourselves or sniff(head) in named_by_puremagic(head)


def png_chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_header(width, height):
    """Say that a picture is this large, and hold almost none of it."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(bytes(100))) + png_chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("form", "media_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("GIF", "image/gif"), ("TIFF", "image/tiff"),
     ("AVIF", "image/avif"), ("BMP", "image/x-ms-bmp")],
)  # fmt: skip
def test_a_picture_is_known_by_its_first_bytes(form, media_type):
    found = sniff(saved(ramp(), form)[:HEAD_BYTES])
    assert (found, kind_of(found)) == (media_type, Kind.IMAGE)


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("mp4", "mpeg4"),
        ("webm", "libvpx"),
        ("matroska", "mpeg4"),
        ("avi", "mpeg4"),
        ("mov", "mpeg4"),
        ("mpegts", "mpeg2video"),
    ],
)
def test_a_video_is_known_by_its_first_bytes(container, codec):
    assert kind_of(sniff(film(container, codec, moments=range(3))[:HEAD_BYTES])) is Kind.VIDEO


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"%PDF-1.7\n%", "application/pdf"),
        (b"<!DOCTYPE html><html></html>", "text/html"),
        (b"hello, this is text", "application/octet-stream"),
        (b"", "application/octet-stream"),
        (bytes(64), "application/octet-stream"),
    ],
)
def test_what_is_neither_is_other(head, media_type):
    assert sniff(head) == media_type
    assert kind_of(media_type) is Kind.OTHER


def test_stills_and_films_of_one_container_are_told_apart_by_their_brand():
    brands = {b"heic": Kind.IMAGE, b"mif1": Kind.IMAGE, b"avif": Kind.IMAGE, b"isom": Kind.VIDEO, b"qt  ": Kind.VIDEO}
    assert {brand: kind_of(sniff(b"\0\0\0\x20ftyp" + brand)) for brand in brands} == brands


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\xff\xd8\xff", b"RIFF", b"PK\3\4", b"\0\0\0\x20ftyp", b"II*\0", b"{", b"<"]),
)
def test_no_bytes_whatever_are_too_much_for_the_sniffer(rest, start):
    assert "/" in sniff(start + rest)


@pytest.mark.parametrize(
    ("name", "claims"), [("a.JPG", True), ("b.tar.mp4", True), ("jpg", False), ("a.jpg.exe", False), ("", False)]
)
def test_a_name_claims_media_by_its_ending(name, claims):
    assert claims_media(name) is claims


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "JPEG", "WEBP", "AVIF"])
def test_a_picture_is_decoded_to_its_pixels(form):
    decoded = decode_image(saved(ramp(), form), PIXELS)
    assert decoded.dtype == np.uint8
    assert close(decoded, ramp())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright_as_its_exif_says(orientation):
    turned = [
        ramp(), np.fliplr(ramp()), np.rot90(ramp(), 2), np.flipud(ramp()), ramp().transpose(1, 0, 2), np.rot90(ramp()),
        np.rot90(ramp(), 2).transpose(1, 0, 2), np.rot90(ramp(), -1),
    ][orientation - 1]  # fmt: skip
    content = saved(np.ascontiguousarray(turned), "PNG", exif=noted({ORIENTATION: orientation}))
    assert np.array_equal(decode_image(content, PIXELS), ramp())


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB"])
def test_a_picture_of_any_mode_becomes_rgb(mode):
    grey = np.repeat(ramp()[..., :1], 3, axis=2)
    content = saved(Image.fromarray(grey).convert(mode), "TIFF")
    tolerance = 90 if mode in {"1", "P"} else 4
    assert close(decode_image(content, PIXELS), grey, tolerance)


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_a_picture_of_16_bits_keeps_its_shades(form):
    content = saved(Image.fromarray(ramp()[..., 0].astype(np.uint16) * 257), form)
    assert np.array_equal(decode_image(content, PIXELS), np.repeat(ramp()[..., :1], 3, axis=2))


def test_a_palette_with_a_transparent_colour_is_decoded():
    assert decode_image(saved(Image.fromarray(ramp()).quantize(16), "PNG", transparency=3), PIXELS).shape == (48, 64, 3)


@pytest.mark.parametrize("white", [1.0, 255.0, 65_535.0, 1e6])
def test_shades_of_any_range_are_brought_to_ours(white):
    shades = ramp()[..., 0].astype(np.float32)
    content = saved(Image.fromarray(shades * np.float32(white) / shades.max()), "TIFF")
    assert close(decode_image(content, PIXELS), np.repeat((shades * 255 / shades.max())[..., None], 3, axis=2))


def test_shades_of_32_bits_are_brought_to_ours():
    content = saved(Image.fromarray(ramp()[..., 0].astype(np.int32) * 257), "TIFF")
    assert close(decode_image(content, PIXELS), np.repeat(ramp()[..., :1], 3, axis=2))


def test_a_photograph_of_a_telephone_is_decoded():
    content = HEIC.read_bytes()
    assert kind_of(sniff(content[:HEAD_BYTES])) is Kind.IMAGE
    assert close(decode_image(content, PIXELS), ramp(), 6)
    assert fault(content[:-100]) is FileFault.UNDECODABLE
    assert fault(content, 48 * 64 - 1) is FileFault.TOO_MANY_PIXELS


def drawn(seconds_and_pictures):
    return [(round(seconds, 3), int(picture.pixels.mean().round())) for seconds, picture in seconds_and_pictures]


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_is_decoded_frame_by_frame(form):
    frames = [Image.fromarray(np.full((32, 32, 3), shade, np.uint8)) for shade in (200, 100, 10)]
    lossless = {"lossless": True} if form == "WEBP" else {}
    content = saved(frames[0], form, save_all=True, append_images=frames[1:], duration=[500, 300, 200], **lossless)
    shown = drawn(decode_frames(content, PIXELS))
    assert [seconds for seconds, _ in shown] == [0, 0.5, 0.8]
    assert np.allclose([shade for _, shade in shown], [200, 100, 10], atol=3)


def test_pages_without_a_time_are_a_second_each():
    pages = [Image.fromarray(np.full((8, 8), shade, np.uint8)) for shade in (200, 10)]
    assert drawn(decode_frames(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]), PIXELS)) == [
        (0, 200), (1, 10)
    ]  # fmt: skip


def test_the_previews_in_a_photograph_are_left_aside():
    content = saved(ramp(480, 640), "MPO", save_all=True, append_images=[Image.fromarray(ramp(240, 320))])
    assert Image.open(io.BytesIO(content)).n_frames == 2
    ((_, picture),) = decode_frames(content, PIXELS, 120)
    assert (picture.height, picture.width, picture.scale) == (480, 640, 4)


def test_an_animation_that_breaks_off_keeps_its_first_frames():
    frames = [Image.fromarray(np.full((64, 64, 3), shade, np.uint8) + ramp(64, 64) // 9) for shade in (200, 100, 10)]
    content = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    assert 1 <= len(list(decode_frames(content[: 2 * len(content) // 3], PIXELS))) < 3


@pytest.mark.parametrize(("least", "scale"), [(0, 1), (480, 1), (240, 2), (121, 2), (120, 4), (100, 4), (1, 8)])
def test_a_jpeg_is_decoded_as_small_as_asked(least, scale):
    ((_, picture),) = decode_frames(saved(ramp(480, 641), "JPEG"), PIXELS, least)
    assert (picture.height, picture.width, picture.scale) == (480, 641, scale)
    assert picture.pixels.shape == ((480, 641, 3) if not least else (-(-480 // scale), -(-641 // scale)))


def test_an_animation_is_its_first_frame():
    frames = [Image.fromarray(np.full((8, 8, 3), shade, np.uint8)) for shade in (200, 10)]
    content = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (decode_image(content, PIXELS) == 200).all()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP", "AVIF"])
def test_half_a_picture_is_unreadable(form):
    content = saved(ramp(480, 640), form)
    assert fault(content[: len(content) // 2]) is FileFault.UNDECODABLE


@pytest.mark.parametrize("content", [b"", b"hello", bytes(1000), b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_what_is_no_picture_is_unreadable(content):
    assert fault(content) is FileFault.UNDECODABLE


def test_a_picture_at_the_bound_is_decoded_and_one_pixel_over_it_is_not():
    content = saved(ramp())
    assert decode_image(content, 48 * 64).shape == (48, 64, 3)
    assert fault(content, 48 * 64 - 1) is FileFault.TOO_MANY_PIXELS


def test_a_bomb_is_refused_at_once_and_takes_no_memory():
    bomb = png_header(100_000, 100_000)
    fault(png_header(2000, 2000))  # so that Pillow is warm
    began = time.monotonic()
    tracemalloc.start()
    assert fault(bomb, 10**8) is FileFault.TOO_MANY_PIXELS
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.monotonic() - began < 1
    assert peak < 2**20


def test_no_program_is_run_on_a_file_that_calls_itself_a_picture(tmp_path, monkeypatch):
    """PostScript that sniffs as a picture would reach Ghostscript through Pillow."""
    ran = tmp_path / "ran"
    interpreter = tmp_path / "gs"
    interpreter.write_text(f"#!/bin/sh\ntouch {ran}\n")
    interpreter.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    disguised = b"%!PSftypheic\n%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    assert kind_of(sniff(disguised)) is Kind.IMAGE
    assert fault(disguised) is FileFault.UNDECODABLE
    assert not ran.exists()


def noted(tags):
    exif = Image.Exif()
    exif.update(tags)
    return exif


WHOLE = {
    "JPEG": saved(
        ramp(24, 32),
        "JPEG",
        exif=noted({ORIENTATION: 6, 0x10E: "any", 0x11A: 72.0}),
    ),
    "PNG": saved(ramp(24, 32), "PNG"),
    "GIF": saved(ramp(24, 32), "GIF"),
    "TIFF": saved(ramp(24, 32), "TIFF", compression="tiff_lzw"),
    "WEBP": saved(ramp(24, 32), "WEBP"),
    "AVIF": saved(ramp(24, 32), "AVIF"),
    "HEIC": HEIC.read_bytes(),
}


def checksummed(png):
    """Make every checksum of a PNG right, so that its decoder sees what is wrong behind it."""
    whole, place = bytearray(png), 8
    while place + 12 <= len(whole):
        (length,) = struct.unpack_from(">I", whole, place)
        end = place + 8 + length
        if end + 4 > len(whole):
            break
        struct.pack_into(">I", whole, end, zlib.crc32(whole[place + 4 : end]))
        place = end + 4
    return bytes(whole)


def outcome(content):
    try:
        decoded = decode_image(content, PIXELS)
    except Unreadable as unreadable:
        return unreadable.args[0]
    assert len(list(islice(decode_frames(content, PIXELS, 8), 3))) >= 1
    return decoded.ndim, decoded.dtype


@BROKEN_EXIF
@pytest.mark.parametrize("form", WHOLE)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    kept=st.just(1.0) | st.floats(0, 1),
)
def test_a_broken_picture_is_decoded_or_unreadable_and_nothing_else(form, changes, kept):
    content = bytearray(WHOLE[form])
    for place, value in changes:
        content[int(place**2 * len(content))] = value  # mostly near the start, where formats keep their structure
    content = content[: round(kept * len(content))]
    content = checksummed(content) if form == "PNG" else bytes(content)
    assert outcome(content) in {(3, np.dtype(np.uint8)), FileFault.UNDECODABLE, FileFault.TOO_MANY_PIXELS}
