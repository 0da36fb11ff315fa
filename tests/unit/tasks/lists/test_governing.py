"""Governing lists: three reviewers agree, one objects, withdrawal recalls, and votes go back to the owners."""

import csv

import pytest
from bits import oriented, some
from listed import entry, import_entries, matched, rows, store
from taken_in import key

from domain.errors import InvalidSettings
from domain.lists import ListFormat, Terms, Vote, agreed
from infra.ledger import lists, matches, schema
from infra.ledger.engine import reading
from infra.world import world
from tasks.lists.exporting import export_list
from tasks.lists.governing import agree, propose, quarantine, release, vote, withdraw, write_back
from tasks.lists.importing import import_list
from tasks.matching import match_entries, match_files

UP, DOWN = Vote.UP, Vote.DOWN


def match():
    return match_files.fn() + match_entries.fn()


@pytest.mark.parametrize(
    ("votes", "category"),
    [
        ([], None),
        ([("a", UP, "A1"), ("b", UP, "A1")], None),
        ([("a", UP, "A1"), ("b", UP, "A1"), ("c", UP, "A1")], "A1"),
        ([("a", UP, "A1"), ("b", UP, "A1"), ("c", UP, "B2")], None),
        ([("a", UP, "A1"), ("b", UP, "A1"), ("b", UP, "A1")], None),
        ([("a", UP, "A1"), ("b", UP, "A1"), ("c", UP, "A1"), ("d", DOWN, "")], None),
        ([("a", UP, ""), ("b", UP, ""), ("c", UP, "")], ""),
    ],
)
def test_three_distinct_reviewers_agree_on_a_category_and_nobody_objects(votes, category):
    assert agreed(votes) == category


def test_an_entry_of_our_own_counts_when_three_agree_and_waits_again_when_one_objects(data):
    store("a", oriented(some(1)))
    propose("own", "1", [("pdq", some(1).hex())], "A1", "anna")
    vote("own", "1", UP, "anna", "A1")
    vote("own", "1", UP, "ben", "A1")
    match()
    assert matched() == set()
    vote("own", "1", UP, "cleo", "B1")
    match()
    assert matched() == set()
    assert vote("own", "1", UP, "cleo", "A1")["entries_changed"] == 1
    match()
    assert matched() == {("a", "own", "1")}
    assert vote("own", "1", DOWN, "dora", reason="not what it seems")["matches_recalled"] == 1
    match()
    assert matched() == set()
    vote("own", "1", UP, "dora", "A1")
    match()
    assert matched() == {("a", "own", "1")}
    assert not [row for row in rows(schema.entry_vote) if {"anna", "ben", "cleo", "dora"} & set(map(str, row))]


def test_what_is_withdrawn_is_recalled_and_its_reports_are_told(data):
    store("a", oriented(some(1)))
    propose("own", "1", [("pdq", some(1).hex())], "A1", "anna")
    for reviewer in ("ben", "cleo"):
        vote("own", "1", UP, reviewer, "A1")
    match()
    assert dict(withdraw("own", "1")) == {"list_entries_withdrawn": 1, "matches_recalled": 1}
    assert matched() == set()
    with reading(world().ledger) as connection:
        ((report, ordinal, of, _, reason),) = matches.recalled(connection, "own")
    assert (report, ordinal, of, reason) == (key("report of a"), 0, "1", "withdrawn")
    with pytest.raises(InvalidSettings):
        withdraw("own", "1")


def test_an_entry_that_is_proposed_again_begins_without_votes(data):
    propose("own", "1", [("pdq", some(1).hex())], "A1", "anna")
    for reviewer in ("ben", "cleo"):
        vote("own", "1", UP, reviewer, "A1")
    withdraw("own", "1")
    propose("own", "1", [("pdq", some(2).hex())], "A1", "anna")
    assert {row[9] for row in rows(schema.list_entry)} == {"proposed"}
    assert len(rows(schema.entry_vote)) == 1


def test_what_waits_for_reviewers_is_not_exported(data):
    propose("own", "1", [("pdq", some(1).hex())], "A1", "anna")
    export_list("own", ListFormat.CSV, data / "out.csv")
    assert len((data / "out.csv").read_text().splitlines()) == 1


