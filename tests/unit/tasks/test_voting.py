"""Vote: pictures and films stand on entries by the shares that agree, with the offset of what a longer film holds."""

import random
from collections import Counter, defaultdict

import numpy as np
import pytest
from bits import oriented, some, turned
from films import film as encoded
from listed import all_with_all, entry, import_entries, matched, rows, store
from taken_in import key, record, sighted, taken

from domain.match import KnownHash, ListedEntry, Match, SignalType
from domain.media import Kind, hamming
from infra.ledger import media, schema
from infra.ledger.matches import Frame
from infra.world import world
from tasks.decoding import bounds
from tasks.hashing.fingerprints import fingerprint
from tasks.lists.importing import import_list
from tasks.matching import match_entries, match_files
from tasks.voting import match_pictures

PDQ = SignalType.PDQ


def known(of, signal, seconds=None):
    of = of if isinstance(of, ListedEntry) else ListedEntry("mine", of, "A1")
    return KnownHash(of, PDQ, signal.hex(), seconds=seconds)


def frames(blob, *hashes, quality=80, kind=Kind.VIDEO):
    return [Frame(blob, kind, quality, bits, float(at)) for at, bits in enumerate(hashes)]


def film(*numbers, blob="v"):
    """Make a film of these pictures, one a second."""
    return frames(blob, *(oriented(some(number), number) for number in numbers))


def listed(*numbers, of="1", start=0.0):
    """List these pictures as the frames of one entry, one a second."""
    return [known(of, some(number), start + at) for at, number in enumerate(numbers)]


@pytest.mark.parametrize(("bits", "found"), [(0, True), (31, True), (32, False), (200, False)])
def test_a_picture_stands_on_an_entry_within_31_bits(bits, found):
    matches = match_pictures(frames("a", oriented(some(1))), [known("1", turned(some(1), bits))])
    assert matches == ([Match("a", "mine", "1", "A1", PDQ, bits, 1.0)] if found else [])


@pytest.mark.parametrize("place", range(8))
def test_a_turned_or_mirrored_picture_stands_on_the_entry_too(place):
    turned_over = frames("a", oriented(some(1), **{f"at_{place}": turned(some(2), 10)}))
    (match,) = match_pictures(turned_over, [known("1", some(2))])
    assert (match.distance, match.share) == (10, 1.0)


@pytest.mark.parametrize(
    ("length", "agreeing", "found"), [(4, 2, True), (4, 1, False), (5, 2, False), (5, 3, True), (1, 1, True)]
)
def test_a_video_stands_on_an_entry_from_half_of_its_frames_on(length, agreeing, found):
    others = listed(*range(50, 56))
    matches = match_pictures(film(*range(length)), [*listed(*range(agreeing)), *others])
    assert [(match.share, match.settles) for match in matches] == ([(agreeing / length, True)] if found else [])


@pytest.mark.parametrize(("agreeing", "found"), [(5, True), (4, True), (3, False)])
def test_a_film_that_holds_most_of_a_listed_clip_stands_on_it_and_is_not_settled(agreeing, found):
    clip = listed(*range(20, 20 + agreeing), *range(90, 95 - agreeing))
    expected = Match("v", "mine", "1", "A1", PDQ, 0, agreeing / 60, False, agreeing / 5, 20)  # noqa: FBT003 (settles)
    assert match_pictures(film(*range(60)), clip) == ([expected] if found else [])


@pytest.mark.parametrize("of", ["1", ListedEntry("mine", "1", "A1", picture=True)])
def test_a_picture_that_a_longer_film_shows_makes_it_stand_on_nothing(of):
    hashes = [some(7)] if of == "1" else [some(7), turned(some(7), 3)]
    assert match_pictures(film(*range(9)), [known(of, each) for each in hashes]) == []
    (match,) = match_pictures(film(7, 8), [known(of, each) for each in hashes])
    assert (match.share, match.entry_share, match.settles) == (0.5, 1.0, True)


def test_each_list_has_its_own_shares():
    clip = listed(*range(20, 30))
    for file_share, entry_share, film_of, found in (
        (0.5, 0.8, range(25, 65), []), (0.5, 0.5, range(25, 65), [False]), (0.1, 1.0, range(25, 65), [False]),
        (0.1, 1.0, range(25, 35), [True]), (0.6, 1.0, range(25, 35), []), (0.6, 0.5, range(25, 35), [False]),
    ):  # fmt: skip
        of = ListedEntry("mine", "1", file_share=file_share, entry_share=entry_share)
        known_as = [KnownHash(of, PDQ, each.signal, None, each.seconds) for each in clip]
        assert [match.settles for match in match_pictures(film(*film_of), known_as)] == found


def test_the_length_of_an_entry_counts_of_which_not_all_is_at_hand():
    some_of_it, lengths = listed(*range(20, 25)), {("mine", "1"): 8}
    assert match_pictures(film(*range(60)), some_of_it, lengths) == []
    (match,) = match_pictures(film(*range(20, 28)), some_of_it, lengths)
    assert (match.share, match.entry_share, match.offset) == (5 / 8, 5 / 8, 0)


