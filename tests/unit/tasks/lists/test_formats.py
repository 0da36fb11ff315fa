"""Formats of lists: each is read for what it says, with its traps, and what is not taken is told with one reason."""

import base64
import io
import json
import random
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.errors import Rejected
from domain.lists import Entry, Faulty, ListFault, ListFormat, Signal, Tombstone, Window
from domain.match import SignalType
from domain.media import Kind
from domain.report import Rejection
from tasks.lists.formats import HEAD, READERS, WRITERS, detect

PDQ, MD5, VIDEO_MD5, SHA1 = SignalType.PDQ, SignalType.MD5, SignalType.VIDEO_MD5, SignalType.SHA1
SHA256, PHOTODNA = SignalType.SHA256, SignalType.PHOTODNA
HEADER = "signal_type,signal_str,collab,category,tags\n"
NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)


def read(form, content):
    stream = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    return list(READERS[form](stream, "film 7"))


def reasons(items):
    return [(each.place, each.reason) for each in items if isinstance(each, Faulty)]


def entries(items):
    return [each for each in items if isinstance(each, Entry)]


def rejection(form, content):
    with pytest.raises(Rejected) as refused:
        read(form, content)
    return refused.value.args[0]


def test_a_table_is_read_line_by_line():
    items = read(ListFormat.CSV, HEADER + (
        f"pdq,{'AB' * 32},any,A1,entry:7 other\n"
        f"md5,{'12' * 16},any, B2 ,\n"
        f"HASH_VIDEO_MD5,{'34' * 16},,A1,entry:a%20b size:77 at:2020-01-01T12:00:00Z\n"
        f"sha256,{'56' * 32},any,,kind:video seconds:1.5 quality:80\n"
    ))  # fmt: skip
    assert items == [
        Entry("7", (Signal(PDQ, "ab" * 32),), "A1", owner="any"),
        Entry("12" * 16, (Signal(MD5, "12" * 16),), "B2", owner="any"),
        Entry("a b", (Signal(VIDEO_MD5, "34" * 16),), "A1", Kind.VIDEO, "", NOON, 77),
        Entry("56" * 32, (Signal(SHA256, "56" * 32, 1.5, 80),), "", Kind.VIDEO, "any"),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"pdq,{'0' * 63},any,A1,", ListFault.MALFORMED), (f"pdq,{'g' * 64},any,A1,", ListFault.MALFORMED),
        (f"md5,{'1' * 64},any,A1,", ListFault.MALFORMED), (f"md5,{'1' * 32},any,A1,entry:", ListFault.UNNAMED),
        ("pdq,,any,A1,entry:1", ListFault.BLANK), ("pdq", ListFault.MALFORMED), (",,,,", ListFault.BLANK),
        ("", ListFault.BLANK), ('"pdq', ListFault.MALFORMED), ("x" * 200_000, ListFault.MALFORMED),
        ("a\rb", ListFault.MALFORMED), (f"raw_text,{'1' * 32},any,A1,", ListFault.UNKNOWN_SIGNAL),
        (f"md5,{'0' * 32},any,A1,", ListFault.BLANK), ("md5,d41d8cd98f00b204e9800998ecf8427e,,,", ListFault.BLANK),
        (f"md5,{'1' * 32},any,{'A' * 97},", ListFault.TOO_LONG), (f"tmk_pdqf,{'A' * 1025},,,", ListFault.TOO_LONG),
        (f"md5,{'1' * 32},any,A1,entry:{'e' * 129}", ListFault.TOO_LONG),
        (f"md5,{'1' * 32},any,A1,at:never", ListFault.MALFORMED),
        (f"md5,{'1' * 32},any,A1,size:-1", ListFault.MALFORMED),
        (f"md5,{'1' * 32},any,A\x07,", ListFault.UNNAMED),
    ],
)  # fmt: skip
def test_a_line_that_is_none_is_told_with_its_reason_and_the_rest_is_read(line, reason):
    good = f"md5,{'12' * 16},any,A1,entry:1\n"
    items = read(ListFormat.CSV, f"{HEADER}{good}{line}\n{good}")
    assert reasons(items) == [(3, reason)]
    assert [each.name for each in entries(items)] == ["1", "1"]
    assert all(len(each.content) <= 512 for each in items if isinstance(each, Faulty))


