"""Lists on every database: imports, tombstones, recalls, and matching bit by bit with the rows of matching it all."""

import random
import secrets
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from bits import oriented, some, turned
from listed import MD5, SHA1, SHA256, all_with_all, entry, import_entries, matched, rows, store, write
from sqlalchemy import select, update
from taken_in import held, key, record, sighted, taken

from domain.lists import EntryState, ListFormat, Terms, Tombstone
from domain.match import SignalType
from domain.media import Kind
from domain.report import ClaimedHash, FileFault
from infra.ledger import lists, media, schema
from infra.ledger.engine import migrate
from infra.world import world
from tasks.lists.importing import import_list
from tasks.matching import match_entries, match_files

NOW = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request, tmp_path, monkeypatch):
    """Give the folder of a world of its own, with a ledger in each of the databases."""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        name = f"test_{secrets.token_hex(4)}"
        server.make_databases(name)
        monkeypatch.setenv("BREAKWATER_LEDGER", server.url(name))
    monkeypatch.setenv("BREAKWATER_DATA", str(tmp_path))
    monkeypatch.setenv("BREAKWATER_FLOOD_FILES", "5")
    world.cache_clear()
    migrate(world().ledger)
    yield tmp_path
    world().ledger.dispose()
    world.cache_clear()


def match():
    return match_files.fn() + match_entries.fn()


def entries_of(name):
    with world().ledger.connect() as connection:
        return list(lists.entries(connection, name))


def test_a_whole_list_withdraws_what_it_leaves_out_and_recalls_it(house):
    store("a", oriented(some(1)))
    store("b", oriented(some(2), 2))
    assert import_entries(house, "mine", entry("1", some(1)), entry("2", some(2)))["list_hashes_new"] == 2
    match()
    assert matched() == {("a", "mine", "1"), ("b", "mine", "2")}
    counts = import_entries(house, "mine", entry("2", some(2)))
    assert (counts["list_entries_withdrawn"], counts["matches_recalled"], counts["list_hashes_new"]) == (1, 1, 0)
    match()
    assert matched() == {("b", "mine", "2")}
    ((name, of, file, ordinal, _, reason),) = rows(schema.recall)
    assert (name, of, file, ordinal, reason) == ("mine", "1", key("a"), -1, "withdrawn")
    import_entries(house, "mine", entry("1", some(1)), entry("2", some(2)))
    match()
    assert matched() == {("a", "mine", "1"), ("b", "mine", "2")}


def test_pages_say_what_changed_and_their_order_does_not_matter(house):
    early, late = NOW, NOW + timedelta(days=1)
    page = {
        "one": [entry("7-1", some(1), owner="7", stated_at=early), entry("7-2", some(2), owner="7", stated_at=late)],
        "two": [
            entry("7-1", some(3), category="B2", owner="7", stated_at=late),
            Tombstone("7-2", early, Kind.IMAGE, "7"),
            Tombstone("7-3", late, Kind.IMAGE, "7"),
            entry("7-4", (MD5, "12" * 16), owner="7", stated_at=early),
        ],
        "three": [entry("7-3", some(4), owner="7", stated_at=early)],
    }
    files = {name: write(house / f"{name}.xml", *said, form=ListFormat.NCMEC) for name, said in page.items()}
    told = []
    for number, order in enumerate((["one", "two", "three"], ["three", "two", "one"], ["two", "three", "one"])):
        import_list(f"together {number}", [files[name] for name in order])
        for name in order:
            import_list(f"apart {number}", [files[name]])
        told += [entries_of(f"together {number}"), entries_of(f"apart {number}")]
    assert all(each == told[0] for each in told)
    live = {each.name: each for each in told[0] if not isinstance(each, Tombstone)}
    assert sorted(live) == ["7-1", "7-2", "7-4"]
    assert (live["7-1"].category, live["7-1"].signals[0].value) == ("B2", some(3).hex())


def test_importing_again_changes_nothing(house):
    file = write(house / "page.xml", entry("1", some(1), stated_at=NOW), form=ListFormat.NCMEC)
    import_list("theirs", [file])
    match()
    before = {table.name: rows(table) for table in (schema.hash_list, schema.list_entry, schema.known_hash)}
    assert dict(import_list("theirs", [file])) == {"lists_unchanged": 1}
    assert dict(match_entries.fn())["entries_tested"] == 0
    assert {table.name: rows(table) for table in (schema.hash_list, schema.list_entry, schema.known_hash)} == before


def test_a_list_that_breaks_off_changes_nothing_and_says_why(house):
    import_entries(house, "mine", entry("1", some(1)))
    broken = house / "mine.json"
    broken.write_text('{"hashRecords": [{"signalType": "ImagePDQ", "hashValue": "' + "ab" * 32 + '"}, {"sig')
    assert dict(import_list("mine", [broken])) == {"lists_rejected": 1}
    assert [each.name for each in entries_of("mine")] == ["1"]
    assert [(row[0], row[2], row[3]) for row in rows(schema.list_fault)] == [("mine", 0, "not_well_formed")]


