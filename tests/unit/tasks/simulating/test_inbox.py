"""The inbox as a whole: the same each time, complete after a kill, true to its truth, and within reserved ranges."""

import csv
import hashlib
import io
import ipaddress
import json
import re
import struct
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree
from PIL import Image, ImageChops

from domain.errors import InvalidSettings
from domain.media import Kind
from domain.referral import COLUMNS, OutcomeFault
from domain.report import Classification, FileFault, IncidentType, Rejection
from tasks.reports.outcomes import event_of
from tasks.simulating.chance import chance
from tasks.simulating.inbox import simulate_inbox
from tasks.simulating.population import FILE_FAULTS, REPORT_FAULTS, Genre, Origin, PlannedFile
from tasks.simulating.scenes import draw_scene
from tasks.simulating.studio import bears_mark, families

SCENE = Origin(Genre.SCENE, 1)

REPORTS, SEED = 30, 7
RESERVED = [ipaddress.ip_network(each) for each in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]
RISKY = {IncidentType.ENTICEMENT, IncidentType.TRAFFICKING, IncidentType.MOLESTATION}
AT_RISK = {"sextortion", "csamSolicitation", "sadisticOnlineExploitation", "liveStreaming", "physicalHarm"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Give a small simulation that nobody changes."""
    root = tmp_path_factory.mktemp("simulated")
    assert simulate_inbox(root, REPORTS, SEED)
    return root


DOCUMENTS = "e48d5dff26b7a65a28516efe930214aa24f81c9fef66274f84bfe08f84d10325"
"""Digest of what the simulation wrote of reports before it wrote what became of them."""


def test_what_becomes_of_reports_changes_nothing_else_of_the_simulation(root):
    digest = hashlib.sha256()
    for path in sorted([*(root / "inbox").glob("*/report.xml"), *(root / "inbox").glob("*/receipt.json")]):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    assert digest.hexdigest() == DOCUMENTS


def test_outcomes_are_of_accepted_reports_and_all_urgent_ones_are_looked_at(root):
    truth = {row["external_id"]: row for row in rows(root / "truth/reports.csv")}
    told = rows(root / "outcomes.csv")
    assert tuple(told[0]) == COLUMNS
    assert not any(truth[row["external_id"]]["rejection"] for row in told)
    looks = {row["external_id"] for row in told if row["outcome"] == "look"}
    assert {name for name, row in truth.items() if row["urgent"] == "true"} <= looks
    assert 0.5 < len(looks) / len([row for row in truth.values() if not row["rejection"]]) < 1
    assert {row["external_id"] for row in told} == looks
    for row in told:
        receipt = json.loads((drop(root, row) / "receipt.json").read_text())
        assert receipt["reporter"] == row["reporter"]
        assert receipt["received_at"] <= row["at"]
        assert not isinstance(event_of(row), OutcomeFault)


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as content:
        return list(csv.DictReader(content))


def content_of(root: Path) -> dict[str, str]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def drop(root: Path, row: dict[str, str]) -> Path:
    return root / "inbox" / row["external_id"]


def bytes_of(root: Path, row: dict[str, str]) -> bytes:
    return (drop(root, row) / f"{row['file_id']}.bin").read_bytes()


def documents(root: Path) -> list[tuple[Path, etree._Element]]:
    rejected = {row["external_id"] for row in rows(root / "truth/reports.csv") if row["rejection"]}
    paths = sorted((root / "inbox").glob("*/*.xml"))
    return [(path, etree.parse(path).getroot()) for path in paths if path.parent.name not in rejected]


def test_the_same_settings_give_the_same_bytes_even_after_a_kill(root, tmp_path):
    class KilledError(Exception):
        pass

    def kill(done: int, total: int) -> None:
        if done > total / 3:
            raise KilledError

    with pytest.raises(KilledError):
        simulate_inbox(tmp_path, REPORTS, SEED, kill)
    assert not (tmp_path / "truth/manifest.json").exists()
    assert simulate_inbox(tmp_path, REPORTS, SEED)
    assert content_of(tmp_path) == content_of(root)


def test_a_whole_simulation_is_left_alone(root):
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    assert not simulate_inbox(root, REPORTS, SEED)
    assert before == {path: path.stat().st_mtime_ns for path in root.rglob("*")}


@pytest.mark.parametrize(("reports", "seed"), [(REPORTS, SEED + 1), (REPORTS + 1, SEED)])
def test_another_simulation_is_not_written_over(root, reports, seed):
    with pytest.raises(InvalidSettings, match="another simulation"):
        simulate_inbox(root, reports, seed)


def test_a_strange_inbox_is_not_written_into(tmp_path):
    (tmp_path / "inbox").mkdir()
    with pytest.raises(InvalidSettings, match="no simulation began"):
        simulate_inbox(tmp_path, REPORTS, SEED)
    assert [path.name for path in tmp_path.iterdir()] == ["inbox"]


@pytest.mark.parametrize(("reports", "seed"), [(0, 1), (1, -1)])
def test_numbers_out_of_range_are_refused(tmp_path, reports, seed):
    with pytest.raises(InvalidSettings):
        simulate_inbox(tmp_path, reports, seed)


def test_one_report_can_be_simulated_and_progress_is_told(tmp_path):
    told: list[tuple[int, int]] = []
    assert simulate_inbox(tmp_path, 1, 3, lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] > 0
    assert len(list((tmp_path / "inbox").glob("[0-9]*"))) == 1


def test_every_file_of_the_inbox_stands_in_the_truth_with_its_digest(root):
    truth = rows(root / "truth/files.csv")
    named = {(row["external_id"], row["file_id"]): row["sha256"] for row in truth if row["sha256"]}
    held = {
        (path.parent.name, path.stem): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (root / "inbox").glob("*/*.bin")
    }
    assert named == held
    assert all(re.fullmatch(r"[0-9a-f]{16}", row["file_id"]) for row in truth)
    assert all((drop(root, row) / f"{row['file_id']}.xml").is_file() for row in truth)
    assert {row["kind"] for row in truth} == {"image", "video", "other"}


def test_every_report_has_its_row_and_its_receipt(root):
    truth = rows(root / "truth/reports.csv")
    assert [row["external_id"] for row in truth] == sorted(path.name for path in (root / "inbox").glob("[0-9]*"))
    for row in truth:
        if row["rejection"] == Rejection.NO_RECEIPT:
            assert not (drop(root, row) / "receipt.json").exists()
            continue
        receipt = json.loads((drop(root, row) / "receipt.json").read_text())
        assert receipt["external_id"] == row["external_id"]
        assert "2013-01-01T" <= receipt["received_at"] < "2017-10-01T"
        assert re.fullmatch(r"public|esp-(0\d|1[0-2])", receipt["reporter"])
        assert receipt["source"] == ("public" if receipt["reporter"] == "public" else "esp")


def test_every_malformed_case_is_there(root):
    assert {row["rejection"] for row in rows(root / "truth/reports.csv")} == {"", *REPORT_FAULTS}
    faults = {row["fault"] for row in rows(root / "truth/files.csv")}
    assert faults == {"", FileFault.REPORT_REJECTED, *FILE_FAULTS}


def test_malformed_reports_are_malformed_as_their_truth_says(root):
    reports = {row["rejection"]: drop(root, row) / "report.xml" for row in rows(root / "truth/reports.csv")}
    with pytest.raises(etree.XMLSyntaxError):
        etree.parse(reports[Rejection.NOT_WELL_FORMED])
    assert next(iter(etree.parse(reports[Rejection.SCHEMA]).getroot())).tag != "incidentSummary"
    assert b"<!DOCTYPE" in reports[Rejection.FORBIDDEN_XML].read_bytes()
    assert not reports[Rejection.NO_REPORT].exists()


def test_faulty_files_are_faulty_as_their_truth_says(root):
    faulty = {row["fault"]: row for row in rows(root / "truth/files.csv")}
    assert bytes_of(root, faulty[FileFault.EMPTY]) == b""
    assert bytes_of(root, faulty[FileFault.NOT_MEDIA]).isascii()
    assert not bytes_of(root, faulty[FileFault.UNDECODABLE]).endswith(b"\xff\xd9")
    bomb = bytes_of(root, faulty[FileFault.TOO_MANY_PIXELS])
    wide, high = struct.unpack(">II", bomb[16:24])
    assert wide * high > 100_000_000 > 500 * len(bomb)
    assert faulty[FileFault.MISSING]["sha256"] == ""


def test_claimed_digests_are_right_but_where_they_must_not_be(root):
    for row in rows(root / "truth/files.csv"):
        details = etree.parse(drop(root, row) / f"{row['file_id']}.xml").getroot()
        for claim in details.findall("originalFileHash"):
            if row["fault"] != FileFault.MISSING:
                right = hashlib.new(claim.get("hashType", ""), bytes_of(root, row)).hexdigest()
                assert (claim.text == right) is (row["fault"] != FileFault.DIGEST_MISMATCH)
        if row["fault"] in (FileFault.DIGEST_MISMATCH, FileFault.MISSING):
            assert details.find("originalFileHash") is not None


def test_urgent_reports_are_those_escalated_or_at_risk(root):
    urgent = {row["external_id"]: row["urgent"] == "true" for row in rows(root / "truth/reports.csv")}
    flags: Counter[str] = Counter()
    kinds = {}
    for path, document in documents(root):
        if document.tag == "report":
            kinds[path.parent.name] = document.findtext("incidentSummary/incidentType")
            flags[path.parent.name] += 9 * len(document.findall("incidentSummary/escalateToHighPriority"))
        flags[path.parent.name] += sum(child.tag in AT_RISK for child in document.iter())
    found = {name: flags[name] >= 9 or (kinds[name] in RISKY and flags[name] > 0) for name in kinds}
    assert found == {name: urgent[name] for name in kinds}
    assert any(found.values())
    assert set(kinds.values()) == set(IncidentType)


def test_hosts_addresses_and_telephones_come_from_reserved_ranges(root):
    text = "\n".join(path.read_text(encoding="utf-8") for path in (root / "inbox").glob("*/*.xml"))
    text += "\n".join(path.read_bytes().decode() for path in (root / "inbox").glob("*/receipt.json"))
    hosts = re.findall(r"(?:\w+://|[\w.+-]+@)([^/\s<'\"]+)", text)
    assert len(hosts) > REPORTS
    for host in hosts:
        assert re.fullmatch(r"([a-z0-9-]+\.)?example\.(org|com|net)|example-[a-z]+-\d+\.onion", host), host
    addresses = re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", text)
    assert addresses
    assert all(any(ipaddress.ip_address(each) in network for network in RESERVED) for each in addresses)
    phones = re.findall(r"<phone\w*[^>]*>([^<]*)<", text)
    assert phones
    assert all(re.fullmatch(r"\d{3}-555-01\d\d", phone) for phone in phones)


def test_the_known_list_holds_good_rows_three_bad_ones_and_a_blank(root):
    header, *lines = (root / "lists/simulated.csv").read_text().splitlines()
    assert header == "signal_type,signal_str,collab,category,tags"
    digits = {"pdq": 64, "md5": 32, "video_md5": 32}
    good = [line.split(",") for line in lines if re.search(r",entry:[KS]\d{4}$", line)]
    for kind, signal, collab, category, _ in good:
        assert re.fullmatch(rf"[0-9a-f]{{{digits[kind]}}}", signal)
        assert collab == "simulated"
        assert Classification(category)
    bad = [line for line in lines if line and not re.search(r",entry:[KS]\d{4}$", line)]
    assert len(bad) == 3
    assert lines.count("") == 1


def test_every_listed_origin_of_the_truth_has_its_entry(root):
    entries = {row["entry"] for row in rows(root / "truth/files.csv")} - {""}
    listed = {
        tags.removeprefix("entry:")
        for tags in re.findall(r"entry:[KS]\d{4}", (root / "lists/simulated.csv").read_text())
    }
    assert entries
    assert entries == {entry for entry in listed if entry.startswith("K")}
    assert any(entry.startswith("S") for entry in listed)


def test_an_exact_hit_of_the_list_is_the_file_that_it_was_made_from(root):
    digests = {}
    for row in rows(root / "truth/files.csv"):
        if row["entry"] and row["edit"] == "original":
            digests[hashlib.md5(bytes_of(root, row), usedforsecurity=False).hexdigest()] = row["entry"]
    exact = re.findall(
        r"^\w*md5,([0-9a-f]{32}),.*entry:(K\d{4})$", (root / "lists/simulated.csv").read_text(), re.MULTILINE
    )
    assert exact
    assert {signal: entry for signal, entry in exact if signal in digests}.items() <= digests.items()
    assert {entry for _, entry in exact} <= set(digests.values())


def test_some_new_drawn_scenes_bear_a_mark_and_all_their_edits_are_told_to(tmp_path):
    simulate_inbox(tmp_path, 60, SEED)
    truth = [row for row in rows(tmp_path / "truth/files.csv") if row["kind"] == "image" and not row["fault"]]
    marked = {row["origin"] for row in truth if row["marked"]}
    assert {row["origin"] for row in truth if not row["marked"]}.isdisjoint(marked)
    assert all(origin.startswith("scene-") for origin in marked)
    assert not any(row["entry"] for row in truth if row["marked"])
    new = {row["origin"] for row in truth if row["origin"].startswith("scene-") and not row["entry"]}
    assert 0.01 < len(marked) / len(new) < 0.15


def test_the_mark_is_laid_over_the_same_scene():
    seed = next(seed for seed in range(99) if bears_mark(seed, SCENE))
    plain = draw_scene(chance(seed, "origin", SCENE.name))
    (family,) = families(seed, [PlannedFile(SCENE, Kind.IMAGE)])
    content, _ = family.files[PlannedFile(SCENE, Kind.IMAGE)]
    with Image.open(io.BytesIO(content)) as picture:
        changed = (
            ImageChops.difference(picture.convert("RGB"), plain).convert("L").point(lambda value: 255 * (value > 60))
        )
    assert picture.size == plain.size
    left, top, right, bottom = changed.getbbox()
    assert 0.1 < (right - left) * (bottom - top) / (min(plain.size) ** 2) < 0.5
