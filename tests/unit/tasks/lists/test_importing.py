"""Importing and exporting: whole lists and pages from files, and back to files that say the same."""

import pytest
from bits import some
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from listed import MD5, entry, import_entries, rows, write

from domain.errors import InvalidSettings
from domain.lists import ListFormat, Terms
from domain.media import Kind
from infra.ledger import lists, schema
from infra.ledger.engine import reading
from infra.world import world
from tasks.lists.exporting import export_list
from tasks.lists.importing import import_list, intake_lists, lists_in

HEADER = "signal_type,signal_str,collab,category,tags\n"


def said(name):
    with reading(world().ledger) as connection:
        return list(lists.entries(connection, name))


def test_a_folder_holds_lists_of_any_format_and_folders_of_pages(data):
    folder = data / "lists"
    (folder / "exchange").mkdir(parents=True)
    (folder / "mine.csv").write_text(f"{HEADER}pdq,{some(1).hex()},any,A1,entry:1\nwrong,,,,\n")
    (folder / "empty.csv").write_bytes(b"\xff\xfe\0")
    (folder / "notes.md").write_text("no list")
    (folder / "linked.csv").symlink_to(folder / "mine.csv")
    for number in (1, 2):
        write(folder / "exchange" / f"{number}.xml", entry(f"e{number}", some(number)), form=ListFormat.NCMEC)
    assert list(lists_in(folder)) == ["empty", "exchange", "mine"]
    counts = intake_lists.fn(folder)
    assert (counts["list_hashes"], counts["list_hashes_new"], counts["list_lines_malformed"]) == (3, 3, 1)
    assert counts["lists_rejected"] == 1
    assert dict(intake_lists.fn(folder)) == {"lists_rejected": 1, "lists_unchanged": 2}
    assert [each.name for each in said("exchange")] == ["e1", "e2"]
    assert sorted((row[0], row[3]) for row in rows(schema.list_fault)) == [
        ("empty", "unknown_format"),
        ("mine", "blank"),
    ]


def test_a_folder_that_is_not_there_holds_no_lists(data):
    assert sum(intake_lists.fn(data / "absent").values()) == 0


@pytest.mark.parametrize("form", [ListFormat.CSV, ListFormat.NCMEC, ListFormat.THREATEXCHANGE, ListFormat.VICS])
def test_a_list_that_is_exported_and_imported_again_says_the_same(data, form):
    kind = None if form is ListFormat.THREATEXCHANGE else Kind.IMAGE
    known = [
        entry(f"{number:04}", some(number), (MD5, f"{number + 1:032x}"), kind=kind, owner="") for number in range(1001)
    ]
    import_entries(data, "one", *known)
    assert export_list("one", form, data / "out")["hashes_not_carried"] == 0
    import_list("two", [data / "out"], form)
    assert said("two") == said("one")
    assert len(said("one")) == 1001


def test_exporting_tells_what_a_format_cannot_carry(data):
    import_entries(data, "one", entry("1", some(1), ("sha256", "12" * 32)))
    assert export_list("one", ListFormat.NCMEC, data / "out.xml")["hashes_not_carried"] == 1
    assert export_list("one", ListFormat.STOPNCII, data / "out.json")["hashes_not_carried"] == 1


@pytest.mark.parametrize(("name", "form"), [("absent", ListFormat.CSV), ("one", ListFormat.AUTO)])
def test_what_cannot_be_exported_is_told(data, name, form):
    import_entries(data, "one", entry("1", some(1)))
    with pytest.raises(InvalidSettings):
        export_list(name, form, data / "out")


def test_a_list_keeps_the_terms_under_which_it_was_imported(data):
    terms = Terms(owner="someone", radius=5, quality=70)
    import_entries(data, "one", entry("1", some(1)), terms=terms)
    import_entries(data, "one", entry("1", some(1)), entry("2", some(2)))
    with reading(world().ledger) as connection:
        assert lists.terms(connection, "one") == terms


@pytest.mark.parametrize("name", ["", "x" * 97, "a\nb"])
def test_a_list_without_a_name_is_none(data, name):
    with pytest.raises(InvalidSettings, match="--name"):
        import_list(name, [write(data / "one.csv", entry("1", some(1)))])


def test_a_folder_without_a_page_is_no_list(data):
    with pytest.raises(InvalidSettings, match="no files"):
        import_list("theirs", [])


def test_a_whole_list_of_which_nothing_can_be_read_withdraws_nothing(data):
    import_entries(data, "mine", entry("1", some(1)))
    (data / "mine.csv").write_text(f"{HEADER}pdq,wrong,,,\n")
    assert dict(import_list("mine", [data / "mine.csv"])) == {"lists_rejected": 1}
    assert [each.name for each in said("mine")] == ["1"]
    (data / "mine.csv").write_text(HEADER)
    assert import_list("mine", [data / "mine.csv"])["list_entries_withdrawn"] == 1


LONG = "e" * 129
HOSTILE = {
    "entry.json": '{"data": [{"id": "%s", "type": "HASH_MD5", "indicator": "%s", "descriptors": {"data": [{}]}}]}',
    "gone.json": '{"data": [{"id": "%s", "should_delete": true, "indicator": "%s"}]}',
    "gone.xml": '<queryResult><images><deletedImage><member id="%s"/><id>%s</id></deletedImage></images></queryResult>',
    "medium.json": '{"@odata.context": "#Media", "value": [{"MediaID": "%s", "Category": "%s", "MD5": "' + "12" * 16
    + '", "MediaSize": 999999999999999, "DateUpdated": "/Date(-62135596800000)/"}]}',
}  # fmt: skip


@pytest.mark.parametrize("file", HOSTILE)
@pytest.mark.parametrize("text", ["", LONG, "\\ud800", "a\\u0000b", "%00", "x" * 2000, "1" * 5000])
def test_whatever_a_document_says_the_ledger_takes_it_or_is_not_asked(data, file, text):
    (data / file).write_text(HOSTILE[file] % (text, text))
    counts = import_list("theirs", [data / file])
    assert counts["lists_rejected"] + counts["list_lines_malformed"] + len(rows(schema.list_entry)) >= 1


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(HOSTILE)), st.randoms(use_true_random=False))
def test_no_change_of_a_document_is_too_much_for_an_import(data, file, rng):
    content = bytearray((HOSTILE[file] % ("e1", "12" * 16)).encode())
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(content))
        content[at : at + rng.randrange(6)] = rng.randbytes(rng.randrange(6))
    (data / file).write_bytes(content)
    import_list("theirs", [data / file])


def test_nothing_of_a_list_that_is_rejected_is_told_but_the_reason(data, caplog):
    (data / "mine.json").write_text('{"hashRecords": [{"hashValue": "canary"')
    assert dict(import_list("mine", [data / "mine.json"])) == {"lists_rejected": 1}
    assert "canary" not in caplog.text


def test_the_times_and_qualities_of_a_films_frames_come_back_from_vpdq(data):
    said_first = "".join(f"{at},{90 - at},{some(at).hex()},{at * 0.5:.3f}\n" for at in range(40))
    (data / "film.vpdq").write_text(f"{said_first}40,30,{some(0).hex()},20.000\n")  # identical to its first
    import_list("film", [data / "film.vpdq"])
    (one,) = said("film")
    assert [(each.seconds, each.quality) for each in one.signals] == [(at * 0.5, 90 - at) for at in range(40)]
    export_list("film", ListFormat.VPDQ, data / "film again.vpdq")
    import_list("film again", [data / "film again.vpdq"])
    assert [each.signals for each in said("film again")] == [one.signals]
