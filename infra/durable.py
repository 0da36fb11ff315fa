"""Durable files: there whole and on the disk, or as they were, whatever dies meanwhile."""

import os
import secrets
from pathlib import Path


def write(file: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Put a file of this content in place of whatever stands there; `mode` is before the umask."""
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path | str) -> None:
    """Push a folder's own entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
