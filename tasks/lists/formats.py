"""Formats of lists: what a file is by its own beginning, and who reads and writes it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import BinaryIO, TextIO

from domain.errors import Rejected
from domain.lists import Entry, Item, ListFormat, Tombstone
from domain.report import Rejection
from tasks.lists import lines, ncmec, stopncii, threatexchange, vics

HEAD = 64 * 1024
"""Bytes from the start of a file that tell its format."""

ENDINGS = frozenset({".csv", ".xml", ".json", ".txt", ".vpdq"})
"""How the names of files in a folder of lists end; others are left alone."""

Reader = Callable[[BinaryIO, str], Iterator[Item]]
"""Reads a stream; the name is that of the file, for formats that name nothing."""

Writer = Callable[[Iterable[Entry | Tombstone], TextIO], int]
"""Writes entries, films last, and gives how many of their hashes the format cannot carry."""

READERS: Mapping[ListFormat, Reader] = MappingProxyType({
    ListFormat.CSV: lines.read_csv,
    ListFormat.NCMEC: ncmec.read,
    ListFormat.THREATEXCHANGE: threatexchange.read,
    ListFormat.STOPNCII: stopncii.read,
    ListFormat.VICS: vics.read,
    ListFormat.TEXT: lines.read_text,
    ListFormat.VPDQ: lines.read_vpdq,
})  # fmt: skip
WRITERS: Mapping[ListFormat, Writer] = MappingProxyType({
    ListFormat.CSV: lines.write_csv,
    ListFormat.NCMEC: ncmec.write,
    ListFormat.THREATEXCHANGE: threatexchange.write,
    ListFormat.STOPNCII: stopncii.write,
    ListFormat.VICS: vics.write,
    ListFormat.TEXT: lines.write_text,
    ListFormat.VPDQ: lines.write_vpdq,
})  # fmt: skip

_SIGNS = {
    ListFormat.NCMEC: rb"<(?:[\w.-]+:)?queryResult\b",
    ListFormat.VICS: rb'"(?:@odata\.context|odata\.metadata)"\s*:\s*"[^"]*#Media"',
    ListFormat.STOPNCII: rb'"hashRecords"\s*:',
    ListFormat.THREATEXCHANGE: rb'"data"\s*:\s*\[',
    ListFormat.CSV: rb"\A(?:\xef\xbb\xbf)?[\w,]*\bsignal_type\b",
    ListFormat.VPDQ: rb"\A(?:\xef\xbb\xbf)?\d+,\d+,[0-9a-fA-F]{64},",
    ListFormat.TEXT: rb"\A(?:\xef\xbb\xbf)?\w+ [0-9A-Za-z+/=]+\s",
}


def detect(head: bytes) -> ListFormat:
    """Tell the format of a list by its first `HEAD` bytes.

    Raises:
        Rejected: with `Rejection.UNKNOWN_FORMAT`.
    """
    for form, sign in _SIGNS.items():
        if re.search(sign, head):
            return form
    raise Rejected(Rejection.UNKNOWN_FORMAT)
