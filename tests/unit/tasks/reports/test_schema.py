"""Documents of the protocol: what an element may say is checked, and what the protocol allows is taken."""

from datetime import UTC, datetime

import pytest
from cybertips import details_xml, report_xml

from domain.errors import Rejected
from domain.report import Identifier, Receipt, Rejection, Source
from tasks.reports.cybertip import parse_file_details, parse_report

RECEIPT = Receipt("7", "esp-01", Source.ESP, datetime(2016, 5, 5, tzinfo=UTC))


def user(inner):
    return f"<personOrUserReported>{inner}</personOrUserReported>"


def capture(inner):
    return user(f"<ipCaptureEvent><ipAddress>192.0.2.7</ipAddress>{inner}</ipCaptureEvent>")


def person(inner):
    return user(f"<personOrUserReportedPerson>{inner}</personOrUserReportedPerson>")


def at(moment):
    return report_xml().replace(b"2016-05-03T10:00:00Z", moment.encode())


def refusal(parse, *arguments):
    with pytest.raises(Rejected) as rejected:
        parse(*arguments)
    return rejected.value.args[0]


PARTS = [
    (
        {"people": user('<associatedAccount type="Linked"><id>q</id><email>a@example.org</email></associatedAccount>')},
        {"people": user("<associatedAccount><id><deeper>q1</deeper></id></associatedAccount>")},
    ),
    ({"summary": f"<platform>{'x' * 256}</platform>"}, {"summary": f"<platform>{'x' * 257}</platform>"}),
    (
        {"summary": f"<escalateToHighPriority>{'x' * 3000}</escalateToHighPriority>"},
        {"summary": f"<escalateToHighPriority>{'x' * 3001}</escalateToHighPriority>"},
    ),
    ({"people": capture("<port>65535</port>")}, {"people": capture("<port>abc</port>")}),
    ({"people": capture("<eventName>Login</eventName>")}, {"people": capture("<eventName>Foo</eventName>")}),
    (
        {"people": capture("<possibleProxy> true </possibleProxy>")},
        {"people": capture("<possibleProxy>maybe</possibleProxy>")},
    ),
    (
        {"people": capture("<dateTime>2016-05-03T24:00:00+02:00</dateTime>")},
        {"people": capture("<dateTime>2016-05-03</dateTime>")},
    ),
    ({"people": user("<priorCTReports>12</priorCTReports>")}, {"people": user("<priorCTReports>x</priorCTReports>")}),
    (
        {"people": user("<compromisedAccount>1</compromisedAccount>")},
        {"people": user("<compromisedAccount>yes</compromisedAccount>")},
    ),
    (
        {"people": person('<email type="Home" verified="true" verificationDate="2016-05-03">a</email>')},
        {"people": person('<email kind="Home">a</email>')},
    ),
    (
        {"people": person('<phone countryCallingCode="+49">1</phone>')},
        {"people": person('<phone type="Pigeon">1</phone>')},
    ),
    (
        {"people": person('<address type="Home"><address>1 Road</address><city>A</city></address>')},
        {"people": person("<address><address><city>A</city></address></address>")},
    ),
    ({"people": person("<firstName>A</firstName>\n  ")}, {"people": person("stray<firstName>A</firstName>")}),
    ({"people": user("\n")}, {"people": user("<screenName>a</screenName> stray")}),
    (
        {"internet": "<internetDetails><nonInternetIncident><incidentAddress><city>A</city></incidentAddress>"
                     "</nonInternetIncident></internetDetails>"},
        {"internet": '<internetDetails kind="x"><emailIncident/></internetDetails>'},
    ),
    (
        {"internet": '<internetDetails><webPageIncident thirdPartyHostedContent="true"/></internetDetails>'},
        {"internet": '<internetDetails><webPageIncident thirdPartyHostedContent="perhaps"/></internetDetails>'},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("good", "bad"), PARTS, ids=range(len(PARTS)))
def test_a_report_says_what_it_may(good, bad):
    parse_report(report_xml(**good), RECEIPT, ())
    assert refusal(parse_report, report_xml(**bad), RECEIPT, ()) is Rejection.SCHEMA


@pytest.mark.parametrize(
    ("moment", "read"),
    [
        ("2016-05-03T24:00:00Z", datetime(2016, 5, 4, tzinfo=UTC)),
        ("2016-05-03T24:00:00+02:00", datetime(2016, 5, 3, 22, tzinfo=UTC)),
        ("2016-02-29T24:00:00.000", datetime(2016, 3, 1, tzinfo=UTC)),
        ("2016-05-03T10:00:00.1234567Z", datetime(2016, 5, 3, 10, 0, 0, 123456, tzinfo=UTC)),
        (" 2016-05-03T10:00:00-05:00 ", datetime(2016, 5, 3, 15, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_as_xml_schema_writes_it(moment, read):
    assert parse_report(at(moment), RECEIPT, ()).incident_at == read


@pytest.mark.parametrize(
    "moment", ["2016-W18-2", "2016-W18-2T10:00:00", "20160503T100000Z", "2016-05-03", "2016-05-03T10:00Z", "",
               "2016-05-03T24:00:01Z", "2016-05-03T25:00:00Z", "2016-02-30T10:00:00Z", "2016-05-03 10:00:00"],
)  # fmt: skip
def test_no_other_moment_is_read(moment):
    assert refusal(parse_report, at(moment), RECEIPT, ()) is Rejection.SCHEMA


def test_a_document_may_name_its_schema_and_nothing_else_of_the_kind():
    where = b'<report xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:%s="x">'
    parse_report(report_xml().replace(b"<report>", where % b"noNamespaceSchemaLocation"), RECEIPT, ())
    assert refusal(parse_report, report_xml().replace(b"<report>", where % b"nil"), RECEIPT, ()) is Rejection.SCHEMA


DETAILS = [
    (f"<originalFileName>{'x' * 2056}</originalFileName>", f"<originalFileName>{'x' * 2057}</originalFileName>"),
    (f"<locationOfFile>{'x' * 2083}</locationOfFile>", f"<locationOfFile>{'x' * 2084}</locationOfFile>"),
    ("<fileRelevance>Supplemental Reported</fileRelevance>", "<fileRelevance>Foo</fileRelevance>"),
    ("<fileRelevance/>", "<exifViewedByEsp>no</exifViewedByEsp>"),
    (
        "<fileRelevance>Reported</fileRelevance><industryClassification>A1</industryClassification>",
        "<fileRelevance>Supplemental Reported</fileRelevance><industryClassification>A1</industryClassification>",
    ),
    (
        f'<details type="EXIF"><nameValuePair><name>{"x" * 64}</name><value>y</value></nameValuePair></details>',
        f"<details><nameValuePair><name>{'x' * 65}</name><value>y</value></nameValuePair></details>",
    ),
    (
        "<uploadedToEspTimestamp>2016-05-03T10:00:00Z</uploadedToEspTimestamp>",
        "<uploadedToEspTimestamp>yesterday</uploadedToEspTimestamp>",
    ),
]


@pytest.mark.parametrize(("good", "bad"), DETAILS, ids=range(len(DETAILS)))
def test_the_details_of_a_file_say_what_they_may(good, bad):
    parse_file_details(details_xml("a", more=good), "a")
    assert refusal(parse_file_details, details_xml("a", more=bad), "a") is Rejection.SCHEMA


def test_an_account_that_belongs_to_another_is_a_particular_however_it_is_told():
    people = user("<associatedAccount>q0</associatedAccount><associatedAccount><id>q1</id></associatedAccount>")
    report = parse_report(report_xml(people=people), RECEIPT, ())
    accounts = {each.value for each in report.particulars if each.kind is Identifier.ACCOUNT}
    assert accounts == {"q0", "q1"}
