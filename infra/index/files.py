"""An index's folder: its segments, what is withdrawn of each, and the one small file that says which are in force.

It holds hashes and ids alone. All of it can be lost: the ledger has the same, and the index is built from that again.
"""

import fcntl
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from domain.errors import IndexDamaged
from infra import durable
from infra.index.segment import Segment, load

IN_FORCE, LOCK = "index.json", "lock"
ATTEMPTS = 100


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep every other writer out until the block ends; one that dies lets the next in."""
    with (folder / LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def said(folder: Path) -> str:
    """Read which segments are in force; the same text as before says that nothing has changed."""
    try:
        return (folder / IN_FORCE).read_text(errors="replace")
    except FileNotFoundError:
        return json.dumps({"note": "", "segments": []})


def read(folder: Path, known: Sequence[Segment]) -> tuple[str, str, tuple[Segment, ...]]:
    """Give what is in force, and of it the note and the segments; those of `known` are not mapped again.

    Raises:
        IndexDamaged: a file is missing or not whole.
    """
    before = ""
    for _ in range(ATTEMPTS):
        text = said(folder)
        try:
            told = json.loads(text)
            return text, str(told["note"]), tuple(_segment(folder, known, *each) for each in told["segments"])
        except FileNotFoundError:  # a writer has replaced it since, unless the text is the same
            if text == before:
                break
            before = text
        except (ValueError, TypeError, LookupError):
            break
    raise IndexDamaged("the index on disk is not whole; remove its folder, it is built again from the ledger")


def _segment(folder: Path, known: Sequence[Segment], name: str, withdrawn: str) -> Segment:
    segment = next((each for each in known if each.name == name), None) or load(folder, name)
    marked = np.zeros(len(segment), np.bool_)
    if withdrawn:
        rows = (folder / withdrawn).read_bytes()
        if withdrawn != _name(rows):
            raise ValueError
        marked[np.frombuffer(rows, np.uint32)] = True
    return segment.marked(marked)


def put_in_force(folder: Path, segments: Sequence[Segment], note: str) -> str:
    """Have these segments in force from now on, with a note on them, and remove the files of all others."""
    entries = []
    for segment in segments:
        rows = np.flatnonzero(segment.stored.withdrawn).astype(np.uint32).tobytes()
        if rows and not (folder / _name(rows)).exists():
            durable.write(folder / _name(rows), rows)
        entries.append([segment.name, _name(rows) if rows else ""])
    text = json.dumps({"note": note, "segments": entries})
    durable.write(folder / IN_FORCE, text.encode())
    needed = {IN_FORCE, LOCK, *(name for entry in entries for name in entry)}
    for file in folder.iterdir():
        if file.name not in needed:
            file.unlink()
    return text


def empty(folder: Path) -> None:
    """Have nothing in force, whatever the files are."""
    with locked(folder):
        put_in_force(folder, (), "")


def _name(rows: bytes) -> str:
    return f"withdrawn-{hashlib.sha256(rows).hexdigest()}"
