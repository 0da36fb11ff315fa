"""Match: lists are read line by line whatever they hold, and files stand on them within the radius alone."""

import random
from collections import defaultdict

import pytest
from bits import oriented, some, turned
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select
from taken_in import key, record, sighted, taken

from domain.match import KnownHash, Match, SignalType
from domain.media import Fingerprint, Fingerprints, Kind, hamming
from infra.ledger import lists, media, schema
from infra.world import world
from tasks.matching import intake_lists, match_all, match_digests, match_files, match_pictures, parse_list

HEADER = "signal_type,signal_str,collab,category,tags\n"
PDQ, MD5, VIDEO_MD5 = SignalType.PDQ, SignalType.MD5, SignalType.VIDEO_MD5


def known(entry, signal, signal_type=PDQ, category="A1"):
    return KnownHash(entry, signal_type, signal.hex() if isinstance(signal, bytes) else signal, category)


def on(name, *hashes):
    return [(name, each) for each in hashes]


def test_a_list_is_read_line_by_line():
    content = HEADER + (
        f"pdq,{'AB' * 32},any,A1,entry:7 other\n"
        f"md5,{'0' * 32},any, B2 ,\n"
        f"video_md5,{'1' * 32},any,A1,entry:8\n"
        f"pdq,{'cd' * 32},any,A1,entry:7\n"
    )
    hashes, malformed = parse_list(content)
    assert malformed == 0
    assert hashes == [
        known("7", "ab" * 32),
        known("0" * 32, "0" * 32, MD5, "B2"),
        known("8", "1" * 32, VIDEO_MD5),
        known("7", "cd" * 32),
    ]


@pytest.mark.parametrize(
    "line",
    [
        f"sha1,{'0' * 40},any,A1,", f"pdq,{'0' * 63},any,A1,", f"pdq,{'g' * 64},any,A1,", f"md5,{'0' * 64},any,A1,",
        f"PDQ,{'0' * 64},any,A1,", f"md5,{'0' * 32},any,A1,entry:", "pdq,,any,A1,entry:1", "pdq", ",,,,", '"pdq',
        "x" * 200_000, "a\rb",
    ],
)  # fmt: skip
def test_a_malformed_line_is_counted_and_the_rest_is_read(line):
    good = f"md5,{'0' * 32},any,A1,entry:1\n"
    hashes, malformed = parse_list(f"{HEADER}{good}{line}\n")
    assert hashes == [known("1", "0" * 32, MD5)]
    assert malformed >= 1


def test_a_list_without_its_columns_holds_nothing():
    assert parse_list("") == ([], 0)
    assert parse_list(f"a,b\npdq,{'0' * 64}\n") == ([], 1)


@given(st.text(st.characters() | st.sampled_from('",\n\r\0'), max_size=300))
@example("a\rb")
@example(HEADER + '"\n' + "x" * 140_000)
def test_no_text_whatever_is_too_much_for_the_reader(text):
    for content in (text, HEADER + text):
        hashes, malformed = parse_list(content)
        assert malformed >= 0
        assert all(len(one.signal) in {32, 64} for one in hashes)


@pytest.mark.parametrize(("bits", "found"), [(0, True), (31, True), (32, False), (200, False)])
def test_a_picture_stands_on_an_entry_within_31_bits(bits, found):
    frames = [("a", Kind.IMAGE, oriented(some(1)))]
    matches = match_pictures(frames, on("mine", known("1", turned(some(1), bits))))
    assert matches == ([Match("a", "mine", "1", "A1", PDQ, bits, 1.0)] if found else [])


@pytest.mark.parametrize("place", range(8))
def test_a_turned_or_mirrored_picture_stands_on_the_entry_too(place):
    frames = [("a", Kind.IMAGE, oriented(some(1), **{f"at_{place}": turned(some(2), 10)}))]
    (match,) = match_pictures(frames, on("mine", known("1", some(2))))
    assert (match.distance, match.share) == (10, 1.0)


@pytest.mark.parametrize(
    ("frames", "agreeing", "found"), [(4, 2, True), (4, 1, False), (5, 2, False), (5, 3, True), (1, 1, True)]
)
def test_a_video_stands_on_an_entry_from_half_of_its_frames_on(frames, agreeing, found):
    film = [("v", Kind.VIDEO, oriented(some(place), place)) for place in range(frames)]
    entry = on("mine", *(known("1", some(place)) for place in range(agreeing)))
    matches = match_pictures(film, entry)
    assert [match.share for match in matches] == ([agreeing / frames] if found else [])


def test_the_frames_of_a_video_do_not_add_up_over_entries():
    film = [("v", Kind.VIDEO, oriented(some(place), place)) for place in range(5)]
    assert match_pictures(film, on("mine", known("1", some(0)), known("2", some(1)), known("3", some(2)))) == []


def test_the_best_distance_of_an_entry_is_kept():
    frames = [("a", Kind.IMAGE, oriented(some(1), at_3=turned(some(1), 4)))]
    entry = on("mine", known("1", turned(some(1), 20)), known("1", turned(some(1), 7)), known("1", turned(some(1), 12)))
    assert [match.distance for match in match_pictures(frames, entry)] == [3]


