"""Frames: a film once a second, within bounds; whatever comes before a break is kept."""

import random
import subprocess
import sys
import time

import numpy as np
import pytest
from films import HEIGHT, WIDTH, film, sound

from domain.errors import Unreadable
from domain.report import FileFault
from tasks.frames import Sampling, sample

CONTAINERS = [("mp4", "mpeg4"), ("mp4", "h264"), ("webm", "libvpx"), ("matroska", "mpeg4"), ("avi", "mpeg4")]


def seconds(content, **sampling):
    return [round(frame.seconds, 3) for frame in sample(content, Sampling(**sampling))]


def fault(content, **sampling):
    with pytest.raises(Unreadable) as unreadable:
        list(sample(content, Sampling(**sampling)))
    return unreadable.value.args[0]


@pytest.mark.parametrize(("container", "codec"), CONTAINERS)
def test_a_film_is_seen_once_a_second_from_its_start(container, codec):
    assert seconds(film(container, codec, moments=range(80))) == [0, 1, 2, 3]


def test_frames_come_in_rgb_as_they_were_filmed():
    frames = list(sample(film(shade=lambda place: place), Sampling()))
    assert [frame.rgb.shape for frame in frames] == [(HEIGHT, WIDTH, 3)] * 3
    assert frames[0].rgb.dtype == np.uint8
    assert np.allclose([frame.rgb.mean() for frame in frames], [0, 25, 50], atol=4)


@pytest.mark.parametrize(
    ("every", "times"), [(0.5, [0, 0.52, 1, 1.52, 2, 2.52]), (0.04, [place / 25 for place in range(75)])]
)
def test_the_rate_is_as_said(every, times):
    assert seconds(film(), every=every) == times


def test_a_gap_in_a_film_is_not_made_up_for_afterwards():
    moments = [*range(10), *range(135, 165)]
    assert seconds(film("matroska", moments=moments)) == [0, 5.4, 6]


def test_seconds_count_from_the_first_frame():
    content = film("mpegts", "mpeg2video", moments=range(250, 325))
    assert seconds(content) == [0, 1, 2]


def test_no_more_frames_than_said_are_taken():
    assert seconds(film(), every=0.2, frames=4) == [0, 0.2, 0.4, 0.6]


def test_what_comes_after_the_last_second_is_not_looked_at():
    assert seconds(film(), seconds=1.5) == [0, 1]


def test_a_film_at_the_bound_of_pixels_is_seen_and_one_over_it_is_not():
    assert len(seconds(film(), max_pixels=WIDTH * HEIGHT)) == 3
    assert fault(film(), max_pixels=WIDTH * HEIGHT - 1) is FileFault.TOO_MANY_PIXELS


def test_frames_that_grow_over_the_bound_on_the_way_end_the_film():
    grows = film("mpegts", "mpeg2video") + film("mpegts", "mpeg2video", size=(640, 480), moments=range(100, 175))
    frames = list(sample(grows, Sampling(every=0.2, max_pixels=WIDTH * HEIGHT)))
    assert len(frames) > 10
    assert {frame.rgb.shape for frame in frames} == {(HEIGHT, WIDTH, 3)}


@pytest.mark.parametrize(("container", "codec"), [("matroska", "mpeg4"), ("avi", "mpeg4"), ("webm", "libvpx")])
def test_a_film_that_breaks_off_keeps_what_came_before(container, codec):
    whole = film(container, codec, moments=range(250), shade=lambda place: 37 * place)
    times = seconds(whole[: len(whole) // 2])
    assert times == list(range(len(times)))
    assert 3 <= len(times) <= 7


def test_a_film_that_breaks_off_before_its_index_is_unreadable():
    whole = film("mp4")
    assert fault(whole[: len(whole) // 2]) is FileFault.UNDECODABLE


@pytest.mark.parametrize(
    "content", [b"", b"hello", bytes(5000), sound(), film()[:40]], ids=["empty", "text", "zeros", "sound", "head"]
)
def test_what_is_no_film_is_unreadable(content):
    assert fault(content) is FileFault.UNDECODABLE


def test_a_film_of_an_unknown_codec_is_unreadable():
    assert fault(film("matroska").replace(b"V_MPEG4/ISO/ASP", b"V_XXXXX/ISO/ASP")) is FileFault.UNDECODABLE


def outcome(content):
    try:
        return "seen" if list(sample(content, Sampling(max_pixels=10**6))) else "nothing"
    except Unreadable as unreadable:
        return unreadable.args[0]


@pytest.mark.parametrize(("container", "codec"), [*CONTAINERS, ("mpegts", "mpeg2video")])
def test_a_broken_film_is_seen_or_unreadable_and_nothing_else(container, codec):
    whole = film(container, codec, moments=range(10))
    for number in range(80):
        rng = random.Random(number)
        broken = bytearray(whole)
        for _ in range(rng.randint(1, 8)):
            broken[int(rng.random() ** 2 * len(broken))] = rng.randrange(256)
        assert outcome(bytes(broken)) in {"seen", FileFault.UNDECODABLE, FileFault.TOO_MANY_PIXELS}


FINGERPRINT = """
import resource, sys
from domain.media import Kind
from tasks.frames import Sampling
from tasks.hashing.fingerprints import fingerprint
whole = sys.stdin.buffer.read()
fingerprint("warm", Kind.VIDEO, whole, Sampling(frames=2))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = fingerprint("key", Kind.VIDEO, whole, Sampling())
print(len(found.frames), found.width, found.height, round(found.duration))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_long_film_is_fingerprinted_frame_by_frame_in_little_memory():
    content = film(moments=range(0, 25 * 60, 25), size=(1280, 720), shade=lambda place: place)
    asked = subprocess.run([sys.executable, "-c", FINGERPRINT], input=content, capture_output=True, check=True)
    found, kibibytes = asked.stdout.decode().splitlines()
    assert found == "60 1280 720 59"
    assert int(kibibytes) * 1024 < 60 * 1280 * 720 * 3 / 3


SESSION = b"v=0\nftypjp2 \nc=IN IP4 127.0.0.1\nt=0 0\nm=video 50060 RTP/AVP 96\na=rtpmap:96 H264/90000\n"


@pytest.mark.parametrize(
    "content",
    [
        SESSION,
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
    ],
    ids=["sdp", "hls", "concat"],
)
def test_a_file_that_names_another_place_is_not_followed_there(content):
    began = time.monotonic()
    with pytest.raises(Unreadable) as refused:
        list(sample(content, Sampling()))
    assert refused.value.args == (FileFault.UNDECODABLE,)
    assert time.monotonic() - began < 2, "it listened for what the file names"
