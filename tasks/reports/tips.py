"""Tips from the public (JSON): a small form for what comes by e-mail, over the web or by telephone."""

from domain.errors import Rejected
from domain.report import (
    Identifier,
    IncidentType,
    Location,
    LocationRole,
    NamedFile,
    Particular,
    PersonRole,
    Receipt,
    Rejection,
    Report,
    Source,
)
from tasks.media import claims_media
from tasks.reports import json_documents
from tasks.reports.json_documents import Node
from tasks.reports.moments import checked_incident, checked_receipt
from tasks.reports.names import is_md5, plain
from tasks.reports.people import VALUE_LENGTH, country_code
from tasks.reports.vectors import url_vector

FORMAT = "breakwater-tip/1"

_FIELDS = {"format", "external_id", "received_at", "channel", "incident_type", "happened_at", "urls", "description",
           "persons", "files"}  # fmt: skip
_CHANNELS = {"email", "web", "phone"}


def parse(content: bytes) -> Report:
    """Read one tip; a field that the form does not have is refused.

    Raises:
        Rejected: with the `Rejection` to record; nothing else, whatever the bytes are.
    """
    root = json_documents.read(content)
    _only(root, _FIELDS)
    if root["format"].text() != FORMAT or root["channel"].text() not in _CHANNELS:
        raise Rejected(Rejection.SCHEMA)
    received_at = checked_receipt(root["received_at"].moment())
    persons = list(root["persons"])
    files = tuple(_file(number, each) for number, each in enumerate(root["files"]))
    return Report(
        receipt=Receipt(plain(root["external_id"].required()), "public", Source.PUBLIC, received_at),
        incident_type=_incident_type(root["incident_type"].text()),
        incident_at=checked_incident(root["happened_at"].moment(), received_at),
        users=sum(_role(person) is PersonRole.SUSPECT for person in persons),
        victims=sum(_role(person) is PersonRole.VICTIM for person in persons),
        vectors=frozenset(url_vector(url.required()) for url in root["urls"]),
        locations=frozenset(place for person in persons for place in _places(person)),
        particulars=frozenset(one for person in persons for one in _particulars(person)),
        files=files,
    )


def file_names(content: bytes) -> dict[str, str]:
    """Give the name under which each file may lie beside the document, by the file's id."""
    files = json_documents.read(content)["files"]
    return {str(number): each["name"].text() for number, each in enumerate(files)}


def _only(node: Node, names: set[str]) -> None:
    if not set(node.names()) <= names:
        raise Rejected(Rejection.SCHEMA)


def _file(number: int, each: Node) -> NamedFile:
    _only(each, {"name", "md5"})
    digest = each["md5"].text().lower()
    if digest and not is_md5(digest):
        raise Rejected(Rejection.SCHEMA)
    return NamedFile(str(number), digest or None, claims_media=claims_media(each["name"].required()))


def _incident_type(text: str) -> IncidentType | None:
    if not text:
        return None
    if text.upper() not in IncidentType.__members__:
        raise Rejected(Rejection.SCHEMA)
    return IncidentType[text.upper()]


def _role(person: Node) -> PersonRole:
    _only(person, {"role", "country", *Identifier})
    try:
        return PersonRole(person["role"].text())
    except ValueError:
        raise Rejected(Rejection.SCHEMA) from None


def _places(person: Node) -> list[Location]:
    code, role = country_code(person["country"].text()), _role(person)
    return [Location(code, LocationRole(role))] if code and role is not PersonRole.REPORTER else []


def _particulars(person: Node) -> list[Particular]:
    role = _role(person)
    return [Particular(role, kind, each.required()[:VALUE_LENGTH]) for kind in Identifier for each in person[kind]]