def test_votes_on_anothers_entries_wait_until_they_are_written_back(data):
    import_entries(data, "theirs", entry("1", some(1), owner="42"), entry("2", some(2)))
    vote("theirs", "1", DOWN, "anna", reason="a landscape")
    vote("theirs", "2", UP, "anna", "A1")
    assert vote("theirs", "2", UP, "anna", "A1")["votes_new"] == 0
    with reading(world().ledger) as connection:
        assert lists.standing(connection, "theirs").to_write_back == 2
    assert dict(write_back("theirs", data / "votes.csv")) == {"votes_written_back": 2}
    told = list(csv.DictReader((data / "votes.csv").read_text().splitlines()))
    assert [(row["entry"], row["owner"], row["vote"], row["reason"]) for row in told] == [
        ("1", "42", "down", "a landscape"), ("2", "", "up", ""),
    ]  # fmt: skip
    assert dict(write_back("theirs", data / "votes.csv")) == {"votes_written_back": 0}
    vote("theirs", "1", UP, "anna", "A1")
    assert dict(write_back("theirs", data / "votes.csv")) == {"votes_written_back": 1}


def test_a_person_quarantines_an_entry_and_releases_it(data):
    store("a", oriented(some(1)))
    import_entries(data, "theirs", entry("1", some(1)))
    match()
    quarantine("theirs", "1")
    assert [row[7] for row in rows(schema.match)] == [False]
    match()
    assert [row[7] for row in rows(schema.match)] == [False]
    release("theirs", "1")
    match()
    assert [row[7] for row in rows(schema.match)] == [True]


def test_a_vote_releases_nothing_from_quarantine(data):
    propose("own", "1", [("pdq", some(1).hex())], "A1", "anna")
    for reviewer in ("ben", "cleo"):
        vote("own", "1", UP, reviewer, "A1")
    quarantine("own", "1")
    vote("own", "1", UP, "dora", "A1")
    with reading(world().ledger) as connection:
        assert lists.standing(connection, "own").entries == {"quarantined": 1}


@pytest.mark.parametrize("terms", [{"radius": 32}, {"radius": -1}, {"quality": 101}])
def test_terms_that_the_index_cannot_keep_are_refused(terms):
    with pytest.raises(ValueError, match="radius"):
        Terms(**terms)


@pytest.mark.parametrize("terms", [{"file_share": 0}, {"entry_share": 0.0}, {"file_share": 1.1}])
def test_shares_that_anything_or_nothing_reaches_are_refused(data, terms):
    import_entries(data, "theirs", entry("1", some(1)))
    with pytest.raises(InvalidSettings, match="share"):
        agree("theirs", terms)


def test_terms_change_and_everything_is_matched_by_them(data):
    store("a", oriented(some(1)), quality=60)
    import_entries(data, "theirs", entry("1", some(1)))
    match()
    said = {"radius": 5, "quality": 70, "owner": "someone", "provenance": None}
    assert agree("theirs", said) == Terms("someone", "", 5, 70)
    assert match()["matches_recalled"] == 1
    agree("theirs", {"quality": 0})
    match()
    assert matched() == {("a", "theirs", "1")}


@pytest.mark.parametrize(
    "call",
    [
        lambda: propose("theirs", "9", [("pdq", "ab" * 32)], "A1", "anna"),
        lambda: propose("own", "1", [("pdq", "cd" * 32)], "A1", "anna"),
        lambda: propose("own", "2", [("pdq", "no hash")], "A1", "anna"),
        lambda: propose("own", "", [("pdq", "cd" * 32)], "A1", "anna"),
        lambda: vote("theirs", "absent", UP, "anna"),
        lambda: vote("absent", "1", UP, "anna"),
        lambda: vote("theirs", "1", UP, ""),
        lambda: withdraw("theirs", "1"),
        lambda: quarantine("own", "1"),
        lambda: release("theirs", "1"),
        lambda: agree("absent", {"radius": 1}),
    ],
)
def test_what_cannot_be_done_is_told_and_never_with_a_hash(data, call):
    import_entries(data, "theirs", entry("1", some(1)))
    propose("own", "1", [("pdq", "ab" * 32)], "A1", "anna")
    with pytest.raises(InvalidSettings) as refused:
        call()
    assert "ab" * 32 not in str(refused.value)
    assert "no hash" not in str(refused.value)


def test_a_list_of_our_own_is_never_imported_nor_written_back(data):
    propose("own", "1", [("pdq", "ab" * 32)], "A1", "anna")
    with pytest.raises(InvalidSettings, match="your own"):
        import_list("own", [data / "ledger.db"])
    with pytest.raises(InvalidSettings):
        write_back("own", data / "votes.csv")
