"""What people see of clusters: counts of members that reports name, and codes; nothing of content."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from taken_in import MOMENT, key, record, sighted, taken, utc

from domain.cluster import ClusterKind, Event
from domain.match import Match, SignalType
from domain.report import Classification, Location, LocationRole, Rejection
from infra.ledger import cluster_views, clusters, matches

COPIES, FACES, REPORTS = ClusterKind.COPIES, ClusterKind.FACES, ClusterKind.REPORTS
DAY = timedelta(days=1)


@pytest.fixture
def reported(connection):
    """Have three days of reports, and clusters of their files."""
    swiss = frozenset({Location("CH", LocationRole.SUSPECT)})
    record(
        connection,
        taken("one", sighted("a", classification=Classification.A2), sighted("b"), locations=swiss),
        taken(
            "two",
            sighted("a"),
            sighted("c", classification=Classification.B1),
            reporter="esp-02",
            received_at=MOMENT + DAY,
        ),
        taken("three", sighted("d"), sighted("e"), received_at=MOMENT + 40 * DAY, locations=swiss),
        taken("refused", sighted("b"), rejection=Rejection.SCHEMA, received_at=MOMENT - DAY),
    )
    names = {key(name): "x" for name in "abc"} | {key(name): "y" for name in "de"}
    clusters.record(connection, COPIES, names, MOMENT + DAY)
    return connection


def test_clusters_are_listed_the_largest_first_with_what_is_fresh(reported):
    large, small = cluster_views.standings(reported, COPIES, MOMENT + DAY)
    assert (large.cluster, large.members, large.fresh, utc(large.newest)) == ("x", 3, 1, MOMENT + DAY)
    assert (small.cluster, small.members, small.fresh, utc(small.newest)) == ("y", 2, 2, MOMENT + 40 * DAY)
    assert cluster_views.standings(reported, REPORTS, MOMENT) == []


def test_a_card_says_what_a_cluster_is_made_of(reported):
    matches.record(reported, [Match(key("b"), "list", "1", "B2", SignalType.PDQ, 0, 1.0, settles=True)], tested=False)
    card = cluster_views.card(reported, "x")
    assert [(one.name, one.reports, one.severest) for one in card.members] == [
        (key("a"), 2, "A2"), (key("b"), 1, "B2"), (key("c"), 1, "B1"),
    ]  # fmt: skip
    assert (card.countries, card.reporters) == (Counter({"CH": 1}), Counter({"esp-01": 1, "esp-02": 1}))
    assert card.months == Counter({f"{MOMENT:%Y-%m}": 2})
    assert [(event, other, members) for _, event, other, members in card.changes] == [(Event.FOUNDED, "", 3)]


def test_the_first_of_the_least_severe_is_looked_at_first(reported):
    card = cluster_views.card(reported, "x")
    assert card.representative.name == key("b")
    a, _, c = card.members
    assert cluster_views.least_severe((a, c)) == c
    later = replace(c, name="later", first=c.first + DAY)
    assert cluster_views.least_severe((a, later, c)) == c


def test_a_face_stands_for_the_reports_of_its_file_and_a_report_for_itself(reported):
    clusters.record(reported, FACES, {f"{key('a')}/0": "f", f"{key('a')}/1": "f", f"{key('d')}/0": "f"}, MOMENT)
    clusters.record(reported, REPORTS, {key("one"): "r", key("three"): "r"}, MOMENT)
    faces, reports = cluster_views.card(reported, "f"), cluster_views.card(reported, "r")
    assert [(one.name, one.reports) for one in faces.members] == [
        (f"{key('a')}/0", 2), (f"{key('a')}/1", 2), (f"{key('d')}/0", 1),
    ]  # fmt: skip
    assert faces.reporters == Counter({"esp-01": 2, "esp-02": 1})
    assert [(one.name, one.severest) for one in reports.members] == [(key("one"), "A2"), (key("three"), None)]
    assert reports.countries == Counter({"CH": 2})


def test_of_a_cluster_that_nobody_is_in_there_is_no_card(reported):
    assert cluster_views.card(reported, "z") is None
    clusters.record(reported, COPIES, {}, MOMENT + DAY)
    assert cluster_views.card(reported, "x") is None


def test_what_was_merged_since_is_listed_newest_first(reported):
    clusters.record(reported, COPIES, {key(name): "x" for name in "abcde"}, MOMENT + 2 * DAY)
    assert cluster_views.merged(reported, COPIES, MOMENT) == [("x", "y", 2)]
    assert cluster_views.merged(reported, COPIES, MOMENT + 3 * DAY) == []
    assert cluster_views.merged(reported, FACES, MOMENT) == []


def test_members_are_known_by_what_the_ledger_holds(reported):
    assert clusters.known(reported, COPIES, key("a"))
    assert clusters.known(reported, REPORTS, key("one"))
    assert not clusters.known(reported, COPIES, key("one"))
    assert not clusters.known(reported, FACES, f"{key('a')}/0")
