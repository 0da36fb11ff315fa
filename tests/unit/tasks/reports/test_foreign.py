"""Reports in other formats: read for what they mean, bounded, and refused for one reason."""

import hashlib
import json
import re
import shutil
import tracemalloc
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from domain.errors import InvalidSettings, Rejected
from domain.report import (
    FileAnnotation,
    FileFault,
    Identifier,
    IncidentType,
    Location,
    LocationRole,
    Particular,
    PersonRole,
    Rejection,
    Source,
    Vector,
)
from infra.cluster import running
from infra.ledger import schema
from infra.ledger.engine import reading
from infra.world import world
from tasks.reports import police, tips, vics
from tasks.reports.formats import Format, detect
from tasks.reports.intake import ENDINGS, entries_of, intake_reports, record_cases, take_batch

SAMPLES = Path(__file__).parents[4] / "docs" / "samples"
PAGE = SAMPLES.parent / "reference" / "formats.md"
NOW = datetime(2020, 1, 1, tzinfo=UTC)
UPLOADED = ("reportedInformation", "uploadedFiles", "uploadedFiles")


def vics_cases(content):
    stream = BytesIO(content)
    return vics.cases(stream, NOW, "unnamed", in_cases=vics.holds_cases(stream))


def vics_media(content):
    stream = BytesIO(content)
    return list(vics.media(stream, in_cases=vics.holds_cases(stream)))


PARSERS = {
    "police": police.parse,
    "tip": tips.parse,
    "vics-1.3": lambda content: (vics_cases(content), vics_media(content)),
    "vics-2.0": lambda content: (vics_cases(content), vics_media(content)),
}


def sample(name):
    return (SAMPLES / f"{name}.json").read_bytes()


def changed(name, *path, to):
    """Give a sample with one value changed."""
    document = json.loads(sample(name).decode("utf-8-sig"))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return json.dumps(document).encode()


def test_a_police_report_is_read_for_what_it_means():
    report = police.parse(sample("police"))
    assert (report.receipt.external_id, report.receipt.reporter, report.receipt.source) == (
        "5000001", "example-esp", Source.ESP,
    )  # fmt: skip
    assert report.receipt.received_at == datetime(2017, 3, 2, 9, 30, tzinfo=UTC)
    assert report.incident_type is IncidentType.MISLEADING_DOMAIN
    assert report.vectors == {Vector.URL, Vector.TOR, Vector.CHAT}
    assert report.locations == {Location("US", LocationRole.SUSPECT)}
    assert Particular(PersonRole.SUSPECT, Identifier.EMAIL, "sam@example.org") in report.particulars
    assert Particular(PersonRole.SUSPECT, Identifier.IP_ADDRESS, "192.0.2.44") in report.particulars
    first, second = report.files
    assert (first.file_id, first.viewed_by_reporter, first.annotations) == ("a1", True, {FileAnnotation.VIRAL})
    assert (second.file_id, second.viewed_by_reporter, second.claimed_md5) == (
        "a2", False, "d41d8cd98f00b204e9800998ecf8427e",
    )  # fmt: skip


def test_a_tip_is_read_for_what_it_means():
    report = tips.parse(sample("tip"))
    assert (report.receipt.source, report.receipt.received_at.hour, report.users) == (Source.PUBLIC, 9, 1)
    assert report.vectors == {Vector.URL, Vector.FTP}
    assert report.locations == {Location("BR", LocationRole.SUSPECT)}
    assert Particular(PersonRole.REPORTER, Identifier.PHONE, "555-0199") in report.particulars
    assert report.identifiers == {Identifier.ACCOUNT, Identifier.EMAIL}


def test_vics_cases_and_media_are_read_whatever_their_writers_do():
    first, second = vics_cases(sample("vics-1.3"))
    assert [each.receipt.external_id for each in (first, second)] == ["2017-00042", "2017-00043"]
    assert (first.receipt.reporter, first.receipt.source) == ("Example Police", Source.POLICE)
    media = vics_media(sample("vics-1.3"))
    assert [each.case for each in media] == [0, 0, 0]
    assert [each.path for each in media] == ["tree.png", "media/gone.jpg", "../../secret.jpg"]
    assert media[1].named.claimed_md5 == "ab" * 16
    assert media[1].named.category == "3"
    assert {each.kind for each in media[1].named.hashes} == {"SHA1", "PhotoDNA"}
    (bare,) = vics_cases(sample("vics-2.0"))
    assert bare.receipt.source is Source.POLICE
    assert [each.named.file_id for each in vics_media(sample("vics-2.0"))] == ["11", "12"]


