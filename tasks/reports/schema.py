"""The shape of the CyberTipline protocol's documents: which elements stand where, how often, and what they may say.

Written from the protocol's public documentation (https://report.cybertip.org/ispws/documentation): facts of a
format, checked here so that a document in the wrong shape is refused with one reason.
"""

import functools
import re

from lxml import etree

from domain.errors import Rejected
from domain.report import Rejection

_PERSON = "firstName? lastName? phone* email* address* age? dateOfBirth?"
_ADDRESS = "address? city? zipCode? state? nonUsaState? country?"
_INVOLVED = (
    "espIdentifier? espService? compromisedAccount? screenName? displayName* profileUrl* profileBio? "
    "ipCaptureEvent* deviceId*"
)
_ACCOUNT = (
    "accountTemporarilyDisabled? accountPermanentlyDisabled? estimatedLocation? allEmailsReported? "
    "associatedAccount* additionalInfo?"
)

SEQUENCES = {
    "report": "batchedReport? incidentSummary internetDetails* lawEnforcement? reporter personOrUserReported* "
    "intendedRecipient* victim* additionalInfo?",
    "incidentSummary": "incidentType platform? escalateToHighPriority? reportAnnotations? incidentDateTime "
    "incidentDateTimeDescription?",
    "internetDetails": "(webPageIncident|emailIncident|newsgroupIncident|chatImIncident|onlineGamingIncident"
    "|cellPhoneIncident|nonInternetIncident|peer2peerIncident)",
    "webPageIncident": "url* additionalInfo?",
    "emailIncident": "emailAddress* content? additionalInfo?",
    "newsgroupIncident": "name? emailAddress* content? additionalInfo?",
    "chatImIncident": "chatClient? chatRoomName? content? additionalInfo?",
    "onlineGamingIncident": "gameName? console? content? additionalInfo?",
    "cellPhoneIncident": "phoneNumber? latitude? longitude? additionalInfo?",
    "nonInternetIncident": "locationName? incidentAddress* additionalInfo?",
    "peer2peerIncident": "client? ipCaptureEvent* fileNames? additionalInfo?",
    "lawEnforcement": "agencyName caseNumber? officerContact? reportedToLe? servedLegalProcessDomestic? "
    "servedLegalProcessInternational?",
    "reporter": "reportingPerson contactPerson? companyTemplate? termsOfService? legalURL?",
    "reportingPerson": _PERSON,
    "contactPerson": _PERSON,
    "officerContact": _PERSON,
    "personOrUserReportedPerson": _PERSON,
    "intendedRecipientPerson": _PERSON,
    "victimPerson": _PERSON,
    "personOrUserReported": f"personOrUserReportedPerson? vehicleDescription? {_INVOLVED} thirdPartyUserReported? "
    f"priorCTReports* groupIdentifier? {_ACCOUNT}",
    "intendedRecipient": f"intendedRecipientPerson? {_INVOLVED} priorCTReports* groupIdentifier? "
    "accountTemporarilyDisabled? accountPermanentlyDisabled? estimatedLocation? allEmailsReported? additionalInfo*",
    "victim": f"victimPerson {_INVOLVED} schoolName? priorCTReports* {_ACCOUNT}",
    "address": _ADDRESS,
    "incidentAddress": _ADDRESS,
    "ipCaptureEvent": "ipAddress eventName? dateTime? possibleProxy? port?",
    "deviceId": "idType idValue eventName? dateTime?",
    "estimatedLocation": "city? region? countryCode?",
    "fileDetails": "reportId fileId fileName? originalFileName? uploadedToEspTimestamp? locationOfFile? "
    "fileViewedByEsp? exifViewedByEsp? publiclyAvailable? fileRelevance? (potentialMeme|fileAnnotations)? "
    "industryClassification? originalFileHash* ipCaptureEvent? deviceId* details* additionalInfo*",
    "details": "nameValuePair+",
    "nameValuePair": "name value",
}
"""Content models by element: names in order; `?` at most once, `*` any number, `+` at least once, `|` either."""

ALL_ONCE = frozenset({"reportAnnotations", "fileAnnotations"})
"""Elements whose children stand in any order, each at most once."""

LOOSE = frozenset({"associatedAccount"})
"""Elements of which the documentation tells no children: each says something itself, or by any flat ones."""


def _one_of(*values: str) -> str:
    """Write an expression for one of some values, with space around it or not."""
    return rf"\s*(?:{'|'.join(map(re.escape, values))})\s*"


_BOOLEAN = _one_of("true", "false", "1", "0")
_DATE = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIME = r"(?:(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?|24:00:00(?:\.0+)?)"
_MOMENT = rf"\s*{_DATE}T{_TIME}(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)?\s*"
_NUMBER = r"\s*[+-]?\d{1,19}\s*"
_TEXT = r".*"

