"""Facts in the ledger: what reports say of themselves, and what is known of their files."""

from dataclasses import replace

from taken_in import MOMENT, key, record, sighted, taken

from domain.cluster import ClusterKind
from domain.match import Match, SignalType
from domain.media import Fingerprint, Fingerprints, Kind
from domain.model import Answer, Answered, Attribute, Face, ModelVersion, Role, Says, Serving, Verdict
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
from infra.ledger import clusters, facts, inferences, matches, media
from infra.ledger.facts import FileFacts

PLAIN = FileFacts("", faulty=False, looked_at=False, classification=None, annotations=(), categories=())
DETECTOR = ModelVersion("detector-face/d", 1, "0")
FACES, SCENES = ModelVersion("embedder-face/m", 1, "0"), ModelVersion("embedder-scene/m", 1, "0")


def looked_at(connection, *names):
    prints = [Fingerprints(key(name), (Fingerprint(bytes(256), 80),), 1, 1) for name in names]
    media.record_fingerprints(connection, prints)


def file_facts(connection, *champions):
    return facts.file_facts(connection, {each.role: each for each in champions}, 50)


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
    plain, full = facts.report_facts(connection)
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
    assert file_facts(connection) == {
        key("one"): [
            replace(PLAIN, group=key("b"), name=key("b"), looked_at=True, classification="A1"),
            replace(PLAIN, group=key("a"), name=key("a"), annotations=("infant", "viral")),
            replace(PLAIN, group="", faulty=True, seen_by_models=False),
        ]
    }


def test_a_file_bears_the_name_of_its_cluster_and_the_faults_of_its_bytes(connection):
    record(connection, taken("one", sighted("a"), sighted("b")))
    clusters.record(connection, ClusterKind.COPIES, {key("a"): "copies"}, MOMENT)
    media.record_faults(connection, [(key("b"), FileFault.UNDECODABLE)])
    one, other = file_facts(connection)[key("one")]
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
    (file,) = file_facts(connection)[key("one")]
    assert file.categories == ("A1", "B1")


def test_labels_are_those_of_the_version_that_serves(connection):
    record(connection, taken("one", sighted("a")))
    for name, version, label in (("tagger/m", 1, "old"), ("tagger/m", 2, "pier"), ("tagger/other", 1, "church")):
        answer = Answer(Serving(ModelVersion(name, version, "0")), verdicts=(Verdict(label, 0.4, 0.5),))
        inferences.record_answers(connection, [Answered(key("a"), (answer,))], MOMENT)
    for model, labels in (
        ([ModelVersion("tagger/m", 1, "0")], ("old",)),
        ([ModelVersion("tagger/m", 2, "0")], ("pier",)),
        ([], ()),
    ):
        (file,) = file_facts(connection, *model)[key("one")]
        assert file.said.labels == [(label, 0.5) for label in labels]


def test_what_the_classifier_says_is_told_but_for_what_it_says_no_to(connection):
    record(connection, taken("one", sighted("a")))
    model = ModelVersion("classifier/m", 1, "0")
    words = {"yes": Says.YES, "perhaps": Says.UNSURE, "not": Says.NO, "plain": None}
    said = tuple(Verdict(label, 0.4, 0.5, says) for label, says in words.items())
    inferences.record_answers(connection, [Answered(key("a"), (Answer(Serving(model), verdicts=said),))], MOMENT)
    (file,) = file_facts(connection, model)[key("one")]
    assert file.said.classified == [("perhaps", 0.5), ("plain", 0.5), ("yes", 0.5)]
    assert file.said.unsure == {"perhaps"}
    assert file_facts(connection)[key("one")][0].said.classified == []


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
    (file,) = file_facts(connection, model, DETECTOR)[key("one")]
    assert file.said.ages == [("adult", 0.9), ("child", 0.6)]
    assert file_facts(connection)[key("one")][0].said.ages == []


def test_victims_are_counted(connection):
    record(connection, taken("one", victims=2), taken("two"))
    assert sorted(one.victims for one in facts.report_facts(connection)) == [0, 2]


def test_scenes_and_persons_are_those_of_the_models_at_work_or_the_file_and_the_face_themselves(connection):
    record(connection, taken("one", sighted("a"), sighted("b"), sighted("c")))
    sharp = [(80, False, 0.5), (80, False, 0.5), (10, False, 2.0), (80, True, 2.0), (80, False, 2.0)]
    found = tuple(Face(at, 0, 0, 1, 1, 0.9, quality, blurred=blurred) for quality, blurred, at in sharp)
    for name in "ab":
        answers = (
            Answer(Serving(SCENES), vectors=((0, bytes(2)),)),
            Answer(Serving(DETECTOR), faces=found if name == "a" else ()),
            Answer(
                Serving(FACES, str(DETECTOR)),
                vectors=tuple((n, bytes(2)) for n in range(5)) if name == "a" else (),
            ),
        )
        inferences.record_answers(connection, [Answered(key(name), answers)], MOMENT)
    clusters.record(connection, ClusterKind.SCENES, {key("a"): "room"}, MOMENT)
    clusters.record(connection, ClusterKind.FACES, {f"{key('a')}/0": "ann", f"{key('a')}/1": "ann"}, MOMENT)
    a, b, c = file_facts(connection, DETECTOR, FACES, SCENES)[key("one")]
    assert (a.scene, b.scene, c.scene) == ("room", key("b"), "")
    assert (a.persons, b.persons) == ((f"{key('a')}/4", "ann"), ())
    assert (a.said.most_faces, b.said.most_faces) == (3, 0)
    assert (a.said.unheard, b.said.unheard) == (set(), set())
    assert c.said.unheard == {Role.FACE_DETECTOR, Role.FACE_EMBEDDER, Role.SCENE_EMBEDDER}


def test_a_model_of_faces_without_a_detector_is_not_at_work(connection):
    record(connection, taken("one", sighted("a")))
    assert file_facts(connection, FACES)[key("one")][0].said.unheard == set()


def test_models_look_at_sound_pictures_and_videos_alone(connection):
    sightings = (
        sighted("a"),
        sighted("v", Kind.VIDEO),
        sighted("t", Kind.OTHER),
        sighted(None, fault=FileFault.MISSING),
    )
    record(connection, taken("one", *sightings))
    assert [file.seen_by_models for file in file_facts(connection)[key("one")]] == [True, True, False, False]
