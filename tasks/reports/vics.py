"""VICS, the exchange format of Project VIC (JSON 1.x and 2.0): streamed, since files reach gigabytes.

The specification is not public. The shape follows open writers and readers (GLEAPP, Clees4All, IPED); what they do not
name stays in the raw document. What a category's number means differs by country and is kept as it came.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

import ijson

from domain.errors import Rejected
from domain.report import HASH_LENGTH, KIND_LENGTH, ClaimedHash, NamedFile, Receipt, Rejection, Report, Source
from tasks.media import claims_media
from tasks.reports.json_documents import events
from tasks.reports.moments import checked_receipt
from tasks.reports.names import is_md5, plain

MAX_CASES = 100_000
"""Cases of one file; more are an attack."""

MAX_EVENTS = 100_000
"""Values of one media entry, its Exif included; what stands after is not read."""

_CONTEXTS = ("odata.metadata", "@odata.context")
_HEADER = ("CaseID", "CaseNumber", "ContactOrganization", "SourceApplicationName")
_HASHES = ("SHA1", "PhotoDNA")


@dataclass(frozen=True, slots=True)
class Media:
    """One media entry: the case it stands in, what is said of it, and where it may lie beside the document.

    `unread` counts what stands in it and cannot be what its name says, and is left out for that.
    """

    case: int
    named: NamedFile
    path: str
    unread: int = 0


def holds_cases(stream: BinaryIO) -> bool:
    """Tell a file of cases from a bare set of media by its context, which may stand behind all of it.

    Raises:
        Rejected: with the `Rejection` to record; nothing else, whatever the bytes are.
    """
    for prefix, event, value in events(stream):
        if prefix in _CONTEXTS and event == "string" and value:
            return bool(value.rpartition("#")[2] == "Cases")
    raise Rejected(Rejection.SCHEMA)


def cases(stream: BinaryIO, received_at: datetime, unnamed: str, *, in_cases: bool) -> list[Report]:
    """Read the cases of a file, without their media; a bare set of media is one.

    Args:
        stream: the file; it is read to its end, so that what `media` reads of it afterwards is well formed.
        received_at: when we got it.
        unnamed: the number of what has none of its own, this file's alone.
        in_cases: what `holds_cases` says of it.

    Raises:
        Rejected: as `holds_cases` does.
    """
    headers: list[dict[str, str]] = []
    for prefix, event, value in events(stream):
        if (prefix, event) == ("value.item", "start_map"):
            if in_cases or not headers:
                headers.append({})
        elif in_cases and headers and event in {"string", "number"} and prefix.startswith("value.item."):
            name = prefix.removeprefix("value.item.")
            if name in _HEADER:
                headers[-1][name] = str(value).strip()
        if len(headers) > MAX_CASES:
            raise Rejected(Rejection.TOO_MANY)
    if not headers:
        raise Rejected(Rejection.SCHEMA)
    moment = checked_receipt(received_at)
    reporters = [each.get("ContactOrganization") or each.get("SourceApplicationName") or "police" for each in headers]
    return [
        Report(Receipt(plain(number), plain(reporter), Source.POLICE, moment), incident_type=None, incident_at=None)
        for number, reporter in zip(_numbers(headers, reporters, unnamed), reporters, strict=True)
    ]


def media(stream: BinaryIO, *, in_cases: bool) -> Iterator[Media]:
    """Give the media of a file one by one, in bounded memory.

    Raises:
        Rejected: as `holds_cases` does.
    """
    place = "value.item.Media.item" if in_cases else "value.item"
    building: ijson.ObjectBuilder | None = None
    case, seen, number = -1, 0, 0
    for prefix, event, value in events(stream):
        if (prefix, event) == ("value.item", "start_map"):
            case = case + 1 if in_cases else 0
        if building is None and case >= 0 and (prefix, event) == (place, "start_map"):
            building, seen = ijson.ObjectBuilder(), 0
        if building is not None:
            seen += 1
            if seen <= MAX_EVENTS:
                building.event(event, value)
            if prefix == place and event == "end_map":
                yield _Entry(building.value, int(seen > MAX_EVENTS)).media(case, number)
                building, number = None, number + 1


def _numbers(headers: Sequence[dict[str, str]], reporters: Sequence[str], unnamed: str) -> list[str]:
    """Give each case a number of its own: where two of a reporter's have one, by their ids, else by their places."""
    names = [each.get("CaseNumber") or each.get("CaseID") or f"{unnamed} {place}" for place, each in enumerate(headers)]
    times, ids = Counter(zip(reporters, names, strict=True)), Counter(each.get("CaseID", "") for each in headers)
    return [
        name
        if times[reporter, name] == 1
        else f"{name} {case_id}"
        if (case_id := headers[place].get("CaseID")) and ids[case_id] == 1
        else f"{name} #{place + 1}"
        for place, (name, reporter) in enumerate(zip(names, reporters, strict=True))
    ]


class _Entry:
    """A media entry as it came. What cannot be what its name says is left out and counted: bad data costs itself."""

    def __init__(self, value: dict[str, Any], unread: int) -> None:
        self._value = value
        self._unread = unread

    def media(self, case: int, number: int) -> Media:
        """Read it: what is said of the file, and its path with slashes."""
        md5 = self._text("MD5").lower()
        path = self._text("RelativeFilePath").replace("\\", "/")
        kind = self._text("MimeType").lower()
        named = NamedFile(
            file_id=plain(self._text("MediaID")) or str(number),
            claimed_md5=md5 if is_md5(md5) else None,
            hashes=frozenset(self._hashes()),
            claims_media=claims_media(path) or kind.startswith(("image/", "video/")),
            category=plain(self._text("Category")) or None,
        )
        return Media(case, named, path, self._unread + int(bool(md5) and named.claimed_md5 is None))

    def _hashes(self) -> Iterator[ClaimedHash]:
        told = [(name, self._text(name)) for name in _HASHES]
        others = self._value.get("AlternativeHashes")
        for each in others if isinstance(others, list) else [others]:
            if isinstance(each, dict):
                told.append((self._read(each.get("HashName")), self._read(each.get("HashValue"))))
            else:
                self._unread += each is not None
        for kind, value in told:
            if len(value) > HASH_LENGTH or not value.isprintable():
                self._unread += 1
            elif kind and value:
                yield ClaimedHash(plain(kind)[:KIND_LENGTH], value)

    def _text(self, name: str) -> str:
        return self._read(self._value.get(name))

    def _read(self, value: object) -> str:
        """Read a text, or a number as one; 1.0 is 1."""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value).strip()
        self._unread += value is not None
        return ""