@pytest.mark.parametrize(
    ("clip", "offset"),
    [
        (listed(6, 7, 8), 6), (listed(6, 7, 8, start=40.0), -34), ([known("1", some(at)) for at in (6, 7, 8)], None),
        ([known("1", some(6)), *listed(7, 8, start=2.0)], 5),
    ],
)  # fmt: skip
def test_the_offset_is_where_in_the_film_the_entry_begins(clip, offset):
    assert [match.offset for match in match_pictures(film(*range(30)), clip)] == [offset]


def test_the_offset_is_that_of_most_frames_of_equals_the_nearest_and_pictures_have_none():
    clip = listed(1, 2, 3)
    assert [match.offset for match in match_pictures(film(9, 9, 1, 2, 1, 3, 8, 7), clip)] == [2]
    assert [match.offset for match in match_pictures(film(1, 0, 5), listed(1, 5))] == [0]
    (picture,) = match_pictures(frames("p", oriented(some(2)), kind=Kind.IMAGE), clip)
    assert picture.offset is None


def test_an_animated_picture_stands_on_an_entry_by_any_of_its_frames():
    drawn = frames("p", *(oriented(some(place), place) for place in range(9)), kind=Kind.IMAGE)
    (match,) = match_pictures(drawn, [known("1", some(4))])
    assert (match.distance, match.share) == (0, 1 / 9)


def test_identical_frames_of_a_video_count_once():
    still = film(*[1] * 9, 2, 3)
    (match,) = match_pictures(still, listed(2, 3))
    assert (match.share, match.entry_share) == (2 / 3, 1.0)
    assert match_pictures(still, listed(1)) == []
    (match,) = match_pictures(film(*[1] * 9), listed(1, 5))
    assert (match.share, match.entry_share, match.offset) == (1.0, 0.5, 0)


def test_the_frames_of_a_video_do_not_add_up_over_entries():
    assert match_pictures(film(*range(5)), [known(str(place), some(place)) for place in range(3)]) == []


def test_the_best_distance_of_an_entry_is_kept():
    picture = frames("a", oriented(some(1), at_3=turned(some(1), 4)))
    three = [known("1", turned(some(1), bits)) for bits in (20, 7, 12)]
    assert [match.distance for match in match_pictures(picture, three)] == [3]


def test_the_same_entry_on_two_lists_is_two_matches():
    both = [known(ListedEntry("mine", "1", "A1"), some(1)), known(ListedEntry("theirs", "1", "B2"), some(1))]
    assert {(match.list_name, match.category) for match in match_pictures(frames("a", oriented(some(1))), both)} == {
        ("mine", "A1"),
        ("theirs", "B2"),
    }


def test_nothing_matches_nothing():
    assert match_pictures([], [known("1", some(1))]) == match_pictures(frames("a", oriented(some(1))), []) == []


def test_many_files_and_entries_match_as_comparing_each_with_each_does():
    rng = random.Random(5)
    films = [
        Frame(
            f"file {number % 12:02}", Kind.VIDEO, 80, oriented(turned(some(number % 7), rng.randrange(25)), number),
            number / 2,
        )
        for number in range(40)
    ]  # fmt: skip
    films.sort(key=lambda frame: frame.blob)
    entries = [
        known(f"{number % 9}", turned(some(number % 7), rng.randrange(40)), number * 1.5) for number in range(30)
    ]
    lengths, hashes = Counter(frame.blob for frame in films), Counter(one.of.entry for one in entries)
    near = defaultdict(dict)
    for place, frame in enumerate(films):
        for other, one in enumerate(entries):
            distance = min(hamming(frame.bits[at : at + 32], bytes.fromhex(one.signal)) for at in range(0, 256, 32))
            if distance <= 31:
                near[frame.blob, one.of.entry][place, other] = distance
    expected = set()
    for (blob, name), pairs in near.items():
        share, entry_share = (
            len({one for one, _ in pairs}) / lengths[blob],
            len({two for _, two in pairs}) / hashes[name],
        )
        votes = Counter(round(films[one].seconds - entries[two].seconds) for one, two in pairs)
        offset = min(votes, key=lambda each: (-votes[each], abs(each), each))
        if share >= 0.5 or entry_share >= 0.8:
            expected.add((blob, name, min(pairs.values()), share, share >= 0.5, entry_share, offset))
    found = {
        (each.blob, each.entry, each.distance, each.share, each.settles, each.entry_share, each.offset)
        for each in match_pictures(films, entries)
    }
    assert found == expected
    assert len(found) > 20


@pytest.mark.parametrize(("radius", "found"), [(0, False), (9, False), (10, True), (31, True)])
def test_a_list_matches_within_its_own_radius(radius, found):
    near = known(ListedEntry("mine", "1", radius=radius), turned(some(1), 10))
    assert bool(match_pictures(frames("a", oriented(some(1))), [near])) is found


