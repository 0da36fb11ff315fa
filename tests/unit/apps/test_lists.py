"""The commands for lists, as people type them."""

import pytest
from bits import oriented, some
from listed import entry, matched, rows, store, write
from taken_in import key
from typer.testing import CliRunner

from apps.cli import app
from domain.errors import BreakwaterError
from domain.lists import ListFormat, Tombstone
from domain.media import Kind
from infra.ledger import schema
from tasks.matching import match_entries, match_files

PRINT = f"pdq:{some(1).hex()}"


def told(*words, code=0):
    result = CliRunner().invoke(app, ["lists", *map(str, words)])
    assert result.exit_code == code, result.output
    return result.output


def test_a_list_is_imported_shown_and_exported(data):
    page = write(data / "page.xml", entry("e1", some(1)), Tombstone("e2"), form=ListFormat.NCMEC)
    assert "1 list hashes new" in told("import", page, "--name", "industry", "--owner", "NCMEC", "--radius", "24")
    assert "1 lists unchanged" in told("import", page, "--name", "industry")
    shown = told("show")
    for words in ("industry", "NCMEC", "radius         24", "1 active", "1 pdq", "withdrawn      1"):
        assert words in shown
    assert told("show", "industry") == shown
    told("export", "industry", data / "out.csv")
    assert some(1).hex() in (data / "out.csv").read_text()
    assert "quality        70" in told("terms", "industry", "--quality", "70")
    assert "shares         0.3 0.9" in told("terms", "industry", "--shares", 0.3, 0.9)


def test_a_folder_of_pages_is_a_list_called_after_it(data):
    (data / "pages").mkdir()
    for number in (1, 2):
        write(data / "pages" / f"{number}.xml", entry(f"e{number}", some(number)), form=ListFormat.NCMEC)
    told("import", data / "pages")
    assert {row[0] for row in rows(schema.list_entry)} == {"pages"}


def test_a_list_that_cannot_be_read_is_told_with_exit_status_1(data):
    (data / "bad.json").write_text("{")
    assert "was not changed" in told("import", data / "bad.json", "--format", "vics", code=1)
    assert "1 not_well_formed" in told("show", "bad")


def test_three_reviewers_make_an_entry_count_and_a_withdrawal_tells_the_reports(data):
    store("a", oriented(some(1)))
    told("propose", "own", "1", PRINT, "--reviewer", "7", "--category", "A1")
    for reviewer in ("8", "9"):
        told("vote", "own", "1", "up", "--reviewer", reviewer, "--category", "A1")
    match_files.fn(), match_entries.fn()
    assert matched() == {("a", "own", "1")}
    assert "1 entries quarantined" in told("quarantine", "own", "1")
    assert "1 entries released" in told("release", "own", "1")
    assert "1 matches recalled" in told("withdraw", "own", "1")
    assert "report of a" in told("recalls", "own")
    assert "withdrawn" in told("recalls", "own")


def test_what_stands_on_a_list_is_told_with_both_shares_and_the_offset(data):
    store("film", *(oriented(some(number), number) for number in range(9)), kind=Kind.VIDEO)
    store("picture", oriented(some(3), 3))
    frames = [("pdq", some(3 + at).hex(), float(at), 90) for at in range(2)]
    told("import", write(data / "mine.csv", entry("clip", *frames), entry("still", some(3))))
    match_files.fn()
    film, picture = (f"report {key(f'report of {name}')}  file 0" for name in ("film", "picture"))
    assert told("matches", "mine").splitlines() == [
        f"{film}  entry clip  pdq  0 bits  22% of the file, 100% of the entry  from +3 s",
        f"{picture}  entry clip  pdq  0 bits  100% of the file, 50% of the entry  settles",
        f"{picture}  entry still  pdq  0 bits  100% of the file, 100% of the entry  settles",
    ]


def test_votes_for_another_are_written(data):
    told("import", write(data / "theirs.csv", entry("1", some(1))))
    told("vote", "theirs", "1", "down", "--reviewer", "7", "--reason", "a landscape")
    assert "1 to write back" not in told("feedback", "theirs", data / "votes.csv")
    assert "a landscape" in (data / "votes.csv").read_text()


@pytest.mark.parametrize("words", [("show", "absent"), ("import", "absent.csv"), ("terms", "absent")])
def test_what_is_not_there_is_told(data, words):
    result = CliRunner().invoke(app, ["lists", *words])
    assert isinstance(result.exception, BreakwaterError)
