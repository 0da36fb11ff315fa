"""Folders that a server under another account can reach, unlike pytest's own."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def open_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="breakwater-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
