"""Lists in the ledger: their terms, their checkpoints, and where they stand."""

import pytest
from listed import entry, import_entries, store

from domain.lists import Faulty, ListFault, ListFormat, Terms, Window
from infra.ledger import lists
from infra.world import world
from tasks.matching import match_files


def test_a_list_keeps_its_terms(connection):
    assert lists.terms(connection, "mine") is None
    lists.agree(connection, "mine", Terms())
    on = Terms(owner="someone", provenance="by agreement", radius=5, quality=0)
    lists.agree(connection, "mine", on)
    assert lists.terms(connection, "mine") == on
    assert lists.names(connection) == ["mine"]


@pytest.mark.parametrize(
    ("windows", "checkpoint"),
    [
        ([Window("2020-01-02T00:00:00Z")], "2020-01-02T00:00:00Z"),
        ([Window("2020-01-02T00:00:00Z", more=True)], None),
        ([Window("2020-01-02T00:00:00Z", more=True), Window("2020-01-01T09:00:00Z")], "2020-01-02T00:00:00Z"),
        ([Window("", more=True), Window("")], None),
        ([Window("99"), Window("100")], "100"),
        ([], None),
    ],
)
def test_the_checkpoint_is_the_end_of_a_window_whose_last_page_is_there(connection, windows, checkpoint):
    lists.agree(connection, "mine", Terms())
    lists.imported(connection, "mine", ListFormat.NCMEC, "d", windows)
    assert lists.standing(connection, "mine").checkpoint == checkpoint


def test_the_checkpoint_never_goes_back(connection):
    lists.agree(connection, "mine", Terms())
    for end in ("2020-01-02T00:00:00Z", "2020-01-01T00:00:00Z"):
        lists.imported(connection, "mine", ListFormat.NCMEC, "d", [Window(end)])
    assert lists.standing(connection, "mine").checkpoint == "2020-01-02T00:00:00Z"


def test_what_was_not_taken_is_kept_by_place_and_reason_once(connection):
    lists.agree(connection, "mine", Terms())
    faults = [Faulty(3, ListFault.BLANK, ""), Faulty(4, ListFault.MALFORMED, "md5\0 x"), Faulty(3, ListFault.BLANK, "")]
    assert [lists.record_faults(connection, "mine", "d", faults) for _ in range(2)] == [2, 2]
    assert lists.standing(connection, "mine").faults == {"blank": 1, "malformed": 1}


def test_a_list_tells_where_it_stands(data):
    store("a")
    import_entries(data, "mine", entry("1", ("md5", "12" * 16)), entry("2", ("pdq", "ab" * 32), ("md5", "34" * 16)))
    import_entries(data, "mine", entry("2", ("pdq", "ab" * 32), ("md5", "34" * 16)))
    match_files.fn()
    with world().ledger.connect() as connection:
        told = lists.standing(connection, "mine")
        assert lists.standing(connection, "theirs") is None
    assert (told.format, told.entries, told.withdrawn) == ("csv", {"active": 1}, 1)
    assert told.hashes == {"md5": 2, "pdq": 1}
