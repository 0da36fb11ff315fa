"""What a report means: who and where, linked without telling, revised without overwriting, bundled and taken apart."""

import hashlib
import pickle
from datetime import UTC, datetime

import pytest
from cybertips import details_xml, report_xml, write_drop
from sqlalchemy import func, select

from domain.errors import InvalidSettings
from domain.report import ClaimedHash, Identifier, Location, LocationRole, Particular, PersonRole
from infra.archive import Dataset, key_of
from infra.ledger import bundles, history, schema, summaries
from infra.ledger.engine import reading
from infra.world import world
from tasks.measuring.publication import read_history, series_of_span
from tasks.reports.annotating import annotate
from tasks.reports.bundling import bundle_floods, undo
from tasks.reports.drops import drops_in
from tasks.reports.intake import _record, archive_reports, take_batch
from tasks.reports.taking import particulars_of, trace

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
PEOPLE = """
<personOrUserReported>
  <personOrUserReportedPerson><firstName>Sam</firstName><lastName>Ple</lastName><phone>+1 (555) 0100</phone>
    <email>sam@example.org</email><address><city>Springfield</city><country>BR</country></address>
    <dateOfBirth>1980-01-01</dateOfBirth></personOrUserReportedPerson>
  <espIdentifier>u-1</espIdentifier><screenName>sample</screenName>
  <ipCaptureEvent><ipAddress>192.0.2.7</ipAddress></ipCaptureEvent>
  <deviceId><idType>IMEI</idType><idValue>000000</idValue></deviceId>
</personOrUserReported>
<intendedRecipient><intendedRecipientPerson><email>other@example.org</email></intendedRecipientPerson>
  <estimatedLocation><countryCode>IN</countryCode></estimatedLocation></intendedRecipient>
<victim><victimPerson><firstName>X</firstName></victimPerson>
  <estimatedLocation><countryCode>A1</countryCode></estimatedLocation></victim>
"""


def taken(inbox):
    everything = take_batch(drops_in(inbox, "test"))
    return everything, _record(everything)


def rows(table):
    with reading(world().ledger) as connection:
        return connection.execute(select(table)).all()


def test_particulars_and_countries_are_read_with_whom_they_belong_to(data):
    write_drop(data / "inbox", "1", report=report_xml(people=PEOPLE))
    ((one,), _) = taken(data / "inbox")
    suspect = {
        Identifier.NAME: {"Sam, Ple"}, Identifier.PHONE: {"+1 (555) 0100"}, Identifier.EMAIL: {"sam@example.org"},
        Identifier.POSTAL_ADDRESS: {"Springfield, BR"}, Identifier.BIRTH_DATE: {"1980-01-01"},
        Identifier.ACCOUNT: {"u-1", "sample"}, Identifier.IP_ADDRESS: {"192.0.2.7"}, Identifier.DEVICE: {"000000"},
    }  # fmt: skip
    found = set(particulars_of(one.report_id, one.person))
    assert {each.value for each in one.report.particulars} == {""}
    assert one.report.identifiers == suspect.keys()
    assert {each for each in found if each.role is PersonRole.SUSPECT} == {
        Particular(PersonRole.SUSPECT, kind, value) for kind, values in suspect.items() for value in values
    }
    assert Particular(PersonRole.RECIPIENT, Identifier.EMAIL, "other@example.org") in found
    assert one.report.locations == {Location("BR", LocationRole.SUSPECT), Location("IN", LocationRole.RECIPIENT)}
    assert one.completeness == 100


def test_what_a_worker_gives_holds_no_personal_values_in_the_clear(data):
    write_drop(data / "inbox", "1", report=report_xml(people=PEOPLE))
    sent = pickle.dumps(take_batch(drops_in(data / "inbox", "test")))
    for word in (b"sam@example.org", b"192.0.2.7", b"Springfield", b"Sam", b"1980-01-01"):
        assert word not in sent


