"""Novelty in the ledger: files that are held, files of which a claim alone came, and what has no answer."""

import random
from datetime import timedelta

import pytest
from bits import oriented, some, turned
from listed import MD5, entry, import_entries, rows
from sqlalchemy import select
from taken_in import MOMENT, held, key, record, sighted, taken

from domain.cluster import ClusterKind
from domain.media import Fingerprint, Fingerprints, Kind
from domain.novelty import Newness, Standing
from domain.report import ClaimedHash, FileFault, Rejection
from infra.ledger import clusters, films, hashes, media, schema
from infra.ledger.engine import reading
from infra.ledger.films import Pair
from infra.ledger.novelty import answers
from infra.world import world
from tasks.matching import match_entries, match_files

KNOWN, SEEN, NEW = Newness.KNOWN, Newness.SEEN, Newness.NEW
NOT_SENT = FileFault.NOT_SENT


def sent(name, *files, days=0, **said):
    with world().ledger.begin() as connection:
        record(connection, taken(name, *files, received_at=MOMENT + timedelta(days=days), **said))


def looked_at(*prints):
    with world().ledger.begin() as connection:
        media.record_fingerprints(
            connection, [Fingerprints(key(name), (Fingerprint(bits, 80),), 1, 1) for name, bits in prints]
        )


def told():
    match_files.fn()
    match_entries.fn()
    with reading(world().ledger) as connection:
        reports = list(connection.scalars(select(schema.report.c.id)))
        found = answers(connection, reports, lambda md5: f"named {md5[:2]}")
        for each in reports:
            alone = answers(connection, [each], lambda md5: f"named {md5[:2]}")
            assert alone == {key: one for key, one in found.items() if key[0] == each}
    return {(report.rstrip("."), ordinal): one for (report, ordinal), one in found.items()}


def newness():
    return {key: one.newness for key, one in told().items()}


def test_files_that_are_held_are_known_seen_or_new(data):
    sent("r1", sighted("a"), sighted("b"), sighted("c"))
    sent("r2", sighted("b"), sighted("copy of a"), sighted("copy of c"), days=1)
    looked_at(("a", oriented(turned(some(1), 3))), ("b", oriented(some(2), 2)), ("c", oriented(some(3), 3)))
    with world().ledger.begin() as connection:
        copies = {key("a"): "x", key("copy of a"): "x", key("c"): "y", key("copy of c"): "y"}
        clusters.record(connection, ClusterKind.COPIES, copies, MOMENT)
    assert set(newness().values()) == {NEW, SEEN}
    import_entries(data, "mine", entry("1", some(1)))
    assert newness() == {
        ("r1", 0): KNOWN, ("r1", 1): NEW, ("r1", 2): NEW, ("r2", 0): SEEN, ("r2", 1): KNOWN, ("r2", 2): SEEN,
    }  # fmt: skip
    assert told()["r2", 1].standing == Standing(3, "mine", "1")
    assert told()["r2", 2].first.rstrip(".") == "r1"


def test_an_md5_settles_no_file_that_is_held_and_tells_one_that_is_not(data):
    md5 = held("a").digests.md5
    sent("r1", sighted("a"))
    import_entries(data, "mine", entry("1", (MD5, md5)))
    assert newness() == {("r1", 0): NEW}
    sent("r2", sighted(None, fault=NOT_SENT, claimed_md5="12" * 16), days=1)
    import_entries(data, "theirs", entry("2", (MD5, "12" * 16)))
    assert newness() == {("r1", 0): NEW, ("r2", 0): KNOWN}
    assert told()["r2", 0].group == "named 12"


def test_a_claim_of_a_file_that_is_held_is_that_file_seen_before(data):
    sent("r1", sighted("a"))
    sent("r2", sighted(None, fault=NOT_SENT, claimed_md5=held("a").digests.md5), days=1)
    assert newness() == {("r1", 0): NEW, ("r2", 0): SEEN}


@pytest.mark.parametrize(
    "file",
    [
        sighted(None, fault=NOT_SENT),
        sighted(None, fault=FileFault.MISSING, claimed_md5="12" * 16),
        sighted("a", fault=FileFault.DIGEST_MISMATCH),
    ],
)
def test_what_nobody_can_tell_has_no_answer(data, file):
    sent("r1", file)
    assert told() == {}


def test_reports_that_were_rejected_bring_nothing(data):
    sent("r0", sighted("a"), days=-1, rejection=Rejection.SCHEMA)
    sent("r1", sighted("a"))
    assert newness() == {("r1", 0): NEW}


def test_an_opaque_hash_alone_makes_a_file_known(data):
    hashes = frozenset({ClaimedHash("PhotoDNA", "ab" * 144)})
    sent("r1", sighted(None, fault=NOT_SENT, hashes=hashes))
    assert newness() == {}
    import_entries(data, "mine", entry("1", ("photodna", "ab" * 144)))
    assert newness() == {("r1", 0): KNOWN}


def test_a_claim_makes_no_file_known_that_is_held(data):
    md5 = held("a").digests.md5
    sent("r1", sighted("a"))
    sent("r2", sighted(None, fault=NOT_SENT, claimed_md5=md5), days=1)
    import_entries(data, "mine", entry("1", (MD5, md5)))
    assert newness() == {("r1", 0): NEW, ("r2", 0): KNOWN}


def test_a_clip_of_a_film_that_an_earlier_report_brought_was_seen_and_the_film_of_a_clip_was_not(data):
    sent("r1", sighted("film", Kind.VIDEO))
    sent("r2", sighted("clip", Kind.VIDEO), days=1)
    sent("r3", sighted("longer", Kind.VIDEO), days=2)
    with world().ledger.begin() as connection:
        number = hashes.begin_writing(connection)
        for one, other, shares in (("clip", "film", (1.0, 0.1)), ("clip", "longer", (0.9, 0.2))):
            pair = Pair(key(one), key(other), *shares, 20, 3)
            films.record(connection, key(other), number, [pair])
    assert newness() == {("r1", 0): NEW, ("r2", 0): SEEN, ("r3", 0): NEW}
    assert told()["r2", 0].first.rstrip(".") == "r1"


@pytest.mark.parametrize("seed", range(4))
def test_each_report_is_answered_alone_as_all_are_together(data, seed):
    rng = random.Random(seed)
    names = [f"f{number}" for number in range(8)]
    for number in range(14):
        files = [sighted(rng.choice(names)) for _ in range(rng.randrange(3))]
        md5 = rng.choice([held(rng.choice(names)).digests.md5, "12" * 16, "34" * 16])
        files += [sighted(None, fault=NOT_SENT, claimed_md5=md5)] * rng.randrange(2)
        sent(f"r{number:02}", *files, days=rng.randrange(4))
    stored = sorted({row[0] for row in rows(schema.blob) if row[0][0] == "f"})
    with world().ledger.begin() as connection:
        copies = {each: rng.choice("xyz") for each in stored if rng.random() < 0.6}
        clusters.record(connection, ClusterKind.COPIES, copies, MOMENT)
        number = hashes.begin_writing(connection)
        for one, other in zip(stored, stored[2:], strict=False):
            films.record(connection, one, number, [Pair(one, other, rng.choice([0.9, 0.3]), 0.1, 0, 0)])
    looked_at(*((each.rstrip("."), oriented(some(int(each[1])), int(each[1]))) for each in stored))
    import_entries(data, "mine", entry("1", some(1)), entry("2", (MD5, "12" * 16)))
    assert {KNOWN, SEEN, NEW} >= set(newness().values())
