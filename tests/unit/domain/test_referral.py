"""What feedback says of a report: helped, did not, or nothing."""

import itertools

import pytest
from taken_in import MOMENT

from domain.referral import CaseStatus, Feedback, Recipient, Usefulness, helped


def said(status=CaseStatus.ONGOING, useful=Usefulness.UNSAID, **more):
    return Feedback(MOMENT, Recipient.LOCAL, status, useful, **more)


GOOD = [said(CaseStatus.ARREST), said(CaseStatus.CONVICTION, Usefulness.LIMITED), said(useful=Usefulness.USEFUL),
        said(CaseStatus.CLOSED, child_identified=True)]  # fmt: skip
BAD = [
    said(CaseStatus.CLOSED),
    *(said(useful=each) for each in (Usefulness.STALE, Usefulness.LIMITED, Usefulness.OTHER)),
]
OPEN = [said(), said(CaseStatus.REFERRED), said(child_identified=False)]


@pytest.mark.parametrize(("one", "other"), list(itertools.product([*GOOD, *BAD, *OPEN], repeat=2)))
def test_one_good_word_outweighs_all_others_and_an_open_case_says_nothing(one, other):
    expected = True if one in GOOD or other in GOOD else False if one in BAD or other in BAD else None
    assert helped([one, other]) is expected


def test_without_feedback_nothing_is_said():
    assert helped([]) is None
