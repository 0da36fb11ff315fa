"""Outboxes: where a desk fetches what is sent to it: a folder, here or by SFTP, or a prefix of a bucket."""

import io
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast
from urllib.parse import urlsplit

from domain.errors import BlobMissing, InvalidSettings
from infra.blobs.opening import parse_s3
from infra.durable import sync_folder
from infra.settings import Settings

if TYPE_CHECKING:
    from infra.blobs.s3 import S3Objects

ACCEPTED = "file:///DIR, s3+http://HOST:PORT/BUCKET/PREFIX, s3+https://… or sftp://USER@HOST[:PORT]/DIR"


class Outbox(Protocol):
    """What a desk fetches, by name; each is there whole or not at all."""

    def holds(self, name: str) -> bool:
        """Whether it lies there."""
        ...

    def deliver(self, name: str, pieces: Iterable[bytes]) -> None:
        """Put it there, durably, in place of what has the same name."""
        ...

    def remove(self, name: str) -> None:
        """Take it away, if it is still there."""
        ...


class FolderOutbox:
    """An outbox in a folder of this machine, or one that is mounted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holds(self, name: str) -> bool:
        """Whether it lies there."""
        return (self._folder / name).exists()

    def deliver(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write it under a name that nobody reads, push it to the disk, and give it its own."""
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f".{name}.{secrets.token_hex(4)}"
        try:
            with draft.open("xb") as out:
                out.writelines(pieces)
                out.flush()
                os.fsync(out.fileno())
            draft.replace(self._folder / name)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(self._folder)

    def remove(self, name: str) -> None:
        """Take it away."""
        (self._folder / name).unlink(missing_ok=True)


class BucketOutbox:
    """An outbox under a prefix of a bucket of any S3 server."""

    def __init__(self, objects: "S3Objects", prefix: str) -> None:
        self._objects = objects
        self._prefix = prefix

    def holds(self, name: str) -> bool:
        """Whether it lies there."""
        try:
            with self._objects.explained(name):
                self._objects.client.stat_object(self._objects.bucket, self._place(name))
        except BlobMissing:
            return False
        return True

    def deliver(self, name: str, pieces: Iterable[bytes]) -> None:
        """Upload it in parts; the server shows it when all are there."""
        from infra.blobs.s3 import PART  # noqa: PLC0415 (an outbox in a folder needs no S3 client)

        content = cast("BinaryIO", io.BufferedReader(Pieces(iter(pieces))))
        with self._objects.explained():
            self._objects.client.put_object(self._objects.bucket, self._place(name), content, -1, part_size=PART)

    def remove(self, name: str) -> None:
        """Take it away."""
        with self._objects.explained():
            self._objects.client.remove_object(self._objects.bucket, self._place(name))

    def _place(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name


class Pieces(io.RawIOBase):
    """Pieces that come one after the other, as a file that is read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Say so."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer with what comes next; 0 bytes are the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        taken = min(len(buffer), len(self._rest))
        buffer[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken


def is_outbox(url: str) -> bool:
    """Whether that is the URL of an outbox."""
    if url.startswith("sftp://"):
        parts = urlsplit(url)
        return bool(parts.hostname and parts.username and parts.path) and parts.password is None
    return url.startswith("file:///") or parse_s3(url) is not None


def open_outbox(url: str, settings: Settings) -> Outbox:
    """Open an outbox; nothing is contacted yet.

    Raises:
        InvalidSettings: keys of the S3 server, or of SFTP, are missing.
    """
    if url.startswith("sftp://"):
        return _open_sftp(url, settings)
    parsed = parse_s3(url)
    if parsed is None:
        return FolderOutbox(Path(url.removeprefix("file://")))
    access, secret = settings.outbox_keys
    if not (access and secret):
        raise InvalidSettings(
            "set BREAKWATER_OUTBOX_ACCESS_KEY and BREAKWATER_OUTBOX_SECRET_KEY for outboxes in buckets"
        )
    from infra.blobs.s3 import S3Objects, s3_client  # noqa: PLC0415 (as above)

    bucket, prefix = parsed
    client = s3_client(bucket.endpoint, access, secret, settings.blobs_region, secure=bucket.secure)
    return BucketOutbox(S3Objects(client, bucket.name, "BREAKWATER_OUTBOX"), prefix.strip("/"))


def _open_sftp(url: str, settings: Settings) -> Outbox:
    if not (settings.sftp_key and settings.sftp_hosts):
        raise InvalidSettings("set BREAKWATER_SFTP_KEY and BREAKWATER_SFTP_HOSTS for outboxes on SFTP servers")
    from infra.sftp import SftpOutbox  # noqa: PLC0415 (other outboxes need no SSH)

    return SftpOutbox(url, settings.sftp_key, settings.sftp_hosts)