@pytest.mark.parametrize("content", ["", "a,b\npdq,1\n", "\n"])
def test_a_table_without_its_columns_is_rejected_and_withdraws_nothing(content):
    assert rejection(ListFormat.CSV, content) is Rejection.SCHEMA


NCMEC = f"""<?xml version="1.0" encoding="UTF-8"?>
<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2">
 <images count="3" maxTimestamp="2020-01-02T00:00:00Z">
  <image><member id="42">Example</member><timestamp>2020-01-01T12:00:00Z</timestamp><id>image1</id>
   <classification>A1</classification>
   <fingerprints><md5>{"12" * 16}</md5><sha1>{"34" * 20}</sha1><pdna>{"AB" * 144}</pdna><pdq></pdq></fingerprints>
   <feedback><affirmativeFeedback type="Md5"/><negativeFeedback type="Sha1"/><negativeFeedback type="Md5"/></feedback>
  </image>
  <deletedImage><member id="43"/><id>image4</id><timestamp>2020-01-01T12:00:00Z</timestamp></deletedImage>
  <image><member id="42"/><timestamp>2020-01-01T12:00:00Z</timestamp><id>image2</id></image>
 </images>
 <videos maxTimestamp="2020-01-03T00:00:00Z">
  <video><member id="42"/><timestamp>2020-01-01T12:00:00Z</timestamp><id>video1</id>
   <fingerprints><md5>{"56" * 16}</md5><tmk-pdqf rel="self" href="/v2/entries/1/fingerprints/TMK_PDQF"/>
    <ssvh_pdna>anything at all</ssvh_pdna><hologram>x</hologram></fingerprints></video>
 </videos>
 <paging><next>/v2/entries?from=2019-12-01T00%3A00%3A00.000Z&amp;to=2020-01-04T00%3A00%3A00.000Z&amp;start=2001</next></paging>
</queryResult>"""


def test_a_page_of_ncmec_is_read_with_its_tombstones_and_its_window():
    items = read(ListFormat.NCMEC, NCMEC)
    first, last = entries(items)
    assert first == Entry(
        "42-image1", (Signal(MD5, "12" * 16), Signal(SHA1, "34" * 20), Signal(PHOTODNA, "ab" * 144)), "A1", Kind.IMAGE,
        "42", NOON, None, 1, 2,
    )  # fmt: skip
    assert last.signals == (Signal(VIDEO_MD5, "56" * 16), Signal(SignalType.SSVH_PDNA, "anything at all"))
    assert [each for each in items if isinstance(each, Tombstone)] == [
        Tombstone("43-image4", NOON, Kind.IMAGE, "43"),
    ]  # fmt: skip
    assert reasons(items) == [
        (1, ListFault.BLANK), (3, ListFault.BLANK), (4, ListFault.UNKNOWN_SIGNAL), (4, ListFault.ELSEWHERE),
    ]  # fmt: skip
    assert items[-1] == Window("2020-01-04T00:00:00Z", more=True)
    last_page = NCMEC[: NCMEC.index(" <paging>")] + "</queryResult>"
    assert read(ListFormat.NCMEC, last_page)[-1] == Window("2020-01-03T00:00:00Z")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (NCMEC[:900], Rejection.NOT_WELL_FORMED),
        ("", Rejection.NOT_WELL_FORMED),
        (NCMEC.replace("queryResult", "other"), Rejection.SCHEMA),
        (
            NCMEC.replace("<queryResult", '<!DOCTYPE queryResult [<!ENTITY a "b">]><queryResult'),
            Rejection.FORBIDDEN_XML,
        ),
        (NCMEC.replace("<md5>", "<md5>&a;"), Rejection.NOT_WELL_FORMED),
        (NCMEC.replace("<md5>", "<md5>" + "<a>" * 20), Rejection.TOO_DEEP),
        (NCMEC.replace("<md5>", "<a/>" * 20_000 + "<md5>", 1), Rejection.TOO_MANY),
        ("<a>" * 300, Rejection.SCHEMA),
        (b'<?xml version="1.0" encoding="x-none"?><queryResult/>', Rejection.NOT_WELL_FORMED),
    ],
)
def test_a_page_that_is_no_sound_xml_is_rejected(content, reason):
    assert rejection(ListFormat.NCMEC, content) is reason


