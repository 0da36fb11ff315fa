"""The XML of reports: every element in the order of the protocol, checked against a table of its own."""

from datetime import UTC, datetime

import pytest
from lxml import etree

from tasks.simulating.chance import chance
from tasks.simulating.cybertip import Letterhead, file_xml, report_xml
from tasks.simulating.incidents import plan_incidents
from tasks.simulating.particulars import draw_file_particulars, draw_parties
from tasks.simulating.population import plan_population

REPORTS = 400
LETTERHEAD = Letterhead("3000001", datetime(2016, 5, 3, 10, 11, 12, tzinfo=UTC))
ORDER = {
    "report": "batchedReport incidentSummary internetDetails reporter personOrUserReported victim",
    "incidentSummary": "incidentType platform escalateToHighPriority reportAnnotations incidentDateTime",
    "personOrUserReported": "personOrUserReportedPerson espIdentifier screenName ipCaptureEvent deviceId "
    "estimatedLocation",
    "personOrUserReportedPerson": "phone email",
    "victim": "victimPerson estimatedLocation",
    "ipCaptureEvent": "ipAddress eventName dateTime",
    "deviceId": "idType idValue",
    "reportingPerson": "firstName lastName email",
    "chatImIncident": "chatClient chatRoomName",
    "onlineGamingIncident": "gameName console",
    "peer2peerIncident": "client ipCaptureEvent fileNames",
    "fileDetails": "reportId fileId fileName originalFileName uploadedToEspTimestamp locationOfFile fileViewedByEsp "
    "publiclyAvailable fileRelevance potentialMeme fileAnnotations industryClassification originalFileHash "
    "ipCaptureEvent",
}


@pytest.fixture(scope="module")
def incidents():
    """Plan many incidents, of which some are batched, urgent or from the public."""
    population = plan_population(2, REPORTS)
    return plan_incidents(2, population.received, population.rejections)


def assert_in_order(root: etree._Element) -> None:
    for element in root.iter():
        if element.tag in ORDER:
            ranks = [ORDER[element.tag].split().index(child.tag) for child in element]
            assert ranks == sorted(ranks), element.tag


def test_reports_keep_the_order_of_the_protocol(incidents):
    seen: set[str] = set()
    for number, incident in enumerate(incidents):
        root = etree.fromstring(report_xml(LETTERHEAD, incident, draw_parties(chance(1, number), incident)))
        assert_in_order(root)
        assert root.find("incidentSummary") is not None
        assert root.find("reporter") is not None
        assert all(len(detail) == 1 for detail in root.findall("internetDetails"))
        seen |= {element.tag for element in root.iter()}
    assert seen >= {"batchedReport", "victim", "emailIncident", "chatImIncident", "onlineGamingIncident"}
    assert seen >= {"cellPhoneIncident", "peer2peerIncident", "escalateToHighPriority", "sextortion"}


def test_a_bundled_report_names_several_users(incidents):
    bundled = [each for each in incidents if each.batched]
    for number, incident in enumerate(bundled):
        root = etree.fromstring(report_xml(LETTERHEAD, incident, draw_parties(chance(1, number), incident)))
        assert root.find("batchedReport").get("reason") == "VIRAL_POTENTIAL_MEME"
        assert len(root.findall("personOrUserReported")) >= 3


def test_of_a_victim_nothing_but_a_country_is_told(incidents):
    for number, incident in enumerate(incidents):
        root = etree.fromstring(report_xml(LETTERHEAD, incident, draw_parties(chance(1, number), incident)))
        for victim in root.findall("victim"):
            assert {element.tag for element in victim.iter()} <= {
                "victim",
                "victimPerson",
                "estimatedLocation",
                "countryCode",
            }


def test_file_details_keep_the_order_of_the_protocol(incidents):
    files, seen = plan_population(2, 60).files, set[str]()
    for number, file in enumerate(files):
        said = draw_file_particulars(chance(1, number), file, "jpg", incidents[number], LETTERHEAD.received_at)
        root = etree.fromstring(file_xml(LETTERHEAD, "0123456789abcdef", said, {"MD5": "0" * 32, "SHA1": "0" * 40}))
        assert_in_order(root)
        assert root.findtext("fileId") == "0123456789abcdef"
        assert len(root.findall("ipCaptureEvent")) <= 1
        assert root.find("fileRelevance") is None or root.find("industryClassification") is None
        assert root.find("potentialMeme") is None or root.find("fileAnnotations") is None
        seen |= {element.tag for element in root.iter()}
    assert seen >= {"fileViewedByEsp", "industryClassification", "originalFileHash", "fileAnnotations"}