def test_a_list_matches_from_its_own_quality_on_and_other_frames_do_not_count():
    shown = [*frames("v", oriented(some(1)), quality=40), *frames("v", *(oriented(some(n), n) for n in (2, 3)))]
    for quality, share in ((30, 1 / 3), (50, 0.0)):
        matches = match_pictures(shown, [known(ListedEntry("mine", "1", quality=quality), some(1))])
        assert [one.share for one in matches] == ([share] if share >= 0.5 else [])
    shown = shown[:2]
    assert [one.share for one in match_pictures(shown, [known(ListedEntry("mine", "1", quality=30), some(1))])] == [0.5]
    assert match_pictures(shown, [known(ListedEntry("mine", "1", quality=50), some(1))]) == []


@pytest.mark.parametrize(("quality", "found"), [(None, True), (50, True), (49, False), (0, False)])
def test_a_listed_frame_counts_from_the_quality_on_too(quality, found):
    one = KnownHash(ListedEntry("mine", "1"), PDQ, some(1).hex(), quality)
    assert bool(match_pictures(frames("a", oriented(some(1))), [one])) is found


def drawn(scene, *numbers, skipped=0):
    """Give five frames a second of these scenes, one a second, without the first few frames."""
    pictures = {number: np.asarray(scene(number, 144, 192)) for number in set(numbers)}
    return [pictures[number] for number in numbers for _ in range(5)][skipped:]


def keep(name, pictures):
    """Store a film of these pictures, five a second, as it is fingerprinted."""
    content = encoded(moments=range(0, 5 * len(pictures), 5), size=(192, 144), shade=lambda at: pictures[at])
    prints = fingerprint(key(name), Kind.VIDEO, content, bounds())
    with world().ledger.begin() as connection:
        record(connection, taken(f"report of {name}", sighted(name, Kind.VIDEO)))
        media.record_fingerprints(connection, [prints])
    return prints


def list_film(folder, name, prints):
    """Write the frames of a film as a vPDQ list, and import it."""
    lines = [
        f"{at},{one.quality},{one.bits[:32].hex()},{one.seconds:.3f}\n"
        for at, one in enumerate(prints.frames) if one.algorithm == "pdq"
    ]  # fmt: skip
    (folder / f"{name}.vpdq").write_text("".join(lines))
    import_list(name, [folder / f"{name}.vpdq"])


@pytest.mark.parametrize("files_first", [True, False])
def test_a_compilation_that_holds_a_listed_clip_stands_on_it_where_it_begins(data, scene, files_first):
    before, clip, after = (drawn(scene, *range(start, start + 6)) for start in (0, 10, 20))
    prints = keep("clip", clip)
    if not files_first:
        list_film(data, "listed", prints)
    keep("compilation", [*before[8:], *clip, *after])  # the clip begins after 4.4 seconds
    keep("unrelated", [*before, *after])
    if files_first:
        list_film(data, "listed", prints)
    match_entries.fn(), match_files.fn()
    assert matched() == {("clip", "listed", "listed"), ("compilation", "listed", "listed")}
    of = {row[0].rstrip("."): row for row in rows(schema.match)}
    assert of["clip"][6:] == (1.0, True, 1.0, 0)
    share, settles, entry_share, offset = of["compilation"][6:]
    assert (settles, entry_share) == (False, 1.0)
    assert share == pytest.approx(1 / 3, abs=0.05)
    assert abs(offset - 4.4) <= 1
    assert rows(schema.match) == all_with_all()


def test_a_frame_that_is_listed_anew_with_another_time_or_quality_is_matched_anew(data):
    hashes = [oriented(some(number), number) for number in range(9)]
    store("film", *hashes, kind=Kind.VIDEO)

    def bring(start, quality):
        import_entries(data, "mine", entry("1", *((PDQ, some(3 + at).hex(), start + at, quality) for at in range(3))))
        match_files.fn(), match_entries.fn()
        return [row[8:] for row in rows(schema.match)]

    assert bring(0.0, 80) == [(1.0, 3)]
    assert bring(2.0, 80) == [(1.0, 1)]
    assert bring(2.0, 49) == []
    assert rows(schema.recall)
    assert bring(2.0, 50) == [(1.0, 1)]


def test_a_film_that_stands_as_a_clip_with_borders_and_whole_without_is_settled(data):
    outside = [oriented(some(number), number) for number in (1, 2, 30, 31, 32, 33)]
    inside = [oriented(some(number), number) for number in (1, 2)]
    import_entries(data, "mine", entry("1", some(1), some(2)))
    store("framed", *outside, kind=Kind.VIDEO, trimmed=inside)
    match_files.fn()
    assert [row[6:9] for row in rows(schema.match)] == [(1.0, True, 1.0)]
