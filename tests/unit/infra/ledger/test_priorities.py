"""Priorities in the ledger: the facts they rest on, appended for good, and one current place a report."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from taken_in import MOMENT, key, record, sighted, taken

from domain.cluster import ClusterKind
from domain.match import Match, SignalType
from domain.media import Fingerprint, Fingerprints
from domain.model import Answer, Answered, Attribute, ModelVersion, Says, Serving, Verdict
from domain.priority import Priority, Reason
from domain.report import (
    Classification,
    FileAnnotation,
    FileFault,
    Identifier,
    Location,
    LocationRole,
    Particular,
    PersonRole,
    Rejection,
    ReportAnnotation,
)
from infra.ledger import clusters, inferences, matches, media, priorities, schema
from infra.ledger.priorities import FileFacts, Ranked

PLAIN = FileFacts("", faulty=False, looked_at=False, classification=None, annotations=(), categories=(), labels=())


def scored(score, band="middle"):
    return Priority(score, band, (Reason("any", score),))


def looked_at(connection, *names):
    prints = [Fingerprints(key(name), (Fingerprint(bytes(256), 80),), 1, 1) for name in names]
    media.record_fingerprints(connection, prints)


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
    priorities.record(three, "p1", ranked)
    assert [one.report_id.rstrip(".") for one in priorities.queue(three, 10)] == ["two", "three", "one"]
    assert priorities.queue(three, 1) == [Ranked(key("two"), 50, "middle", (Reason("any", 50),))]


def test_ranking_again_changes_nothing(three):
    ranked = [(key("one"), "e", scored(20)), (key("two"), "e", scored(30))]
    assert [priorities.record(three, "p1", ranked) for _ in range(2)] == [2, 0]
    assert history(three) == 2


def test_new_evidence_is_a_new_row_and_the_old_one_stays(three):
    priorities.record(three, "p1", [(key("one"), "e1", scored(20))])
    assert priorities.record(three, "p1", [(key("one"), "e2", scored(40))]) == 1
    assert current(three) == [("one", "p1", "e2")]
    assert history(three) == 2
    assert [one.score for one in priorities.queue(three, 10)] == [40]


def test_a_policy_that_comes_back_finds_its_ranks_again(three):
    ranked = [(key("one"), "e", scored(20)), (key("two"), "e", scored(30))]
    priorities.record(three, "p1", ranked)
    first = priorities.queue(three, 10)
    priorities.record(three, "p2", [(key("one"), "e", scored(90)), (key("two"), "e", scored(10))])
    assert [one.score for one in priorities.queue(three, 10)] == [90, 10]
    priorities.record(three, "p1", ranked)
    assert priorities.queue(three, 10) == first
    assert current(three) == [("one", "p1", "e"), ("two", "p1", "e")]
    assert history(three) == 4


def test_evidence_that_comes_back_stands_by_its_first_row(three):
    for evidence in ("e1", "e2", "e1"):
        priorities.record(three, "p1", [(key("one"), evidence, scored(20))])
    assert current(three) == [("one", "p1", "e1")]


def test_a_report_stands_in_the_queue_once_at_most(three):
    for policy, evidence in (("p1", "e1"), ("p2", "e1"), ("p2", "e2"), ("p1", "e2"), ("p1", "e1")):
        priorities.record(three, policy, [(key(name), evidence, scored(20)) for name in ("one", "two")])
        assert len(current(three)) == len(priorities.queue(three, 10)) == 2


def test_the_facts_of_a_report_are_what_it_says(connection):
    said = {
        "escalated": True, "batched": True,
        "annotations": frozenset({ReportAnnotation.SPAM, ReportAnnotation.SEXTORTION}),
        "particulars": frozenset(
            Particular(PersonRole.SUSPECT, kind, "x@example.org") for kind in (Identifier.PHONE, Identifier.EMAIL)
        ),
        "locations": frozenset({Location("IN", LocationRole.VICTIM)}),
    }  # fmt: skip
    record(connection, taken("two", **said), taken("one"), taken("three", rejection=Rejection.SCHEMA))
    plain, full = priorities.report_facts(connection)
    assert (plain.id, plain.escalated, plain.located, plain.annotations, plain.identifiers) == (
        key("one"),
        False,
        False,
        (),
        (),
    )
    assert (full.id, full.reporter, full.incident_type) == (key("two"), "esp-01", "possession")
    assert (full.escalated, full.batched, full.located) == (True, True, True)
    assert (full.annotations, full.identifiers) == (("sextortion", "spam"), ("email", "phone"))


def test_the_facts_of_files_stand_in_their_order_without_those_of_rejected_reports(connection):
    flags = frozenset({FileAnnotation.VIRAL, FileAnnotation.INFANT})
    record(
        connection,
        taken("one", sighted("b", classification=Classification.A1), sighted("a", annotations=flags),
              sighted(None, fault=FileFault.MISSING)),
        taken("two", sighted("b"), rejection=Rejection.SCHEMA),
    )  # fmt: skip
    looked_at(connection, "b")
    facts = priorities.file_facts(connection, None)
    assert facts == {
        key("one"): [
            replace(PLAIN, group=key("b"), looked_at=True, classification="A1"),
            replace(PLAIN, group=key("a"), annotations=("infant", "viral")),
            replace(PLAIN, group="", faulty=True),
        ]
    }


def test_a_file_bears_the_name_of_its_cluster_and_the_faults_of_its_bytes(connection):
    record(connection, taken("one", sighted("a"), sighted("b")))
    clusters.record(connection, ClusterKind.COPIES, {key("a"): "copies"}, MOMENT)
    media.record_faults(connection, [(key("b"), FileFault.UNDECODABLE)])
    one, other = priorities.file_facts(connection, None)[key("one")]
    assert (one.group, one.faulty, other.group, other.faulty) == ("copies", False, key("b"), True)


def test_a_digest_alone_gives_a_file_no_category(connection):
    record(connection, taken("one", sighted("a")))
    by = {"mine": SignalType.PDQ, "theirs": SignalType.PDQ, "forged": SignalType.MD5}
    categories = {"mine": "B1", "theirs": "A1", "forged": "A2"}
    found = [
        Match(key("a"), name, "1", categories[name], signal, 0, 1.0, settles=signal is SignalType.PDQ)
        for name, signal in by.items()
    ]
    matches.record(connection, found, tested=False)
    (file,) = priorities.file_facts(connection, None)[key("one")]
    assert file.categories == ("A1", "B1")


def test_labels_are_those_of_the_version_that_serves(connection):
    record(connection, taken("one", sighted("a")))
    for name, version, label in (("m", 1, "old"), ("m", 2, "pier"), ("other", 1, "church")):
        answer = Answer(Serving(ModelVersion(name, version, "0")), verdicts=(Verdict(label, 0.4, 0.5),))
        inferences.record_answers(connection, [Answered(key("a"), (answer,))], MOMENT)
    for model, labels in ((ModelVersion("m", 1, "0"), ("old",)), (ModelVersion("m", 2, "0"), ("pier",)), (None, ())):
        (file,) = priorities.file_facts(connection, model)[key("one")]
        assert file.labels == tuple((label, 0.5) for label in labels)


def test_what_the_classifier_says_is_told_but_for_what_it_says_no_to(connection):
    record(connection, taken("one", sighted("a")))
    model = ModelVersion("classifier/m", 1, "0")
    words = {"yes": Says.YES, "perhaps": Says.UNSURE, "not": Says.NO, "plain": None}
    said = tuple(Verdict(label, 0.4, 0.5, says) for label, says in words.items())
    inferences.record_answers(connection, [Answered(key("a"), (Answer(Serving(model), verdicts=said),))], MOMENT)
    (file,) = priorities.file_facts(connection, None, None, model)[key("one")]
    assert file.classified == (("perhaps", 0.5), ("plain", 0.5), ("yes", 0.5))
    assert priorities.file_facts(connection, None)[key("one")][0].classified == ()


def test_age_groups_are_those_of_the_model_that_serves_whoever_found_the_faces(connection):
    record(connection, taken("one", sighted("a")))
    model, upon = ModelVersion("attributes-face/m", 2, "0"), "detector-face/d v1"
    told = (
        Attribute(0, "age_group", "adult", 0.9),
        Attribute(1, "age_group", "child", 0.6),
        Attribute(1, "hair", "x", 1),
    )
    older = Answer(Serving(replace(model, version=1), upon), attributes=(Attribute(0, "age_group", "infant", 1),))
    answers = (Answer(Serving(model, upon), attributes=told), older)
    inferences.record_answers(connection, [Answered(key("a"), answers)], MOMENT)
    (file,) = priorities.file_facts(connection, None, model)[key("one")]
    assert file.ages == (("adult", 0.9), ("child", 0.6))
    assert priorities.file_facts(connection, None)[key("one")][0].ages == ()
