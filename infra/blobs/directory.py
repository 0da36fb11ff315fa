"""Objects in a local directory, sharded by name: the embedded default."""

import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from domain.errors import BlobMissing
from infra.blobs.naming import sharded
from infra.blobs.objects import INCOMING, PIECE
from infra.durable import sync_folder


class DirectoryObjects:
    """An `ObjectStore` in a directory.

    Places are plain strings: `pathlib` interns every part of a path, which Python 3.12 then keeps for good.

    An object is written beside its place, pushed to the disk by who writes it, and moved by `flush`: whatever stands
    under a name is whole, whenever the process was killed. A disk that fails to keep an object's bytes says so once
    (https://wiki.postgresql.org/wiki/Fsync_Errors), so the error must reach the one who brought them, and nobody else.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._pending: dict[str, str] = {}
        self._changing = threading.Lock()
        self._flushing = threading.Lock()

    def put(self, name: str, content: bytes) -> None:
        """Write an object; durable after `flush`."""
        incoming = self.incoming()
        try:
            incoming.write(content)
            incoming.publish(name)
        except OSError:
            incoming.discard()
            raise

    def incoming(self) -> "IncomingFile":
        """Begin an object whose bytes come piece by piece."""
        folder = f"{self.root}/{INCOMING}"
        os.makedirs(folder, exist_ok=True)
        return IncomingFile(self, f"{folder}/{secrets.token_hex(16)}")

    def publish(self, name: str, draft: str) -> None:
        """Have `flush` move a whole object to its place."""
        with self._changing:
            self._pending[name] = draft

    def flush(self) -> None:
        """Make everything that was written before this call durable, whichever thread does it.

        What an error keeps from its place, the next call moves there.
        """
        with self._flushing:
            with self._changing:
                pending = dict(self._pending)
            folders: set[str] = set()
            for name, draft in pending.items():
                place = self._place(name)
                folder = os.path.dirname(place)
                os.makedirs(folder, exist_ok=True)
                os.replace(draft, place)
                self._pending[name] = place  # moved: should the rest fail, this is done again without harm
                folders |= {folder, os.path.dirname(folder), str(self.root)}
            for folder in folders:
                sync_folder(folder)
            with self._changing:
                for name in pending:
                    del self._pending[name]

    def pieces(self, name: str) -> Iterator[bytes]:
        """Give an object's bytes, piece by piece."""
        try:
            with open(self._place(name), "rb") as content:
                while piece := content.read(PIECE):
                    yield piece
        except FileNotFoundError:
            raise BlobMissing(f"no object {name} in {self.root}; restore it from a backup") from None

    def holds(self, name: str) -> bool:
        """Whether there is an object of this name."""
        return os.path.exists(self._place(name))

    def discard(self, name: str) -> None:
        """Remove an object, if it is there."""
        with self._flushing, self._changing:
            _remove(self._pending.pop(name, self._place(name)))
        _remove(self._place(name))

    def objects(self) -> Iterator[tuple[str, datetime]]:
        """Name every object, those still being written too, and when it was written (UTC)."""
        for pattern in ("??/??/*", f"{INCOMING}/*"):
            for file in self.root.glob(pattern):
                written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                yield (f"{INCOMING}/{file.name}" if pattern.startswith(INCOMING) else file.name), written

    def _place(self, name: str) -> str:
        return f"{self.root}/{name if name.startswith(f'{INCOMING}/') else sharded(name)}"


class IncomingFile:
    """An object that is being written, beside its place."""

    def __init__(self, store: DirectoryObjects, draft: str) -> None:
        self._store = store
        self._draft = draft
        self._out = open(draft, "xb")  # noqa: SIM115 (it is closed when it is published or discarded)

    def write(self, piece: bytes) -> None:
        """Take the next piece."""
        self._out.write(piece)

    def publish(self, name: str) -> None:
        """Give it its name; durable after the store's `flush`."""
        with self._out:
            self._out.flush()
            os.fsync(self._out.fileno())
        self._store.publish(name, self._draft)

    def discard(self) -> None:
        """Remove it."""
        self._out.close()
        _remove(self._draft)


def _remove(place: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(place)
