"""The shape of the CyberTipline protocol's documents: which elements stand where, in which order, how often.

Written from the protocol's public documentation (https://report.cybertip.org/ispws/documentation): facts of a
format, checked here so that a document in the wrong shape is refused with one reason.
"""

import functools
import re

from lxml import etree

from domain.errors import Rejected
from domain.report import Rejection

_PERSON = "firstName? lastName? phone* email* address* age? dateOfBirth?"
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
    "address": "address? city? zipCode? state? nonUsaState? country?",
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

MAX_DEPTH = 8
"""No document of the protocol nests deeper."""


def check(root: etree._Element, name: str) -> None:
    """Check that a document is a `name` in its right shape.

    Raises:
        Rejected: with `Rejection.SCHEMA`.
    """
    if root.tag != name:
        raise Rejected(Rejection.SCHEMA)
    _check_below(root, 0)


def _check_below(element: etree._Element, depth: int) -> None:
    """Check one element's children, and theirs."""
    children = [str(child.tag) for child in element]
    name = str(element.tag)
    if name in ALL_ONCE:
        shaped = len(set(children)) == len(children)
    elif name in SEQUENCES:
        shaped = bool(_pattern(SEQUENCES[name]).fullmatch("".join(f"{child} " for child in children)))
    else:
        shaped = not children
    if not shaped or depth > MAX_DEPTH:
        raise Rejected(Rejection.SCHEMA)
    for child in element:
        _check_below(child, depth + 1)


@functools.cache
def _pattern(model: str) -> re.Pattern[str]:
    """Turn a content model into an expression over `name name … `."""
    parts = (re.fullmatch(r"(.+?)([?*+]?)", part) for part in model.split())
    return re.compile("".join(f"(?:(?:{part[1]}) ){part[2]}" for part in parts if part))
