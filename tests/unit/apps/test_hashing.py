"""`breakwater hash`: lines of JSON about files of any kind."""

import hashlib
import json

import numpy as np
import pytest
from films import film
from PIL import Image
from typer.testing import CliRunner

from apps.cli import app
from domain.media import hamming
from tasks.hashing.pdq import ORIENTATIONS, pdq


@pytest.fixture
def printed():
    def run(*arguments, status=0):
        result = CliRunner().invoke(app, ["hash", *map(str, arguments)])
        assert result.exit_code == status, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    return run


@pytest.fixture
def picture(tmp_path, scene):
    file = tmp_path / "picture.png"
    Image.fromarray(scene(1)).save(file)
    return file


def test_a_picture_has_its_digests_and_its_fingerprint(printed, picture, scene):
    content = picture.read_bytes()
    (line,) = printed(picture)
    assert line == {
        "file": str(picture),
        "media_type": "image/png",
        "size": len(content),
        "md5": hashlib.md5(content).hexdigest(),
        "sha1": hashlib.sha1(content).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "mode": "match",
        "width": 640,
        "height": 480,
        "pdq": pdq(scene(1)).bits[:32].hex(),
        "quality": 100,
    }


@pytest.mark.parametrize("mode", ["exact", "triage"])
def test_the_mode_is_as_asked_and_said(printed, picture, scene, mode):
    (line,) = printed(f"--{mode}", picture)
    assert line["mode"] == mode
    assert hamming(bytes.fromhex(line["pdq"]), pdq(scene(1)).bits[:32]) <= 2


def test_two_modes_at_once_are_refused(printed, picture):
    assert printed("--exact", "--triage", picture, status=2) == []


def test_all_eight_orientations_are_named(printed, picture, scene):
    (line,) = printed("--dihedral", picture)
    assert list(line["dihedral"]) == list(ORIENTATIONS)
    assert "".join(line["dihedral"].values()) == pdq(scene(1)).bits.hex()


def test_a_letterbox_has_the_fingerprint_of_its_inside_as_well(printed, tmp_path, scene):
    Image.fromarray(np.pad(scene(2), ((90, 90), (0, 0), (0, 0)))).save(tmp_path / "a.png")
    (line,) = printed(tmp_path / "a.png")
    assert line["trimmed"]["pdq"] == pdq(scene(2)).bits[:32].hex()


@pytest.fixture
def clip(tmp_path, scene):
    wide = scene(3, 240, 420)
    content = film(size=(320, 240), shade=lambda place: wide[:, place : place + 320])
    (tmp_path / "clip.mp4").write_bytes(content)
    return tmp_path / "clip.mp4"


def test_a_video_has_every_frame_with_its_second_its_quality_and_its_hash(printed, clip):
    (line,) = printed(clip)
    assert [frame[0] for frame in line["frames"]] == [round(place / 25, 3) for place in range(75)]
    assert all(quality == 100 and len(bytes.fromhex(bits)) == 32 for _, quality, bits in line["frames"])
    assert len(bytes.fromhex(line["descriptor"])) == 32
    assert (line["width"], line["height"], line["seconds"]) == (320, 240, 2.96)


def test_a_video_is_seen_as_often_as_asked_and_thinned_on_request(printed, clip):
    (whole,), (seldom,), (thin,) = printed(clip), printed("--every", 1, clip), printed("--thin", clip)
    assert [frame[0] for frame in seldom["frames"]] == [0, 1, 2]
    assert 1 <= len(thin["frames"]) < len(whole["frames"])
    assert all(frame in whole["frames"] for frame in [*seldom["frames"], *thin["frames"]])


def test_an_animation_is_its_first_frame_and_all_its_frames(printed, tmp_path, scene):
    frames = [Image.fromarray(scene(number, 120, 160)) for number in (1, 2, 3)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], duration=400, lossless=True)
    (line,) = printed("--dihedral", tmp_path / "a.webp")
    assert [frame[0] for frame in line["frames"]] == [0, 0.4, 0.8]
    assert line["frames"][0] == [0, line["quality"], line["pdq"]]
    assert len(line["dihedral_frames"]) == 3


def test_what_cannot_be_decoded_is_told_and_the_rest_goes_on(printed, picture, tmp_path):
    (tmp_path / "half.png").write_bytes(picture.read_bytes()[:5000])
    broken, whole = printed(tmp_path / "half.png", picture, status=1)
    assert broken["fault"] == "undecodable"
    assert len(broken["sha256"]) == 64
    assert "fault" not in whole


def test_a_file_that_is_no_media_has_its_digests_alone(printed, tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    (line,) = printed(tmp_path / "a.txt")
    assert line["md5"] == hashlib.md5(b"hello").hexdigest()
    assert {"pdq", "frames", "fault"}.isdisjoint(line)


def test_a_file_over_the_bound_is_digested_and_not_decoded(printed, picture, monkeypatch):
    content = picture.read_bytes() + bytes(2_000_000)
    picture.write_bytes(content)
    monkeypatch.setenv("BREAKWATER_MAX_MEDIA_BYTES", "1000000")
    (line,) = printed(picture, status=1)
    assert line["fault"] == "too_large"
    assert line["sha256"] == hashlib.sha256(content).hexdigest()
