"""What the stand-in classifier found, beside the truth."""

from infra.ledger.outcomes import Outcomes
from tasks.simulating.evaluation import Quality, evaluate


def row(name, marked):
    return {
        "external_id": "1", "file_id": name, "kind": "image", "origin": name, "edit": "original", "entry": "",
        "fault": "", "marked": marked,
    }  # fmt: skip


def outcomes(marked):
    return Outcomes(
        rejections={}, scores={}, received=[], faults={}, entries={}, clusters={}, marked=marked,
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
