"""Priorities in the ledger: appended for good, and one current place a report."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from taken_in import MOMENT, key, record, sighted, taken, utc

from domain.cluster import ClusterKind
from domain.completeness import PARTS
from domain.priority import Priority, Reason
from infra.ledger import clusters, priorities, schema
from infra.ledger.priorities import Ranked


def scored(score, band="middle"):
    return Priority(score, band, (Reason("any", score),))


@pytest.fixture
def three(connection):
    """Have three reports, each a day after the other."""
    for day, name in enumerate(("one", "two", "three")):
        record(connection, taken(name, sighted(name), received_at=MOMENT + timedelta(days=day)))
    return connection


def current(connection):
    table = schema.priority.c
    query = select(table.report_id, table.policy, table.evidence).where(table.current).order_by(table.report_id)
    return [(report.rstrip("."), policy, evidence) for report, policy, evidence in connection.execute(query)]


def history(connection):
    return len(connection.execute(select(schema.priority)).all())


def test_the_queue_runs_from_the_highest_score_and_the_longer_waiting_first_among_equals(three):
    ranked = [(key("three"), "e", scored(50)), (key("two"), "e", scored(50)), (key("one"), "e", scored(20))]
    priorities.record(three, "p1", ranked, MOMENT)
    assert [one.report_id.rstrip(".") for one in priorities.queue(three, 10)] == ["two", "three", "one"]
    (head,) = priorities.queue(three, 1)
    assert head == Ranked(key("two"), 50, "middle", (Reason("any", 50),), completeness=5, lacking=tuple(PARTS)[:-1])


def test_ranking_again_changes_nothing(three):
    ranked = [(key("one"), "e", scored(20)), (key("two"), "e", scored(30))]
    assert [priorities.record(three, "p1", ranked, MOMENT) for _ in range(2)] == [2, 0]
    assert history(three) == 2


def test_new_evidence_is_a_new_row_and_the_old_one_stays(three):
    priorities.record(three, "p1", [(key("one"), "e1", scored(20))], MOMENT)
    assert priorities.record(three, "p1", [(key("one"), "e2", scored(40))], MOMENT) == 1
    assert current(three) == [("one", "p1", "e2")]
    assert history(three) == 2
    assert [one.score for one in priorities.queue(three, 10)] == [40]


def test_a_policy_that_comes_back_finds_its_ranks_again(three):
    ranked = [(key("one"), "e", scored(20)), (key("two"), "e", scored(30))]
    priorities.record(three, "p1", ranked, MOMENT)
    first = priorities.queue(three, 10)
    priorities.record(three, "p2", [(key("one"), "e", scored(90)), (key("two"), "e", scored(10))], MOMENT)
    assert [one.score for one in priorities.queue(three, 10)] == [90, 10]
    priorities.record(three, "p1", ranked, MOMENT)
    assert priorities.queue(three, 10) == first
    assert current(three) == [("one", "p1", "e"), ("two", "p1", "e")]
    assert history(three) == 4


def test_evidence_that_comes_back_stands_by_its_first_row(three):
    for evidence in ("e1", "e2", "e1"):
        priorities.record(three, "p1", [(key("one"), evidence, scored(20))], MOMENT)
    assert current(three) == [("one", "p1", "e1")]


def test_a_report_stands_in_the_queue_once_at_most(three):
    for policy, evidence in (("p1", "e1"), ("p2", "e1"), ("p2", "e2"), ("p1", "e2"), ("p1", "e1")):
        priorities.record(three, policy, [(key(name), evidence, scored(20)) for name in ("one", "two")], MOMENT)
        assert len(current(three)) == len(priorities.queue(three, 10)) == 2


def test_a_row_says_when_it_was_ranked_so_first_and_never_changes(three):
    later = MOMENT + timedelta(days=9)
    for moment in (MOMENT, later):
        priorities.record(three, "p1", [(key("one"), "e", scored(20 if moment is MOMENT else 99))], moment)
    (row,) = three.execute(select(schema.priority)).all()
    assert (row.score, utc(row.ranked_at)) == (20, MOMENT)


def test_what_is_open_is_kept_with_the_scores_that_it_could_be(three):
    left_open = Priority(40, "middle", (Reason("any", 40),), ("sought",), (30, 60))
    priorities.record(three, "p1", [(key("one"), "e", left_open), (key("two"), "e", scored(20))], MOMENT)
    first, second = priorities.queue(three)
    assert (first.open, first.between) == (("sought",), (30, 60))
    assert (second.open, second.between) == ((), None)


def test_a_case_stands_where_its_highest_member_stands(three):
    ranked = [(key(name), "e", scored(score)) for name, score in (("one", 20), ("two", 70), ("three", 90))]
    priorities.record(three, "p1", ranked, MOMENT)
    assert priorities.cases(three) == []
    clusters.record(three, ClusterKind.REPORTS, {key("one"): "case", key("two"): "case"}, MOMENT)
    (case,) = priorities.cases(three)
    assert (case.case, case.highest) == ("case", priorities.queue(three)[1])
    assert case.members == (key("two"), key("one"))
    assert priorities.case_of(three, key("one")) == case
    assert priorities.case_of(three, key("three")) is None
    assert priorities.ranked(three, key("one")) == priorities.queue(three)[2]
    assert case.highest.report_id == key("two")
    assert [one.score for one in priorities.queue(three)] == [90, 70, 20]
