"""People in CyberTipline documents: the particulars of those involved, and the countries they are in."""

import re
from collections.abc import Iterator

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
    "associatedAccount/*": Identifier.ACCOUNT,
    "deviceId/idValue": Identifier.DEVICE,
}
_ADDRESS = ("address", "city", "zipCode", "state", "nonUsaState", "country")


def particulars(root: etree._Element) -> frozenset[Particular]:
    """Collect the particulars of everyone involved; those of the reporter's own staff stay in the raw report."""
    return frozenset(
        Particular(role, kind, value[:VALUE_LENGTH])
        for tag, (role, _) in _ROLES.items()
        for person in root.findall(tag)
        for kind, value in _of(person)
    )


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


def _of(person: etree._Element) -> Iterator[tuple[Identifier, str]]:
    """Give each particular that stands below one person or user."""
    for path, kind in _VALUES.items():
        for found in person.findall(path):
            if text := (found.text or "").strip():
                yield kind, text
    for child in person:
        if name := _joined(child, ("firstName", "lastName")):
            yield Identifier.NAME, name
        for address in child.findall("address"):
            if text := _joined(address, _ADDRESS):
                yield Identifier.POSTAL_ADDRESS, text


def _joined(element: etree._Element, names: tuple[str, ...]) -> str:
    """Join the texts of some children."""
    return ", ".join(text for name in names if (text := (element.findtext(name) or "").strip()))
