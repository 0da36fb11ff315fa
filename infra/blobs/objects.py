"""Objects: sealed bytes under names, in a folder or a bucket; what is in them is not their business."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

INCOMING = "incoming"
"""Where an object stands that is too large for memory and has no name yet."""

PIECE = 1 << 20
"""Bytes read from an object at a time."""


class Incoming(Protocol):
    """An object that is being written."""

    def write(self, piece: bytes) -> None:
        """Take the next piece."""
        ...

    def publish(self, name: str) -> None:
        """Give it its name; durable after the store's `flush`."""
        ...

    def discard(self) -> None:
        """Remove it."""
        ...


class ObjectStore(Protocol):
    """Sealed bytes by name. Threads may share it."""

    def put(self, name: str, content: bytes) -> None:
        """Write an object; durable after `flush`."""
        ...

    def incoming(self) -> Incoming:
        """Begin an object whose bytes come piece by piece."""
        ...

    def flush(self) -> None:
        """Make everything that was written before this call durable."""
        ...

    def pieces(self, name: str) -> Iterator[bytes]:
        """Give an object's bytes, piece by piece.

        Raises:
            BlobMissing: there is none of this name.
        """
        ...

    def holds(self, name: str) -> bool:
        """Whether there is an object of this name."""
        ...

    def discard(self, name: str) -> None:
        """Remove an object, if it is there."""
        ...

    def objects(self) -> Iterator[tuple[str, datetime]]:
        """Name every object, those still being written too, and when it was written (UTC)."""
        ...