def test_what_incidents_and_files_tell_of_a_suspect_is_read_and_counts(data):
    internet = "".join(f"<internetDetails>{incident}</internetDetails>" for incident in (
        "<emailIncident><emailAddress>sam@example.org</emailAddress></emailIncident>",
        "<newsgroupIncident><emailAddress>ple@example.org</emailAddress></newsgroupIncident>",
        "<cellPhoneIncident><phoneNumber>555-0100</phoneNumber></cellPhoneIncident>",
        "<peer2peerIncident><ipCaptureEvent><ipAddress>192.0.2.7</ipAddress></ipCaptureEvent></peer2peerIncident>",
    ))  # fmt: skip
    more = (
        "<ipCaptureEvent><ipAddress>192.0.2.8</ipAddress></ipCaptureEvent>"
        "<deviceId><idType>IMEI</idType><idValue>000000</idValue></deviceId>"
    )
    details = details_xml("0" * 16).replace(b"</fileDetails>", more.encode() + b"</fileDetails>")
    write_drop(data / "inbox", "1", [(details, PNG)], report=report_xml(internet=internet))
    ((one,), _) = taken(data / "inbox")
    told = {
        (Identifier.EMAIL, "sam@example.org"), (Identifier.EMAIL, "ple@example.org"), (Identifier.PHONE, "555-0100"),
        (Identifier.IP_ADDRESS, "192.0.2.7"), (Identifier.IP_ADDRESS, "192.0.2.8"), (Identifier.DEVICE, "000000"),
    }  # fmt: skip
    assert set(particulars_of(one.report_id, one.person)) == {Particular(PersonRole.SUSPECT, *each) for each in told}
    assert one.completeness == 30 + 15 + 10 + 5 + 5  # an IP address, an email, a phone, a device, and when it was


def test_personal_values_and_reporters_stand_in_restricted_tables_alone(data):
    write_drop(data / "inbox", "1", report=report_xml(people=PEOPLE), reporter="esp-of-the-canary")
    taken(data / "inbox")
    with reading(world().ledger) as connection:
        for table in schema.metadata.sorted_tables:
            content = repr(connection.execute(select(table)).all())
            for word in ("sam@example.org", "192.0.2.7", "Springfield", "esp-of-the-canary"):
                assert word not in content or (table.name, word) == ("reporter", "esp-of-the-canary"), table.name
    assert {table.name for table in schema.metadata.sorted_tables if table.info.get("restricted")} == {
        "hold", "person", "reporter", "unmatched_feedback",
    }  # fmt: skip


def test_the_same_particular_links_however_it_is_written():
    same = [("+1 (555) 0100", "+1 555-0100"), ("Sam@Example.org ", "sam@example.org")]
    for kind, pair in zip((Identifier.PHONE, Identifier.EMAIL), same, strict=True):
        one, other = (trace(Particular(PersonRole.SUSPECT, kind, value)) for value in pair)
        assert one == other
    assert trace(Particular(PersonRole.SUSPECT, Identifier.ACCOUNT, "a")) != trace(
        Particular(PersonRole.SUSPECT, Identifier.EMAIL, "a")
    )


def test_the_country_of_an_address_comes_from_the_operators_table_of_that_day(data, tmp_path, monkeypatch):
    table = tmp_path / "countries.csv"
    table.write_text("network,country,from,until\n192.0.2.0/24,TH,2016-01-01,2016-12-31\n")
    monkeypatch.setenv("BREAKWATER_ADDRESS_COUNTRIES", str(table))
    world.cache_clear()
    for number, year in ((1, 2016), (2, 2017)):
        write_drop(data / "inbox", str(number), report=report_xml(people=PEOPLE), received_at=f"{year}-06-01T00:00:00Z")
    taken(data / "inbox")
    inferred = [row for row in rows(schema.report_location) if row.role == LocationRole.ADDRESS]
    assert [row.country for row in inferred] == ["TH"]


def test_hashes_that_a_reporter_supplies_are_carried(data):
    more = '<originalFileHash hashType="PhotoDNA">MTIzNA==</originalFileHash>'
    details = details_xml("0000000000000000", md5=hashlib.md5(PNG).hexdigest(), more=more)
    write_drop(data / "inbox", "1", [(details, PNG)])
    ((one,), _) = taken(data / "inbox")
    assert one.files[0].named.hashes == {ClaimedHash("PhotoDNA", "MTIzNA==")}
    ((_, ordinal, kind, value),) = rows(schema.sighting_hash)
    assert (ordinal, kind, value) == (0, "PhotoDNA", "MTIzNA==")