THREATEXCHANGE = json.dumps({
    "data": [
        {
            "id": "11", "indicator": "AB" * 32, "type": "HASH_PDQ", "last_updated": NOON.timestamp().__int__(),
            "should_delete": False,
            "descriptors": {"data": [
                {"id": "1", "owner": {"id": "900"}, "tags": ["media_type_photo", "A2"], "status": "MALICIOUS",
                 "reactions": [{"key": "SAW_THIS_TOO"}, {"key": "DISAGREE_WITH_TAGS"}]},
                {"id": "2", "owner": {"id": "901"}, "reactions": [{"key": "HELPFUL"}]},
            ]},
        },
        {"id": "12", "indicator": "cd" * 32, "type": "HASH_PDQ", "last_updated": 5, "should_delete": True},
        {"id": "13", "indicator": "cd" * 32, "type": "HASH_PDQ", "last_updated": 6},
        {"id": "14", "indicator": "https://example.org", "type": "URI", "descriptors": {"data": [{}]}},
        {"id": "15", "indicator": "", "type": "HASH_MD5", "descriptors": {"data": [{}]}},
        {"id": "16", "indicator": ["x"], "type": "HASH_MD5", "descriptors": {"data": [{}]}}, 7, None,
    ],
    "paging": {"cursors": {"after": "x"}},
})  # fmt: skip


def test_updates_of_threatexchange_are_read_with_their_tombstones():
    items = read(ListFormat.THREATEXCHANGE, THREATEXCHANGE)
    assert entries(items) == [
        Entry("11", (Signal(PDQ, "ab" * 32),), "A2", None, "900", NOON, None, 2, 1),
    ]  # fmt: skip
    assert [each.name for each in items if isinstance(each, Tombstone)] == ["12", "13"]
    assert reasons(items) == [
        (4, ListFault.UNKNOWN_SIGNAL), (5, ListFault.BLANK), (6, ListFault.MALFORMED), (7, ListFault.MALFORMED),
        (8, ListFault.UNNAMED),
    ]  # fmt: skip
    assert items[-1] == Window(str(int(NOON.timestamp())))
    more = THREATEXCHANGE.replace('"cursors": {"after": "x"}', '"next": "https://example.org/page"')
    assert read(ListFormat.THREATEXCHANGE, more)[-1].more is True


STOPNCII = json.dumps({
    "count": 5, "nextSetTimestamp": 1625175071, "nextPageToken": "x", "hasMoreRecords": True,
    "hashRecords": [
        {"lastModtimestamp": 1577880000, "hashValue": "ab" * 32, "hashStatus": "Active", "caseNumbers": [],
         "signalType": "ImagePDQ", "CSPFeedbacks": [{"feedbackValue": "Blocked", "tags": ["x"]},
                                                    {"feedbackValue": "NotBlocked"}, {"feedbackValue": "New"}]},
        {"lastModtimestamp": 1577880000, "hashValue": "cd" * 32, "hashStatus": "Withdrawn", "signalType": "ImagePDQ"},
        {"lastModtimestamp": 1577880000, "hashValue": "12" * 16, "hashStatus": "Received", "signalType": "VideoMD5"},
        {"hashValue": "no hash", "hashStatus": "Active", "signalType": "ImagePDQ", "caseNumbers": ["odd"]},
        {"hashValue": "words", "hashStatus": "Active", "signalType": "Text"},
        {"hashValue": None, "hashStatus": "Active", "signalType": "ImagePDQ"},
    ],
})  # fmt: skip


