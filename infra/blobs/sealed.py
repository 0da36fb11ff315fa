"""The blob store: files by content, each sealed under a key of its own that the ledger keeps, wrapped."""

from collections.abc import Iterator
from datetime import datetime
from types import TracebackType
from typing import BinaryIO, Self

from domain.errors import BlobCorrupt, BlobMissing
from domain.media import HEAD_BYTES, BlobKey, Digester, Sealed, Stored
from domain.ports import KeyBook, KeyWrapping
from infra.blobs.naming import Naming
from infra.blobs.objects import PIECE, Incoming, ObjectStore
from infra.sealing import Sealer, new_key, unseal

IN_MEMORY = 8 * 2**20
"""Sealed bytes of a file that are kept in memory until it is stored: one that is held already costs no write."""


class SealedBlobs:
    """A `BlobStore` over objects. Each file that is new gets an object of its own; the first key recorded is its key.

    Of two writers of one file at once the ledger keeps one key; the other's object is named by nobody, and swept.
    """

    def __init__(self, objects: ObjectStore, naming: Naming, wrapping: KeyWrapping, book: KeyBook) -> None:
        self._objects = objects
        self._naming = naming
        self._wrapping = wrapping
        self._book = book

    def key(self, sha256: str) -> BlobKey:
        """Name the file with this SHA-256 (hex)."""
        return self._naming.key(sha256)

    def draft(self) -> "SealedDraft":
        """Begin a file whose bytes come piece by piece."""
        return SealedDraft(self._objects, self._naming, self._wrapping, self._book)

    def store(self, content: BinaryIO, *, unique: bool = False) -> Stored:
        """Take a whole file; durable after `flush`. One that is `unique`, as a document is, is not looked up first."""
        with SealedDraft(self._objects, self._naming, self._wrapping, None if unique else self._book) as draft:
            while piece := content.read(PIECE):
                draft.write(piece)
            return draft.store()

    def flush(self) -> None:
        """Make everything that was stored before this call durable."""
        self._objects.flush()

    def read(self, key: BlobKey) -> bytes:
        """Give a file's bytes, verified."""
        return b"".join(self.pieces(key))

    def pieces(self, key: BlobKey) -> Iterator[bytes]:
        """Give a file's bytes piece by piece, verified."""
        sealed = self._book.find(key)
        if sealed is None:
            raise BlobMissing(f"the ledger has no key of blob {key}; it was deleted, or never recorded")
        return self._opened(key, sealed)

    def unseal(self, key: BlobKey, sealed: Sealed) -> bytes:
        """Give the bytes of a file whose key the ledger does not hold yet."""
        return b"".join(self._opened(key, sealed))

    def holds(self, key: BlobKey) -> bool:
        """Whether the ledger has a key of this file, and the store its object."""
        sealed = self._book.find(key)
        return sealed is not None and self._objects.holds(sealed.object)

    def objects(self) -> Iterator[tuple[str, datetime]]:
        """Name every object held, and when it was written (UTC), in no stated order; drafts too."""
        return self._objects.objects()

    def discard(self, name: str) -> None:
        """Remove an object, if it is there."""
        self._objects.discard(name)

    def _opened(self, key: BlobKey, sealed: Sealed) -> Iterator[bytes]:
        data_key = self._wrapping.unwrap(sealed.kek, sealed.wrapped, key)
        try:
            yield from unseal(data_key, self._objects.pieces(sealed.object))
        except BlobCorrupt as error:
            raise BlobCorrupt(f"blob {key}: {error}") from None


class SealedDraft:
    """A file on its way into the store; its plaintext is nowhere but in the piece at hand."""

    def __init__(self, objects: ObjectStore, naming: Naming, wrapping: KeyWrapping, book: KeyBook | None) -> None:
        self._objects = objects
        self._naming = naming
        self._wrapping = wrapping
        self._book = book
        self._data_key = new_key()
        _ = wrapping.current  # a process without keys learns so before any byte comes
        self._sealer = Sealer(self._data_key)
        self._digester = Digester()
        self._head = b""
        self._small = bytearray()
        self._large: Incoming | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._large is not None:
            self._large.discard()

    def write(self, piece: bytes) -> None:
        """Take the next piece, which is digested and sealed at once."""
        self._digester.update(piece)
        if len(self._head) < HEAD_BYTES:
            self._head += piece[: HEAD_BYTES - len(self._head)]
        self._put(self._sealer.update(piece))

    def store(self) -> Stored:
        """Have the file stored, unless it is held already."""
        digests = self._digester.finish()
        key = self._naming.key(digests.sha256)
        known = self._book.find(key) if self._book else None
        if known is not None and self._objects.holds(known.object):
            return Stored(key, digests, self._head, None)
        self._put(self._sealer.finish())
        name = self._naming.object(key)
        if self._large is None:
            self._objects.put(name, bytes(self._small))
        else:
            self._large.publish(name)
            self._large = None
        kek, wrapped = self._wrapping.wrap(self._data_key, key)
        return Stored(key, digests, self._head, Sealed(name, kek, wrapped))

    def _put(self, sealed: bytes) -> None:
        """Keep sealed bytes: in memory at first, then as an object without a name."""
        if self._large is None and len(self._small) + len(sealed) <= IN_MEMORY:
            self._small += sealed
            return
        if self._large is None:
            self._large = self._objects.incoming()
            self._large.write(bytes(self._small))
            self._small.clear()
        self._large.write(sealed)
