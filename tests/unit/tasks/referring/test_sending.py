"""Sending: decided cases are packed, sealed, delivered once whatever dies, acknowledged and recalled."""

import json
from hashlib import sha256

import pytest
from referred import CANARIES, MEDIA, forget, packages, picture, rows, take_report, write_desks

from domain.dossier import Withheld
from domain.errors import BlobCorrupt, BlobMissing, CaseRefused, InvalidSettings, PackageRefused
from domain.referral import Detail
from infra.ledger import schema
from infra.outboxes import FolderOutbox
from infra.world import world
from tasks.referring import sending
from tasks.referring.deciding import address, decide, routed
from tasks.referring.sending import acknowledge, recall, send_referrals
from tasks.referring.unpacking import unpack
from tasks.reports.intake import _record
from tasks.reports.packages import take_cases


@pytest.fixture
def desk(data, monkeypatch):
    """Give California's desk an address; returns its private key."""
    return write_desks(data, monkeypatch, us_icac_ca=MEDIA)["us-icac-ca"]


@pytest.fixture
def case(data, desk, scene):
    """Decide a report for California alone."""
    report = take_report(data, scene)
    decide(report, Detail.ACTIONABLE, "7")
    address(report, "7", ["us-icac-ca"])
    return report


def opened(data, key, name="case"):
    (package,) = [file for file in packages(data, "us-icac-ca") if file.suffix == ".bwp"]
    unpacked = unpack(package, key, world().signer.public, data / name)
    return unpacked, data / name


def test_a_report_goes_to_the_state_in_its_address_and_to_the_victim_s_country(data, desk, scene):
    report = take_report(data, scene)
    told = {each.desk.code: [str(reason) for reason in each.reasons] for each in routed(report)}
    assert told == {"us-icac-ca": ["place suspect US-CA"], "de": ["place victim DE"]}
    assert rows(schema.decision) == []


def test_a_decided_case_arrives_whole(data, desk, case):
    assert send_referrals.fn()["packages_sent"] == 1
    unpacked, folder = opened(data, desk)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (unpacked.number, unpacked.simulated) == (manifest["package"], True)
    assert unpacked.files == len(manifest["files"])
    for each in manifest["files"]:
        content = (folder / each["path"]).read_bytes()
        assert (len(content), sha256(content).hexdigest()) == (each["size"], each["sha256"])
    assert {each["path"].partition("/")[0] for each in manifest["files"]} == {
        "report.json", "media.vics.json", "case.jsonld", "summary.html", "documents", "media",
    }  # fmt: skip
    assert [each["why"] for each in manifest["withheld"]] == [Withheld.QUARANTINED, Withheld.NOT_HELD]
    assert (manifest["desk"], manifest["detail"]) == ("us-icac-ca", "actionable")


def test_it_is_on_record_as_a_referral_and_in_the_audit_chain(data, case):
    send_referrals.fn()
    (referral,) = rows(schema.referral)
    (dispatch,) = rows(schema.dispatch)
    assert (referral["recipient"], referral["detail"]) == ("icac", "actionable")
    assert dispatch["sent_at"] == referral["at"]
    acts = [row["action"] for row in rows(schema.audit)]
    assert acts == ["case_decided", "case_addressed", "package_made", "package_sent"]
    subjects = {row["subject"] for row in rows(schema.audit)}
    assert subjects == {case, dispatch["number"]}


def test_sending_again_changes_nothing(data, case):
    send_referrals.fn()
    before = [rows(table) for table in (schema.dispatch, schema.referral, schema.audit)]
    files = [(file.name, file.read_bytes()) for file in packages(data, "us-icac-ca")]
    assert send_referrals.fn() == {"packages_sent": 0, "packages_without_address": 0, "packages_superseded": 0}
    assert [rows(table) for table in (schema.dispatch, schema.referral, schema.audit)] == before
    assert [(file.name, file.read_bytes()) for file in packages(data, "us-icac-ca")] == files


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("where", ["before delivery", "in delivery", "after delivery"])
def test_killed_anywhere_it_is_sent_once(data, case, monkeypatch, where):
    sealed = []
    deliver = FolderOutbox.deliver

    def dies(outbox, name, pieces):
        if where == "before delivery":
            raise Killed
        if where == "in delivery":
            deliver(outbox, name, (_die_after_one(pieces)))
        sealed.append(name)
        deliver(outbox, name, pieces)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(FolderOutbox, "deliver", dies)
        with pytest.raises(Killed):
            send_referrals.fn()
    assert rows(schema.referral) == []
    left = [(file.name, file.read_bytes()) for file in packages(data, "us-icac-ca")]
    assert len(left) == (where == "after delivery")
    forget()
    assert send_referrals.fn()["packages_sent"] == 1
    assert len(rows(schema.referral)) == 1
    (package,) = packages(data, "us-icac-ca")
    assert package.stem == rows(schema.dispatch)[0]["number"]
    assert left in ([], [(package.name, package.read_bytes())])
    assert {row["subject"] for row in rows(schema.audit) if row["action"] == "package_made"} == {case}


