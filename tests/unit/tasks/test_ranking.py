"""Prioritize: what each fact counts as, who was first, and who else sent it."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from listed import MD5, entry, import_entries
from taken_in import MOMENT, key, record, sighted, taken

from domain.media import Fingerprint, Fingerprints
from domain.priority import EVIDENCE
from domain.report import FileFault
from infra.ledger import media, priorities
from infra.ledger.priorities import FileFacts, ReportFacts
from infra.policy import load_policy
from infra.world import world
from tasks.matching import match_files
from tasks.ranking import common, digest_of, evidence_of, rank, rank_reports

PLAIN = ReportFacts(
    "r1", "esp-01", MOMENT, "possession", escalated=False, batched=False, located=False, annotations=(), identifiers=()
)
SEEN = FileFacts("a", faulty=False, looked_at=True, classification=None, annotations=(), categories=(), labels=())
BROKEN = replace(SEEN, group="", faulty=True, looked_at=False)
POLICY = replace(
    load_policy(None),
    clues=frozenset({"church", "pier"}),
    minors=frozenset({"child"}),
    sought=frozenset({"wanted"}),
)


def evidence(*files, report=PLAIN, others=()):
    """Weigh up a report beside others: pairs of a report and its files."""
    everything = [(report, files), *others]
    shared = common([one for one, _ in everything], {one.id: brought for one, brought in everything})
    return evidence_of(report, files, shared, POLICY)


def another(number, reporter="esp-02", days=-1):
    return replace(PLAIN, id=f"r{number}", reporter=reporter, received_at=MOMENT + timedelta(days=days))


def test_every_fact_of_a_report_counts():
    full = replace(
        PLAIN, escalated=True, batched=True, located=True, incident_type="enticement",
        annotations=("sextortion", "spam"), identifiers=("email", "phone"),
    )  # fmt: skip
    files = [
        replace(SEEN, group="a", classification="A1", annotations=("infant", "viral")),
        replace(SEEN, group="b", annotations=("infant",), categories=("A1", "B2"), classification="A1"),
        replace(SEEN, group="c", categories=("A1",)),
        BROKEN,
        replace(SEEN, group="d", looked_at=False),
    ]
    assert evidence(*files, report=full) == {
        "escalated": 1, "viral": 1, "located": 1, "incident.enticement": 1, "report.sextortion": 1, "report.spam": 1,
        "identifiers": 2, "file.infant": 2, "file.viral": 1, "class.A1": 2, "known": 2, "known.A1": 2, "known.B2": 1,
        "new": 1, "unseen_fault": 1,
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
        (another(4, "esp-03"), [replace(SEEN, group="b")]),
        (another(5, "esp-04"), [replace(SEEN, group="z")]),
        (another(6, "esp-01"), [SEEN]),
    ]
    assert evidence(SEEN, replace(SEEN, group="b"), others=others)["reporters"] == 2
    assert "reporters" not in evidence(SEEN, others=others[-2:])


def test_files_that_never_came_are_nothing_in_common():
    others = [(another(2), [BROKEN])]
    assert "reporters" not in evidence(BROKEN, others=others)


def test_the_surest_clue_of_all_files_counts_and_other_labels_do_not():
    files = [
        replace(SEEN, labels=(("church", 0.3), ("zebra", 0.9))), replace(SEEN, labels=(("pier", 0.6), ("church", 0.1))),
    ]  # fmt: skip
    assert evidence(*files)["clue"] == 0.6
    assert "clue" not in evidence(replace(SEEN, labels=(("zebra", 0.9),)))


def test_the_surest_label_that_is_sought_counts_and_others_do_not():
    files = [replace(SEEN, classified=(("wanted", 0.6), ("other", 0.9))), replace(SEEN, classified=(("wanted", 0.8),))]
    assert evidence(*files)["sought"] == 0.8
    assert "sought" not in evidence(replace(SEEN, classified=(("other", 0.99),)))


def test_the_surest_face_of_a_minor_counts_and_other_ages_do_not():
    files = [replace(SEEN, ages=(("adult", 0.9), ("child", 0.4))), replace(SEEN, ages=(("child", 0.7),))]
    assert evidence(*files)["minor"] == 0.7
    assert "minor" not in evidence(replace(SEEN, ages=(("adult", 0.99),)))


@pytest.mark.parametrize("flag", ["viral", "potentialMeme"])
def test_a_batched_report_or_a_flagged_file_is_viral(flag):
    assert evidence(report=replace(PLAIN, batched=True))["viral"] == 1
    assert evidence(replace(SEEN, annotations=(flag,)), replace(SEEN, annotations=(flag,)))["viral"] == 1


@given(st.dictionaries(st.sampled_from(sorted(EVIDENCE)), st.floats(0, 9)), st.randoms())
def test_evidence_in_any_order_has_one_digest(found, random):
    shuffled = dict(random.sample(sorted(found.items()), len(found)))
    assert digest_of(shuffled) == digest_of(found)
    assert digest_of({**found, "new": found.get("new", 0) + 1}) != digest_of(found)


def test_the_digest_is_that_of_the_evidence_written_in_order():
    text = b'{"escalated": 1, "new": 2.0}'
    assert digest_of({"new": 2.0, "escalated": 1}) == hashlib.sha256(text).hexdigest()


@given(st.randoms())
def test_the_order_of_reports_does_not_matter(random):
    reports = [another(number, f"esp-0{number % 3}", number % 2) for number in range(6)]
    files = {one.id: [replace(SEEN, group="ab"[place % 2])] for place, one in enumerate(reports)}
    policy = load_policy(None)
    expected = sorted(rank(reports, files, policy))
    assert sorted(rank(random.sample(reports, 6), files, policy)) == expected


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


def test_a_file_that_was_never_sent_and_whose_claim_stands_on_a_list_is_known_and_nobody_need_look_at_it(data):
    absent = sighted(None, fault=FileFault.NOT_SENT, claimed_md5="12" * 16)
    with world().ledger.begin() as connection:
        record(connection, taken("one", absent), taken("two", sighted(None, fault=FileFault.NOT_SENT)))
    import_entries(data, "mine", entry("1", (MD5, "12" * 16), category="B2"))
    match_files.fn()
    with world().ledger.begin() as connection:
        reports, files = priorities.report_facts(connection), priorities.file_facts(connection, None)
    shared = common(reports, files)
    told = {one.id.rstrip("."): evidence_of(one, files[one.id], shared) for one in reports}
    assert told["one"] == {"incident.possession": 1, "known": 1, "known.B2": 1}
    assert told["two"] == {"incident.possession": 1, "unseen_fault": 1}


def test_a_clip_of_a_film_that_came_earlier_was_seen():
    clip, film = replace(SEEN, group="clip", within=("film",)), replace(SEEN, group="film")
    assert evidence(clip, others=[(another(2), [film])])["seen"] == 1
    assert evidence(clip, others=[(another(2, days=1), [film])])["new"] == 1


def test_one_picture_named_three_times_in_a_report_is_new_once():
    assert evidence(SEEN, SEEN, SEEN)["new"] == 1


def test_a_copy_of_a_listed_file_is_known_and_not_new():
    listed = replace(SEEN, categories=("A1",))
    found = evidence(SEEN, listed)
    assert (found["known"], found["known.A1"], "new" in found) == (1, 1, False)


def test_a_file_that_nobody_could_look_at_tells_nothing_of_others_or_of_a_place():
    broken = replace(SEEN, faulty=True, labels=(("church", 0.9),))
    other = replace(PLAIN, id="r2", reporter="esp-02")
    found = evidence(broken, others=[(other, [SEEN])])
    assert "reporters" not in found
    assert "clue" not in found
