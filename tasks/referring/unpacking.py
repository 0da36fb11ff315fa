"""Unpacking, for recipients: open a package with the private key, verify all of it, and only then leave it there."""

import json
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any, cast

from domain.errors import PackageRefused
from infra.envelopes import public_of, unseal
from infra.outboxes import Pieces
from infra.signing import signed_by
from tasks.referring.packing import FORMAT, MANIFEST, SIGNATURE
from tasks.referring.sending import notice_name

PIECE = 1 << 20
MOST_MANIFEST = 16 * 2**20
"""Bytes of a manifest, at most: some hundred thousand files."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What was in a package: its number, the desk it is for, and how many files of it were verified."""

    number: str
    desk: str
    simulated: bool
    files: int


def unpack(file: Path, private: bytes, sender: str, folder: Path) -> Unpacked:
    """Open a package into a folder that is not there yet; it appears when every bit of the package was verified.

    Args:
        file: the package; a notice beside it says that it was recalled.
        private: the recipient's key.
        sender: the sender's public key (64 hex digits), had by another way than the package.
        folder: where to put what is in it.

    Raises:
        PackageRefused: it is none for this key, was changed, is not the sender's, or was recalled.
    """
    if _recalled(file, sender):
        raise PackageRefused("its sender recalled the package: delete it")
    if folder.exists():
        raise PackageRefused(f"{folder} is there already; name a folder that is not")
    draft = folder.with_name(f".{folder.name}.opening")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    try:
        with file.open("rb") as content:
            stream = Pieces(unseal(private, iter(lambda: content.read(PIECE), b"")))
            unpacked = _read(stream, sender, public_of(private), draft)
            while stream.read(PIECE):  # the last bytes are verified with the end
                pass
        draft.rename(folder)
    except tarfile.TarError:
        raise PackageRefused("what is in the package is no archive; ask its sender") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return unpacked


def _recalled(file: Path, sender: str) -> bool:
    """Whether the sender's own notice lies beside the package."""
    notice = file.with_name(notice_name(file.stem))
    if not notice.exists():
        return False
    try:
        told = json.loads(notice.read_bytes())
        content, signature = told["notice"].encode(), bytes.fromhex(told["signature"])
        return signed_by(sender, signature, content) and json.loads(content)["recalled"] == file.stem
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def _read(stream: Pieces, sender: str, recipient: str, folder: Path) -> Unpacked:
    """Write every member where it belongs, each verified by the manifest.

    The manifest names the recipient's key, so that nobody can hand on what was sealed to them as if it were to others.
    """
    with tarfile.open(fileobj=cast("Any", stream), mode="r|") as archive:
        members = iter(archive)
        manifest = _small(archive, next(members, None), MANIFEST)
        if not signed_by(sender, _small(archive, next(members, None), SIGNATURE), manifest):
            raise PackageRefused("the package does not bear the signature of the sender that you name")
        told = json.loads(manifest)
        if told["format"] != FORMAT:
            raise PackageRefused(f"the package is of another version: {FORMAT} is read here")
        if told["sealed_to"] != recipient:
            raise PackageRefused("the sender made this package for somebody else's key; ask both who sent it to you")
        (folder / MANIFEST).write_bytes(manifest)
        left = {each["path"]: each for each in told["files"]}
        for member in members:
            _write(archive, member, left.pop(member.name, None), folder)
    if left:
        raise PackageRefused("the package lacks files that its manifest names; ask its sender for it again")
    return Unpacked(told["package"], told["desk"], told["simulated"], len(told["files"]))


def _small(archive: tarfile.TarFile, member: tarfile.TarInfo | None, name: str) -> bytes:
    """Read one of the first members."""
    if member is None or member.name != name or member.size > MOST_MANIFEST:
        raise PackageRefused(f"the package does not begin with {MANIFEST} and {SIGNATURE}")
    return b"".join(_pieces(archive, member))


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, told: Mapping[str, Any] | None, folder: Path) -> None:
    path = PurePosixPath(member.name)
    if told is None or path.is_absolute() or ".." in path.parts or not member.isreg():
        raise PackageRefused("the package holds what its manifest does not name; do not open it")
    place, digest = folder / path, sha256()
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("xb") as out:
        for piece in _pieces(archive, member):
            digest.update(piece)
            out.write(piece)
    if (member.size, digest.hexdigest()) != (told["size"], told["sha256"]):
        raise PackageRefused("a file of the package is not the one that its manifest names; do not open it")


def _pieces(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    content = archive.extractfile(member)
    if content is None:
        raise PackageRefused("the package holds what is no file; do not open it")
    return iter(lambda: content.read(PIECE), b"")