def _die_after_one(pieces):
    yield next(iter(pieces))
    raise Killed


def test_two_that_send_at_once_refer_once(data, case, monkeypatch):
    record = sending._record
    monkeypatch.setattr(sending, "_record", lambda *told: record(*told) + record(*told))
    assert send_referrals.fn()["packages_sent"] == 1
    assert len(rows(schema.referral)) == 1


@pytest.mark.parametrize(
    ("jurisdiction", "media", "expected"),
    [
        ("strict", True, ["gate", "gate", "quarantined", "not_held"]),
        ("viewed", True, ["", "gate", "quarantined", "not_held"]),
        ("open", False, ["recipient", "recipient", "quarantined", "not_held"]),
        ("open", True, ["", "", "quarantined", "not_held"]),
    ],
)
def test_media_goes_along_only_where_gate_and_desk_let_it(data, scene, monkeypatch, jurisdiction, media, expected):
    rules = {"strict": "[]", "viewed": '["yes"]', "open": '["yes", "no", "unknown"]'}
    (data / "viewing.toml").write_text(
        "\n".join(
            f'[{name}]\nwhy = "a test"\nopen = []\nclassify = []\nrefer = {refer}' for name, refer in rules.items()
        )
    )
    monkeypatch.setenv("BREAKWATER_VIEWING_RULES", str(data / "viewing.toml"))
    monkeypatch.setenv("BREAKWATER_JURISDICTION", jurisdiction)
    key = write_desks(data, monkeypatch, us_icac_ca={"media": media})["us-icac-ca"]
    decide(take_report(data, scene), Detail.ACTIONABLE, "7", ["us-icac-ca"])
    send_referrals.fn()
    _, folder = opened(data, key)
    withheld = {each["file"]: each["why"] for each in json.loads((folder / "manifest.json").read_text())["withheld"]}
    assert [withheld.get(ordinal, "") for ordinal in range(4)] == expected
    assert len(list((folder / "media").glob("*")) if (folder / "media").exists() else []) == expected.count("")


def test_what_is_addressed_anew_while_it_is_packed_is_not_delivered(data, case, monkeypatch):
    made = sending.open_for

    def slow(*told):
        address(case, "7", ["de"])
        return made(*told)

    monkeypatch.setattr(sending, "open_for", slow)
    assert send_referrals.fn()["packages_sent"] == 0
    assert packages(data, "us-icac-ca") == []
    assert [(row["desk"], row["number"]) for row in rows(schema.dispatch)] == [("de", None)]


def test_what_has_no_address_waits_and_is_told(data, desk, scene):
    decide(take_report(data, scene), Detail.INFORMATIONAL, "7")
    assert send_referrals.fn() == {
        "packages_sent": 1, "files_enclosed": 8, "packages_without_address": 1, "packages_superseded": 0,
    }  # fmt: skip
    waiting = {row["desk"]: row["sent_at"] for row in rows(schema.dispatch)}
    assert waiting["de"] is None


def test_an_address_of_a_desk_that_no_table_knows_is_refused(data, scene, monkeypatch):
    write_desks(data, monkeypatch, us_icac_zz=MEDIA)
    with pytest.raises(InvalidSettings, match="no desk us-icac-zz"):
        send_referrals.fn()


def test_an_outbox_that_is_away_keeps_nobody_else_waiting(data, scene, monkeypatch):
    keys = write_desks(data, monkeypatch, us_icac_ca=MEDIA, de=MEDIA)
    assert len(keys) == 2
    (data / "out").mkdir()
    (data / "out" / "de").write_text("no folder")
    for name in ("tip-1", "tip-2"):
        decide(take_report(data, scene, name), Detail.ACTIONABLE, "7")
    with pytest.raises(ConnectionError, match="delivered to de;"):
        send_referrals.fn()
    assert len(packages(data, "us-icac-ca")) == 2
    (data / "out" / "de").unlink()
    assert send_referrals.fn()["packages_sent"] == 2


