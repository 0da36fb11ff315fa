"""Prioritize: every report ranked as of a day, whatever the order, and again with no change."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from taken_in import MOMENT, key, record, sighted, taken

from domain.media import Fingerprint, Fingerprints
from domain.report import FileFault
from infra.ledger import media, priorities
from infra.ledger.facts import FileFacts, ReportFacts
from infra.policy import load_policy
from infra.world import world
from tasks.ranking import rank, rank_reports

PLAIN = ReportFacts(
    "r1", "esp-01", MOMENT, "possession", escalated=False, batched=False, located=False, annotations=(), identifiers=()
)
SEEN = FileFacts("a", faulty=False, looked_at=True, classification=None, annotations=(), categories=(), name="a")
TODAY = MOMENT.date()


def another(number, reporter="esp-02", days=-1):
    return replace(PLAIN, id=f"r{number}", reporter=reporter, received_at=MOMENT + timedelta(days=days))


@given(st.randoms())
def test_the_order_of_reports_does_not_matter(random):
    reports = [another(number, f"esp-0{number % 3}", number % 2) for number in range(6)]
    files = {one.id: [replace(SEEN, group="ab"[place % 2], name="ab"[place % 2])] for place, one in enumerate(reports)}
    policy = load_policy(None)
    expected = sorted(rank(reports, files, policy, TODAY))
    assert sorted(rank(random.sample(reports, 6), files, policy, TODAY)) == expected


def test_ranking_what_the_ledger_holds_again_changes_nothing(data):
    with world().ledger.begin() as connection:
        record(
            connection,
            taken("one", sighted("a"), sighted(None, fault=FileFault.MISSING)),
            taken("two", sighted("a"), escalated=True, received_at=MOMENT + timedelta(days=1)),
        )
        media.record_fingerprints(connection, [Fingerprints(key("a"), (Fingerprint(bytes(256), 80),), 1, 1)])
    counts = rank_reports.fn()
    assert (counts["reports_ranked"], counts["priorities_new"]) == (2, 2)
    assert sum(number for name, number in counts.items() if name.startswith("band_")) == 2
    assert rank_reports.fn()["priorities_new"] == 0
    with world().ledger.begin() as connection:
        head, next_one = priorities.queue(connection, 10)
    assert (head.report_id, head.band) == (key("two"), "urgent")
    assert {reason.name for reason in next_one.reasons} >= {"New content", "Files that nobody could look at"}


def test_the_day_is_part_of_the_evidence_where_it_tells_something_and_only_there():
    reports, files, policy = [another(1)], {"r1": [SEEN]}, load_policy(None)
    (one,), (next_day,) = (rank(reports, files, policy, TODAY + timedelta(days=days)) for days in (0, 1))
    assert one == next_day
    ((_, evidence, priority),) = rank(reports, files, policy, TODAY + timedelta(days=360))
    assert evidence != one[1]
    assert priority.score == one[2].score + 5
