"""CyberTipline documents to reports: parsed without entities or network, validated, and read for what they mean."""

import re
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

from lxml import etree

from domain.errors import Rejected
from domain.report import (
    Classification,
    FileAnnotation,
    Identifier,
    IncidentType,
    Location,
    LocationRole,
    NamedFile,
    Receipt,
    Rejection,
    Report,
    ReportAnnotation,
    Vector,
)
from tasks.media import claims_media
from tasks.reports.schema import check

NO_COUNTRY = frozenset({"A1", "A2", "O1", "AP", "EU"})
"""MaxMind's pseudo-codes (anonymous proxy, satellite, other, two regions): nobody lives there."""

_INCIDENT_VECTORS = {
    "emailIncident": Vector.EMAIL,
    "newsgroupIncident": Vector.FORUM,
    "onlineGamingIncident": Vector.GAMING,
    "cellPhoneIncident": Vector.CELL_PHONE,
    "peer2peerIncident": Vector.P2P,
}
_IDENTIFIER_PATHS = {
    Identifier.IP_ADDRESS: "ipCaptureEvent",
    Identifier.EMAIL: "*/email",
    Identifier.PHONE: "*/phone",
    Identifier.DEVICE: "deviceId",
}
Flag = TypeVar("Flag", ReportAnnotation, FileAnnotation)

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
        incident_at=_moment(_text(summary, "incidentDateTime")),
        escalated=summary.find("escalateToHighPriority") is not None,
        batched=root.find("batchedReport") is not None,
        users=len(root.findall("personOrUserReported")),
        annotations=frozenset(_flags(summary.find("reportAnnotations"), ReportAnnotation)),
        vectors=frozenset(vector for one in root.findall("internetDetails/*") for vector in _vectors(one)),
        locations=frozenset(_locations(root)),
        identifiers=frozenset(_identifiers(root)),
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
        claims_media=any(claims_media(root.findtext(tag) or "") for tag in ("fileName", "originalFileName")),
    )


def _document(content: bytes, name: str) -> etree._Element:
    """Parse and check one document; entities are not resolved, nothing is fetched, huge trees are refused."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        forbidden = b"<!DOCTYPE" in content or b"<!ENTITY" in content
        raise Rejected(Rejection.FORBIDDEN_XML if forbidden else Rejection.NOT_WELL_FORMED) from error
    if getattr(root.getroottree().docinfo, "doctype", ""):
        raise Rejected(Rejection.FORBIDDEN_XML)
    check(root, name)
    return root


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
    """Read an xs:dateTime as UTC; one without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(text)
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
    try:
        return Classification(text) if text else None
    except ValueError:
        raise Rejected(Rejection.SCHEMA) from None


def _md5(element: etree._Element) -> str:
    text = (element.text or "").strip().lower()
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        raise Rejected(Rejection.SCHEMA)
    return text


def _vectors(incident: etree._Element) -> set[Vector]:
    """Derive the distribution vectors of Figure 6 from one `internetDetails` choice.

    A page's URLs tell Tor (`.onion`), FTP and the web apart; a chat with a room is a chat room, one without is a
    messenger. An incident off the Internet has none.
    """
    name = str(incident.tag)
    if name == "webPageIncident":
        return {_url_vector(url.text or "") for url in incident.findall("url")} or {Vector.URL}
    if name == "chatImIncident":
        return {Vector.CHAT if _text(incident, "chatRoomName") else Vector.MESSENGER}
    return {_INCIDENT_VECTORS[name]} if name in _INCIDENT_VECTORS else set()


def _url_vector(url: str) -> Vector:
    """Tell a URL's vector by its scheme and host; nothing is looked up."""
    try:
        parts = urlsplit(url.strip() if "//" in url else f"//{url.strip()}")
        host = parts.hostname or ""
    except ValueError:
        return Vector.URL
    if host.endswith(".onion"):
        return Vector.TOR
    return Vector.FTP if parts.scheme.lower() in ("ftp", "ftps", "sftp") else Vector.URL


def _locations(root: etree._Element) -> set[Location]:
    """Collect the countries of those reported and of victims, by role."""
    roles = {"personOrUserReported": LocationRole.SUSPECT, "victim": LocationRole.VICTIM}
    return {
        Location(code, role)
        for tag, role in roles.items()
        for person in root.findall(tag)
        for place in (*person.iter("countryCode"), *person.iter("country"))
        if (code := (place.text or "").strip().upper()) not in NO_COUNTRY and re.fullmatch("[A-Z]{2}", code)
    }


def _identifiers(root: etree._Element) -> set[Identifier]:
    """Tell which kinds of identifiers are there of those reported; their values stay in the raw report."""
    people = root.findall("personOrUserReported")
    found = {kind for kind, path in _IDENTIFIER_PATHS.items() if any(one.find(path) is not None for one in people)}
    if any(_text(one, "espIdentifier") or _text(one, "screenName") for one in people):
        found.add(Identifier.ACCOUNT)
    return found
