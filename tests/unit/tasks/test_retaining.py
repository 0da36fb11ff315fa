"""What is past its retention is told in counts, with the date of the oldest."""

from datetime import UTC, datetime

from domain.retention import Held, Standing
from tasks.retaining import UNITS, told

OLDEST = datetime(2015, 2, 3, tzinfo=UTC)


def test_every_class_has_its_words():
    assert set(UNITS) == set(Held)


def test_nothing_past_is_said():
    assert told({held: Standing(held=9) for held in Held}) == (
        "Nothing is past its retention, or falls due within 30 days."
    )


def test_what_is_past_and_what_falls_due_are_told():
    text = told({
        Held.MEDIA: Standing(held=5000, past=2, soon=7, oldest=OLDEST),
        Held.PERSON: Standing(held=3, past=1, oldest=OLDEST),
        Held.DRAFT: Standing(held=3, soon=2),
        Held.ARCHIVE: Standing(held=3),
    })  # fmt: skip
    assert text.split("\n\n") == [
        "Past their retention: 2 files of reports, the oldest from 2015-02-03. Due within 30 days: 7 files of reports.",
        "Past their retention: 1 reports' particulars of people, the oldest from 2015-02-03.",
        "Due within 30 days: 2 parts of drafts.",
    ]
