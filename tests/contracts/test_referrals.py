"""Cases and dossiers are the same on every database, and packages reach a real bucket."""

import secrets
from datetime import timedelta

import pytest
from referred import MEDIA, forget, rows, take_report, write_desks
from sqlalchemy.exc import IntegrityError
from taken_in import MOMENT, key, record, sighted, taken

from domain.case import Acknowledged, Decided, Open, Recalled, Referred
from domain.referral import AnswerFault, Detail, Recipient
from domain.report import (
    ClaimedHash,
    Classification,
    FileAnnotation,
    FileFault,
    Location,
    LocationRole,
    ReportAnnotation,
    Vector,
)
from domain.routing import MANUAL, Desk, Reason, Routed, Why
from infra.blobs.s3 import s3_client
from infra.ledger import cases, dossiers, schema
from infra.ledger.engine import migrate, reading, upsert
from infra.stack.s3 import ACCESS_KEY, REGION
from infra.world import world
from tasks.referring.deciding import address, decide
from tasks.referring.sending import recall, send_referrals
from tasks.referring.unpacking import unpack

DE, EU = Desk("de", Recipient.INTERNATIONAL, "Germany"), Desk("europol", Recipient.INTERNATIONAL, "Europol")


def to(*desks):
    return [Routed(desk, (Reason(Why.PLACE, "suspect DE"), Reason(Why.SIGNAL, "escalated"))) for desk in desks]


@pytest.fixture
def connection(ledger):
    """Have two reports; one is decided."""
    migrate(ledger)
    with ledger.begin() as connection:
        record(connection, taken("r"), taken("s"))
        cases.decide(connection, Open(key("r")).decide(Detail.ACTIONABLE, "7", MOMENT), to(DE, EU, MANUAL))
        yield connection


def test_a_case_goes_its_way(connection):
    assert cases.standing(connection, key("s")) == Open(key("s"))
    case = cases.standing(connection, key("r"))
    assert case == Decided(key("r"), MOMENT, "7", Detail.ACTIONABLE)
    waiting = cases.unsent(connection)
    assert [(one.case, one.desk, one.number, one.reasons) for one in waiting] == [
        (case, "de", "", ("place suspect DE", "signal escalated")),
        (case, "europol", "", ("place suspect DE", "signal escalated")),
    ]
    assert [one.desk for one in cases.every(connection)] == ["de", "europol", "manual"]
    cases.number(connection, waiting[0], "1")
    assert cases.find(connection, "1") is None
    referred = case.refer(DE, "1", MOMENT + timedelta(hours=1))
    assert [cases.send(connection, referred) for _ in range(2)] == [True, False]
    assert cases.find(connection, "1") == referred
    assert [one.desk for one in cases.unsent(connection)] == ["europol"]
    acknowledged = referred.acknowledge(MOMENT + timedelta(hours=2))
    cases.acknowledge(connection, acknowledged)
    assert cases.find(connection, "1") == acknowledged
    cases.recall(connection, acknowledged.recall(MOMENT + timedelta(hours=3)))
    recalled = cases.find(connection, "1")
    assert recalled == Recalled(referred, MOMENT + timedelta(hours=3))
    assert cases.standing(connection, key("r")) == case  # europol still waits
    assert {type(each) for each in (referred, acknowledged, recalled)} == {Referred, Acknowledged, Recalled}


def test_desks_are_replaced_only_before_a_package_is_made(connection):
    case, (one, _) = cases.standing(connection, key("r")), cases.unsent(connection)
    cases.number(connection, one, "1")
    cases.readdress(connection, case, to(DE))
    assert [(each.desk, each.number) for each in cases.every(connection)] == [("de", "1")]
    cases.send(connection, case.refer(DE, "1", MOMENT))
    cases.readdress(connection, case, [])
    referred = cases.find(connection, "1")
    cases.recall(connection, referred.recall(MOMENT))
    assert cases.standing(connection, key("r")) == Open(key("r"), [Recalled(referred, MOMENT)])
    cases.decide(connection, Open(key("r")).decide(Detail.INFORMATIONAL, "8", MOMENT + timedelta(1)), to(DE))
    assert cases.standing(connection, key("r")).detail is Detail.INFORMATIONAL


def test_no_two_desks_have_one_package(connection):
    one, other = cases.unsent(connection)
    cases.number(connection, one, "1")
    with pytest.raises(IntegrityError), connection.begin_nested():
        cases.number(connection, other, "1")


