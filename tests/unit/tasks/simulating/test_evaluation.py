"""What was found, beside the truth."""

from dataclasses import replace

from infra.ledger.outcomes import Outcomes
from tasks.simulating.evaluation import Quality, evaluate


def row(name, marked):
    return {
        "external_id": "1", "file_id": name, "kind": "image", "origin": name, "edit": "original", "entry": "",
        "fault": "", "marked": marked,
    }  # fmt: skip


def outcomes(marked):
    return Outcomes(
        rejections={}, scores={}, received=[], faults={}, entries={}, clusters={}, scenes={}, cases={}, marked=marked,
        blobs={("1", name): name for name in "abcde"},
    )  # fmt: skip


def line(told, truth):
    files = [row(name, truth.get(name, "")) for name in "abcde"]
    return next(each for each in evaluate(files, [], outcomes(told)) if each.what == "Marked pictures")


def test_marked_pictures_are_counted_among_those_that_the_classifier_looked_at():
    told = {"a": True, "b": True, "c": False, "d": False}
    assert line(told, {"a": "true", "c": "true", "e": "true"}) == Quality("Marked pictures", 0.5, 0.5, 2, 2)


def test_where_no_stand_in_looked_nothing_is_told():
    assert line({}, {"a": "true"}) == Quality("Marked pictures", None, None, 0, 0)


def told(files, found, reports=()):
    """Evaluate files of one report, given as origin and edit."""
    names = [f"{number}" for number in range(len(files))]
    rows = [row(name, "") | {"origin": origin, "edit": edit} for name, (origin, edit) in zip(names, files, strict=True)]
    found = replace(outcomes({}), blobs={("1", name): name for name in names}, **found)
    return {each.what: each for each in evaluate(rows, reports, found)}


FILES = [("a", "original"), ("a", "resize"), ("a", "letterbox"), ("a", "crop"), ("b", "original")]


def test_copies_are_those_after_edits_that_leave_the_picture_whole_and_each_other_edit_is_told_by_itself():
    found = told(FILES, {"clusters": {"0": "x", "1": "x", "4": "x"}})
    assert found["Copies of one another"] == Quality("Copies of one another", 1 / 3, 1 / 3, 3, 3)
    assert [found[f"… after {edit}"].recall for edit in ("resize", "letterbox", "crop")] == [1, 0, 0]


def test_what_is_too_plain_to_be_matched_is_told_by_itself():
    clock = "photograph-0011"
    found = told([*FILES, (clock, "original"), (clock, "mirror")], {"clusters": dict.fromkeys("012", "x")})
    assert found["Copies of one another"].recall == 1
    assert found["… too plain to be matched"] == Quality("… too plain to be matched", None, 0, 1, 0)


def test_a_scene_is_whatever_was_made_of_one_picture_crops_too():
    found = told(FILES, {"scenes": {"0": "s", "3": "s"}})
    assert found["Files of one scene"] == Quality("Files of one scene", 1, 1 / 6, 6, 1)
    assert found["… crops with their originals"].recall == 1


def test_reports_are_of_one_case_as_simulated_and_rejected_ones_do_not_count():
    cases = {"1": "case-1", "2": "case-1", "3": "", "4": "", "5": "case-1"}
    reports = [
        {"external_id": name, "rejection": "schema" * (name == "5"), "urgent": "false", "case": case}
        for name, case in cases.items()
    ]
    found = told(FILES, {"cases": dict.fromkeys("123", "r")}, reports)
    assert found["Reports of one case"] == Quality("Reports of one case", 1 / 3, 1, 1, 3)