@pytest.mark.parametrize("damage", [BlobMissing, BlobCorrupt])
def test_a_report_that_the_store_damaged_keeps_no_other_waiting(data, scene, monkeypatch, damage):
    write_desks(data, monkeypatch, us_icac_ca=MEDIA, de=MEDIA)
    (data / "out").mkdir()
    (data / "out" / "de").write_text("no folder")
    for name in ("tip-1", "tip-2"):
        decide(take_report(data, scene, name), Detail.ACTIONABLE, "7")
    first = min(rows(schema.dispatch), key=lambda row: (row["decided_at"], row["report_id"]))["report_id"]
    made = sending._made

    def broken(one, to, where):
        if one.case.report == first:
            raise damage("restore it from a backup")
        return made(one, to, where)

    monkeypatch.setattr(sending, "_made", broken)
    with pytest.raises(damage, match=r"2 packages cannot be made: restore it from a backup; nothing .* to de either"):
        send_referrals.fn()
    assert len(packages(data, "us-icac-ca")) == 1


def test_a_desk_from_which_a_package_was_recalled_is_not_addressed_by_the_same_decision(data, scene, monkeypatch):
    write_desks(data, monkeypatch, us_icac_ca=MEDIA, de=MEDIA)
    report = take_report(data, scene)
    decide(report, Detail.ACTIONABLE, "7")
    send_referrals.fn()
    recall(next(row["number"] for row in rows(schema.dispatch) if row["desk"] == "de"))
    with pytest.raises(CaseRefused, match="recalled from de"):
        address(report, "7", ["de"])


def test_what_came_with_a_report_and_is_no_text_is_left_out(data, desk, scene):
    stray = {"a.jpg": picture(scene, 9), "a.zip": b"PK\x03\x04" + bytes(60), "a.txt": b"a word more"}
    decide(take_report(data, scene, stray=stray), Detail.ACTIONABLE, "7")
    send_referrals.fn()
    _, folder = opened(data, desk)
    names = sorted(file.name for file in (folder / "documents").glob("*"))
    assert [name for name in names if name.startswith("file-")] == [f"file-{n:04}.xml" for n in range(4)]
    others = sorted((file.suffix, file.read_bytes()[:10]) for file in (folder / "documents").glob("[0-9]*"))
    assert others == [(".json", b'{"external'), (".txt", b"a word mor"), (".xml", b"<report>\n ")]
    assert len(list((folder / "media").glob("*"))) == 2


def test_a_file_of_several_cases_is_sent_with_none_of_them(data, desk):
    case = {"CaseNumber": "a", "ContactOrganization": "Example Police", "Media": [{"MediaID": "1", "MD5": "0" * 32}]}
    for name, some in (("two", [case, case | {"CaseNumber": "b"}]), ("one", [case | {"CaseNumber": "c"}])):
        (data / f"{name}.json").write_text(json.dumps({"@odata.context": "x#Cases", "value": some}))
        blobs = world().blobs
        taken = take_cases(data / f"{name}.json", blobs)
        blobs.flush()
        _record(taken)
        decide(taken[0].report_id, Detail.ACTIONABLE, "7", ["us-icac-ca"])
    assert send_referrals.fn()["packages_sent"] == 2
    found = {}
    for number, package in enumerate(packages(data, "us-icac-ca")):
        unpack(package, desk, world().signer.public, data / f"case {number}")
        documents = list((data / f"case {number}" / "documents").glob("*"))
        found[json.loads((data / f"case {number}" / "report.json").read_text())["reportId"]] = len(documents)
    assert found == {"a": 0, "c": 1}


def test_a_report_that_a_revision_replaced_is_not_sent(data, desk, scene, case):
    from sqlalchemy import update

    take_report(data, scene, "tip-2")
    with world().ledger.begin() as connection:
        other = next(row["id"] for row in rows(schema.report) if row["external_id"] == "tip-2")
        connection.execute(update(schema.report).where(schema.report.c.id == case).values(superseded_by=other))
    assert send_referrals.fn()["packages_superseded"] == 1
    assert packages(data, "us-icac-ca") == []


def test_an_acknowledged_package_is_not_acknowledged_twice(data, case):
    send_referrals.fn()
    number = rows(schema.dispatch)[0]["number"]
    acknowledge(number)
    assert rows(schema.dispatch)[0]["acknowledged_at"]
    with pytest.raises(CaseRefused, match="acknowledged before"):
        acknowledge(number)
    with pytest.raises(CaseRefused, match="no package of this number"):
        acknowledge("0" * 32)


