"""VICS, the exchange format of Project VIC (JSON 1.x and 2.0): streamed, since files reach gigabytes.

The specification is not public. The shape follows open writers and readers (GLEAPP, Clees4All, IPED); what they do not
name stays in the raw document. What a category's number means differs by country and is kept as it came.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

import ijson

from domain.errors import Rejected
from domain.report import HASH_LENGTH, KIND_LENGTH, ClaimedHash, NamedFile, Receipt, Rejection, Report, Source
from tasks.media import claims_media
from tasks.reports.json_documents import Node
from tasks.reports.moments import checked_receipt
from tasks.reports.names import is_md5, plain

MAX_PREFIX = 400
"""Characters of a place in the document; honest ones have fifty."""

MAX_EVENTS = 100_000
"""Values of one media entry, its Exif included; more are an attack."""

_BOM = b"\xef\xbb\xbf"
_CONTEXTS = ("odata.metadata", "@odata.context")
_HEADER = ("CaseID", "CaseNumber", "ContactOrganization", "SourceApplicationName")
_HASHES = ("SHA1", "PhotoDNA")


@dataclass(frozen=True, slots=True)
class Media:
    """One media entry: the case it stands in, what is said of it, and where it may lie beside the document."""

    case: int
    named: NamedFile
    path: str


def cases(stream: BinaryIO, received_at: datetime) -> list[Report]:
    """Read the cases of a file, without their media; a bare set of media is one. `received_at` is when we got it.

    Raises:
        Rejected: with the `Rejection` to record; nothing else, whatever the bytes are.
    """
    headers: list[dict[str, str]] = []
    context = ""
    for prefix, event, value in _events(stream):
        if prefix in _CONTEXTS and event == "string":
            context = value
        elif (prefix, event) == ("value.item", "start_map"):
            if _is_cases(context) or not headers:
                headers.append({})
        elif prefix.startswith("value.item.") and event in {"string", "number"} and _is_cases(context):
            name = prefix.removeprefix("value.item.")
            if name in _HEADER:
                headers[-1][name] = plain(str(value))
        if len(headers) > MAX_EVENTS:
            raise Rejected(Rejection.TOO_MANY)
    if not context or not headers:
        raise Rejected(Rejection.SCHEMA)
    return [_report(header, number, checked_receipt(received_at)) for number, header in enumerate(headers)]


def media(stream: BinaryIO) -> Iterator[Media]:
    """Give the media of a file one by one, in bounded memory.

    Raises:
        Rejected: as `cases` does.
    """
    context, case = "", -1
    building: ijson.ObjectBuilder | None = None
    events, place, number = 0, "", 0
    for prefix, event, value in _events(stream):
        if prefix in _CONTEXTS and event == "string":
            context = value
            place = "value.item.Media.item" if _is_cases(context) else "value.item"
        if (prefix, event) == ("value.item", "start_map"):
            case = case + 1 if _is_cases(context) else 0
        if building is None and place and (prefix, event) == (place, "start_map"):
            building, events = ijson.ObjectBuilder(), 0
        if building is not None:
            events += 1
            if events > MAX_EVENTS:
                raise Rejected(Rejection.TOO_MANY)
            building.event(event, value)
            if prefix == place and event == "end_map":
                yield Media(case, *_named(Node(building.value), number))
                building, number = None, number + 1


def _is_cases(context: str) -> bool:
    return context.rpartition("#")[2] == "Cases"


def _events(stream: BinaryIO) -> Iterator[tuple[str, str, Any]]:
    """Parse a document as it comes."""
    stream.seek(len(_BOM) if stream.read(len(_BOM)) == _BOM else 0)
    try:
        for prefix, event, value in ijson.parse(stream, use_float=True):
            if len(prefix) > MAX_PREFIX:
                raise Rejected(Rejection.TOO_DEEP)
            yield prefix, event, value
    except UnicodeDecodeError as error:
        raise Rejected(Rejection.WRONG_ENCODING) from error
    except (ijson.JSONError, ValueError, OverflowError) as error:
        raise Rejected(Rejection.NOT_WELL_FORMED) from error


def _report(header: dict[str, str], number: int, received_at: datetime) -> Report:
    name = header.get("CaseNumber") or header.get("CaseID") or f"media {number}"
    reporter = header.get("ContactOrganization") or header.get("SourceApplicationName") or "police"
    return Report(Receipt(name, reporter, Source.POLICE, received_at), incident_type=None, incident_at=None)


def _named(entry: Node, number: int) -> tuple[NamedFile, str]:
    """Read one entry: what is said of the file, and its path with slashes."""
    md5 = entry["MD5"].text().lower()
    path = entry["RelativeFilePath"].text().replace("\\", "/")
    kind = entry["MimeType"].text().lower()
    hashes = [ClaimedHash(name, entry[name].text()) for name in _HASHES]
    hashes += [
        ClaimedHash(each["HashName"].text()[:KIND_LENGTH], each["HashValue"].text())
        for each in entry["AlternativeHashes"]
    ]
    if any(len(each.value) > HASH_LENGTH for each in hashes):
        raise Rejected(Rejection.TOO_LARGE)
    return (
        NamedFile(
            file_id=plain(entry["MediaID"].text()) or str(number),
            claimed_md5=md5 if is_md5(md5) else None,
            hashes=frozenset(each for each in hashes if each.kind and each.value),
            claims_media=claims_media(path) or kind.startswith(("image/", "video/")),
            category=plain(entry["Category"].text()) or None,
        ),
        path,
    )
