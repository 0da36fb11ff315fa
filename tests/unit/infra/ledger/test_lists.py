"""Lists in the ledger: what a list says now, and the files that stand on it."""

from dataclasses import replace

from sqlalchemy import select
from taken_in import key, record, sighted, taken

from domain.match import KnownHash, Match, SignalType
from infra.ledger import lists, schema

ONE = KnownHash("1", SignalType.PDQ, "0" * 64, "A1")
TWO = KnownHash("2", SignalType.MD5, "1" * 32, "B2")
THREE = KnownHash("1", SignalType.PDQ, "2" * 64, "A1")


def test_a_list_says_what_its_file_says_in_its_order(connection):
    assert lists.record_list(connection, "mine", "d1", [ONE, TWO, THREE], 4) == 3
    assert lists.known_hashes(connection) == [("mine", ONE), ("mine", THREE), ("mine", TWO)]
    assert connection.execute(select(schema.hash_list)).one() == ("mine", "d1", 4)


def test_an_unchanged_file_is_not_written_again(connection):
    lists.record_list(connection, "mine", "d1", [ONE], 0)
    assert lists.record_list(connection, "mine", "d1", [ONE, TWO], 0) == 0
    assert lists.known_hashes(connection) == [("mine", ONE)]


def test_what_a_list_withdraws_is_gone_and_only_what_is_new_counts(connection):
    lists.record_list(connection, "mine", "d1", [ONE, TWO], 0)
    assert lists.record_list(connection, "mine", "d2", [TWO, THREE], 1) == 1
    assert lists.known_hashes(connection) == [("mine", THREE), ("mine", TWO)]
    assert lists.record_list(connection, "mine", "d3", [], 0) == 0
    assert lists.known_hashes(connection) == []


def test_lists_do_not_touch_each_other(connection):
    lists.record_list(connection, "mine", "d1", [ONE], 0)
    lists.record_list(connection, "theirs", "d1", [ONE, TWO], 0)
    lists.record_list(connection, "mine", "d2", [], 0)
    assert lists.known_hashes(connection) == [("theirs", ONE), ("theirs", TWO)]


def test_the_same_hash_twice_in_one_file_is_no_error(connection):
    lists.record_list(connection, "mine", "d1", [ONE, ONE], 0)
    assert len(lists.known_hashes(connection)) == 2


def test_matches_count_where_they_are_new_or_changed(connection):
    record(connection, taken("one", sighted("a")))
    far, near = (Match(key("a"), "mine", "1", "A1", SignalType.PDQ, distance, 1.0) for distance in (9, 2))
    assert [lists.record_matches(connection, [match]) for match in (far, far, near)] == [1, 0, 1]
    assert connection.execute(select(schema.match)).one() == (key("a"), "mine", "1", "A1", "pdq", 2, 1.0)
    assert [lists.record_matches(connection, []) for _ in range(2)] == [1, 0]


def test_a_match_goes_with_the_entry_that_made_it(connection):
    record(connection, taken("r1", sighted("a")))
    one = Match(key("a"), "l", "e1", "A1", SignalType.PDQ, 3, 1.0)
    assert lists.record_matches(connection, [one, replace(one, entry="e2")]) == 2
    assert lists.record_matches(connection, [one]) == 1
    assert lists.record_matches(connection, [one]) == 0
    assert connection.scalars(select(schema.match.c.entry)).all() == ["e1"]
