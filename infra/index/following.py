"""Following the ledger: an index in a folder that has all its hashes up to a number that the index notes.

The index is never the truth. What the ledger has dropped may still be in it, so what it finds is to be compared again
with the ledger's rows. Where it is lost, damaged, or of another ledger's history, it is built anew.
"""

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from domain.errors import IndexDamaged
from infra.index import files
from infra.index.hash_index import HashIndex
from infra.index.kernels import Words
from infra.index.segment import Ids

ATTEMPTS = 3
"""Times that following begins anew where somebody removes or changes the files meanwhile."""

TOO_MANY = 2
"""An index that has so many times the ledger's hashes is built anew."""


class Feed(Protocol):
    """Hashes in the order in which they were written."""

    def mark(self, number: int) -> str:
        """Give the mark of a number, drawn by lot when it was taken; empty where nobody took it."""

    def since(self, number: int) -> Iterable[tuple[int, Ids, Words]]:
        """Give what was written after a number, in pieces: up to which number it is whole now, ids, hashes (N × 4)."""

    def size(self) -> int:
        """Count the hashes that there are at most."""


def followed(folder: Path, feed: Feed) -> HashIndex:
    """Open the index in a folder, and bring it to where the ledger is, one process of the host after the other.

    Raises:
        IndexDamaged: somebody breaks it as often as it is mended.
    """
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with files.locked(folder.parent):
        for _ in range(ATTEMPTS):
            index = _opened(folder)
            try:
                _follow(index, feed)
            except IndexDamaged:
                continue
            return index
    raise IndexDamaged(f"the index is broken again and again; see who else writes to the folder {folder.name}")


def _opened(folder: Path) -> HashIndex:
    try:
        return HashIndex(folder)
    except IndexDamaged:
        files.empty(folder)
        return HashIndex(folder)


def _follow(index: HashIndex, feed: Feed) -> None:
    """Add what is new, piece by piece; whoever comes between nevertheless makes the next piece fail."""
    number, before = _reached(index, feed), index.note
    for upto, ids, hashes in feed.since(number):
        index.add(ids, hashes, (index.note, f"{upto} {feed.mark(upto)} {secrets.token_hex(4)}"))
    if index.note != before and len(index) > TOO_MANY * feed.size():
        index.empty()
        _follow(index, feed)


def _reached(index: HashIndex, feed: Feed) -> int:
    """Tell up to which number the index is whole; one that followed another history is emptied."""
    number, mark, *_ = (*index.note.split(" "), "", "")
    if number.isdecimal() and feed.mark(int(number)) == mark:
        return int(number)
    if index.note or len(index):
        index.empty()
    return 0
