"""Ports: the narrow interfaces behind which the outside world stands."""

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from domain.media import BlobKey


class BlobStore(Protocol):
    """Bytes by content. Written once, named by a keyed digest, verified on every read."""

    def key(self, sha256: str) -> BlobKey:
        """Name the file with this SHA-256 (hex)."""
        ...

    def write(self, key: BlobKey, content: BinaryIO, size: int) -> bool:
        """Take `size` bytes under `key`; False if they are held already. Durable after `flush`."""
        ...

    def flush(self) -> None:
        """Make everything written so far durable and readable."""
        ...

    def read(self, key: BlobKey) -> bytes:
        """Give the bytes under `key`.

        Raises:
            BlobMissing: nothing is held under this key.
            BlobCorrupt: what is held is not what the key names.
        """
        ...

    def holds(self, key: BlobKey) -> bool:
        """Whether bytes are held under `key`."""
        ...

    def delete(self, key: BlobKey) -> None:
        """Remove what is held under `key`, if anything is."""
        ...

    def keys(self) -> Iterator[BlobKey]:
        """Name everything held, in no stated order."""
        ...