VALUES = {
    **dict.fromkeys(
        ("reportedToLe", "servedLegalProcessDomestic", "servedLegalProcessInternational", "compromisedAccount",
         "thirdPartyUserReported", "accountTemporarilyDisabled", "accountPermanentlyDisabled", "allEmailsReported",
         "possibleProxy", "fileViewedByEsp", "exifViewedByEsp", "publiclyAvailable", "potentialMeme"), _BOOLEAN,
    ),
    **dict.fromkeys(("incidentDateTime", "dateTime", "uploadedToEspTimestamp"), _MOMENT),
    "platform": r".{0,256}",
    "escalateToHighPriority": r".{0,3000}",
    "originalFileName": r".{0,2056}",
    "locationOfFile": r".{0,2083}",
    "nameValuePair/name": r".{0,64}",
    "eventName": _one_of("Login", "Registration", "Purchase", "Upload", "Other", "Unknown"),
    "port": r"\s*\d{1,5}\s*",
    "priorCTReports": _NUMBER,
    "fileRelevance": _one_of("Reported", "Supplemental Reported", ""),
    "industryClassification": _one_of("A1", "A2", "B1", "B2"),
}  # fmt: skip
"""What an element may say, as an expression, by its name or its parent's and its own; any other says what it likes."""

_EMAIL = {"type": _one_of("Home", "Work", "Business", "Recovery"), "verified": _BOOLEAN, "verificationDate": _TEXT}
_PHONE = {
    "type": _one_of("Mobile", "Home", "Business", "Work", "Fax", "Internet", "Recovery"), "verified": _BOOLEAN,
    "verificationDate": _TEXT, "countryCallingCode": r"\+\d{1,3}", "extension": _TEXT,
}  # fmt: skip
_PLACE = {"type": _one_of("Home", "Business", "Billing", "Shipping", "Technical")}

ATTRIBUTES = {
    "batchedReport": {"reason": _one_of("VIRAL_POTENTIAL_MEME")},
    "webPageIncident": {"thirdPartyHostedContent": _BOOLEAN},
    "lawEnforcement": {"fleaCountry": _TEXT},
    "servedLegalProcessInternational": {"fleaCountry": _TEXT},
    "email": _EMAIL,
    "emailAddress": _EMAIL,
    "phone": _PHONE,
    "phoneNumber": _PHONE,
    "address": _PLACE,
    "incidentAddress": _PLACE,
    "accountTemporarilyDisabled": {
        "disabledDate": _TEXT, "userNotified": _BOOLEAN, "userNotifiedDate": _TEXT, "reenabledDate": _TEXT,
    },
    "accountPermanentlyDisabled": {"disabledDate": _TEXT, "userNotified": _BOOLEAN, "userNotifiedDate": _TEXT},
    "estimatedLocation": {"verified": _BOOLEAN, "timestamp": _TEXT},
    "associatedAccount": {"type": _one_of("Billing", "Linked", "Business", "Creator", "Parent/Guardian", "Other")},
    "originalFileHash": {"hashType": _TEXT},
    "details": {"type": _one_of("EXIF", "HASH")},
}  # fmt: skip
"""Attributes by element, and what each may say."""

_ANYWHERE = {
    f"{{http://www.w3.org/2001/XMLSchema-instance}}{name}" for name in ("schemaLocation", "noNamespaceSchemaLocation")
}

MAX_DEPTH = 8
"""No document of the protocol nests deeper."""


def check(root: etree._Element, name: str) -> None:
    """Check that a document is a `name` in its right shape.

    Raises:
        Rejected: with `Rejection.SCHEMA`.
    """
    if root.tag != name:
        raise Rejected(Rejection.SCHEMA)
    _check_below(root, "", 0)


def _check_below(element: etree._Element, parent: str, depth: int) -> None:
    """Check what one element holds and says, and those below it."""
    name = str(element.tag)
    street = name == "address" and parent in {"address", "incidentAddress"}  # the one name of two kinds of element
    if depth > MAX_DEPTH or not (
        (_says_what_it_may(element, parent) if street else _is_shaped(element, parent)) and _has_its_attributes(element)
    ):
        raise Rejected(Rejection.SCHEMA)
    for child in element:
        _check_below(child, name, depth + 1)


def _is_shaped(element: etree._Element, parent: str) -> bool:
    """Whether an element has the children it may have, and text only where it has no children."""
    name, children = str(element.tag), [str(child.tag) for child in element]
    if name in LOOSE and children:
        return not _stray(element)
    if name in ALL_ONCE:
        return len(set(children)) == len(children) and not _stray(element)
    if name in SEQUENCES:
        shaped = _pattern(SEQUENCES[name]).fullmatch("".join(f"{child} " for child in children))
        return bool(shaped) and not _stray(element)
    return _says_what_it_may(element, parent)


def _stray(element: etree._Element) -> bool:
    """Whether there is text between the children of an element that has nothing else."""
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)


def _says_what_it_may(element: etree._Element, parent: str) -> bool:
    """Whether an element without children says what it may."""
    name = str(element.tag)
    value = VALUES.get(name) or VALUES.get(f"{parent}/{name}")
    return not len(element) and (value is None or bool(_expression(value).fullmatch(element.text or "")))


def _has_its_attributes(element: etree._Element) -> bool:
    """Whether an element has no attributes but its own, and those say what they may."""
    own = ATTRIBUTES.get(str(element.tag), {})
    return all(
        name in _ANYWHERE or (name in own and _expression(own[str(name)]).fullmatch(str(value)))
        for name, value in element.attrib.items()
    )


@functools.cache
def _expression(value: str) -> re.Pattern[str]:
    return re.compile(value, re.DOTALL | re.ASCII)


@functools.cache
def _pattern(model: str) -> re.Pattern[str]:
    """Turn a content model into an expression over `name name … `."""
    parts = (re.fullmatch(r"(.+?)([?*+]?)", part) for part in model.split())
    return re.compile("".join(f"(?:(?:{part[1]}) ){part[2]}" for part in parts if part))
