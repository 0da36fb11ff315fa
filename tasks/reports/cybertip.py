"""CyberTipline documents to reports: parsed without entities or network, validated, and read for what they mean."""

import re
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from lxml import etree

from domain.errors import Rejected
from domain.report import (
    HASH_LENGTH,
    KIND_LENGTH,
    ClaimedHash,
    Classification,
    FileAnnotation,
    IncidentType,
    NamedFile,
    Receipt,
    Rejection,
    Report,
    ReportAnnotation,
    Vector,
)
from tasks.media import claims_media
from tasks.reports.moments import checked_incident
from tasks.reports.people import locations, of_a_file, particulars
from tasks.reports.schema import check
from tasks.reports.vectors import vectors_of

Flag = TypeVar("Flag", ReportAnnotation, FileAnnotation)

MAX_TAGS = 100_000
"""Tags of one document; an honest one has hundreds."""

_ENCODING_ERRORS = (
    etree.ErrorTypes.ERR_UNKNOWN_ENCODING,
    etree.ErrorTypes.ERR_UNSUPPORTED_ENCODING,
    etree.ErrorTypes.ERR_INVALID_ENCODING,
)

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def parse_report(content: bytes, receipt: Receipt, files: tuple[NamedFile, ...]) -> Report:
    """Read a `<report>` as its reporter submitted it.

    Raises:
        Rejected: with the `Rejection` to record; nothing else, whatever the bytes are.
    """
    root = _document(content, "report")
    summary = _child(root, "incidentSummary")
    return Report(
        receipt=receipt,
        incident_type=_incident_type(summary),
        incident_at=checked_incident(_moment(_text(summary, "incidentDateTime")), receipt.received_at),
        escalated=summary.find("escalateToHighPriority") is not None,
        batched=root.find("batchedReport") is not None,
        users=len(root.findall("personOrUserReported")),
        victims=len(root.findall("victim")),
        annotations=frozenset(_flags(summary.find("reportAnnotations"), ReportAnnotation)),
        vectors=frozenset(vector for one in root.findall("internetDetails/*") for vector in _vectors(one)),
        locations=locations(root),
        particulars=particulars(root).union(*(file.particulars for file in files)),
        files=files,
    )


def parse_file_details(content: bytes, file_id: str) -> NamedFile:
    """Read the `<fileDetails>` of the file with this id.

    Raises:
        Rejected: with the `Rejection` to record; nothing else, whatever the bytes are.
    """
    root = _document(content, "fileDetails")
    if _text(root, "fileId") != file_id:
        raise Rejected(Rejection.SCHEMA)
    annotations = set(_flags(root.find("fileAnnotations"), FileAnnotation))
    if _boolean(root, "potentialMeme"):
        annotations.add(FileAnnotation.MEME)
    md5s = [hash_ for hash_ in root.findall("originalFileHash") if hash_.get("hashType", "").upper() == "MD5"]
    return NamedFile(
        file_id=file_id,
        claimed_md5=_md5(md5s[0]) if md5s else None,
        viewed_by_reporter=_boolean(root, "fileViewedByEsp"),
        publicly_available=_boolean(root, "publiclyAvailable"),
        annotations=frozenset(annotations),
        classification=_classification(root),
        hashes=frozenset(_hashes(root)),
        claims_media=any(claims_media(root.findtext(tag) or "") for tag in ("fileName", "originalFileName")),
        particulars=of_a_file(root),
    )


def parse_file_ids(content: bytes) -> tuple[str, str]:
    """Read which report and which file a `<fileDetails>` is about.

    Raises:
        Rejected: with the `Rejection` to record; nothing else, whatever the bytes are.
    """
    root = _document(content, "fileDetails")
    return _text(root, "reportId"), _text(root, "fileId")


def _document(content: bytes, name: str) -> etree._Element:
    """Parse and check one document; entities are not resolved, nothing is fetched, huge trees are refused."""
    if content.count(b"<") > MAX_TAGS:
        raise Rejected(Rejection.TOO_MANY)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Rejected(_why(content, error)) from error
    if getattr(root.getroottree().docinfo, "doctype", ""):
        raise Rejected(Rejection.FORBIDDEN_XML)
    check(root, name)
    return root


def _why(content: bytes, error: Exception) -> Rejection:
    """Tell why a document is no XML; declarations are looked for in wide encodings too."""
    narrow = content.replace(b"\0", b"")
    if b"<!DOCTYPE" in narrow or b"<!ENTITY" in narrow:
        return Rejection.FORBIDDEN_XML
    if isinstance(error, LookupError) or getattr(error, "code", 0) in _ENCODING_ERRORS:
        return Rejection.WRONG_ENCODING
    return Rejection.NOT_WELL_FORMED


def _child(element: etree._Element, name: str) -> etree._Element:
    """Give a child that the schema requires."""
    child = element.find(name)
    if child is None:
        raise Rejected(Rejection.SCHEMA)
    return child


def _text(element: etree._Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def _boolean(element: etree._Element, name: str) -> bool | None:
    """Read a flag: None where the element is absent."""
    child = element.find(name)
    if child is None:
        return None
    return _truth(child)


def _truth(element: etree._Element) -> bool:
    try:
        return _BOOLEANS[(element.text or "").strip()]
    except KeyError:
        raise Rejected(Rejection.SCHEMA) from None


def _flags(element: etree._Element | None, flags: type[Flag]) -> list[Flag]:
    """Read the annotations that are set; one that the protocol does not know is refused."""
    if element is None:
        return []
    try:
        return [flags(str(child.tag)) for child in element if _truth(child)]
    except ValueError:
        raise Rejected(Rejection.SCHEMA) from None


def _moment(text: str) -> datetime:
    """Read an xs:dateTime as UTC; one without a zone is UTC, and a day's hour 24 is the next day's first."""
    day, night, rest = text.partition("T24:")
    try:
        moment = datetime.fromisoformat(f"{day}T00:{rest}" if night else text) + timedelta(days=bool(night))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Rejected(Rejection.SCHEMA) from None


def _incident_type(summary: etree._Element) -> IncidentType:
    try:
        return IncidentType(_text(summary, "incidentType"))
    except ValueError:
        raise Rejected(Rejection.SCHEMA) from None


def _classification(root: etree._Element) -> Classification | None:
    text = _text(root, "industryClassification")
    if text and _text(root, "fileRelevance") == "Supplemental Reported":
        raise Rejected(Rejection.SCHEMA)  # only what is reported is classified
    try:
        return Classification(text) if text else None
    except ValueError:
        raise Rejected(Rejection.SCHEMA) from None


def _md5(element: etree._Element) -> str:
    text = (element.text or "").strip().lower()
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        raise Rejected(Rejection.SCHEMA)
    return text


def _hashes(root: etree._Element) -> list[ClaimedHash]:
    """Read the hashes that the reporter supplies, but the MD5; one that is too long to keep is refused."""
    hashes = [
        ClaimedHash((each.get("hashType") or "").strip()[:KIND_LENGTH], (each.text or "").strip())
        for each in root.findall("originalFileHash")
        if each.get("hashType", "").upper() != "MD5"
    ]
    if any(len(each.value) > HASH_LENGTH for each in hashes):
        raise Rejected(Rejection.TOO_LARGE)
    return [each for each in hashes if each.value]


def _vectors(incident: etree._Element) -> set[Vector]:
    urls = [url.text or "" for url in incident.findall("url")]
    return vectors_of(str(incident.tag), urls, room=bool(_text(incident, "chatRoomName")))
