"""Summaries: every number with what is in it, every score with why, and no content."""

from dataclasses import replace

import pytest
from taken_in import key, record, sighted, taken

from domain.priority import Reason
from domain.report import FileFault, Rejection
from infra.ledger.priorities import Ranked
from infra.ledger.summaries import Summary
from infra.world import world
from tasks.explaining import score_of, why
from tasks.summarizing import MOST_URGENT, current, lines, markdown, reasons

SUMMARY = Summary(
    received=12, accepted=10, rejected={"schema": 2}, incidents=40, sightings=30, stored=20, missing=6, not_sent=0,
    quarantined={"not_media": 3, "empty": 1}, distinct_files=16, known=4, new=9, kinds={"image": 15, "video": 5},
    copies=3, report_clusters=2,
)  # fmt: skip
RANKED = Ranked("f" * 64, 46.5, "standard", (Reason("The reporter escalated it", 50.0), Reason("Seen", -3.5)),
                completeness=70, lacking=("ip_address",))  # fmt: skip


def test_each_line_says_what_how_many_and_what_is_in_the_number():
    said = {what: (number, detail) for what, number, detail in lines(SUMMARY)}
    assert said["Reports received"] == (12, "10 accepted, 2 rejected")
    assert said["Sightings"] == (30, "files named: 20 stored, 6 missing, 4 quarantined")
    assert said["Distinct files"] == (16, "in 15 image, 5 video sightings")
    assert (said["Known"][0], "25 % of all" in said["Known"][1]) == (4, True)
    assert [number for _, number, _ in lines(SUMMARY)] == [12, 40, 30, 16, 4, 9, 3, 2]


def test_an_empty_ledger_is_summarized_without_dividing_by_it():
    said = {what: detail for what, _, detail in lines(replace(SUMMARY, distinct_files=0, known=0, kinds={}))}
    assert said["Distinct files"] == "in 0 sightings"
    assert "none of all" in said["Known"]


@pytest.mark.parametrize(("counts", "said"), [({}, "none"), ({"not_media": 3, "empty": 1}, "3 not media, 1 empty")])
def test_reasons_are_put_into_words(counts, said):
    assert reasons(counts) == said


def test_a_score_says_why_with_signs():
    assert why(RANKED) == "The reporter escalated it +50, Seen -3.5"
    assert why(replace(RANKED, reasons=())) == "nothing counts for it"


def test_a_score_that_models_left_open_says_between_which_it_could_be():
    assert score_of(RANKED) == "46.5"
    assert score_of(replace(RANKED, open=("sought",), between=(30.0, 66.5))) == "46.5 (30 to 66.5)"


def test_the_page_is_a_table_of_numbers_and_a_table_of_the_most_urgent():
    text = markdown(replace(SUMMARY, received=12_345), [RANKED])
    assert "| Reports received | 12,345 |" in text
    assert (
        f"| `{'f' * 12}` | 46.5 | standard | 70 of 100; what would raise this: an IP address of those reported +30 |"
        in text
    )
    assert "**Quarantined files:** 3 not media, 1 empty" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {4, 6}


def test_what_is_current_is_read_from_the_ledger(data):
    with world().ledger.begin() as connection:
        record(
            connection,
            taken("one", sighted("a")),
            taken("two", sighted("b", fault=FileFault.REPORT_REJECTED), rejection=Rejection.SCHEMA),
        )
    summary, queue = current()
    assert (summary.received, summary.accepted, summary.stored, queue) == (2, 1, 1, [])


def test_no_external_name_and_no_digest_of_a_file_is_shown(data):
    from tasks.ranking import rank_reports

    file = sighted("a")
    with world().ledger.begin() as connection:
        reports = [taken(f"canary-{number}", file, reporter="canary") for number in range(MOST_URGENT + 5)]
        record(connection, *(replace(one, report_id=key(f"id{number}")) for number, one in enumerate(reports)))
    rank_reports.fn()
    summary, queue = current()
    assert len(queue) == MOST_URGENT
    text = markdown(summary, queue)
    assert "`id" in text
    assert "canary" not in text
    assert not any(digest in text for digest in (file.content.digests.md5, file.content.digests.sha256))
