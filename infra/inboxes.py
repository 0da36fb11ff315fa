"""Places where reports lie: folders of this machine, and prefixes of a bucket, read alike and never copied to disk."""

import io
import os
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeAlias

from domain.errors import InvalidSettings
from infra.blobs.opening import parse_s3
from infra.world import world

if TYPE_CHECKING:
    from minio.datatypes import Object

READ_AHEAD = 1 << 20
"""Bytes that are asked for at once."""

NAME_BYTES = 255
"""Bytes of a file's name in UTF-8, at most: `NAME_MAX` of Linux's file systems."""

PATH_BYTES = 1024
"""Bytes of a name with its folders: an object's in S3; a path of Linux may have four times as many."""


@dataclass(frozen=True, slots=True)
class ObjectStatus:
    """What a bucket tells of an object, under the names of `os.stat_result`."""

    st_size: int
    st_mtime_ns: int
    tag: str

    @property
    def st_mtime(self) -> float:
        """When it was written (seconds since 1970)."""
        return self.st_mtime_ns / 1e9


@dataclass(frozen=True, slots=True, order=True)
class BucketPath:
    """A prefix or an object of a bucket, with the reading half of `pathlib.Path`.

    Attributes:
        bucket: the bucket's URL, `s3+http://HOST:PORT/BUCKET`.
        key: the object's name, or a prefix without its last slash.
        status: what is known of the object; None for a prefix, and for what nobody has asked the server for yet.
    """

    bucket: str
    key: str
    status: ObjectStatus | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.bucket}/{self.key}"

    @property
    def name(self) -> str:
        """The last part."""
        return PurePosixPath(self.key).name

    @property
    def suffix(self) -> str:
        """The ending of the name."""
        return PurePosixPath(self.key).suffix

    @property
    def parent(self) -> "BucketPath":
        """The prefix around it."""
        return BucketPath(self.bucket, posixpath.dirname(self.key))

    def __truediv__(self, name: str) -> "BucketPath":
        return BucketPath(self.bucket, posixpath.join(self.key, name))

    def resolve(self) -> "BucketPath":
        """Take dots out of the name."""
        return BucketPath(self.bucket, posixpath.normpath(self.key))

    def is_symlink(self) -> bool:
        """Say no: a bucket has no links."""
        return False

    def is_file(self) -> bool:
        """Whether there is such an object."""
        return self.status is not None or self._found() is not None

    exists = is_file

    def is_dir(self) -> bool:
        """Whether anything lies under it."""
        return self.status is None and next(self._listed(recursive=True), None) is not None

    def iterdir(self) -> Iterator["BucketPath"]:
        """Give what lies directly under it, prefixes too."""
        for found in self._listed(recursive=False):
            yield self._at(found)

    def rglob(self, _pattern: Literal["*"]) -> Iterator["BucketPath"]:
        """Give every object under it."""
        for found in self._listed(recursive=True):
            yield self._at(found)

    def stat(self) -> ObjectStatus:
        """Give its size, time and tag.

        Raises:
            FileNotFoundError: there is no such object.
        """
        status = self.status or self._found()
        if status is None:
            raise FileNotFoundError(2, "there is no such object", str(self))
        return status

    lstat = stat

    def open(self, _mode: Literal["rb"]) -> BinaryIO:
        """Read it, from anywhere in it."""
        return io.BufferedReader(_Ranges(self, self.stat()), READ_AHEAD)

    def read_bytes(self) -> bytes:
        """Read all of it."""
        with self.open("rb") as content:
            return content.read()

    def _found(self) -> ObjectStatus | None:
        from minio import S3Error  # noqa: PLC0415 (an inbox in a folder needs no S3 client)

        client, bucket = _client(self.bucket)
        try:
            return _status(client.stat_object(bucket, self.key))
        except S3Error as error:
            if error.code in {"NoSuchKey", "NoSuchObject"}:
                return None
            raise

    def _listed(self, *, recursive: bool) -> Iterator["Object"]:
        client, bucket = _client(self.bucket)
        prefix = f"{self.key}/" if self.key else ""
        return (
            found
            for found in client.list_objects(bucket, prefix, recursive=recursive)
            if found.object_name != prefix and (found.is_dir or not (found.object_name or "").endswith("/"))
        )

    def _at(self, found: "Object") -> "BucketPath":
        key = (found.object_name or "").rstrip("/")
        return BucketPath(self.bucket, key, None if found.is_dir else _status(found))