def test_feedback_without_a_package_is_kept_once_and_goes_when_it_finds_one(connection):
    found = [cases.Unmatched(place, AnswerFault.UNKNOWN_PACKAGE, "words") for place in (2, 3)]
    for _ in range(2):
        cases.keep_unmatched(connection, "f", found, MOMENT)
        cases.keep_unmatched(connection, "g", found[:1], MOMENT)
    assert cases.unmatched(connection) == {"unknown_package": 3}
    cases.keep_unmatched(connection, "f", found[1:], MOMENT)
    assert cases.unmatched(connection) == {"unknown_package": 2}


def test_a_dossier_is_the_report_as_it_was_taken_in(ledger):
    migrate(ledger)
    files = (
        sighted("f1", viewed_by_reporter=True, publicly_available=False, classification=Classification.B1,
                annotations=frozenset({FileAnnotation.VIRAL}), category="3", claimed_md5="12" * 16),
        sighted("f2", fault=FileFault.DIGEST_MISMATCH),
        sighted(None, fault=FileFault.NOT_SENT, hashes=frozenset({ClaimedHash("PhotoDNA", "1" * 288)})),
    )  # fmt: skip
    one = taken(
        "r", *files, escalated=True, batched=True, users=3, vectors=frozenset({Vector.TOR}),
        annotations=frozenset({ReportAnnotation.SPAM}), locations=frozenset({Location("DE", LocationRole.SUSPECT)}),
    )  # fmt: skip
    with ledger.begin() as connection:
        record(connection, one)
        for file in ("f1", "f2", "document of r"):
            upsert(
                connection, schema.blob_key, [{"blob_id": key(file), "object": key(file), "kek": "", "wrapped": b""}]
            )
    with reading(ledger) as connection:
        dossier = dossiers.read(connection, Decided(key("r"), MOMENT, "7", Detail.ACTIONABLE))
        known = dossiers.known(connection, key("r"))
    told = ("incident_type", "incident_at", "escalated", "batched", "users", "annotations", "vectors", "locations")
    assert all(getattr(dossier.report, name) == getattr(one.report, name) for name in told)
    assert dossier.report.receipt.external_id == "r"
    assert [file.fault for file in dossier.files] == [None, FileFault.DIGEST_MISMATCH, FileFault.NOT_SENT]
    assert [file.content and file.content.blob for file in dossier.files] == [key("f1"), key("f2"), None]
    for back, file in zip(dossier.files, files, strict=True):
        same = ("file_id", "claimed_md5", "viewed_by_reporter", "publicly_available", "annotations", "classification",
                "hashes", "category")  # fmt: skip
        assert all(getattr(back.named, name) == getattr(file.named, name) for name in same)
    assert [each.blob for each in dossier.documents] == [key("document of r")]
    assert known.signals == {"incident.possession", "report.spam", "vector.tor", "escalated"}


def test_of_deleted_files_nothing_but_the_entry_is_left(ledger):
    migrate(ledger)
    with ledger.begin() as connection:
        record(connection, taken("r", sighted("f1")))
    with reading(ledger) as connection:
        dossier = dossiers.read(connection, Decided(key("r"), MOMENT, "7", Detail.ACTIONABLE))
        assert dossiers.known(connection, key("no such report")) is None
    assert dossier.documents == ()
    assert [file.content for file in dossier.files] == [None]


def test_a_package_reaches_a_bucket_and_is_recalled_there(data, seaweedfs, monkeypatch, scene):
    client = s3_client(seaweedfs.endpoint, ACCESS_KEY, seaweedfs.secret_key, REGION, secure=False)
    bucket = f"out-{secrets.token_hex(4)}"
    client.make_bucket(bucket)
    monkeypatch.setenv("BREAKWATER_OUTBOX_ACCESS_KEY", ACCESS_KEY)
    monkeypatch.setenv("BREAKWATER_OUTBOX_SECRET_KEY", seaweedfs.secret_key)
    monkeypatch.setenv("BREAKWATER_BLOBS_REGION", REGION)
    outbox = f"s3+http://{seaweedfs.endpoint}/{bucket}/de"
    private = write_desks(data, monkeypatch, de={**MEDIA, "outbox": outbox})["de"]
    report = take_report(data, scene)
    decide(report, Detail.ACTIONABLE, "7")
    address(report, "7", ["de"])
    for expected in (1, 0):
        assert send_referrals.fn()["packages_sent"] == expected
    (number,) = [row["number"] for row in rows(schema.dispatch)]
    forget()
    (found,) = client.list_objects(bucket, recursive=True)
    assert found.object_name == f"de/{number}.bwp"
    client.fget_object(bucket, found.object_name, str(data / "fetched.bwp"))
    assert unpack(data / "fetched.bwp", private, world().signer.public, data / "case").number == number
    recall(number)
    assert [each.object_name for each in client.list_objects(bucket, recursive=True)] == [f"de/{number}.recalled"]
