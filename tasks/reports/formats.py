"""Formats: what a file of reports is, by its own beginning, whatever it is called."""

import io
import re
from enum import StrEnum

from domain.errors import Rejected
from domain.report import Rejection
from infra.inboxes import Place
from tasks.reports.tips import FORMAT

HEAD = 64 * 1024
"""Bytes from the start of a file that tell its format; some tell it at their ends."""


class Format(StrEnum):
    """A format in which reports come."""

    AUTO = "auto"
    """Told by the file itself."""
    CYBERTIP = "cybertip"
    """A drop: a folder with the protocol's own documents."""
    POLICE = "police"
    VICS = "vics"
    TIP = "tip"
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


TABLES = frozenset({Format.CSV, Format.JSONL, Format.PARQUET})
"""Formats with a report in each row."""


_KEYS = {
    Format.VICS: re.compile(rb'"(?:@odata\.context|odata\.metadata)"\s*:\s*"[^"]*#(?:Cases|Media)"'),
    Format.TIP: re.compile(rb'"format"\s*:\s*"' + FORMAT.encode() + rb'"'),
    Format.POLICE: re.compile(rb'"reportedInformation"\s*:'),
}


def detect(path: Place) -> Format:
    """Tell the format of a file, or of a drop.

    Raises:
        Rejected: with `Rejection.UNKNOWN_FORMAT`.
    """
    if path.is_dir():
        return Format.CYBERTIP
    with path.open("rb") as content:
        head = content.read(HEAD)
    if head.startswith(b"PAR1"):
        return Format.PARQUET
    for found, key in _KEYS.items():
        if key.search(head):
            return found
    first = head.partition(b"\n")[0].removeprefix(b"\xef\xbb\xbf")
    if b"external_id" in first:
        return Format.JSONL if first.startswith(b"{") else Format.CSV
    if _KEYS[Format.VICS].search(_tail(path)):  # JSON's members have no order
        return Format.VICS
    raise Rejected(Rejection.UNKNOWN_FORMAT)


def _tail(path: Place) -> bytes:
    with path.open("rb") as content:
        content.seek(max(0, content.seek(0, io.SEEK_END) - HEAD))
        return content.read(HEAD)