def test_records_of_stopncii_are_read_with_their_states():
    items = read(ListFormat.STOPNCII, STOPNCII)
    assert entries(items) == [
        Entry("ab" * 32, (Signal(PDQ, "ab" * 32),), stated_at=NOON, up=1, down=1),
        Entry("12" * 16, (Signal(VIDEO_MD5, "12" * 16),), "", Kind.VIDEO, stated_at=NOON),
    ]
    assert [each for each in items if isinstance(each, Tombstone)] == [Tombstone("cd" * 32, NOON)]
    assert reasons(items) == [(4, ListFault.MALFORMED), (5, ListFault.UNKNOWN_SIGNAL), (6, ListFault.BLANK)]
    assert items[-1] == Window("1625175071", more=True)


VICS = "\ufeff" + json.dumps({
    "@odata.context": "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media",
    "value": [
        {"MediaID": 1, "Category": 2, "MD5": "AB" * 16, "SHA1": "0" * 40, "MediaSize": "321", "MimeType": "image/png",
         "PhotoDNA": base64.b64encode(b"\xab" * 144).decode(), "VictimIdentified": "false",
         "DateUpdated": "/Date(1577880000000)/"},
        {"MediaID": "2", "Category": "1", "MD5": "cd" * 16, "MediaSize": 9, "MimeType": "Video/mp4",
         "AlternativeHashes": [{"HashName": "PDQ", "HashValue": "EF" * 32}, {"HashName": "Odd", "HashValue": "1"}]},
        {"MediaID": "3", "SHA1": None, "MediaSize": "many"},
    ],
})  # fmt: skip


def test_a_set_of_vics_is_read_with_its_writers_ways():
    first, second = entries(read(ListFormat.VICS, VICS))
    assert first == Entry("1", (Signal(MD5, "ab" * 16), Signal(PHOTODNA, "ab" * 144)), "2", Kind.IMAGE, "", NOON, 321)
    assert second == Entry("2", (Signal(VIDEO_MD5, "cd" * 16), Signal(PDQ, "ef" * 32)), "1", Kind.VIDEO, size=9)
    assert reasons(read(ListFormat.VICS, VICS)) == [
        (1, ListFault.BLANK), (2, ListFault.UNKNOWN_SIGNAL), (3, ListFault.BLANK),
    ]  # fmt: skip


def test_cases_of_vics_are_no_list():
    assert rejection(ListFormat.VICS, VICS.replace("#Media", "#Cases")) is Rejection.SCHEMA
    assert rejection(ListFormat.VICS, "{}") is Rejection.SCHEMA


def test_a_text_is_a_type_and_a_hash_on_each_line():
    items = read(ListFormat.TEXT, f"pdq {'AB' * 32}\r\n\nmd5  {'12' * 16}\nmd5\nurl https://example.org\n")
    assert [(each.name, each.signals[0].type) for each in entries(items)] == [("ab" * 32, PDQ), ("12" * 16, MD5)]
    assert reasons(items) == [(2, ListFault.BLANK), (4, ListFault.BLANK), (5, ListFault.UNKNOWN_SIGNAL)]


def test_the_frames_of_a_film_are_one_entry():
    items = read(ListFormat.VPDQ, f"0,100,{'ab' * 32},0.0\n1,49,{'cd' * 32},1.001\n\n2,101,{'cd' * 32},2.0\nx\n")
    assert [(each.name, each.kind, *each.signals) for each in entries(items)] == [
        ("film 7", Kind.VIDEO, Signal(PDQ, "ab" * 32, 0.0, 100)),
        ("film 7", Kind.VIDEO, Signal(PDQ, "cd" * 32, 1.001, 49)),
    ]
    assert reasons(items) == [(3, ListFault.BLANK), (4, ListFault.MALFORMED), (5, ListFault.MALFORMED)]


@pytest.mark.parametrize("form", [ListFormat.THREATEXCHANGE, ListFormat.STOPNCII, ListFormat.VICS])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", Rejection.NOT_WELL_FORMED), ('{"data": [', Rejection.NOT_WELL_FORMED),
        (b'{"\xff', Rejection.NOT_WELL_FORMED), ('{"a":' + "[" * 500, Rejection.TOO_DEEP),
    ],
)  # fmt: skip
def test_a_document_that_is_no_json_is_rejected(form, content, reason):
    assert rejection(form, content) in {reason, Rejection.WRONG_ENCODING}


