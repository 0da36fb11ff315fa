"""Match: files stand on entries within the radius alone, each pair is compared once, and little settles a file."""

import base64
import random
import shutil
from collections import defaultdict

import pytest
from bits import oriented, some, turned
from listed import all_with_all, entry, import_entries, matched, rows, store
from taken_in import key

from domain.match import KnownHash, ListedEntry, Match, SignalType
from domain.media import Fingerprint, Fingerprints, Kind, hamming
from infra.ledger import matches, media, schema
from infra.ledger.claims import Claim, Claimed
from infra.ledger.matches import Agreement, Frame
from infra.world import world
from tasks.lists.governing import release
from tasks.matching import joined, match_claims, match_digests, match_entries, match_files, match_pictures

PDQ, MD5, SHA1, SHA256 = SignalType.PDQ, SignalType.MD5, SignalType.SHA1, SignalType.SHA256


def known(of, signal):
    return KnownHash(of if isinstance(of, ListedEntry) else ListedEntry("mine", of, "A1"), PDQ, signal.hex())


def frames(blob, *hashes, quality=80, kind=Kind.VIDEO):
    return [Frame(blob, kind, quality, bits) for bits in hashes]


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
    film = frames("v", *(oriented(some(place), place) for place in range(length)))
    matches = match_pictures(film, [known("1", some(place)) for place in range(agreeing)])
    assert [match.share for match in matches] == ([agreeing / length] if found else [])


def test_an_animated_picture_stands_on_an_entry_by_any_of_its_frames():
    drawn = frames("p", *(oriented(some(place), place) for place in range(9)), kind=Kind.IMAGE)
    (match,) = match_pictures(drawn, [known("1", some(4))])
    assert (match.distance, match.share) == (0, 1 / 9)


def test_identical_frames_of_a_video_count_once():
    still = frames("v", *(oriented(some(1), at) for at in range(9)), *(oriented(some(at), at) for at in (2, 3)))
    (match,) = match_pictures(still, [known("1", some(2)), known("1", some(3))])
    assert match.share == 2 / 3
    assert match_pictures(still, [known("1", some(1))]) == []


def test_the_frames_of_a_video_do_not_add_up_over_entries():
    film = frames("v", *(oriented(some(place), place) for place in range(5)))
    assert match_pictures(film, [known(str(place), some(place)) for place in range(3)]) == []


def test_the_best_distance_of_an_entry_is_kept():
    picture = frames("a", oriented(some(1), at_3=turned(some(1), 4)))
    listed = [known("1", turned(some(1), bits)) for bits in (20, 7, 12)]
    assert [match.distance for match in match_pictures(picture, listed)] == [3]


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
    film = [
        Frame(f"file {number % 12:02}", Kind.VIDEO, 80, oriented(turned(some(number % 7), rng.randrange(25)), number))
        for number in range(40)
    ]
    film.sort(key=lambda frame: frame.blob)
    listed = [known(f"{number % 9}", turned(some(number % 7), rng.randrange(40))) for number in range(30)]
    lengths, near = defaultdict(int), defaultdict(dict)
    for place, (blob, _, _, bits) in enumerate(film):
        lengths[blob] += 1
        for one in listed:
            distance = min(hamming(bits[at : at + 32], bytes.fromhex(one.signal)) for at in range(0, 256, 32))
            if distance <= 31:
                near[blob, one.of.entry][place] = min(distance, near[blob, one.of.entry].get(place, 256))
    expected = {
        (blob, entry, min(places.values()), len(places) / lengths[blob])
        for (blob, entry), places in near.items()
        if 2 * len(places) >= lengths[blob]
    }
    found = {(match.blob, match.entry, match.distance, match.share) for match in match_pictures(film, listed)}
    assert found == expected
    assert len(found) > 20


def agreed(blob, of, signal_type, *, same_size=False):
    return Agreement(blob, of, signal_type, same_size)


@pytest.mark.parametrize(
    ("signal_type", "same_size", "settles"),
    [(SHA256, False, True), (SHA1, False, False), (SHA1, True, True), (MD5, False, False), (MD5, True, True)],
)
def test_a_digest_that_can_be_forged_settles_with_the_size_alone(signal_type, same_size, settles):
    (match,) = match_digests([agreed("a", ListedEntry("mine", "1"), signal_type, same_size=same_size)])
    assert (match.settles, match.distance, match.share) == (settles, 0, 1.0)


