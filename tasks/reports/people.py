"""People in CyberTipline documents: the particulars of those involved, and the countries they are in."""

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from domain.report import NO_COUNTRY, Identifier, Location, LocationRole, Particular, PersonRole

VALUE_LENGTH = 1024
"""Characters of one particular that are kept."""

_ROLES = {
    "personOrUserReported": (PersonRole.SUSPECT, LocationRole.SUSPECT),
    "intendedRecipient": (PersonRole.RECIPIENT, LocationRole.RECIPIENT),
    "victim": (PersonRole.VICTIM, LocationRole.VICTIM),
}
_VALUES = {
    "ipCaptureEvent/ipAddress": Identifier.IP_ADDRESS,
    "*/email": Identifier.EMAIL,
    "*/phone": Identifier.PHONE,
    "*/dateOfBirth": Identifier.BIRTH_DATE,
    "espIdentifier": Identifier.ACCOUNT,
    "screenName": Identifier.ACCOUNT,
    "profileUrl": Identifier.ACCOUNT,
    "associatedAccount": Identifier.ACCOUNT,
    "associatedAccount/*": Identifier.ACCOUNT,
    "deviceId/idValue": Identifier.DEVICE,
}
_OF_THE_INCIDENT = {
    "internetDetails/emailIncident/emailAddress": Identifier.EMAIL,
    "internetDetails/newsgroupIncident/emailAddress": Identifier.EMAIL,
    "internetDetails/cellPhoneIncident/phoneNumber": Identifier.PHONE,
    "internetDetails/peer2peerIncident/ipCaptureEvent/ipAddress": Identifier.IP_ADDRESS,
}
_OF_A_FILE = {"ipCaptureEvent/ipAddress": Identifier.IP_ADDRESS, "deviceId/idValue": Identifier.DEVICE}
_ADDRESS = ("address", "city", "zipCode", "state", "nonUsaState", "country")


def particulars(root: etree._Element) -> frozenset[Particular]:
    """Collect the particulars of everyone involved; those of the reporter's own staff stay in the raw report.

    What an incident itself tells, such as a peer's IP address, is held to be the suspect's.
    """
    found = [
        _particular(role, kind, value)
        for tag, (role, _) in _ROLES.items()
        for person in root.findall(tag)
        for kind, value in _of(person)
    ]
    return frozenset(found) | _of_the_suspect(root, _OF_THE_INCIDENT)


def of_a_file(root: etree._Element) -> frozenset[Particular]:
    """Collect what the details of a file tell of who it came from: the suspect, as far as anyone says."""
    return _of_the_suspect(root, _OF_A_FILE)


def locations(root: etree._Element) -> frozenset[Location]:
    """Collect the countries of everyone involved, by role; pseudo-codes are no country."""
    return frozenset(
        Location(code, role)
        for tag, (_, role) in _ROLES.items()
        for person in root.findall(tag)
        for place in (*person.iter("countryCode"), *person.iter("country"))
        if (code := country_code(place.text))
    )


def country_code(text: str | None) -> str:
    """Read an ISO 3166 alpha-2 code; empty for anything else, and for MaxMind's pseudo-codes."""
    code = (text or "").strip().upper()
    return code if re.fullmatch("[A-Z]{2}", code) and code not in NO_COUNTRY else ""


def _of_the_suspect(root: etree._Element, paths: Mapping[str, Identifier]) -> frozenset[Particular]:
    return frozenset(_particular(PersonRole.SUSPECT, kind, value) for kind, value in _at(root, paths))


def _particular(role: PersonRole, kind: Identifier, value: str) -> Particular:
    return Particular(role, kind, value[:VALUE_LENGTH])


def _at(element: etree._Element, paths: Mapping[str, Identifier]) -> Iterator[tuple[Identifier, str]]:
    """Give what stands at some paths, with its kind."""
    for path, kind in paths.items():
        for found in element.findall(path):
            if text := (found.text or "").strip():
                yield kind, text


def _of(person: etree._Element) -> Iterator[tuple[Identifier, str]]:
    """Give each particular that stands below one person or user."""
    yield from _at(person, _VALUES)
    for child in person:
        if name := _joined(child, ("firstName", "lastName")):
            yield Identifier.NAME, name
        for address in child.findall("address"):
            if text := _joined(address, _ADDRESS):
                yield Identifier.POSTAL_ADDRESS, text


def _joined(element: etree._Element, names: tuple[str, ...]) -> str:
    """Join the texts of some children."""
    return ", ".join(text for name in names if (text := (element.findtext(name) or "").strip()))
