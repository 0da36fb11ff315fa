"""What is in a package: read back by our own readers of the same formats, and validated by tools that are not ours."""

import io
import json

import pytest
from case_utils.case_validate import validate
from referred import MEDIA, rows, take_report, write_desks

from domain.referral import Detail
from domain.report import ClaimedHash, LocationRole
from infra.ledger import cases, dossiers, schema
from infra.ledger.engine import reading, upsert
from infra.world import world
from tasks.referring import case_uco, police_json, summary, vics
from tasks.referring.contents import open_for
from tasks.referring.deciding import decide, desk_of
from tasks.referring.sending import send_referrals
from tasks.reports import police
from tasks.reports import vics as vics_reader

NATIONAL = {**MEDIA, "categories": {"B1": 4}}


def prepare(data, monkeypatch, scene, said, **report):
    write_desks(data, monkeypatch, us_icac_ca=said)
    decide(take_report(data, scene, **report), Detail.ACTIONABLE, "7", ["us-icac-ca"])
    return reopen()


def reopen():
    with reading(world().ledger) as connection:
        (one,) = [each for each in cases.unsent(connection) if each.desk == "us-icac-ca"]
        dossier = dossiers.read(connection, one.case)
    return open_for(dossier, desk_of(one.desk), world().desks[one.desk])


@pytest.fixture
def opened(data, monkeypatch, scene):
    return prepare(data, monkeypatch, scene, MEDIA)


def test_the_report_reads_back_as_it_came(opened):
    report, back = opened.dossier.report, police.parse(police_json.write(opened))
    assert back.receipt == report.receipt
    assert (back.incident_type, back.incident_at) == (report.incident_type, report.incident_at)
    assert back.locations == {one for one in report.locations if one.role is LocationRole.SUSPECT}
    assert {(one.role, one.kind, one.value) for one in opened.particulars if one.role == "suspect"} <= {
        (one.role, one.kind, one.value) for one in back.particulars
    } | {("suspect", "ip_address", "192.0.2.17")}
    assert [each.viewed_by_reporter for each in back.files] == [True, False, True, None]
    assert [each.annotations for each in back.files] == [each.annotations for each in report.files]
    assert [each.classification for each in back.files] == [each.classification for each in report.files]
    assert [each.claimed_md5 for each in back.files] == [
        file.content.digests.md5 if file.content else file.named.claimed_md5 for file in opened.dossier.files
    ]


def test_victims_flags_and_what_else_the_shape_has_no_place_for_are_there_too(opened):
    told = json.loads(police_json.write(opened))["reportedInformation"]
    assert told["victims"]["victims"][0]["addresses"]["addresses"] == [{"address": "DE"}, {"country": "DE"}]
    further = [each["value"] for each in told["additionalInformations"]]
    assert "vector: url" in further
    assert "simulated: nothing and nobody in this report is real" in further
    captures = told["reportedPeople"]["reportedPersons"][0]["sourceInformation"]["sourceCaptures"]
    assert captures == [{"captureType": "IP Address", "value": "192.0.2.17"}]


def read_vics(content):
    stream = io.BytesIO(content)
    assert vics_reader.holds_cases(stream)
    cases_ = vics_reader.cases(stream, rows(schema.report)[0]["received_at"].replace(tzinfo=None).astimezone(), "none",
                               in_cases=True)  # fmt: skip
    return cases_, list(vics_reader.media(stream, in_cases=True))


def test_the_media_read_back_as_vics_and_have_no_category(opened):
    (case,), media = read_vics(vics.write(opened))
    assert case.receipt.external_id == "tip-1"
    assert [each.unread for each in media] == [0, 0, 0, 0]
    assert [each.named.file_id for each in media] == [each.file.named.file_id for each in opened.entries]
    assert [each.path for each in media] == ["media/0000.png", "media/0001.png", "", ""]
    for each, entry in zip(media, opened.entries, strict=True):
        content = entry.file.content
        assert each.named.claimed_md5 == (content.digests.md5 if content else "ab" * 16)
        if content:
            assert {ClaimedHash("SHA1", content.digests.sha1), ClaimedHash("SHA256", content.digests.sha256)} <= (
                each.named.hashes
            )
    assert [each.named.category for each in media] == [None] * 4
    assert b"Category" not in vics.write(opened).replace(b"TotalPrecategorized", b"")


