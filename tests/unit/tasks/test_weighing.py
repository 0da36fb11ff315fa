"""Weighing: what each fact counts as, who was first, who else sent it, and what models left open."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from listed import MD5, entry, import_entries
from taken_in import MOMENT, record, sighted, taken

from domain.evidence import EVIDENCE
from domain.model import Role
from domain.report import FileFault
from infra.ledger import facts
from infra.ledger.facts import FileFacts, ReportFacts
from infra.ledger.witnesses import Witness
from infra.policy import load_policy
from infra.world import world
from tasks.matching import match_files
from tasks.weighing import RULES, common, digest_of, weigh

PLAIN = ReportFacts(
    "r1", "esp-01", MOMENT, "possession", escalated=False, batched=False, located=False, annotations=(), identifiers=()
)
SEEN = FileFacts("a", faulty=False, looked_at=True, classification=None, annotations=(), categories=(), name="a")
BROKEN = replace(SEEN, group="", name="", faulty=True, looked_at=False)
POLICY = replace(
    load_policy(None),
    clues=frozenset({"church", "pier"}),
    minors=frozenset({"child"}),
    sought=frozenset({"wanted"}),
)
TODAY = MOMENT.date()


def weighed(*files, report=PLAIN, others=(), today=TODAY):
    """Weigh up a report beside others: pairs of a report and its files; evidence, and what is open."""
    everything = [(report, files), *others]
    brought = {one.id: brought for one, brought in everything}
    shared = common([one for one, _ in everything], brought, POLICY, today)
    return weigh(report, files, shared, POLICY, today)


def evidence(*files, **told):
    return weighed(*files, **told)[0]


def another(number, reporter="esp-02", days=-1):
    return replace(PLAIN, id=f"r{number}", reporter=reporter, received_at=MOMENT + timedelta(days=days))


def test_every_fact_of_a_report_counts():
    full = replace(
        PLAIN, escalated=True, batched=True, located=True, incident_type="enticement",
        annotations=("sextortion", "spam"), identifiers=("email", "phone"),
    )  # fmt: skip
    files = [
        replace(SEEN, group="a", name="a", classification="A1", annotations=("infant", "viral")),
        replace(SEEN, group="b", name="b", annotations=("infant",), categories=("A1", "B2"), classification="A1"),
        replace(SEEN, group="c", name="c", categories=("A1",)),
        BROKEN,
        replace(SEEN, group="d", name="d", looked_at=False),
    ]
    assert evidence(*files, report=full) == {
        "escalated": 1, "viral": 1, "located": 1, "incident.enticement": 1, "report.sextortion": 1, "report.spam": 1,
        "identifiers": 2, "file.infant": 2, "file.viral": 1, "class.A1": 2, "known": 2, "known.A1": 2, "known.B2": 1,
        "new": 1, "new_file": 1, "unseen_fault": 1, "account": 1,
    }  # fmt: skip


def test_a_plain_report_is_its_incident_alone():
    assert evidence() == {"incident.possession": 1}


def test_everything_that_counts_has_a_name_that_a_policy_can_weigh():
    files = [replace(SEEN, annotations=("viral",), classification="B1", categories=("A2",)), SEEN, BROKEN]
    assert set(evidence(*files, report=replace(PLAIN, escalated=True, located=True))) <= set(EVIDENCE)


def test_content_is_new_in_the_report_that_brought_it_first_and_seen_in_any_other():
    before, after = (another(2, days=-1), [SEEN]), (another(2, days=1), [SEEN])
    assert evidence(SEEN, others=[before])["seen"] == 1
    assert "new" not in evidence(SEEN, others=[before])
    assert evidence(SEEN, others=[after])["new"] == 1


def test_of_two_reports_at_one_moment_the_smaller_id_was_first():
    at_once = [(another(0, days=0), [SEEN])]
    assert "seen" in evidence(SEEN, others=at_once)
    assert "new" in evidence(SEEN, others=[(another(2, days=0), [SEEN])])


def test_what_nobody_could_look_at_makes_nothing_seen():
    unseen = replace(SEEN, looked_at=False)
    assert evidence(SEEN, others=[(another(2), [unseen])])["new"] == 1
    assert evidence(SEEN, others=[(another(2), [replace(SEEN, faulty=True)])])["new"] == 1
    assert "new" not in evidence(unseen)


def test_a_file_with_a_fault_counts_as_that_alone():
    found = evidence(replace(SEEN, faulty=True, categories=("A1",)))
    assert found == {"incident.possession": 1, "unseen_fault": 1}


def test_other_reporters_of_the_same_content_are_counted_once_each():
    others = [
        (another(2, "esp-02"), [SEEN]),
        (another(3, "esp-02"), [SEEN]),
        (another(4, "esp-03"), [replace(SEEN, group="b", name="b")]),
        (another(5, "esp-04"), [replace(SEEN, group="z", name="z")]),
        (another(6, "esp-01"), [SEEN]),
    ]
    assert evidence(SEEN, replace(SEEN, group="b", name="b"), others=others)["reporters"] == 2
    assert "reporters" not in evidence(SEEN, others=others[-2:])


def test_files_that_never_came_are_nothing_in_common():
    others = [(another(2), [BROKEN])]
    assert "reporters" not in evidence(BROKEN, others=others)


def test_the_surest_clue_of_all_files_counts_and_other_labels_do_not():
    files = [
        replace(SEEN, said=Witness(labels=(("church", 0.3), ("zebra", 0.9)))),
        replace(SEEN, said=Witness(labels=(("pier", 0.6), ("church", 0.1)))),
    ]
    assert evidence(*files)["clue"] == 0.6
    assert "clue" not in evidence(replace(SEEN, said=Witness(labels=(("zebra", 0.9),))))


def test_the_surest_label_that_is_sought_counts_and_others_do_not():
    files = [
        replace(SEEN, said=Witness(classified=(("wanted", 0.6), ("other", 0.9)))),
        replace(SEEN, said=Witness(classified=(("wanted", 0.8),))),
    ]
    assert evidence(*files)["sought"] == 0.8
    assert "sought" not in evidence(replace(SEEN, said=Witness(classified=(("other", 0.99),))))


def test_the_surest_face_of_a_minor_counts_and_other_ages_do_not():
    files = [
        replace(SEEN, said=Witness(ages=(("adult", 0.9), ("child", 0.4)))),
        replace(SEEN, said=Witness(ages=(("child", 0.7),))),
    ]
    assert evidence(*files)["minor"] == 0.7
    assert "minor" not in evidence(replace(SEEN, said=Witness(ages=(("adult", 0.99),))))


@pytest.mark.parametrize("flag", ["viral", "potentialMeme"])
def test_a_batched_report_or_a_flagged_file_is_viral(flag):
    assert evidence(report=replace(PLAIN, batched=True))["viral"] == 1
    assert evidence(replace(SEEN, annotations=(flag,)), replace(SEEN, annotations=(flag,)))["viral"] == 1


@given(st.dictionaries(st.sampled_from(sorted(EVIDENCE)), st.floats(0, 9)), st.randoms())
def test_evidence_in_any_order_has_one_digest(found, random):
    shuffled = dict(random.sample(sorted(found.items()), len(found)))
    assert digest_of(shuffled) == digest_of(found)
    assert digest_of({**found, "new": found.get("new", 0) + 1}) != digest_of(found)


def test_the_digest_is_that_of_the_rules_the_evidence_and_what_is_open_written_in_order():
    text = b'[1, {"escalated": 1, "new": 2.0}, {"sought": [0.0, 1.0]}]'
    assert RULES == 1
    assert digest_of({"new": 2.0, "escalated": 1}, {"sought": (0.0, 1.0)}) == hashlib.sha256(text).hexdigest()


def test_a_file_that_was_never_sent_and_whose_claim_stands_on_a_list_is_known_and_nobody_need_look_at_it(data):
    absent = sighted(None, fault=FileFault.NOT_SENT, claimed_md5="12" * 16)
    with world().ledger.begin() as connection:
        record(connection, taken("one", absent), taken("two", sighted(None, fault=FileFault.NOT_SENT)))
    import_entries(data, "mine", entry("1", (MD5, "12" * 16), category="B2"))
    match_files.fn()
    with world().ledger.begin() as connection:
        reports, files = facts.report_facts(connection), facts.file_facts(connection, {}, 50)
    shared = common(reports, files, POLICY, TODAY)
    told = {one.id.rstrip("."): weigh(one, files[one.id], shared, POLICY, TODAY)[0] for one in reports}
    assert told["one"] == {"incident.possession": 1, "known": 1, "known.B2": 1}
    assert told["two"] == {"incident.possession": 1, "unseen_fault": 1}


def test_a_clip_of_a_film_that_came_earlier_was_seen():
    clip, film = replace(SEEN, group="clip", name="clip", within=("film",)), replace(SEEN, group="film", name="film")
    assert evidence(clip, others=[(another(2), [film])])["seen"] == 1
    assert evidence(clip, others=[(another(2, days=1), [film])])["new"] == 1


def test_one_picture_named_three_times_in_a_report_is_new_once():
    assert evidence(SEEN, SEEN, SEEN)["new"] == 1


def test_a_copy_of_a_listed_file_is_known_and_not_new():
    listed = replace(SEEN, categories=("A1",))
    found = evidence(SEEN, listed)
    assert (found["known"], found["known.A1"], "new" in found) == (1, 1, False)


def test_a_file_that_nobody_could_look_at_tells_nothing_of_others_or_of_a_place():
    broken = replace(SEEN, faulty=True, said=Witness(labels=[("church", 0.9)]))
    other = replace(PLAIN, id="r2", reporter="esp-02")
    found = evidence(broken, others=[(other, [SEEN])])
    assert "reporters" not in found
    assert "clue" not in found


def test_novelty_has_three_levels_and_what_a_report_brought_before_is_none():
    brought = replace(SEEN, scene="room", persons=("ann",))
    first = evidence(brought)
    assert {name: first[name] for name in ("new_file", "new", "new_scene", "new_face")} == dict.fromkeys(
        ("new_file", "new", "new_scene", "new_face"), 1
    )
    others = [(another(2), [brought])]
    copy = replace(brought, name="copy of a")
    assert set(evidence(copy, others=others)) == {"incident.possession", "new_file", "reporters", "seen"}
    scene = replace(SEEN, group="b", name="b", scene="room", persons=("bob",))
    told = evidence(scene, others=others)
    assert (told["new"], told["new_face"], "new_scene" in told) == (1, 1, False)


def test_what_a_list_knows_has_no_new_scene_and_no_new_face():
    told = evidence(replace(SEEN, categories=("A1",), scene="room", persons=("ann",)))
    assert set(told) == {"incident.possession", "known", "known.A1"}


def test_a_scene_grows_while_it_is_new_by_different_files_and_not_by_copies():
    def shows(name):
        return replace(SEEN, group=name, name=name, scene="room")

    copies = [(another(number, days=-number), [replace(shows("b"), name=f"b{number}")]) for number in (2, 3)]
    assert evidence(shows("a"), others=copies)["growing"] == 1
    grown = [*copies, (another(4, days=-4), [shows("c")])]
    assert evidence(shows("a"), others=grown)["growing"] == 2
    assert "growing" not in evidence(shows("a"), others=grown, today=TODAY + timedelta(days=27))
    assert "growing" not in evidence(shows("a"), others=[*grown, (another(5, days=-40), [shows("d")])])
    assert "growing" not in evidence(SEEN, others=[(another(2), [replace(SEEN, group="b", name="b")])])


@pytest.mark.parametrize(("days", "there"), [(350, False), (351, True), (365, True), (366, False)])
def test_what_the_reporter_keeps_expires_soon_in_the_last_days_of_a_year(days, there):
    assert ("expiring" in evidence(today=TODAY + timedelta(days=days))) is there


def test_victims_and_accounts_count():
    told = evidence(report=replace(PLAIN, victims=2, identifiers=("device", "phone")))
    assert (told["victims"], told["account"], told["identifiers"]) == (2, 1, 2)
    assert "account" not in evidence(report=replace(PLAIN, identifiers=("device", "ip_address")))


def test_the_frame_with_the_most_faces_counts_and_ten_of_them_at_most():
    assert evidence(*(replace(SEEN, said=Witness(most_faces=number)) for number in (2, 5)))["faces"] == 5
    assert evidence(replace(SEEN, said=Witness(most_faces=40)))["faces"] == 10


def unheard(*roles, **told):
    return replace(SEEN, said=Witness(unheard=set(roles), **told))


def test_what_no_model_at_work_looked_at_is_open():
    _, left_open = weighed(
        unheard(Role.TAGGER, Role.FACE_DETECTOR, Role.SCENE_EMBEDDER),
        replace(SEEN, said=Witness(labels=[("pier", 0.6)])),
    )
    assert left_open == {"clue": (0.6, 1.0), "faces": (0, 10), "new_scene": (0, 1)}


def test_nothing_is_open_of_what_is_settled_faulty_no_picture_or_looked_at_by_all():
    everything = set(Role)
    for file in (
        replace(unheard(*everything), categories=("A1",)),
        replace(unheard(*everything), faulty=True),
        replace(unheard(*everything), seen_by_models=False),
        unheard(),
    ):
        assert weighed(file)[1] == {}


def test_where_the_classifier_abstains_the_evidence_lies_between_what_it_is_sure_of_and_all():
    unsure = replace(SEEN, said=Witness(classified=[("wanted", 0.6)], unsure={"wanted"}))
    assert (weighed(unsure)[0]["sought"], weighed(unsure)[1]) == (0.6, {"sought": (0.0, 1.0)})
    sure = replace(SEEN, said=Witness(classified=[("wanted", 0.5)]))
    assert weighed(unsure, sure)[1] == {"sought": (0.5, 1.0)}
    other = replace(SEEN, said=Witness(classified=[("other", 0.6)], unsure={"other"}))
    assert weighed(other)[1] == {}


def test_what_the_policy_lists_nothing_for_is_never_open():
    shared = common([PLAIN], {"r1": [SEEN]}, POLICY, TODAY)
    policy = replace(POLICY, sought=frozenset())
    assert weigh(PLAIN, [unheard(Role.CLASSIFIER)], shared, policy, TODAY)[1] == {}
