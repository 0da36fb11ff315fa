"""The CyberTip as police receive it (JSON): read for what it means.

No schema is public; the shape follows two independent open readers (koebbe14/CAT-RG and itslily88/cybertipParser), and
what they do not name is left in the raw document.
"""

from collections.abc import Iterator

from domain.errors import Rejected
from domain.media import Kind
from domain.report import (
    Classification,
    FileAnnotation,
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
    Vector,
)
from tasks.media import claims_media
from tasks.reports import json_documents
from tasks.reports.json_documents import Node
from tasks.reports.moments import checked_incident, checked_receipt
from tasks.reports.names import is_md5, plain
from tasks.reports.people import VALUE_LENGTH, country_code
from tasks.reports.vectors import vectors_of

_INCIDENTS = ("webpageIncident", "emailIncident", "newsgroupIncident", "chatImIncident", "onlineGamingIncident",
              "cellPhoneIncident", "nonInternetIncident", "peer2peerIncident")  # fmt: skip
_PEOPLE = (
    (("reportedPeople", "reportedPersons"), PersonRole.SUSPECT, LocationRole.SUSPECT),
    (("intendedRecipients", "intendedRecipients"), PersonRole.RECIPIENT, LocationRole.RECIPIENT),
)


def parse(content: bytes) -> Report:
    """Read one report.

    Raises:
        Rejected: with the `Rejection` to record; nothing else, whatever the bytes are.
    """
    root = json_documents.read(content)
    told = root["reportedInformation"]
    esp = told["reportingEsp"]
    received_at = checked_receipt(root["dateReceived"].moment())
    reporter = esp["espName"].text() or esp["lastName"].text() or "public"
    source = Source.ESP if esp["espName"].text() else Source.PUBLIC
    files = tuple(_file(number, each) for number, each in enumerate(told["uploadedFiles"]["uploadedFiles"]))
    if len({file.file_id for file in files}) < len(files):
        raise Rejected(Rejection.DUPLICATE_ID)
    summary = told["incidentSummary"]
    return Report(
        receipt=Receipt(plain(root["reportId"].required()), plain(reporter), source, received_at),
        incident_type=_incident_type(summary["incidentType"].text()),
        incident_at=checked_incident(summary["incidentDateTime"].moment(), received_at),
        users=sum(1 for _ in told["reportedPeople"]["reportedPersons"]),
        vectors=frozenset(_vectors(told["incidentDetails"])),
        locations=frozenset(_locations(told)),
        particulars=frozenset(_particulars(told)),
        files=files,
    )


def file_names(content: bytes) -> dict[str, str]:
    """Give the name under which each file may lie beside the document, by the file's id."""
    files = json_documents.read(content)["reportedInformation"]["uploadedFiles"]["uploadedFiles"]
    return {_file_id(number, each): each["filename"].text() for number, each in enumerate(files)}


def _file_id(number: int, each: Node) -> str:
    return plain(each["submittalId"].text()) or str(number)


def _file(number: int, each: Node) -> NamedFile:
    digest = each["verificationHash"].text().lower()
    names = [each["filename"].text(), each["originalFilename"].text()]
    tags = {tag["value"].text() for group in each["ncmecTags"]["groups"] for tag in group["tags"]}
    classes = sorted(tags & set(Classification))
    return NamedFile(
        file_id=_file_id(number, each),
        claimed_md5=digest if is_md5(digest) else None,
        viewed_by_reporter=each["viewedByEsp"].flag(),
        annotations=frozenset(FileAnnotation(tag) for tag in tags & set(FileAnnotation)),
        classification=Classification(classes[0]) if classes else None,
        claims_media=any(map(claims_media, names)),
        claimed_kind=None if any(map(claims_media, names)) else Kind.OTHER,
    )


def _incident_type(text: str) -> IncidentType | None:
    if not text:
        return None
    try:
        return IncidentType(text)
    except ValueError:
        raise Rejected(Rejection.SCHEMA) from None


def _vectors(details: Node) -> Iterator[Vector]:
    for name in _INCIDENTS:
        for each in details[name]:
            urls = [url.text() for key in ("url", "urls") for url in each[key]]
            yield from vectors_of(name, urls, room=bool(each["chatRoomName"].text()))


def _locations(told: Node) -> Iterator[Location]:
    for (group, members), _, role in _PEOPLE:
        for person in told[group][members]:
            for address in person["addresses"]["addresses"]:
                if code := country_code(address["country"].text()):
                    yield Location(code, role)


def _particulars(told: Node) -> Iterator[Particular]:
    for (group, members), role, _ in _PEOPLE:
        for person in told[group][members]:
            for kind, value in _of_person(person):
                yield Particular(role, kind, value[:VALUE_LENGTH])
    for file in told["uploadedFiles"]["uploadedFiles"]:
        for capture in file["sourceInformation"]["sourceCaptures"]:
            if capture["captureType"].text().lower() == "ip address" and (value := capture["value"].text()):
                yield Particular(PersonRole.SUSPECT, Identifier.IP_ADDRESS, value[:VALUE_LENGTH])


def _of_person(person: Node) -> Iterator[tuple[Identifier, str]]:
    lists = (("emails", Identifier.EMAIL), ("phones", Identifier.PHONE))
    found = [(kind, each["value"].text()) for name, kind in lists for each in person[name][name]]
    found += [
        (Identifier.ACCOUNT, person["screenName"]["value"].text()),
        (Identifier.ACCOUNT, person["espUserId"].text()),
    ]
    found.append((Identifier.NAME, ", ".join(filter(None, (person[n].text() for n in ("firstName", "lastName"))))))
    for address in person["addresses"]["addresses"]:
        parts = (address[name].text() for name in ("address", "city", "zipCode", "state", "country"))
        found.append((Identifier.POSTAL_ADDRESS, ", ".join(filter(None, parts))))
    return ((kind, value) for kind, value in found if value)
