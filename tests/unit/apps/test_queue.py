"""The commands for the queue, as people type them."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from taken_in import MOMENT, key, record, sighted, taken
from typer.testing import CliRunner

from apps.cli import app
from domain.cluster import ClusterKind
from domain.errors import InvalidSettings
from domain.report import IncidentType, Location, LocationRole
from infra.ledger import clusters, facts, priorities
from infra.world import world
from tasks.ranking import rank


def told(*words):
    result = CliRunner().invoke(app, ["queue", *map(str, words)], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def ranked(data):
    with world().ledger.begin() as connection:
        record(
            connection,
            taken("one", sighted("a")),
            taken("two", sighted("a"), escalated=True, incident_type=IncidentType.ENTICEMENT,
                  received_at=MOMENT + timedelta(days=1), locations=frozenset({Location("IN", LocationRole.SUSPECT)})),
        )  # fmt: skip
        clusters.record(connection, ClusterKind.REPORTS, {key("one"): "c" * 64, key("two"): "c" * 64}, MOMENT)
        known = facts.report_facts(connection), facts.file_facts(connection, {}, 50)
        priorities.record(connection, "p" * 64, rank(*known, world().policy, MOMENT.date()), MOMENT)


def test_nothing_ranked_says_what_to_do(data):
    assert "the flow `prioritize`" in told()


def test_the_queue_is_listed_with_reasons_and_completeness(ranked):
    first, second = told().splitlines()[1:]
    assert "two..." in first
    assert "urgent" in first
    assert "The reporter escalated it +40" in first
    assert "one..." in second
    assert len(told("--most", 1).splitlines()) == 2


def test_a_case_is_listed_once_by_its_highest_member(ranked):
    (line,) = told("--cases").splitlines()[1:]
    assert re.match(r" *c{12} +2 +two\.+ +69 ", line)


def test_a_report_is_explained_to_the_last_point(ranked):
    shown = told("show", "one.")
    score = re.search(r"^score +([\d.]+), routine$", shown, re.MULTILINE)[1]
    points = re.findall(r"^ +([+-][\d.]+)  ", shown, re.MULTILINE)
    assert sum(map(Decimal, points)) == Decimal(score)
    assert "look by   2016-06-02 10:00 UTC" in shown
    assert "complete  5 of 100; what would raise this: an IP address of those reported +30, an account +15," in shown
    assert re.search(r"^case +c{12}, 2 reports: 69, urgent, inherited from two\.+: The reporter", shown, re.MULTILINE)
    assert re.search(r"policy p{12}, by which it stands$", shown, re.MULTILINE)


@pytest.mark.parametrize("start", ["nothing", ""])
def test_an_id_that_names_no_report_or_several_is_refused(ranked, start):
    result = CliRunner().invoke(app, ["queue", "show", start])
    assert isinstance(result.exception, InvalidSettings)