def test_the_same_files_from_two_reporters_are_two_reports_that_are_linked(data):
    for name, reporter in (("1", "esp-01"), ("2", "esp-02"), ("3", "esp-03")):
        write_drop(data / "inbox", name, [PNG if name != "3" else PNG + b"x"], reporter=reporter)
    one, two, three = taken(data / "inbox")[0]
    assert one.report_id != two.report_id
    assert one.content == two.content != three.content


def test_a_revision_changes_what_is_measured_and_the_archive_stays(data):
    write_drop(data / "a", "1", report=report_xml(), received_at="2016-05-03T10:05:00Z")
    taken(data / "a")
    archive_reports.fn()
    before = series_of_span(read_history())
    batches = sorted((data / "archive").rglob("*.parquet"))
    ftp = "<internetDetails><webPageIncident><url>ftp://example.org/a</url></webPageIncident></internetDetails>"
    write_drop(data / "b", "1", report=report_xml(internet=ftp), received_at="2016-07-03T10:05:00Z")
    taken(data / "b")
    archive_reports.fn()
    after = series_of_span(read_history())
    assert set(batches) < set((data / "archive").rglob("*.parquet"))
    with reading(world().ledger) as connection:
        said = history.corrections(connection)
        registered = summaries.registered(connection, Dataset.REPORTS)
    archived = world().archive.read(Dataset.REPORTS, registered).to_pylist()
    received = {row["report_id"]: row["received_at"] for row in archived}
    assert said.superseded == set(said.received)
    assert {key_of(report): moment for report, moment in said.received.items()}.items() < received.items()
    assert before.monthly["reports"].sum() == after.monthly["reports"].sum() == 1
    assert [set(frame.query("reports > 0")["vector"]) for frame in (before.vectors, after.vectors)] == [
        {"url"},
        {"ftp"},
    ]


def test_what_an_analyst_says_holds_from_then_on_and_stays_on_record(data):
    write_drop(data / "inbox", "1", [PNG])
    ((one,), _) = taken(data / "inbox")
    archive_reports.fn()
    annotate(one.report_id, "vector", ["tor", "chat"], "analyst 7")
    annotate(one.report_id, "vector", ["sms"], "analyst 8")
    annotate(one.report_id, "country", ["IN:suspect"], "analyst 7")
    annotate(one.report_id, "kind", ["video"], "analyst 7", ordinal=0)
    series = series_of_span(read_history())
    assert set(series.vectors.query("reports > 0")["vector"]) == {"sms"}
    assert list(series.countries["country"]) == ["IN"]
    assert set(series.kinds.query("sightings > 0")["kind"]) == {"video"}
    said = rows(schema.revised)
    assert sorted(row.codes for row in said if row.field == "vector") == [["chat", "tor"], ["sms"]]
    assert not any("analyst 7" in repr(row) for row in said)


@pytest.mark.parametrize(
    ("field", "codes", "ordinal"),
    [("vector", ["pigeon"], -1), ("country", ["india"], -1), ("country", ["EU"], -1), ("country", ["IN:nobody"], -1),
     ("kind", ["image"], -1), ("kind", ["image", "video"], 0), ("vector", ["tor"], 0), ("mood", ["tor"], -1)],
)  # fmt: skip
def test_what_is_no_annotation_is_refused(data, field, codes, ordinal):
    write_drop(data / "inbox", "1", [PNG])
    ((one,), _) = taken(data / "inbox")
    with pytest.raises(InvalidSettings, match=field):
        annotate(one.report_id, field, codes, "a", ordinal)


def test_a_report_or_file_that_is_not_there_cannot_be_annotated(data):
    write_drop(data / "inbox", "1", [PNG])
    ((one,), _) = taken(data / "inbox")
    with pytest.raises(InvalidSettings, match="no such report"):
        annotate("f" * 64, "vector", ["tor"], "a")
    with pytest.raises(InvalidSettings, match="no such file"):
        annotate(one.report_id, "kind", ["image"], "a", ordinal=1)