def test_the_same_entry_on_two_lists_is_two_matches():
    frames = [("a", Kind.IMAGE, oriented(some(1)))]
    both = [*on("mine", known("1", some(1))), *on("theirs", known("1", some(1), category="B2"))]
    assert {(match.list_name, match.category) for match in match_pictures(frames, both)} == {
        ("mine", "A1"),
        ("theirs", "B2"),
    }


@pytest.mark.parametrize(
    ("frames", "entries"), [([], on("mine", known("1", some(1)))), ([("a", Kind.IMAGE, oriented(some(1)))], [])]
)
def test_nothing_matches_nothing(frames, entries):
    assert match_pictures(frames, entries) == []


def test_many_files_and_entries_match_as_comparing_each_with_each_does():
    rng = random.Random(5)
    frames = [
        (f"file {number % 12:02}", Kind.VIDEO, oriented(turned(some(number % 7), rng.randrange(25)), number))
        for number in range(40)
    ]
    frames.sort(key=lambda frame: frame[0])
    entries = on("mine", *(known(f"{number % 9}", turned(some(number % 7), rng.randrange(40))) for number in range(30)))
    lengths, near = defaultdict(int), defaultdict(dict)
    for place, (blob, _, bits) in enumerate(frames):
        lengths[blob] += 1
        for _, one in entries:
            distance = min(hamming(bits[at : at + 32], bytes.fromhex(one.signal)) for at in range(0, 256, 32))
            if distance <= 31:
                near[blob, one.entry][place] = min(distance, near[blob, one.entry].get(place, 256))
    expected = {
        (blob, entry, min(places.values()), len(places) / lengths[blob])
        for (blob, entry), places in near.items()
        if 2 * len(places) >= lengths[blob]
    }
    found = {(match.blob, match.entry, match.distance, match.share) for match in match_pictures(frames, entries)}
    assert found == expected
    assert len(found) > 20


def test_a_digest_matches_files_of_its_kind_alone():
    files = [("a", Kind.IMAGE, "0" * 32), ("v", Kind.VIDEO, "0" * 32), ("b", Kind.IMAGE, "1" * 32)]
    entries = on("mine", known("1", "0" * 32, MD5), known("2", "0" * 32, VIDEO_MD5))
    assert match_digests(files, entries) == [
        Match("a", "mine", "1", "A1", MD5, 0, 1.0), Match("v", "mine", "2", "A1", VIDEO_MD5, 0, 1.0),
    ]  # fmt: skip


def test_a_digest_on_two_lists_matches_both():
    entries = [*on("mine", known("1", "0" * 32, MD5)), *on("theirs", known("9", "0" * 32, MD5))]
    assert {match.list_name for match in match_digests([("a", Kind.IMAGE, "0" * 32)], entries)} == {"mine", "theirs"}


def test_what_only_a_digest_finds_is_told_apart_and_the_picture_prevails_where_both_do():
    frames = [("a", Kind.IMAGE, oriented(turned(some(1), 5)))]
    files = [("a", Kind.IMAGE, "0" * 32), ("b", Kind.IMAGE, "0" * 32)]
    entries = on("mine", known("1", "0" * 32, MD5), known("1", some(1)))
    matches = {match.blob: match for match in match_all(frames, files, entries)}
    assert (matches["a"].signal_type, matches["a"].distance) == (PDQ, 5)
    assert matches["b"].signal_type is MD5


def test_lists_are_taken_in_from_a_folder_once_and_files_found_on_them(data):
    folder = data / "lists"
    folder.mkdir()
    (folder / "mine.csv").write_text(f"{HEADER}pdq,{some(1).hex()},any,A1,entry:1\nwrong,,,,\n")
    (folder / "empty.csv").write_bytes(b"\xff\xfe\0")
    with world().ledger.begin() as connection:
        record(connection, taken("one", sighted("a"), sighted("b")))
        prints = (("a", turned(some(1), 3)), ("b", some(2)))
        media.record_fingerprints(
            connection, [Fingerprints(key(name), (Fingerprint(oriented(bits), 80),), 1, 1) for name, bits in prints]
        )
    assert dict(intake_lists.fn(folder)) == {"list_hashes": 1, "list_hashes_new": 1, "list_lines_malformed": 1}
    assert intake_lists.fn(folder)["list_hashes_new"] == 0
    assert dict(match_files.fn()) == {"files_matched": 1, "matches_new": 1}
    assert dict(match_files.fn()) == {"files_matched": 1, "matches_new": 0}
    with world().ledger.begin() as connection:
        assert connection.execute(select(schema.match)).all() == [(key("a"), "mine", "1", "A1", "pdq", 3, 1.0)]
        assert {name for name, _ in lists.known_hashes(connection)} == {"mine"}


def test_a_folder_that_is_not_there_holds_no_lists(data):
    assert sum(intake_lists.fn(data / "absent").values()) == 0