def test_media_of_a_second_case_are_its_own():
    document = json.loads(sample("vics-1.3").decode("utf-8-sig"))
    document["value"][1]["Media"] = [{"MediaID": 9, "MD5": "0" * 32}]
    media = vics_media(json.dumps(document).encode())
    assert [(each.case, each.named.file_id) for each in media] == [(0, "1"), (0, "2"), (0, "3"), (1, "9")]


def test_a_vics_file_of_any_size_takes_bounded_memory():
    entry = json.dumps({"MediaID": 1, "Category": 2, "MD5": "A" * 32, "Comments": "x" * 500}).encode()
    head = b'{"odata.metadata": "x#Cases", "value": [{"CaseNumber": "1", "Media": ['

    class Endless:
        """40,000 entries, made as they are read."""

        left = 40_000
        begun = False

        def seek(self, _place):
            """Only ever back to the beginning."""

        def read(self, size=-1):
            if size in {0, 3}:
                return b"" if size == 0 else head[:3]
            if not self.begun:
                self.begun = True
                return head
            if self.left == 0:
                return b""
            self.left -= 100
            return (entry + b",") * 99 + entry + (b"," if self.left else b"]}]}")

    tracemalloc.start()
    number = sum(1 for _ in vics.media(Endless(), in_cases=True))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert number == 40_000
    assert peak < 5 * 2**20


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("police", b"", Rejection.NOT_WELL_FORMED),
        ("police", b"\xff{}", Rejection.WRONG_ENCODING),
        ("police", b"[" * 100_000, Rejection.TOO_DEEP),
        ("police", b"{}", Rejection.SCHEMA),
        ("police", b"[1]", Rejection.SCHEMA),
        ("police", changed("police", "dateReceived", to="1997-01-01"), Rejection.IMPOSSIBLE_DATE),
        ("police", changed("police", "dateReceived", to=None), Rejection.SCHEMA),
        ("police", changed("police", *UPLOADED, 1, "submittalId", to="a1"), Rejection.DUPLICATE_ID),
        ("police", changed("police", "reportedInformation", "incidentSummary", "incidentType", to="Parking"),
         Rejection.SCHEMA),
        ("police", changed("police", "reportedInformation", to="words"), Rejection.SCHEMA),
        ("tip", changed("tip", "format", to="other/1"), Rejection.SCHEMA),
        ("tip", changed("tip", "favourite_colour", to="red"), Rejection.SCHEMA),
        ("tip", changed("tip", "channel", to="pigeon"), Rejection.SCHEMA),
        ("tip", changed("tip", "happened_at", to="2030-01-01"), Rejection.IMPOSSIBLE_DATE),
        ("tip", changed("tip", "persons", 0, "role", to="friend"), Rejection.SCHEMA),
        ("tip", changed("tip", "files", 0, "md5", to="short"), Rejection.SCHEMA),
        ("vics-1.3", b"{", Rejection.NOT_WELL_FORMED),
        ("vics-1.3", b"{}", Rejection.SCHEMA),
        ("vics-1.3", b'{"odata.metadata": "x#Cases", "value": []}', Rejection.SCHEMA),
        ("vics-1.3", b'{"odata.metadata": "x#Cases", "value": ' + b'[{"a":' * 5000, Rejection.TOO_DEEP),
        ("vics-1.3", sample("vics-1.3")[:-40], Rejection.NOT_WELL_FORMED),
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused_for_one_reason(name, content, reason):
    with pytest.raises(Rejected) as refused:
        PARSERS[name](content)
    assert refused.value.args[0] is reason


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", PARSERS)
@given(st.data())
def test_parsing_raises_nothing_but_rejected(name, data):
    """Whatever stands in the place of any value, and whatever the bytes are."""
    document = json.loads(sample(name).decode("utf-8-sig"))
    place, steps = document, data.draw(st.integers(1, 7))
    for _ in range(steps):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(values)
        break
    content = bytearray(json.dumps(document).encode())
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    for each in (bytes(content), data.draw(st.binary(max_size=60))):
        with suppress(Rejected):
            PARSERS[name](each)