@pytest.fixture
def flood(data, monkeypatch):
    """Have a flood of three reports of the same two files, one of one of them, and one of three."""
    monkeypatch.setenv("BREAKWATER_BUNDLE_REPORTS", "3")
    world.cache_clear()
    meme = [PNG, PNG + b"x"]
    for number, files in enumerate([meme, meme, meme, meme[:1], [*meme, PNG + b"y"]]):
        write_drop(data / "inbox", str(number), files, reporter=f"esp-{number}")
    return {one.external_id: one.report_id for one in taken(data / "inbox")[0]}


def standing():
    with reading(world().ledger) as connection:
        return bundles.bundles(connection)


def test_a_flood_of_the_same_files_is_one_bundle_with_a_count(flood):
    counts = bundle_floods.fn()
    assert (counts["bundles"], counts["bundled_reports"], counts["bundled_reports_new"]) == (1, 3, 3)
    (bundle,) = standing()
    assert bundle.reports == 3
    assert {row.report_id for row in rows(schema.bundle_member)} == {flood[name] for name in "012"}
    assert bundle_floods.fn()["bundled_reports_new"] == 0


def test_a_late_report_of_the_flood_joins_its_bundle(flood, data):
    bundle_floods.fn()
    write_drop(data / "inbox", "late", [PNG, PNG + b"x"], reporter="esp-late")
    taken(data / "inbox")
    assert bundle_floods.fn()["bundled_reports_new"] == 1
    assert [bundle.reports for bundle in standing()] == [4]


def test_a_bundle_that_was_taken_apart_is_not_made_again(flood):
    bundle_floods.fn()
    (bundle,) = standing()
    assert undo(bundle.id) == 3
    assert bundle_floods.fn()["bundles"] == 0
    assert standing() == []
    assert [row.undone_at is not None for row in rows(schema.bundle)] == [True]
    with pytest.raises(InvalidSettings, match="no bundle"):
        undo(bundle.id)


def test_files_that_nobody_viewed_stay_closed_where_the_law_says_so(data, monkeypatch):
    monkeypatch.setenv("BREAKWATER_JURISDICTION", "us")
    world.cache_clear()
    viewed = "<fileViewedByEsp>{}</fileViewedByEsp>"
    for number, more in enumerate([viewed.format("true"), viewed.format("false"), ""]):
        content = PNG + bytes([number])
        details = details_xml("0000000000000000", md5=hashlib.md5(content).hexdigest(), more=more)
        write_drop(data / "inbox", str(number), [(details, content)])
    everything, _ = taken(data / "inbox")
    from domain.media import Algorithm
    from domain.viewing import Action
    from infra.ledger import media

    flags = world().gate.flags(Action.OPEN)
    with reading(world().ledger) as connection:
        listed = [blob for blob, _ in media.without_fingerprint(connection, Algorithm.PDQ, flags)]
        assert listed == [everything[0].files[0].content.blob]
        assert media.closed(connection, flags) == 2
        assert connection.scalar(select(func.count()).where(media.usable())) == 3  # exact digests open nothing


def test_once_viewed_by_anyone_a_file_may_be_opened(data, monkeypatch):
    viewed = "<fileViewedByEsp>{}</fileViewedByEsp>"
    for number, state in enumerate(["false", "true"]):
        details = details_xml("0000000000000000", md5=hashlib.md5(PNG).hexdigest(), more=viewed.format(state))
        write_drop(data / "inbox", str(number), [(details, PNG)])
    taken(data / "inbox")
    from infra.ledger import media

    with reading(world().ledger) as connection:
        assert media.closed(connection, (True,)) == 0


def test_what_changes_an_old_month_is_dated(data):
    write_drop(data / "inbox", "1")
    ((one,), _) = taken(data / "inbox")
    before = datetime.now(UTC).replace(tzinfo=None)
    annotate(one.report_id, "vector", ["tor"], "a")
    (row,) = rows(schema.revised)
    assert row.revised_at.replace(tzinfo=None) >= before
    with reading(world().ledger) as connection:
        assert history.corrections(connection).vectors == {one.report_id: ("tor",)}