def test_reporters_hashes_match_exactly_whichever_comes_first(house):
    opaque, other = "ab" * 144, "cd" * 144
    claims = {
        "r1": frozenset({ClaimedHash("PhotoDNA", opaque.upper())}),
        "r2": frozenset({ClaimedHash("pdna", other)}),
        "r3": frozenset({ClaimedHash("SHA1", "12" * 20), ClaimedHash("nobody knows", opaque)}),
    }
    with world().ledger.begin() as connection:
        for name in ("r1", "r2"):
            record(connection, taken(name, sighted(None, fault=FileFault.NOT_SENT, hashes=claims[name])))
    match()
    photodna = entry("1", ("photodna", opaque), ("sha1", "12" * 20))
    import_entries(house, "mine", photodna, entry("2", (MD5, "34" * 16)))
    match()
    with world().ledger.begin() as connection:
        late = sighted(None, fault=FileFault.NOT_SENT, hashes=claims["r3"], claimed_md5="34" * 16)
        record(connection, taken("r3", late))
    match()
    assert [(row[0].rstrip("."), *row[1:4]) for row in rows(schema.claim_match)] == [
        ("r1", 0, "mine", "1"), ("r3", 0, "mine", "1"), ("r3", 0, "mine", "2"),
    ]  # fmt: skip
    import_entries(house, "mine", entry("1", ("photodna", other)))
    match()
    assert [(row[0].rstrip("."), *row[1:4]) for row in rows(schema.claim_match)] == [("r2", 0, "mine", "1")]
    assert sorted((row[1], row[2].rstrip("."), row[5]) for row in rows(schema.recall)) == [
        ("1", "r1", "changed"), ("1", "r3", "changed"), ("2", "r3", "withdrawn"),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_bit_by_bit_the_rows_are_those_of_comparing_all_with_all(house, seed):
    rng = random.Random(seed)
    listed = {}
    stood = set()
    for turn in range(12):
        for _ in range(rng.randrange(2, 5)):
            _change(house, rng, turn, listed)
        _harm(house / "index", rng)
        for step in rng.sample([match_files, match_entries], 2):
            step.fn()
        assert rows(schema.match) == all_with_all()
        stood |= set(rows(schema.match))
    assert len(stood) > 5
    assert any(row[9] is not None and row[7] for row in stood)
    assert any(row[6] < 0.5 <= row[8] and not row[7] for row in stood)
    assert rows(schema.recall)


def _harm(folder, rng):
    """Lose, break or set back the indexes, which are nothing but a help."""
    files = [each for each in sorted(folder.rglob("*")) if each.is_file()]
    kept, roll = folder.with_name("kept"), rng.randrange(8)
    if roll == 0 and files:
        shutil.rmtree(folder)
    elif roll == 1 and files:
        file = rng.choice(files)
        file.write_bytes(file.read_bytes()[: rng.randrange(20)])
    elif roll == 2 and files:
        rng.choice(files).unlink()
    elif roll == 3 and files:
        shutil.copytree(folder, kept, dirs_exist_ok=True)
    elif roll == 4 and kept.exists():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(kept, folder)


def _frame(rng, at, bits):
    """List a frame with its time, or its quality, or both."""
    return SignalType.PDQ, bits.hex(), rng.choice([None, float(at)]), rng.choice([None, 40, 90, 90])


def _change(house, rng, turn, listed):
    """Change something at random: a file comes or is found faulty, an entry comes, changes or goes, terms change."""
    roll = rng.randrange(10)
    if roll < 4:
        name = f"f{turn}-{rng.randrange(1000)}"
        kind = rng.choice([Kind.IMAGE, Kind.VIDEO, Kind.VIDEO])
        frames = range(1 if kind is Kind.IMAGE else rng.randrange(1, 9))
        hashes = [oriented(turned(some(rng.randrange(5)), rng.randrange(20)), rng.randrange(99)) for _ in frames]
        hashes += hashes[:: rng.randrange(1, 4)]
        store(name, *hashes, kind=kind, quality=[rng.choice([30, 60, 90, 90]) for _ in hashes])
    elif roll < 8:
        name, of = rng.choice(["one", "two"]), str(rng.randrange(6))
        pictures = [turned(some(rng.randrange(5)), rng.randrange(20)) for _ in range(rng.randrange(1, 5))]
        signals = [_frame(rng, at, each) for at, each in enumerate(pictures)] if rng.random() < 0.7 else pictures
        stored = [row[0].rstrip(".") for row in rows(schema.blob) if row[0][0] == "f"]
        if stored:
            digests = held(rng.choice(stored)).digests
            signals += [(MD5, digests.md5), (SHA1, digests.sha1), (SHA256, digests.sha256)][: rng.randrange(4)]
        listed.setdefault(name, {})[of] = entry(
            of, *signals, category=rng.choice(["A1", "B2"]), size=rng.choice([None, 9, 8]),
            kind=rng.choice([None, Kind.VIDEO, Kind.IMAGE]),
        )  # fmt: skip
        if rng.random() < 0.3:
            listed[name].pop(rng.choice(list(listed[name])))
        import_entries(house, name, *listed[name].values())
    elif roll == 8:
        with world().ledger.begin() as connection:
            names = lists.names(connection)
            if names:
                terms = Terms(
                    radius=rng.choice([5, 31]), quality=rng.choice([0, 50]), file_share=rng.choice([0.3, 0.5, 1.0]),
                    entry_share=rng.choice([0.5, 0.8]),
                )  # fmt: skip
                lists.agree(connection, rng.choice(names), terms)
    else:
        with world().ledger.begin() as connection:
            files = list(connection.scalars(select(schema.blob.c.id).where(media.usable())))
            if files and rng.random() < 0.5:
                media.record_faults(connection, [(rng.choice(files), FileFault.UNDECODABLE)])
            connection.execute(update(schema.list_entry).where(schema.list_entry.c.state == EntryState.QUARANTINED)
                               .values(state=EntryState.RELEASED, tested=False))  # fmt: skip