@pytest.mark.parametrize(
    ("name", "form"),
    [("police.json", Format.POLICE), ("tip.json", Format.TIP), ("vics-1.3.json", Format.VICS),
     ("vics-2.0.json", Format.VICS), (".", Format.CYBERTIP)],
)  # fmt: skip
def test_a_format_is_told_by_the_file_itself(name, form, tmp_path):
    assert detect(SAMPLES / name) is form
    if form is not Format.CYBERTIP:
        shutil.copy(SAMPLES / name, tmp_path / "anything.csv")
        assert detect(tmp_path / "anything.csv") is form


def test_what_nobody_knows_is_a_rejected_report_with_its_bytes(data):
    data.joinpath("inbox").mkdir()
    (data / "inbox" / "strange.json").write_text('{"hello": 1}')
    (one,) = take_batch([data / "inbox" / "strange.json"])
    assert one.rejection is Rejection.UNKNOWN_FORMAT
    assert [held.digests.size for held in one.documents] == [12]


@pytest.fixture
def samples(data):
    shutil.copytree(SAMPLES, data / "samples")
    with running():
        yield data / "samples"


def stated():
    """Read the counts that the page states of each sample."""
    line = r"^\| `([a-z0-9.-]+)` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$"
    found = re.findall(line, PAGE.read_text(), re.MULTILINE)
    return {name: tuple(map(int, numbers)) for name, *numbers in found}


@pytest.mark.parametrize("name", sorted(file.name for file in SAMPLES.iterdir() if file.suffix in ENDINGS))
def test_intake_of_each_sample_gives_the_counts_that_the_page_states(data, name):
    wanted = ("received", "rejected", "files_named", "files_stored", "files_not_sent")
    shutil.copytree(SAMPLES, data / "samples")
    with running() if name.endswith(".json") else nullcontext():
        counts, again = (intake_reports.fn(data / "samples" / name) for _ in range(2))
    assert tuple(counts[each] for each in wanted) == stated()[name]
    assert (again["new_drops"], again["received"]) == (0, 0)


def test_the_page_states_the_counts_of_every_sample():
    assert set(stated()) == {file.name for file in SAMPLES.iterdir() if file.suffix in ENDINGS}


def test_a_folder_of_every_format_is_taken_in_whole_and_once(samples):
    first, again = intake_reports.fn(samples), intake_reports.fn(samples)
    assert (first["new_drops"], first["blocks"], first["accepted"]) == (4, 3, 5 + 10)
    assert (again["new_drops"], again["received"], again["blocks_held"]) == (0, 0, 3)


def test_media_are_taken_in_from_beside_and_never_from_elsewhere(samples):
    (samples.parent.parent / "secret.jpg").write_bytes(b"not for us")
    for table in samples.glob("reports.*"):
        table.unlink()
    intake_reports.fn(samples)
    with reading(world().ledger) as connection:
        files = {row.file_id: row for row in connection.execute(select(schema.sighting))}
    assert (files["3"].fault, files["3"].blob_id) == (FileFault.UNSAFE_NAME, None)
    tree = (samples / "tree.png").read_bytes()
    assert files["a1"].claimed_md5 == hashlib.md5(tree).hexdigest()
    assert files["a1"].blob_id == files["1"].blob_id
    assert world().blobs.read(files["a1"].blob_id) == tree
    assert (files["2"].category, files["2"].fault) == ("3", FileFault.NOT_SENT)


def test_a_case_whose_media_break_off_is_rejected_whole(data):
    (data / "cases.json").write_bytes(sample("vics-1.3")[:-40])
    counts = record_cases(data / "cases.json")
    assert (counts["received"], counts["rejected"], counts["files_named"]) == (1, 1, 0)
    with reading(world().ledger) as connection:
        assert connection.execute(select(schema.sighting)).all() == []
        (row,) = connection.execute(select(schema.report)).all()
        assert row.rejection == Rejection.NOT_WELL_FORMED
        documents = connection.scalars(select(schema.report_document.c.blob_id)).all()
    assert [world().blobs.read(blob) for blob in documents] == [sample("vics-1.3")[:-40]]
    again = record_cases(data / "cases.json")
    assert (again["received"], again["already_held"]) == (0, 1)


def test_a_file_that_is_not_marked_as_simulated_is_refused(tmp_path, data):
    shutil.copy(SAMPLES / "tip.json", tmp_path / "tip.json")
    with pytest.raises(InvalidSettings, match="BREAKWATER_AUTHORITY"):
        entries_of(tmp_path / "tip.json", "")
    assert entries_of(tmp_path / "tip.json", "a test") == [tmp_path / "tip.json"]
