"""Unpacking: a recipient gets what the sender signed, all of it, or nothing."""

import io
import json
import secrets
import tarfile
from hashlib import sha256

import pytest
from referred import MEDIA, packages, take_report, write_desks

from domain.errors import InvalidSettings, PackageRefused
from domain.referral import Detail
from infra.envelopes import public_of, seal
from infra.signing import Signer
from infra.world import world
from tasks.referring.deciding import decide
from tasks.referring.packing import FORMAT, _member
from tasks.referring.sending import send_referrals
from tasks.referring.unpacking import unpack

KEY = secrets.token_bytes(32)
SENDER = Signer(secrets.token_bytes(32))


def package(folder, members, files=None, sign=SENDER.sign, front=("manifest.json", "manifest.sig"), **said):
    """Seal a package by hand, as somebody might who wants a recipient to believe something."""
    listed = [{"path": path, "size": len(content), "sha256": sha256(content).hexdigest()} for path, content in members]
    told = {"format": FORMAT, "package": "1", "desk": "de", "simulated": True, "sealed_to": public_of(KEY)}
    told |= {"files": listed if files is None else files, **said}
    manifest = json.dumps(told).encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, content in [*zip(front, (manifest, sign(manifest)), strict=True), *members]:
            info = tarfile.TarInfo(path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    file = folder / "1.bwp"
    file.write_bytes(b"".join(seal(bytes.fromhex(public_of(KEY)), [out.getvalue()])))
    return file


def test_what_is_signed_and_whole_is_opened(tmp_path):
    file = package(tmp_path, [("a.txt", b"a"), ("media/b.bin", b"b" * 70_000)])
    found = unpack(file, KEY, SENDER.public, tmp_path / "case")
    assert (found.number, found.desk, found.files, found.simulated) == ("1", "de", 2, True)
    assert (tmp_path / "case" / "media" / "b.bin").read_bytes() == b"b" * 70_000


LISTED = {"path": "a.txt", "size": 1, "sha256": sha256(b"a").hexdigest()}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"members": [("a.txt", b"a")], "sign": Signer(bytes(32)).sign}, "signature of the sender"),
        ({"members": [("a.txt", b"a")], "sign": lambda _: b""}, "signature of the sender"),
        ({"members": [("a.txt", b"a")], "front": ("manifest.txt", "manifest.sig")}, "does not begin with"),
        ({"members": [("a.txt", b"b")], "files": [LISTED]}, "not the one that its manifest names"),
        ({"members": [("a.txt", b"aa")], "files": [LISTED]}, "not the one that its manifest names"),
        ({"members": [("a.txt", b"a"), ("b.txt", b"b")], "files": [LISTED]}, "does not name"),
        ({"members": [("a.txt", b"a"), ("a.txt", b"a")], "files": [LISTED]}, "does not name"),
        ({"members": [], "files": [LISTED]}, "lacks files"),
        ({"members": [("../a.txt", b"a")]}, "does not name"),
        ({"members": [("/a.txt", b"a")]}, "does not name"),
        ({"members": [], "format": "breakwater package 2"}, "another version"),
        ({"members": [], "sealed_to": public_of(bytes(32))}, "for somebody else's key"),
    ],
)
def test_what_is_not_as_its_manifest_says_is_refused_and_leaves_nothing(tmp_path, said, why):
    file = package(tmp_path, **said)
    with pytest.raises(PackageRefused, match=why):
        unpack(file, KEY, SENDER.public, tmp_path / "case")
    assert [each.name for each in tmp_path.iterdir()] == ["1.bwp"]


@pytest.mark.parametrize("size", [0, 1, 8 * 2**30 - 1, 8 * 2**30, 2**40])
def test_a_film_of_any_size_has_its_place_in_a_package(size):
    header = next(_member("media/0001.mp4", size, 1_700_000_000, []))
    with tarfile.open(fileobj=io.BytesIO(header), mode="r|") as archive:
        (member,) = [archive.next()]
    assert (member.name, member.size) == ("media/0001.mp4", size)
    assert (len(header) == tarfile.BLOCKSIZE) == (size < 8 * 2**30)


def test_what_is_no_archive_and_what_is_no_package_is_refused(tmp_path):
    file = tmp_path / "1.bwp"
    file.write_bytes(b"".join(seal(bytes.fromhex(public_of(KEY)), [b"x" * 2000])))
    with pytest.raises(PackageRefused, match="no archive"):
        unpack(file, KEY, SENDER.public, tmp_path / "case")
    for content in (b"", b"BWP\x01", b"PK" + bytes(200)):
        file.write_bytes(content)
        with pytest.raises(PackageRefused):
            unpack(file, KEY, SENDER.public, tmp_path / "case")


def test_a_folder_that_is_there_is_left_alone_and_a_sender_must_be_a_key(tmp_path):
    file = package(tmp_path, [])
    (tmp_path / "case").mkdir()
    with pytest.raises(PackageRefused, match="is there already"):
        unpack(file, KEY, SENDER.public, tmp_path / "case")
    with pytest.raises(InvalidSettings, match="in hex"):
        unpack(file, KEY, "the sender", tmp_path / "other")


def test_the_seal_of_a_real_package_breaks_on_one_flipped_bit(data, monkeypatch, scene):
    key = write_desks(data, monkeypatch, us_icac_ca=MEDIA)["us-icac-ca"]
    decide(take_report(data, scene), Detail.ACTIONABLE, "7", ["us-icac-ca"])
    send_referrals.fn()
    (file,) = packages(data, "us-icac-ca")
    content = file.read_bytes()
    places = {*range(120), *range(len(content) - 40, len(content)), *range(120, len(content), 997)}
    for place in sorted(places):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        file.write_bytes(flipped)
        with pytest.raises(PackageRefused):
            unpack(file, key, world().signer.public, data / "case")
    assert not (data / "case").exists()
    file.write_bytes(content)
    unpack(file, key, world().signer.public, data / "case")