def test_a_record_without_end_is_rejected():
    many = ",".join(["1"] * 30_000)
    assert rejection(ListFormat.STOPNCII, f'{{"hashRecords": [{{"a": [{many}]}}]}}') is Rejection.TOO_MANY


@pytest.mark.parametrize(
    ("form", "content"),
    [
        (ListFormat.CSV, HEADER), (ListFormat.CSV, "\ufeff" + HEADER), (ListFormat.NCMEC, NCMEC),
        (ListFormat.THREATEXCHANGE, THREATEXCHANGE), (ListFormat.STOPNCII, STOPNCII), (ListFormat.VICS, VICS),
        (ListFormat.TEXT, f"pdq {'ab' * 32}\n"), (ListFormat.VPDQ, f"0,100,{'ab' * 32},0.0\n"),
    ],
)  # fmt: skip
def test_a_file_tells_its_format_itself(form, content):
    assert detect(content.encode()[:HEAD]) is form


@pytest.mark.parametrize("content", [b"", b"\x89PNG", b"hello", b"<report/>", b"{}"])
def test_what_is_no_list_is_of_no_known_format(content):
    with pytest.raises(Rejected) as refused:
        detect(content)
    assert refused.value.args[0] is Rejection.UNKNOWN_FORMAT


def refusal(form, content):
    """Read, and give why the document is refused; None where it is read."""
    try:
        items = read(form, content)
    except Rejected as refused:
        return refused.args[0]
    assert all(isinstance(item, Entry | Tombstone | Faulty | Window) for item in items)
    return None


@settings(deadline=None)
@given(st.sampled_from(sorted(READERS)), st.binary(max_size=200))
@example(ListFormat.CSV, b'"\n' + b"x" * 140_000)
def test_no_bytes_whatever_are_too_much_for_a_reader(form, content):
    for each in (content, HEADER.encode() + content, NCMEC.encode()[:400] + content):
        assert refusal(form, each) in {None, *Rejection}


SAMPLES = {
    ListFormat.NCMEC: NCMEC, ListFormat.THREATEXCHANGE: THREATEXCHANGE, ListFormat.STOPNCII: STOPNCII,
    ListFormat.VICS: VICS,
}  # fmt: skip


@settings(deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.randoms(use_true_random=False))
def test_no_change_of_a_sound_document_is_too_much_for_its_reader(form, rng):
    content = bytearray(SAMPLES[form].encode())
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(content))
        content[at : at + rng.randrange(9)] = rng.randbytes(rng.randrange(9))
    assert refusal(form, bytes(content)) in {None, *Rejection}


hexes = {PDQ: 64, MD5: 32, VIDEO_MD5: 32, SHA1: 40, SHA256: 64, PHOTODNA: 288}
names = st.text("ab é:/%<&,;\"'-", min_size=1, max_size=8).filter(lambda name: name.strip() == name)
CARRIED = {
    ListFormat.CSV: {"types": set(SignalType), "keeps": {"category", "kind", "owner", "stated_at", "size"}},
    ListFormat.NCMEC: {"types": set(SignalType) - {SHA256}, "keeps": {"category", "kind", "owner", "stated_at"}},
    ListFormat.THREATEXCHANGE: {"types": set(SignalType), "keeps": {"category", "owner", "stated_at"}},
    ListFormat.VICS: {"types": set(SignalType), "keeps": {"category", "kind", "owner", "stated_at", "size"}},
}
"""What each format carries; the others carry hashes alone."""


@st.composite
def signals(draw, types, kind):
    fit = sorted(types - ({MD5} if kind is Kind.VIDEO else {VIDEO_MD5}) - ({SignalType.TMK_PDQF, SignalType.SSVH_PDNA,
                 SignalType.SSVH_SAFER} if kind is Kind.IMAGE else set()))  # fmt: skip
    found = {}
    for each in draw(st.lists(st.sampled_from(fit), min_size=1, max_size=4)):
        size = hexes.get(each, 20)
        value = "".join(random.Random(draw(st.integers(0, 99))).choices("123456789abcdef", k=size))
        found[each, value] = Signal(each, value)
    return tuple(found.values())


