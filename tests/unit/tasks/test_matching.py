"""Match: files stand on entries within the radius alone, each pair is compared once, and little settles a file."""

import base64
import shutil

import pytest
from bits import oriented, some, turned
from listed import all_with_all, entry, import_entries, matched, rows, store
from taken_in import key

from domain.match import KnownHash, ListedEntry, SignalType
from domain.media import Fingerprint, Fingerprints, Kind
from infra.ledger import matches, media, schema
from infra.ledger.claims import Claim, Claimed
from infra.ledger.matches import Agreement, Frame
from infra.world import world
from tasks.lists.governing import release
from tasks.matching import joined, match_claims, match_digests, match_entries, match_files
from tasks.voting import match_pictures

PDQ, MD5, SHA1, SHA256 = SignalType.PDQ, SignalType.MD5, SignalType.SHA1, SignalType.SHA256


def known(of, signal):
    return KnownHash(of if isinstance(of, ListedEntry) else ListedEntry("mine", of, "A1"), PDQ, signal.hex())


def frames(blob, *hashes, quality=80, kind=Kind.VIDEO):
    return [Frame(blob, kind, quality, bits) for bits in hashes]


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