def test_nothing_that_is_quarantined_settles():
    frozen = ListedEntry("mine", "1", settling=False)
    assert not match_digests([agreed("a", frozen, SHA256)])[0].settles
    assert not match_pictures(frames("a", oriented(some(1))), [known(frozen, some(1))])[0].settles


def test_the_picture_prevails_where_both_find_an_entry_and_any_of_them_settles():
    of = ListedEntry("mine", "1")
    digests = match_digests([agreed("a", of, MD5), agreed("a", of, SHA1, same_size=True), agreed("b", of, MD5)])
    pictures = match_pictures(frames("a", oriented(turned(some(1), 5))), [known(of, some(1))])
    both = {one.blob: one for one in joined([*digests, *pictures])}
    assert (both["a"].signal_type, both["a"].distance, both["a"].settles) == (PDQ, 5, True)
    assert (both["b"].signal_type, both["b"].settles) == (MD5, False)
    (alone,) = joined(digests[:2])
    assert (alone.signal_type, alone.settles) == (SHA1, True)


@pytest.mark.parametrize(("radius", "found"), [(0, False), (9, False), (10, True), (31, True)])
def test_a_list_matches_within_its_own_radius(radius, found):
    near = known(ListedEntry("mine", "1", radius=radius), turned(some(1), 10))
    assert bool(match_pictures(frames("a", oriented(some(1))), [near])) is found


def test_a_list_matches_from_its_own_quality_on_and_other_frames_do_not_count():
    film = [*frames("v", oriented(some(1)), quality=40), *frames("v", *(oriented(some(n), n) for n in (2, 3)))]
    for quality, share in ((30, 1 / 3), (50, 0.0)):
        matches = match_pictures(film, [known(ListedEntry("mine", "1", quality=quality), some(1))])
        assert [one.share for one in matches] == ([share] if share >= 0.5 else [])
    film = film[:2]
    assert [one.share for one in match_pictures(film, [known(ListedEntry("mine", "1", quality=30), some(1))])] == [0.5]
    assert match_pictures(film, [known(ListedEntry("mine", "1", quality=50), some(1))]) == []


@pytest.mark.parametrize(("quality", "found"), [(None, True), (50, True), (49, False), (0, False)])
def test_a_listed_frame_counts_from_the_quality_on_too(quality, found):
    one = KnownHash(ListedEntry("mine", "1"), PDQ, some(1).hex(), quality)
    assert bool(match_pictures(frames("a", oriented(some(1))), [one])) is found


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        ("PhotoDNA", "ab" * 144, True), ("pdna", "AB" * 144, True),
        ("PhotoDNA", base64.b64encode(b"\xab" * 144).decode(), True), ("PhotoDNA", "aB" * 144, False),
        ("PhotoDNA", "cd" * 144, False), ("SHA1", "ab" * 144, False), ("other", "ab" * 144, False),
    ],
)  # fmt: skip
def test_a_claim_stands_on_an_entry_by_its_type_and_its_exact_value(kind, value, found):
    listed = {(SignalType.PHOTODNA, "ab" * 144): [Claimed("", -1, "mine", "1", "A1", SignalType.PHOTODNA)]}
    matches = match_claims([Claim("r", 3, kind, value)], listed)
    assert matches == ([Claimed("r", 3, "mine", "1", "A1", SignalType.PHOTODNA)] if found else [])


def test_a_claimed_md5_may_be_a_pictures_or_a_films():
    listed = {(each, "ab" * 16): [Claimed("", -1, "mine", each, "", each)] for each in (MD5, SignalType.VIDEO_MD5)}
    assert {one.entry for one in match_claims([Claim("r", 0, "md5", "ab" * 16)], listed)} == {"md5", "video_md5"}


