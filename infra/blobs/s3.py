"""Objects in a bucket of any S3 server: MinIO, SeaweedFS, Ceph, AWS."""

import io
import queue
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import BinaryIO, cast

from minio import Minio, S3Error
from minio.commonconfig import ComposeSource
from minio.error import MinioException
from urllib3 import PoolManager, Retry, Timeout

from domain.errors import BlobMissing, InvalidSettings
from infra.blobs.naming import sharded
from infra.blobs.objects import INCOMING, PIECE

CONNECTIONS = 32
"""Connections kept open to the server: as many threads can read at once without a new one."""

PART = 16 * 2**20
"""Bytes of one part of an upload whose size nobody knows yet."""

_ABSENT = {"NoSuchKey", "NoSuchObject"}
_REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}


class S3Objects:
    """An `ObjectStore` in a bucket. Every object has a name of its own, so no conditional write is needed.

    `setting` begins the names of the settings that its keys and its bucket come from.
    """

    def __init__(self, client: Minio, bucket: str, setting: str = "BREAKWATER_BLOBS") -> None:
        self.client = client
        self.bucket = bucket
        self._setting = setting

    def make_bucket(self) -> None:
        """Make the bucket, if it is not there already.

        Raises:
            InvalidSettings: the server refuses the keys.
        """
        with self.explained():
            if self.client.bucket_exists(self.bucket):
                return
            try:
                self.client.make_bucket(self.bucket)
            except S3Error as error:
                if error.code != "BucketAlreadyOwnedByYou":
                    raise

    def put(self, name: str, content: bytes) -> None:
        """Write an object; durable at once."""
        with self.explained():
            self.client.put_object(self.bucket, _place(name), io.BytesIO(content), len(content))

    def incoming(self) -> "IncomingUpload":
        """Begin an object whose bytes come piece by piece."""
        return IncomingUpload(self, f"{INCOMING}/{secrets.token_hex(16)}")

    def flush(self) -> None:
        """Do nothing: the server has what it acknowledged."""

    def pieces(self, name: str) -> Iterator[bytes]:
        """Give an object's bytes, piece by piece."""
        with self.explained(name):
            response = self.client.get_object(self.bucket, _place(name))
            try:
                yield from response.stream(PIECE)
            finally:
                response.close()
                response.release_conn()

    def holds(self, name: str) -> bool:
        """Whether there is an object of this name."""
        try:
            with self.explained(name):
                self.client.stat_object(self.bucket, _place(name))
        except BlobMissing:
            return False
        return True

    def discard(self, name: str) -> None:
        """Remove an object, if it is there."""
        with self.explained():
            self.client.remove_object(self.bucket, _place(name))

    def objects(self) -> Iterator[tuple[str, datetime]]:
        """Name every object, those still without a name too, and when it was written (UTC)."""
        with self.explained():
            for found in self.client.list_objects(self.bucket, recursive=True):
                place = found.object_name or ""
                name = place if place.startswith(f"{INCOMING}/") else place.rpartition("/")[2]
                yield name, (found.last_modified or datetime.now(UTC)).astimezone(UTC)

    @contextmanager
    def explained(self, name: str = "") -> Iterator[None]:
        """Turn the server's refusals into errors that say what to do; the rest is a connection to be tried again."""
        try:
            yield
        except S3Error as error:
            if error.code in _ABSENT:
                raise BlobMissing(f"no object {name} in {self.bucket}; restore it from a backup") from None
            if error.code in _REFUSED:
                raise InvalidSettings(
                    f"the S3 server refuses the keys for bucket {self.bucket} ({error.code}): see "
                    f"{self._setting}_ACCESS_KEY and {self._setting}_SECRET_KEY"
                ) from None
            if error.code == "NoSuchBucket":
                raise InvalidSettings(f"{self._setting}: the server has no bucket {self.bucket}") from None
            raise ConnectionError(f"the S3 server refuses for now ({error.code}): see its log") from None
        except MinioException as error:
            raise ConnectionError(f"the S3 server does not answer as one ({type(error).__name__})") from None


class IncomingUpload:
    """An object that is being uploaded by a thread of its own, from pieces that come one after the other."""

    def __init__(self, store: S3Objects, draft: str) -> None:
        self._store = store
        self._draft = draft
        self._pieces = _Pieces()
        self._failed: Exception | None = None
        self._thread = threading.Thread(target=self._upload, daemon=True)
        self._thread.start()

    def write(self, piece: bytes) -> None:
        """Take the next piece."""
        if self._failed:
            raise self._failed
        self._pieces.put(piece)

    def publish(self, name: str) -> None:
        """Give it its name: a copy within the server."""
        self._end()
        if self._failed:
            raise self._failed
        source = ComposeSource(self._store.bucket, self._draft)
        with self._store.explained():
            self._store.client.compose_object(self._store.bucket, _place(name), [source])
        self._store.discard(self._draft)

    def discard(self) -> None:
        """Remove it."""
        self._end()
        self._store.discard(self._draft)

    def _end(self) -> None:
        self._pieces.put(b"")
        self._thread.join()

    def _upload(self) -> None:
        """Upload until the pieces end; what fails is kept for the one who writes."""
        try:
            with self._store.explained():
                pieces = cast("BinaryIO", self._pieces)
                self._store.client.put_object(self._store.bucket, self._draft, pieces, -1, part_size=PART)
        except Exception as error:  # noqa: BLE001 (it is raised again where the pieces come from)
            self._failed = error
            self._pieces.drain()


class _Pieces(io.RawIOBase):
    """Bytes that one thread writes and another reads, a bounded number of pieces ahead."""

    def __init__(self) -> None:
        self._queue: queue.Queue[bytes] = queue.Queue(maxsize=4)
        self._rest = b""
        self._drained = False

    def put(self, piece: bytes) -> None:
        """Hand the next piece over, or an empty one at the end."""
        if not self._drained:
            self._queue.put(piece)

    def drain(self) -> None:
        """Let nobody wait any more."""
        self._drained = True
        while not self._queue.empty():
            self._queue.get_nowait()

    def readable(self) -> bool:
        """Say so."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Give up to `size` bytes; fewer only at the end."""
        wanted = size if size > 0 else PART
        found = bytearray(self._rest)
        while len(found) < wanted and (piece := self._queue.get()):
            found += piece
        if len(found) < wanted:
            self._queue.put(b"")  # the end stays the end
        self._rest = bytes(found[wanted:])
        return bytes(found[:wanted])


def _place(name: str) -> str:
    return name if name.startswith(f"{INCOMING}/") else sharded(name)


def s3_client(endpoint: str, access_key: str, secret_key: str, region: str, *, secure: bool) -> Minio:
    """Make a client of the server at `endpoint` (`HOST:PORT`), whose threads share a pool of connections."""
    retries = Retry(total=4, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504))
    pool = PoolManager(maxsize=CONNECTIONS, timeout=Timeout(connect=5, read=60), retries=retries)
    return Minio(endpoint, access_key, secret_key, region=region, secure=secure, http_client=pool)
