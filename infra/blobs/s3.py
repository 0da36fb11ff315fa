"""Blobs in a bucket of any S3 server: MinIO, SeaweedFS, Ceph, AWS."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from minio import Minio, S3Error
from urllib3 import PoolManager, Retry, Timeout

from domain.errors import BlobMissing, InvalidSettings
from domain.media import BlobKey
from infra.blobs.naming import Naming, sharded

CONNECTIONS = 32
"""Connections kept open to the server: as many threads can read at once without a new one."""

_ABSENT = {"NoSuchKey", "NoSuchObject"}
_REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}


class S3Blobs:
    """A `BlobStore` in a bucket.

    Names come from content: two writers at once write the same bytes, so looking a name up before writing
    it is enough, and no conditional write is needed, which not every S3 server honours.
    """

    def __init__(self, client: Minio, bucket: str, naming: Naming) -> None:
        self._client = client
        self._bucket = bucket
        self._naming = naming

    def make_bucket(self) -> None:
        """Make the bucket, if it is not there already.

        Raises:
            InvalidSettings: the server refuses the keys.
        """
        with self._explained():
            if self._client.bucket_exists(self._bucket):
                return
            try:
                self._client.make_bucket(self._bucket)
            except S3Error as error:
                if error.code != "BucketAlreadyOwnedByYou":
                    raise

    def key(self, sha256: str) -> BlobKey:
        """Name the file with this SHA-256 (hex)."""
        return self._naming.key(sha256)

    def write(self, key: BlobKey, content: BinaryIO, size: int) -> bool:
        """Take `size` bytes under `key`; False if they are held already. Durable at once.

        Raises:
            OSError: other than `size` bytes came; nothing is held then.
        """
        if self.holds(key):
            return False
        with self._explained():
            self._client.put_object(self._bucket, sharded(key), content, size)
        if content.read(1):
            self.delete(key)
            raise OSError(f"blob {key}: more than the announced {size} bytes came; send it again")
        return True

    def flush(self) -> None:
        """Do nothing: the server has what it acknowledged."""

    def read(self, key: BlobKey) -> bytes:
        """Give the bytes under `key`, verified."""
        with self._explained(key):
            response = self._client.get_object(self._bucket, sharded(key))
            try:
                content = response.read()
            finally:
                response.close()
                response.release_conn()
        return self._naming.verified(key, content)

    def holds(self, key: BlobKey) -> bool:
        """Whether bytes are held under `key`."""
        try:
            with self._explained(key):
                self._client.stat_object(self._bucket, sharded(key))
        except BlobMissing:
            return False
        return True

    def delete(self, key: BlobKey) -> None:
        """Remove what is held under `key`, if anything is."""
        with self._explained():
            self._client.remove_object(self._bucket, sharded(key))

    def keys(self) -> Iterator[BlobKey]:
        """Name everything held, in no stated order."""
        with self._explained():
            for found in self._client.list_objects(self._bucket, recursive=True):
                yield (found.object_name or "").rpartition("/")[2]

    @contextmanager
    def _explained(self, key: BlobKey = "") -> Iterator[None]:
        """Turn the server's refusals into errors that say what to do; the rest passes, to be tried again."""
        try:
            yield
        except S3Error as error:
            if error.code in _ABSENT:
                raise BlobMissing(f"no blob {key} in {self._bucket}; restore it from a backup") from None
            if error.code in _REFUSED:
                raise InvalidSettings(
                    f"the S3 server refuses the keys for bucket {self._bucket} ({error.code}): see "
                    "BREAKWATER_BLOBS_ACCESS_KEY and BREAKWATER_BLOBS_SECRET_KEY"
                ) from None
            if error.code == "NoSuchBucket":
                raise InvalidSettings(f"BREAKWATER_BLOBS: the server has no bucket {self._bucket}") from None
            raise


def s3_client(endpoint: str, access_key: str, secret_key: str, region: str, *, secure: bool) -> Minio:
    """Make a client of the server at `endpoint` (`HOST:PORT`), whose threads share a pool of connections."""
    retries = Retry(total=4, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504))
    pool = PoolManager(maxsize=CONNECTIONS, timeout=Timeout(connect=5, read=60), retries=retries)
    return Minio(endpoint, access_key, secret_key, region=region, secure=secure, http_client=pool)
