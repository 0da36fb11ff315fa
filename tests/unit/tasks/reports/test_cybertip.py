"""CyberTips: what is read of them, and that whatever is not one is rejected for one reason."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from cybertips import details_xml, report_xml
from hypothesis import example, given
from hypothesis import strategies as st

from domain.errors import Rejected
from domain.report import (
    Classification,
    FileAnnotation,
    Identifier,
    IncidentType,
    Location,
    LocationRole,
    Receipt,
    Rejection,
    ReportAnnotation,
    Source,
    Vector,
)
from tasks.reports.cybertip import parse_file_details, parse_report

RECEIPT = Receipt("7", "esp-01", Source.ESP, datetime(2016, 5, 3, tzinfo=UTC))


def parsed(**parts):
    return parse_report(report_xml(**parts), RECEIPT, ())


def rejection(content: bytes) -> Rejection:
    with pytest.raises(Rejected) as rejected:
        parse_report(content, RECEIPT, ())
    return rejected.value.args[0]


def details(incident: str) -> str:
    return f"<internetDetails>{incident}</internetDetails>"


def test_a_plain_report_is_read():
    report = parsed()
    assert report.incident_type is IncidentType.POSSESSION
    assert report.incident_at == datetime(2016, 5, 3, 10, tzinfo=UTC)
    assert (report.escalated, report.batched, report.incidents) == (False, False, 1)


def test_the_presence_of_an_escalation_is_urgency_whatever_it_says():
    assert parsed(summary="<escalateToHighPriority/>").escalated


def test_annotations_count_where_they_are_true():
    flags = "<sextortion>true</sextortion><spam>false</spam><csamSolicitation>1</csamSolicitation>"
    report = parsed(summary=f"<reportAnnotations>{flags}</reportAnnotations>")
    assert report.annotations == {ReportAnnotation.SEXTORTION, ReportAnnotation.SOLICITATION}


@pytest.mark.parametrize(
    ("incident", "vectors"),
    [
        ("<webPageIncident><url>http://example.org/x</url></webPageIncident>", {Vector.URL}),
        ("<webPageIncident><url>example.org/x</url></webPageIncident>", {Vector.URL}),
        ("<webPageIncident/>", {Vector.URL}),
        ("<webPageIncident><url>http://abcdef.onion/x</url></webPageIncident>", {Vector.TOR}),
        ("<webPageIncident><url>abcdef.onion/x</url></webPageIncident>", {Vector.TOR}),
        ("<webPageIncident><url>http://abcdef.onion./x</url></webPageIncident>", {Vector.TOR}),
        ("<webPageIncident><url>http://example.org/not.onion</url></webPageIncident>", {Vector.URL}),
        ("<webPageIncident><url>FTP://192.0.2.1/x</url></webPageIncident>", {Vector.FTP}),
        ("<webPageIncident><url>http://[bad</url></webPageIncident>", {Vector.URL}),
        (
            "<webPageIncident><url>http://a.onion</url><url>ftp://b.org</url></webPageIncident>",
            {Vector.TOR, Vector.FTP},
        ),
        ("<emailIncident><emailAddress>a@example.org</emailAddress></emailIncident>", {Vector.EMAIL}),
        ("<newsgroupIncident><name>alt.test</name></newsgroupIncident>", {Vector.FORUM}),
        ("<chatImIncident><chatRoomName>lobby</chatRoomName></chatImIncident>", {Vector.CHAT}),
        ("<chatImIncident><chatClient>any</chatClient></chatImIncident>", {Vector.MESSENGER}),
        ("<onlineGamingIncident><gameName>any</gameName></onlineGamingIncident>", {Vector.GAMING}),
        ("<cellPhoneIncident><phoneNumber>555-0100</phoneNumber></cellPhoneIncident>", {Vector.CELL_PHONE}),
        ("<peer2peerIncident><client>any</client></peer2peerIncident>", {Vector.P2P}),
        ("<nonInternetIncident><locationName>any</locationName></nonInternetIncident>", set()),
    ],
)
def test_vectors_follow_from_how_it_happened(incident, vectors):
    assert parsed(internet=details(incident)).vectors == vectors


def test_a_report_may_have_several_vectors_or_none():
    both = details("<emailIncident/>") + details("<peer2peerIncident/>")
    assert parsed(internet=both).vectors == {Vector.EMAIL, Vector.P2P}
    assert parsed(internet="").vectors == frozenset()


def test_countries_keep_their_role_and_pseudo_codes_are_nowhere():
    people = (
        "<personOrUserReported><estimatedLocation><countryCode>IN</countryCode></estimatedLocation></personOrUserReported>"
        "<personOrUserReported><estimatedLocation><countryCode>A1</countryCode></estimatedLocation></personOrUserReported>"
        "<victim><victimPerson><address><country>br</country></address></victimPerson></victim>"
    )
    assert parsed(people=people).locations == {
        Location("IN", LocationRole.SUSPECT),
        Location("BR", LocationRole.VICTIM),
    }


def test_identifiers_are_told_by_kind_alone():
    people = (
        "<personOrUserReported><personOrUserReportedPerson><email>a@example.org</email></personOrUserReportedPerson>"
        "<espIdentifier>u1</espIdentifier><ipCaptureEvent><ipAddress>192.0.2.7</ipAddress></ipCaptureEvent>"
        "</personOrUserReported>"
    )
    report = parsed(people=people)
    assert report.identifiers == {Identifier.EMAIL, Identifier.ACCOUNT, Identifier.IP_ADDRESS}
    assert "192.0.2.7" not in repr(report)


def test_a_batched_report_stands_for_its_users():
    batched = report_xml(people="<personOrUserReported/>" * 3).replace(
        b"<report>", b'<report><batchedReport reason="VIRAL_POTENTIAL_MEME"/>'
    )
    assert parse_report(batched, RECEIPT, ()).incidents == 3
    assert parsed(people="<personOrUserReported/>" * 3).incidents == 1


def test_file_details_are_read():
    more = (
        "<fileViewedByEsp>true</fileViewedByEsp><publiclyAvailable>false</publiclyAvailable>"
        "<fileAnnotations><viral>true</viral><infant>false</infant></fileAnnotations>"
        "<industryClassification>B1</industryClassification>"
    )
    file = parse_file_details(details_xml("00ff", more=more, md5="A" * 32), "00ff")
    assert (file.viewed_by_reporter, file.publicly_available, file.claims_media) == (True, False, True)
    assert file.annotations == {FileAnnotation.VIRAL}
    assert file.classification is Classification.B1
    assert file.claimed_md5 == "a" * 32


def test_what_is_not_said_of_a_file_is_unknown_not_false():
    file = parse_file_details(details_xml("00ff", name="a.pdf"), "00ff")
    assert (file.viewed_by_reporter, file.publicly_available, file.claimed_md5, file.claims_media) == (
        None,
        None,
        None,
        False,
    )


@pytest.mark.parametrize(
    "content",
    [
        details_xml("0001"),
        details_xml("00ff", md5="xyz"),
        details_xml("00ff", more="<industryClassification>C9</industryClassification>"),
        details_xml("00ff", more="<fileViewedByEsp>perhaps</fileViewedByEsp>"),
        b"<fileDetails><fileId>00ff</fileId><reportId>1</reportId></fileDetails>",
        report_xml(),
    ],
)
def test_file_details_in_another_shape_are_rejected(content):
    with pytest.raises(Rejected) as rejected:
        parse_file_details(content, "00ff")
    assert rejected.value.args[0] is Rejection.SCHEMA


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (report_xml()[:200], Rejection.NOT_WELL_FORMED),
        (b"", Rejection.NOT_WELL_FORMED),
        (b"\xff\xfe\x00", Rejection.NOT_WELL_FORMED),
        (b'<?xml version="1.0" encoding="no-such"?><report/>', Rejection.WRONG_ENCODING),
        (b"<report>\xff</report>", Rejection.WRONG_ENCODING),
        (b"<report>\x07</report>", Rejection.NOT_WELL_FORMED),
        (b"<report>" + b"<a/>" * 200_000 + b"</report>", Rejection.TOO_MANY),
        (b"<report>" * 40_000, Rejection.NOT_WELL_FORMED),
        (
            '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE r [<!ENTITY e "boo">]><r>&e;'.encode("utf-16"),
            Rejection.FORBIDDEN_XML,
        ),
        ("\ufeff<!DOCTYPE r [<!ENTITY a 'b'>]>\n".encode() + report_xml(), Rejection.FORBIDDEN_XML),
        (report_xml().replace(b"2016-05-03T10:00:00Z", b"1899-12-31T23:00:00Z"), Rejection.IMPOSSIBLE_DATE),
        (report_xml().replace(b"2016-05-03T10:00:00Z", b"9999-12-31T23:00:00Z"), Rejection.IMPOSSIBLE_DATE),
        (b"<!DOCTYPE report>" + report_xml(), Rejection.FORBIDDEN_XML),
        (b'<!DOCTYPE r [<!ENTITY e "boo">]>' + report_xml(summary="<platform>&e;</platform>"), Rejection.FORBIDDEN_XML),
        (b'<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + report_xml(), Rejection.FORBIDDEN_XML),
        (b"<somethingElse/>", Rejection.SCHEMA),
        (report_xml(incident_type="Parking"), Rejection.SCHEMA),
        (report_xml(summary="<unknown/>"), Rejection.SCHEMA),
        (report_xml(summary="<reportAnnotations><noSuch>true</noSuch></reportAnnotations>"), Rejection.SCHEMA),
        (report_xml(people="<victim/>"), Rejection.SCHEMA),
        (report_xml(internet="<internetDetails/>"), Rejection.SCHEMA),
        (report_xml(internet=details("<webPageIncident/><emailIncident/>")), Rejection.SCHEMA),
        (report_xml().replace(b"2016-05-03T10:00:00Z", b"yesterday"), Rejection.SCHEMA),
        (report_xml().replace(b"2016-05-03T10:00:00Z", b"0001-01-01T00:00:00+14:00"), Rejection.SCHEMA),
        (report_xml(people="<victim><victimPerson/></victim><personOrUserReported/>"), Rejection.SCHEMA),
    ],
)
def test_what_is_no_report_is_rejected_for_one_reason(content, reason):
    assert rejection(content) is reason


@given(st.binary(max_size=400))
@example(b"<report>" * 300 + b"</report>" * 300)
def test_parsing_raises_nothing_but_rejected(content):
    with pytest.raises(Rejected):
        parse_report(content, RECEIPT, ())


@given(st.integers(0, 600), st.integers(0, 600), st.binary(max_size=12))
def test_a_damaged_report_is_read_or_rejected(start, length, noise):
    content = report_xml()
    damaged = content[:start] + noise + content[start + length :]
    with suppress(Rejected):
        parse_report(damaged, RECEIPT, ())