def test_nothing_is_compared_twice(data):
    store("a", oriented(turned(some(1), 3)))
    store("b", oriented(some(2), 2))
    import_entries(data, "mine", entry("1", some(1)))
    assert match_files.fn()["matches_new"] == 1
    assert dict(match_entries.fn() + match_files.fn()) | {"entries_tested": 0} == {
        "files_matched": 1, "matches_new": 0, "matches_recalled": 0, "claims_matched": 0, "claims_new": 0,
        "entries_tested": 0, "entries_quarantined": 0,
    }  # fmt: skip
    assert match_entries.fn()["files_matched"] == match_files.fn()["files_matched"] == 0
    import_entries(data, "theirs", entry("9", some(2)))
    assert match_files.fn()["matches_new"] == 0
    assert dict(match_entries.fn())["entries_tested"] == 1
    assert matched() == {("a", "mine", "1"), ("b", "theirs", "9")}


def test_a_file_that_is_fingerprinted_later_is_compared_again(data):
    store("a")
    import_entries(data, "mine", entry("1", some(1)))
    assert (match_files.fn() + match_entries.fn())["matches_new"] == 0
    with world().ledger.begin() as connection:
        media.record_fingerprints(connection, [Fingerprints(key("a"), (Fingerprint(oriented(some(1)), 80),), 1, 1)])
    assert match_files.fn()["matches_new"] == 1


def test_an_entry_that_floods_is_quarantined_and_a_person_lets_it_out(data, monkeypatch):
    monkeypatch.setenv("BREAKWATER_FLOOD_FILES", "2")
    world().ledger.dispose()
    world.cache_clear()
    import_entries(data, "mine", entry("1", some(1)), entry("2", some(2)))
    for name in "abc":
        store(name, oriented(some(1)))
    store("d", oriented(some(2), 2))
    assert (match_files.fn() + match_entries.fn())["entries_quarantined"] == 1
    assert {(row[2], row[7]) for row in rows(schema.match)} == {("1", False), ("2", True)}
    release("mine", "1")
    assert (match_files.fn() + match_entries.fn())["entries_quarantined"] == 0
    assert {(row[2], row[7]) for row in rows(schema.match)} == {("1", True), ("2", True)}


def test_a_run_that_dies_after_it_changed_the_index_leaves_nothing_unmatched(data, monkeypatch):
    import_entries(data, "mine", entry("1", some(1)))
    store("a", oriented(turned(some(1), 3)))
    with monkeypatch.context() as patch:
        patch.setattr(matches, "record", lambda *_, **__: 1 / 0)
        for step in (match_files, match_entries):
            with pytest.raises(ZeroDivisionError):
                step.fn()
    assert (data / "index" / "stored" / "index.json").exists()
    assert matched() == set()
    match_files.fn()
    assert matched() == {("a", "mine", "1")}


def test_a_ledger_that_is_set_back_is_matched_by_what_it_holds(data):
    store("a", oriented(some(1)))
    import_entries(data, "mine", entry("1", some(1)))
    match_files.fn()
    world().ledger.dispose()
    shutil.copy(data / "ledger.db", data / "kept.db")
    store("b", oriented(some(2), 2))
    import_entries(data, "theirs", entry("2", some(2)))
    match_files.fn()
    world().ledger.dispose()
    shutil.copy(data / "kept.db", data / "ledger.db")
    store("c", oriented(some(3), 3))
    import_entries(data, "others", entry("3", some(3)), entry("4", some(2)))
    match_files.fn()
    store("d", oriented(some(3), 4))
    import_entries(data, "late", entry("5", some(3)))
    match_entries.fn()
    match_files.fn()
    assert rows(schema.match) == all_with_all()
    assert ("d", "late", "5") in matched()


@pytest.mark.parametrize("files_first", [True, False])
def test_what_is_inside_borders_stands_on_an_entry_whichever_came_first(data, files_first):
    def bring():
        store("framed", oriented(some(1)), trimmed=[oriented(some(2))])
        store("both", oriented(turned(some(2), 5)), trimmed=[oriented(some(2))])
        store("bare", oriented(some(3)))

    if files_first:
        bring()
    import_entries(data, "mine", entry("inside", some(2)))
    if not files_first:
        bring()
    match_entries.fn()
    match_files.fn()
    distances = {(row[0].rstrip("."), row[5]) for row in rows(schema.match)}
    assert matched() == {("framed", "mine", "inside"), ("both", "mine", "inside")}
    assert distances == {("framed", 0), ("both", 5)}
