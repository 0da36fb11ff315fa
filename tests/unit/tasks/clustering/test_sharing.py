"""Sharing: what is rare links reports, what is common does not, in any order; the links are on record."""

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from taken_in import MOMENT, key, record, sighted, taken

from domain.cluster import ClusterKind, Ruling
from domain.intake import Trace
from domain.linking import MOST_SHARING, REACH, Link, LinkKind, Shared
from domain.report import Identifier, PersonRole
from infra.ledger import clusters, links
from infra.world import world
from tasks.clustering.density import dense
from tasks.clustering.sharing import cluster_reports, linked, things_of, weights

FILE, SCENE, ACCOUNT, EMAIL, ADDRESS = (
    LinkKind.FILE, LinkKind.SCENE, LinkKind.ACCOUNT, LinkKind.EMAIL, LinkKind.IP_ADDRESS
)  # fmt: skip
REPORTS = [f"{number:03}" for number in range(80)]

shared = st.lists(
    st.builds(Shared, st.sampled_from([FILE, SCENE, ACCOUNT]), st.sampled_from("wxyz"), st.sampled_from("ABCDEFGHIJ")),
    max_size=40,
)


def sharing(kind, thing, reports):
    return [Shared(kind, thing, report) for report in reports]


def pairs(found):
    return sorted({(each.one, each.other) for each in found})


def linked_by(*some):
    return pairs(linked(things_of(each for sharing in some for each in sharing)))


@given(shared)
def test_reports_are_linked_where_the_odds_of_what_they_share_say_so(shared):
    sets = defaultdict(set)
    for kind, thing, report in shared:
        sets[kind, thing].add(report)
    odds = defaultdict(Fraction)
    for kind, reports in {(kind, frozenset(reports)) for (kind, _), reports in sets.items()}:
        for pair in combinations(sorted(reports), 2):
            odds[pair] += Fraction(str(REACH[kind])) / len(reports)
    found = linked(things_of(shared))
    assert pairs(found) == sorted(pair for pair, sums in odds.items() if sums >= 1)
    assert all(each.reports == len(sets[each.kind, each.thing]) for each in found)


