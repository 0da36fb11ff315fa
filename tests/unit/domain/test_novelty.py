"""Novelty: three answers, whatever the order in which everything is told."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.novelty import Brought, Newness, Novelty, Standing, tell

DAY = datetime(2020, 1, 1, tzinfo=UTC)
NEAR, FAR = Standing(3, "mine", "1"), Standing(20, "theirs", "9")
KNOWN, SEEN, NEW = Newness.KNOWN, Newness.SEEN, Newness.NEW


def brought(report, group, days=0, standing=None, ordinal=0):
    return Brought(report, ordinal, DAY + timedelta(days=days), group, standing)


def test_the_first_report_brings_what_is_new_and_any_other_what_was_seen():
    told = tell([brought("r2", "a", 1), brought("r1", "a", 0), brought("r1", "a", 0, ordinal=1)])
    assert {key: one.newness for key, one in told.items()} == {("r2", 0): SEEN, ("r1", 0): NEW, ("r1", 1): NEW}
    assert {one.first for one in told.values()} == {"r1"}


def test_of_two_reports_at_one_moment_the_smaller_id_was_first():
    assert tell([brought("r2", "a"), brought("r1", "a")])["r2", 0].newness is SEEN


def test_a_copy_of_a_known_file_is_known_by_the_nearest_entry_and_a_known_one_by_its_own():
    told = tell([brought("r1", "a", standing=FAR), brought("r2", "a", standing=NEAR), brought("r3", "a", -1)])
    assert told["r1", 0] == Novelty(KNOWN, "a", "r3", FAR)
    assert told["r3", 0] == Novelty(KNOWN, "a", "r3", NEAR)


@given(
    st.lists(
        st.builds(
            brought, st.sampled_from(["r1", "r2", "r3"]), st.sampled_from("abc"), st.integers(0, 2),
            st.sampled_from([None, None, NEAR, FAR]), st.integers(0, 2),
        ),
        max_size=8, unique_by=lambda one: (one.report, one.ordinal),
    ),
    st.randoms(),
)  # fmt: skip
def test_every_file_has_one_answer_whatever_the_order(everything, random):
    told = tell(random.sample(everything, len(everything)))
    assert len(told) == len(everything)
    for one in everything:
        group = [other for other in everything if other.group == one.group]
        first = min(group, key=lambda each: (each.received_at, each.report)).report
        expected = KNOWN if any(each.standing for each in group) else NEW if first == one.report else SEEN
        answer = told[one.report, one.ordinal]
        assert (answer.newness, answer.first) == (expected, first)
        assert (answer.standing is None) is (expected is not KNOWN)
