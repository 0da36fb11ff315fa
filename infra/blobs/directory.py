"""Blobs in a local directory, sharded by name: the embedded default."""

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from domain.errors import BlobMissing
from domain.media import BlobKey
from infra.blobs.naming import Naming, sharded


class DirectoryBlobs:
    """A `BlobStore` in a directory.

    A file is written beside its place and moved there by `flush`, after it has reached the disk: whatever stands
    under a name is whole, whenever the process was killed.
    """

    def __init__(self, root: Path, naming: Naming) -> None:
        self._root = root
        self._naming = naming
        self._pending: dict[BlobKey, Path] = {}

    def key(self, sha256: str) -> BlobKey:
        """Name the file with this SHA-256 (hex)."""
        return self._naming.key(sha256)

    def write(self, key: BlobKey, content: BinaryIO, size: int) -> bool:
        """Take `size` bytes under `key`; False if they are held already. Durable after `flush`."""
        if key in self._pending or self._place(key).exists():
            return False
        draft = self._root / "incoming" / f"{key}.{secrets.token_hex(4)}"
        draft.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("xb") as out:
            shutil.copyfileobj(content, out, 1 << 20)
            came = out.tell()
        if came != size:
            draft.unlink()
            raise OSError(f"blob {key}: {came} bytes came where {size} were announced; send it again")
        self._pending[key] = draft
        return True

    def flush(self) -> None:
        """Make everything written so far durable and readable."""
        pending, self._pending = self._pending, {}
        for draft in pending.values():
            _fsync(draft)
        folders = set()
        for key, draft in pending.items():
            place = self._place(key)
            place.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(place)
            folders |= {place.parent, place.parent.parent, self._root}
        for folder in folders:
            _fsync(folder)

    def read(self, key: BlobKey) -> bytes:
        """Give the bytes under `key`, verified."""
        try:
            return self._naming.verified(key, self._place(key).read_bytes())
        except FileNotFoundError:
            raise BlobMissing(f"no blob {key} in {self._root}; restore it from a backup") from None

    def holds(self, key: BlobKey) -> bool:
        """Whether bytes are held under `key`."""
        return self._place(key).exists()

    def delete(self, key: BlobKey) -> None:
        """Remove what is held under `key`, if anything is."""
        self._place(key).unlink(missing_ok=True)

    def keys(self) -> Iterator[BlobKey]:
        """Name everything held, in no stated order."""
        return (file.name for file in self._root.glob("??/??/*"))

    def _place(self, key: BlobKey) -> Path:
        return self._root / sharded(key)


def _fsync(path: Path) -> None:
    """Push a file's or a folder's own bytes to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