@given(shared, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(shared, chance):
    shuffled = chance.sample([*shared, *shared], 2 * len(shared))
    found, again = linked(things_of(shared)), linked(things_of(shuffled))
    assert again == found
    assert dense(weights(again)) == dense(weights(found))


@pytest.mark.parametrize(
    ("kind", "reports", "links"),
    [(ACCOUNT, 8, 28), (ACCOUNT, 9, 0), (FILE, 3, 3), (FILE, 4, 0), (SCENE, 2, 0), (ADDRESS, 2, 0)],
)
def test_what_more_share_than_its_kind_allows_links_nothing_by_itself(kind, reports, links):
    assert len(linked_by(sharing(kind, "x", REPORTS[:reports]))) == links


def test_hints_support_each_other_be_they_of_one_kind_or_two():
    for other in (SCENE, ADDRESS):
        assert linked_by(sharing(SCENE, "x", ["A", "B"]), sharing(other, "y", ["A", "B", "C"])) == [("A", "B")]


def test_what_always_comes_together_counts_once():
    often = REPORTS[:9]
    assert linked_by(sharing(ACCOUNT, "its number", often), sharing(ACCOUNT, "its name", often)) == []
    assert len(linked_by(sharing(ACCOUNT, "x", often), sharing(EMAIL, "y", often))) == 36


def test_what_nearly_all_share_is_no_evidence_however_much_of_it_there_is():
    viral = [sharing(FILE, str(number), REPORTS[number : number + MOST_SHARING + 1]) for number in range(15)]
    assert linked_by(*viral) == []


def test_a_chain_of_reports_each_sharing_a_file_with_the_next_is_no_cluster():
    chain = [each for number, pair in enumerate(pairwise(REPORTS)) for each in sharing(FILE, str(number), pair)]
    found = linked(things_of(chain))
    assert len(found) == len(REPORTS) - 1
    assert max(map(len, dense(weights(found)))) <= 2


def test_two_crowds_and_a_report_in_both_stay_two():
    left, right = REPORTS[:6], REPORTS[5:12]
    groups = dense(weights(linked(things_of([*sharing(ACCOUNT, "x", left), *sharing(ACCOUNT, "y", right)]))))
    assert groups == [REPORTS[:5], right] or groups == [left, REPORTS[6:12]]


def test_without_anything_shared_there_are_no_links():
    assert linked({}) == []
    assert weights([]) == {}


def trace(value, kind=Identifier.ACCOUNT, role=PersonRole.SUSPECT):
    return Trace(role, kind, key(value))


def told(name, *files, traces=(), **said):
    return replace(taken(name, *files, **said), traces=frozenset(traces))


def clustered():
    with world().ledger.begin() as connection:
        names = clusters.members(connection, ClusterKind.REPORTS)
    groups = defaultdict(set)
    for member, name in names.items():
        groups[name].add(member.rstrip("."))
    return sorted(map(sorted, groups.values()))


def test_reports_are_clustered_by_files_copies_and_identifiers_and_each_link_is_on_record(data):
    with world().ledger.begin() as connection:
        record(
            connection,
            told("A", sighted("a"), traces=[trace("x")]),
            told("B", sighted("b"), traces=[trace("y", Identifier.EMAIL)]),
            told("C", sighted("c"), traces=[trace("x", role=PersonRole.RECIPIENT), trace("y", Identifier.EMAIL)]),
            told("D", sighted("d"), traces=[trace("z", role=PersonRole.REPORTER)]),
            told("E", sighted("e"), traces=[trace("z", role=PersonRole.REPORTER)]),
        )
        clusters.record(connection, ClusterKind.COPIES, {key("a"): "copies", key("b"): "copies"}, MOMENT)
    assert dict(cluster_reports.fn()) == {"reports_clusters": 1, "reports_members_changed": 3}
    assert clustered() == [["A", "B", "C"]]
    with world().ledger.begin() as connection:
        assert links.of_reports(connection, [key("A")]) == [
            Link(key("A"), key("B"), FILE, "copies", 2), Link(key("A"), key("C"), ACCOUNT, key("x"), 2),
        ]  # fmt: skip
    assert cluster_reports.fn()["reports_members_changed"] == 0


def test_links_and_clusters_go_with_what_a_revision_takes_back(data):
    both = [told(name, sighted(name), traces=[trace("x")]) for name in "AB"]
    with world().ledger.begin() as connection:
        record(connection, *both)
    cluster_reports.fn()
    assert clustered() == [["A", "B"]]
    revised = replace(told("B", sighted("c")), report_id=key("B again"), drop=key("another drop"))
    with world().ledger.begin() as connection:
        record(connection, revised)
    cluster_reports.fn()
    assert clustered() == []
    with world().ledger.begin() as connection:
        assert links.of_reports(connection, [key("A"), key("B")]) == []


def test_what_analysts_ruled_of_reports_holds(data):
    with world().ledger.begin() as connection:
        record(connection, *(told(name, sighted(name), traces=[trace("x")]) for name in "AB"), told("C", sighted("C")))
        for other, same in (("B", False), ("C", True)):
            ruled = Ruling(key("A"), key(other), same=same)
            clusters.rule(connection, ClusterKind.REPORTS, ruled, by="s", at=MOMENT, reason="")
    for _ in range(2):
        cluster_reports.fn()
        assert clustered() == [["A", "C"]]


def test_a_ruling_follows_a_revision_and_brings_no_report_back(data):
    with world().ledger.begin() as connection:
        record(connection, *(told(name, sighted(name), traces=[trace("x")]) for name in "AB"), told("C", sighted("C")))
        for one, other, same in (("A", "B", False), ("B", "C", True)):
            ruled = Ruling(key(one), key(other), same=same)
            clusters.rule(connection, ClusterKind.REPORTS, ruled, by="s", at=MOMENT, reason="")
        revised = told("B", sighted("b"), traces=[trace("x")])
        record(connection, replace(revised, report_id=key("B again"), drop=key("another drop")))
    cluster_reports.fn()
    assert clustered() == [["B again", "C"]]