Place: TypeAlias = Path | BucketPath
"""A folder, a drop or a file, wherever it lies."""


def place_at(where: str | Path) -> Place:
    """Open a folder or a file by its path, or a prefix of a bucket by its URL.

    Raises:
        InvalidSettings: it is no URL of a bucket, the server refuses the keys, or there is no such bucket.
    """
    text = str(where)
    if "://" not in text:
        return Path(where)
    if text.startswith("file:///"):
        return Path(text.removeprefix("file://"))
    parsed = parse_s3(text)
    if parsed is None:
        raise InvalidSettings("an inbox is a path, or s3+http://HOST:PORT/BUCKET/PREFIX, without keys in it")
    bucket, prefix = parsed
    _see(bucket.url)
    return BucketPath(bucket.url, prefix)


def mark(place: Place) -> tuple[str, ...]:
    """Tell what a file is without reading it: its size and time, in a bucket its tag."""
    status = place.lstat()
    return (str(status.st_size), status.tag if isinstance(status, ObjectStatus) else str(status.st_mtime_ns))


def files_under(folder: Place) -> list[tuple[str, Place]]:
    """List the files in a folder and in the folders in it, by their names within it; a link is none."""
    files = (file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    return sorted((str(file)[len(str(folder)) + 1 :], file) for file in files)


@contextmanager
def nameless() -> Iterator[None]:
    """Have what the system cannot do with a file told without the file's name, which the system's own words hold."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            raise
        why = os.strerror(error.errno or 0)
        raise OSError(
            error.errno, f"a file cannot be taken in ({why}); see that this process can read the inbox"
        ) from None


def within(folder: Place, name: str) -> Place | None:
    """Give what a name means in a folder; None where it leads out of it, or where no file can be called so."""
    if not _can_be_called(name) or name.startswith("/"):
        return None
    place = folder / name
    try:
        real = place.resolve()
    except RuntimeError:  # links that lead to each other
        return None
    return place if PurePosixPath(str(real)).is_relative_to(str(folder.resolve())) else None


def _can_be_called(name: str) -> bool:
    """Whether a file may have this name, at any place that we read."""
    try:
        content = name.encode()
    except UnicodeEncodeError:
        return False
    bounded = len(content) <= PATH_BYTES and all(len(part) <= NAME_BYTES for part in content.split(b"/"))
    return bool(name) and "\0" not in name and bounded


def _see(url: str) -> None:
    """See that a bucket can be read at all."""
    from minio import S3Error  # noqa: PLC0415 (as above)

    client, bucket = _client(url)
    try:
        there = client.bucket_exists(bucket)
    except S3Error as error:
        raise InvalidSettings(
            f"the S3 server refuses the inbox's keys ({error.code}): see BREAKWATER_INBOX_ACCESS_KEY and "
            "BREAKWATER_INBOX_SECRET_KEY"
        ) from None
    if not there:
        raise InvalidSettings(f"the S3 server has no bucket {bucket}; name another as the inbox")


@cache
def _client(url: str) -> tuple[Any, str]:
    """Make the client of a bucket once a process, with the keys of the settings."""
    from infra.blobs.s3 import s3_client  # noqa: PLC0415 (as above)

    settings = world().settings
    access, secret = settings.inbox_keys
    if not (access and secret):
        raise InvalidSettings(
            "set BREAKWATER_INBOX_ACCESS_KEY and BREAKWATER_INBOX_SECRET_KEY for an inbox in a bucket"
        )
    parsed = parse_s3(url)
    assert parsed is not None
    bucket = parsed[0]
    return s3_client(bucket.endpoint, access, secret, settings.blobs_region, secure=bucket.secure), bucket.name


def _status(found: "Object") -> ObjectStatus:
    written = (found.last_modified or datetime.now(UTC)).timestamp()
    return ObjectStatus(found.size or 0, round(written * 1e9), (found.etag or "").strip('"'))


class _Ranges(io.RawIOBase):
    """An object as a file that can be read from anywhere: each read asks for a range."""

    def __init__(self, path: BucketPath, status: ObjectStatus) -> None:
        self._path = path
        self._size = status.st_size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 (any buffer that can be written)
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        client, bucket = _client(self._path.bucket)
        response = client.get_object(bucket, self._path.key, offset=self._at, length=wanted)
        try:
            content = response.read(decode_content=False)
        finally:
            response.close()
            response.release_conn()
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)