@pytest.mark.parametrize("acknowledged", [False, True])
def test_a_recalled_package_is_gone_its_copy_is_refused_and_the_case_is_open_again(data, desk, case, acknowledged):
    send_referrals.fn()
    (package,) = packages(data, "us-icac-ca")
    copy = data / "copies" / package.name
    copy.parent.mkdir()
    copy.write_bytes(package.read_bytes())
    with pytest.raises(CaseRefused, match="decided already"):
        decide(case, Detail.ACTIONABLE, "8")
    if acknowledged:
        acknowledge(package.stem)
    recall(package.stem)
    (notice,) = packages(data, "us-icac-ca")
    assert notice.name == f"{package.stem}.recalled"
    (copy.parent / notice.name).write_bytes(notice.read_bytes())
    with pytest.raises(PackageRefused, match="recalled"):
        unpack(copy, desk, world().signer.public, data / "case")
    for act in (acknowledge, recall):
        with pytest.raises(CaseRefused, match="was recalled"):
            act(package.stem)
    assert send_referrals.fn()["packages_sent"] == 0
    decide(case, Detail.INFORMATIONAL, "8", ["us-icac-ca"])
    assert send_referrals.fn()["packages_sent"] == 1
    assert {file.suffix for file in packages(data, "us-icac-ca")} == {".bwp", ".recalled"}


def test_a_notice_that_the_sender_did_not_sign_recalls_nothing(data, desk, case):
    send_referrals.fn()
    (package,) = packages(data, "us-icac-ca")
    notice = json.dumps({"notice": json.dumps({"recalled": package.stem}), "signature": "00" * 64})
    for content in (notice, "{", "[]", '{"notice": 1, "signature": "zz"}'):
        package.with_suffix(".recalled").write_text(content)
        unpack(package, desk, world().signer.public, data / f"case {len(content)}")


def test_what_is_decided_or_addressed_wrongly_is_refused(data, desk, scene):
    with pytest.raises(CaseRefused, match="no such report"):
        decide("0" * 32, Detail.ACTIONABLE, "7")
    report = take_report(data, scene)
    with pytest.raises(CaseRefused, match="no desk us-icac-zz"):
        decide(report, Detail.ACTIONABLE, "7", ["us-icac-zz"])
    with pytest.raises(CaseRefused, match="nobody decided"):
        address(report, "7", ["de"])
    assert rows(schema.decision) == rows(schema.dispatch) == rows(schema.audit) == []


def test_what_the_tables_leave_open_waits_for_a_person_who_settles_it(data, desk, scene):
    report = take_report(data, scene, people="")
    (only,) = decide(report, Detail.ACTIONABLE, "7")
    assert (only.desk.code, str(only.reasons[0])) == ("manual", "no_place")
    assert send_referrals.fn()["packages_sent"] == 0
    address(report, "7", ["us-icac-ca"])
    (dispatch,) = rows(schema.dispatch)
    assert (dispatch["desk"], dispatch["reasons"]) == ("us-icac-ca", ["analyst"])
    assert send_referrals.fn()["packages_sent"] == 1


def test_nothing_of_the_report_lies_in_the_open(data, case):
    before = {file for file in data.rglob("*") if file.is_file()}
    send_referrals.fn()
    new = [file for file in data.rglob("*") if file.is_file() and file not in before]
    assert new
    looked_at = new + [file for file in before if file.parent.name != "tip-1"]
    for canary in CANARIES:
        assert not [file for file in looked_at if canary.encode() in file.read_bytes()], canary
    assert not [row for row in rows(schema.audit) for canary in CANARIES if canary in str(dict(row))]


def test_a_process_without_keys_sends_nothing(data, case, monkeypatch):
    monkeypatch.setenv("BREAKWATER_BLOBS", "none")
    monkeypatch.setenv("BREAKWATER_SEALING", "none")
    forget()
    with pytest.raises(InvalidSettings, match="no sealing key"):
        send_referrals.fn()
    assert packages(data, "us-icac-ca") == []
    assert rows(schema.referral) == []


def test_the_same_decision_makes_the_same_package(data, case):
    from infra.ledger import cases, dossiers
    from infra.ledger.engine import reading
    from tasks.referring.contents import open_for
    from tasks.referring.deciding import desk_of
    from tasks.referring.packing import pack

    def made():
        with reading(world().ledger) as connection:
            (one,) = cases.unsent(connection)
            dossier = dossiers.read(connection, one.case)
        package = pack(open_for(dossier, desk_of("us-icac-ca"), world().desks["us-icac-ca"]))
        return package.number, b"".join(package.pieces())

    first = made()
    forget()
    assert made() == first