@st.composite
def lists(draw, form):
    carried = CARRIED[form]
    found = {}
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from([Kind.IMAGE, Kind.VIDEO]))
        told = {
            "category": draw(st.just("") | names), "kind": kind, "owner": draw(st.just("") | names),
            "stated_at": draw(st.none() | st.integers(0, 10**9).map(lambda s: NOON + timedelta(seconds=s))),
            "size": draw(st.none() | st.integers(0, 2**31 - 1)),
        }  # fmt: skip
        kept = {name: value for name, value in told.items() if name in carried["keeps"]}
        name = draw(names)
        if form is ListFormat.NCMEC and kept["owner"]:
            name = f"{kept['owner']}-{name}"
        found[name] = Entry(name, draw(signals(carried["types"], kind)), **kept)
    return sorted(found.values(), key=lambda each: (each.kind is Kind.VIDEO, each.name))


def together(items):
    """Join the hashes of entries that a format tells one by one."""
    found = {}
    for each in entries(items):
        found.setdefault(each.name, (each, set()))[1].update(each.signals)
    return {name: (of.category, of.owner, of.stated_at, of.size, frozenset(told)) for name, (of, told) in found.items()}


@pytest.mark.parametrize("form", sorted(CARRIED))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=30)
@given(st.data())
def test_what_is_exported_says_the_same_when_it_is_imported(form, data):
    said = data.draw(lists(form))
    gone = [Tombstone("gone", NOON, Kind.IMAGE)] if form in {ListFormat.NCMEC, ListFormat.THREATEXCHANGE} else []
    out = io.StringIO()
    assert WRITERS[form]([*gone, *said], out) == 0
    items = read(form, out.getvalue())
    assert reasons(items) == []
    assert together(items) == together(said)
    assert [each.name for each in items if isinstance(each, Tombstone)] == [each.name for each in gone]


@pytest.mark.parametrize("form", [ListFormat.STOPNCII, ListFormat.TEXT])
def test_formats_of_hashes_alone_keep_the_hashes_and_count_what_they_cannot_carry(form):
    said = Entry("1", (Signal(PDQ, "ab" * 32), Signal(VIDEO_MD5, "12" * 16), Signal(SHA1, "34" * 20)), "A1", Kind.VIDEO)
    out = io.StringIO()
    lost = WRITERS[form]([said, Tombstone("2")], out)
    kept = {each.signals[0] for each in entries(read(form, out.getvalue()))}
    assert kept == set(said.signals[: 3 - lost])
    assert lost == (1 if form is ListFormat.STOPNCII else 0)


def test_the_frames_of_one_film_come_back_and_other_entries_are_counted():
    frames = tuple(Signal(PDQ, f"{at + 1:02x}" * 32, at / 2, 90) for at in range(3))
    out = io.StringIO()
    other = Entry("b", (Signal(PDQ, "ab" * 32), Signal(MD5, "12" * 16)))
    assert WRITERS[ListFormat.VPDQ]([Entry("film 7", frames), other], out) == 2
    assert tuple(each.signals[0] for each in entries(read(ListFormat.VPDQ, out.getvalue()))) == frames


@pytest.mark.parametrize(
    ("form", "until"),
    [(ListFormat.NCMEC, "</image>\n"), (ListFormat.THREATEXCHANGE, ",\n")],
)
def test_a_long_list_is_read_in_bounded_memory(form, until, tmp_path):
    said = Entry("e", (Signal(PDQ, "ab" * 32), Signal(MD5, "12" * 16)), "A1", Kind.IMAGE, "7", NOON)
    out = io.StringIO()
    WRITERS[form]([said], out)
    whole = out.getvalue()
    start = whole.index({ListFormat.NCMEC: "<image>", ListFormat.THREATEXCHANGE: '{"id"'}[form])
    end = whole.index(until, start) + len(until)
    (tmp_path / "long").write_text(whole[:start] + whole[start:end] * 10_000 + whole[start:])
    with (tmp_path / "long").open("rb") as stream:
        tracemalloc.start()
        seen = sum(isinstance(each, Entry) for each in READERS[form](stream, "x"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert seen > 10_000
    assert peak < 1_300_000 < (tmp_path / "long").stat().st_size
