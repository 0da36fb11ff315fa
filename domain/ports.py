"""Ports: the narrow interfaces behind which the outside world stands."""

from collections.abc import Iterator
from datetime import datetime
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from domain.media import BlobKey, Sealed, Stored


class Draft(Protocol):
    """A file on its way into the store; what is not stored when the block ends is discarded."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Discard what was not stored."""
        ...

    def write(self, piece: bytes) -> None:
        """Take the next piece, which is digested and sealed at once."""
        ...

    def store(self) -> Stored:
        """Have the file stored; durable after the store's `flush`, read by others once its key is recorded."""
        ...


class BlobStore(Protocol):
    """Files by content, sealed before they leave the process and verified on every read. Threads may share it."""

    def key(self, sha256: str) -> BlobKey:
        """Name the file with this SHA-256 (hex)."""
        ...

    def draft(self) -> Draft:
        """Begin a file whose bytes come piece by piece."""
        ...

    def store(self, content: BinaryIO, *, unique: bool = False) -> Stored:
        """Take a whole file; durable after `flush`. One that is `unique`, as a document is, is not looked up first."""
        ...

    def flush(self) -> None:
        """Make everything that was stored before this call durable."""
        ...

    def read(self, key: BlobKey) -> bytes:
        """Give a file's bytes.

        Raises:
            BlobMissing: the ledger has no key of it, or the store no object.
            BlobCorrupt: what is held is not what was stored.
            InvalidSettings: this process holds no sealing key.
        """
        ...

    def pieces(self, key: BlobKey) -> Iterator[bytes]:
        """Give a file's bytes piece by piece; raises as `read` does."""
        ...

    def unseal(self, key: BlobKey, sealed: Sealed) -> bytes:
        """Give the bytes of a file whose key the ledger does not hold yet; raises as `read` does."""
        ...

    def holds(self, key: BlobKey) -> bool:
        """Whether the ledger has a key of this file, and the store its object."""
        ...

    def objects(self) -> Iterator[tuple[str, datetime]]:
        """Name every object held, and when it was written (UTC), in no stated order; drafts too."""
        ...

    def discard(self, name: str) -> None:
        """Remove an object, if it is there."""
        ...


class KeyBook(Protocol):
    """Who knows the wrapped keys: the ledger."""

    def find(self, key: BlobKey) -> Sealed | None:
        """Give where a file lies and its wrapped key."""
        ...


class KeyWrapping(Protocol):
    """Who holds the key-encryption keys: a file, the environment, or a key service that never gives them away."""

    @property
    def current(self) -> str:
        """The name of the key that wraps now."""
        ...

    def wrap(self, data_key: bytes, owner: str) -> tuple[str, bytes]:
        """Wrap a data key, bound to its owner: the name of the key that did it, and the wrapped key."""
        ...

    def unwrap(self, kek: str, wrapped: bytes, owner: str) -> bytes:
        """Unwrap a data key.

        Raises:
            InvalidSettings: the key of that name is not to be had.
            BlobCorrupt: it was wrapped for another owner, or changed.
        """
        ...