def test_a_desk_s_own_numbers_are_written_for_its_classes_alone(data, monkeypatch, scene):
    opened = prepare(data, monkeypatch, scene, NATIONAL)
    _, media = read_vics(vics.write(opened))
    assert [each.named.category for each in media] == ["4", None, None, None]


def test_claimed_hashes_go_along_where_vics_has_a_place_for_them(data, monkeypatch, scene):
    prepare(data, monkeypatch, scene, MEDIA)
    report = rows(schema.decision)[0]["report_id"]
    claimed = [
        {"report_id": report, "ordinal": ordinal, "kind": kind, "value": value}
        for ordinal in (0, 3)
        for kind, value in (("PhotoDNA", "1" * 288), ("SHA1", "ab" * 20), ("PDQ", "cd" * 32))
    ]
    with world().ledger.begin() as connection:
        upsert(connection, schema.sighting_hash, claimed)
    case = json.loads(vics.write(reopen()))["value"][0]
    held, absent = case["Media"][0], case["Media"][3]
    assert (held["PhotoDNA"], absent["PhotoDNA"], absent["SHA1"]) == ("1" * 288, "1" * 288, "ab" * 20)
    assert held["SHA1"] != "ab" * 20
    assert {"HashName": "SHA1", "HashValue": "ab" * 20} in held["AlternativeHashes"]
    assert {"HashName": "PDQ", "HashValue": "cd" * 32} in absent["AlternativeHashes"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # rdflib's own
def test_the_graph_is_valid_case_and_uco(data, monkeypatch, scene):
    """One run for a full report and one of which nobody knows where: each takes two seconds."""
    graphs = [data / "full.jsonld", data / "bare.jsonld"]
    graphs[0].write_bytes(case_uco.write(prepare(data, monkeypatch, scene, MEDIA)))
    send_referrals.fn()
    graphs[1].write_bytes(case_uco.write(prepare(data, monkeypatch, scene, MEDIA, name="tip-2", people="")))
    told = validate([str(graph) for graph in graphs])
    assert told.conforms, told.text


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # rdflib's own
def test_a_graph_with_a_wrong_digest_is_not_valid(data, opened):
    file = data / "case.jsonld"
    file.write_bytes(case_uco.write(opened).replace(b'"xsd:hexBinary"', b'"xsd:string"'))
    assert not validate(str(file)).conforms


def test_the_summary_needs_nothing_else_and_shows_no_picture(opened):
    page = summary.write(opened).decode()
    assert "Simulated: nothing and nobody in this report is real." in page
    for name in ("<img", "<script", "http://", "https://", "src=", "@import", "url("):
        assert name not in page
    for told in ("otto@example.org", "1 Example Street, Sampletown, 00000, CA, US", "Germany", "withheld: quarantined"):
        assert told in page


def test_words_of_a_report_are_no_markup(data, monkeypatch, scene):
    named = "<screenName>&lt;script&gt;alert(1)&lt;/script&gt;</screenName>"
    people = f"<personOrUserReported>{named}</personOrUserReported>"
    opened = prepare(data, monkeypatch, scene, MEDIA, people=people)
    page = summary.write(opened).decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_what_an_analyst_says_of_countries_holds(data, monkeypatch, scene):
    from tasks.reports.annotating import annotate

    prepare(data, monkeypatch, scene, MEDIA)
    annotate(rows(schema.decision)[0]["report_id"], "country", ["FR:victim"], "7")
    assert {(one.country, one.role) for one in reopen().dossier.report.locations} == {("FR", "victim")}
