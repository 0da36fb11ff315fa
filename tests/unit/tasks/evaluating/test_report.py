"""The report of an evaluation says every number, draws them, needs nothing else, and is the same each time."""

import csv
import io
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from domain.model import Role
from models.evaluation.detections import Detections
from models.evaluation.judging import Judgement, Verdict, headline, judge
from models.evaluation.resampling import ALL, Estimate, Name, compare, evaluate
from models.evaluation.verdicts import Verdicts, reliability
from tasks.evaluating.report import Report, as_csv, as_page
from tasks.evaluating.wording import METRICS

BY = headline(Role.CLASSIFIER)
N = 90


def model(strength, labels=("marked", "plain"), seed=1):
    rng = np.random.default_rng(1)
    truth = rng.random((N, len(labels))) < 0.4
    noise = rng.normal(size=truth.shape)
    said = 1 / (1 + np.exp(-(noise + strength * (truth - 0.4))))
    return Verdicts(tuple(labels), truth, said, ((0.3, 0.7),) * len(labels))


@pytest.fixture(scope="module")
def report():
    candidate, champion = model(2.0), model(1.0)
    names = [f"{number:03}" for number in range(N)]
    parts = {ALL: np.ones(N, bool), "size: small": np.arange(N) < 40, "size: large": np.arange(N) >= 80}
    differences = compare(candidate, champion, names, parts)
    return Report(
        model="classifier/marked v3", champion="classifier/marked v2", of="marks 4f1c20ab", items=N, unread=2, by=BY,
        estimates=evaluate(candidate, names, parts), champions=evaluate(champion, names, parts),
        differences=differences, judgement=judge(differences, BY),
        bins=reliability(candidate), champions_bins=reliability(champion),
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(report):
    return as_page(report)


def drawings(page):
    return [ET.fromstring("<svg" + part.partition("</svg>")[0] + "</svg>") for part in page.split("<svg")[1:]]


def said(page):
    return {text for drawing in drawings(page) for text in drawing.itertext()}


def test_the_page_says_the_verdict_and_what_it_rests_on(page, report):
    assert "Better than classifier/marked v2" in page
    assert '<section class="verdict good"' in page
    assert report.judgement.reasons[0] in page
    assert f"On {N} files of marks 4f1c20ab" in page
    assert "2 more cannot be decoded" in page


@pytest.mark.parametrize(
    ("verdict", "tone", "words"),
    [
        (Verdict.NO_WORSE, "good", "No worse than"),
        (Verdict.NOT_SHOWN, "open", "Not shown to be as good as"),
        (Verdict.WORSE, "bad", "Worse than"),
    ],
)
def test_every_verdict_has_its_words_and_its_tone(report, verdict, tone, words):
    page = as_page(replace(report, judgement=Judgement(verdict, BY, ("because",))))
    assert f"{words} classifier/marked v2" in page
    assert f'class="verdict {tone}"' in page


def test_the_page_has_its_drawings_and_each_slice_is_named_in_them(page):
    assert len(drawings(page)) == 3
    for place in ("Whole set (90)", "Size: small (40)", "Size: large (10)"):
        assert place in said(page)
    assert {"marked", "plain", "this model", "champion"} <= said(page)


def test_the_page_needs_nothing_else(page):
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert not [word for word in ("src=", "@import", "url(http", "<link") if word in page]


def test_drawings_take_the_colours_of_a_light_or_a_dark_page(page):
    assert "currentColor" in page
    assert "prefers-color-scheme: dark" in page


def test_every_number_of_the_whole_set_is_on_the_page_and_told_what_it_is(page, report):
    for each in report.estimates:
        assert METRICS[each.name.metric].title in page
    assert page.count("is better.") == len(METRICS) - 6  # those of classifiers


def test_the_same_report_gives_the_same_page(page, report):
    assert as_page(report) == page


def test_the_table_has_every_number_of_every_slice(report):
    rows = list(csv.DictReader(io.StringIO(as_csv(report))))
    assert len(rows) == len(report.estimates)
    for row, each, apart in zip(rows, report.estimates, report.differences, strict=True):
        assert (row["metric"], row["label"], row["slice"]) == (each.name.metric, each.name.label, each.slice)
        assert int(row["n"]) == each.n
        for column, value in (("value", each.value), ("low", each.low), ("difference", apart.value)):
            assert row[column] == "" if np.isnan(value) else float(row[column]) == pytest.approx(value, rel=1e-5)


def test_without_a_champion_nothing_is_compared(report):
    alone = replace(report, champion="", champions=(), differences=(), judgement=None, champions_bins=())
    page = as_page(alone)
    assert "champion" not in said(page)
    assert 'class="verdict' not in page
    assert "Difference" not in page
    assert len(drawings(page)) == 2
    assert all(row["difference"] == "" for row in csv.DictReader(io.StringIO(as_csv(alone))))


def test_many_labels_leave_the_page_short_and_the_table_whole(report):
    many = model(1.5, [f"label {number}" for number in range(20)])
    estimates = evaluate(many, [str(number) for number in range(N)], {ALL: np.ones(N, bool)})
    long = replace(
        report, estimates=estimates, champion="", champions=(), differences=(), judgement=None,
        bins=reliability(many), champions_bins=(),
    )  # fmt: skip
    page = as_page(long)
    assert "has 66 more" in page
    assert len([text for text in said(page) if text.startswith("label ")]) == 4
    assert len(as_csv(long).splitlines()) == 1 + 21 * 6


def test_a_detector_has_a_page_too():
    by = headline(Role.FACE_DETECTOR)
    found = Detections(np.array([0, 1, 2, 3] * 10), np.array([0, 1, 1, 3] * 10))
    estimates = evaluate(found, [str(number) for number in range(40)], {ALL: np.ones(40, bool)})
    page = as_page(Report(model="detector-face/x v1", of="faces", items=40, by=by, estimates=estimates))
    assert "75.0%" in page
    assert len(drawings(page)) == 1


def test_a_number_that_is_not_defined_is_a_dash():
    nothing = Estimate(Name("auc"), ALL, 5, np.nan, np.nan, np.nan)
    page = as_page(Report(model="m", of="s", items=5, by=Name("auc"), estimates=(nothing,)))
    assert "–" in page
    assert "nan" not in page.lower().replace("nanm", "")


def test_names_are_text_and_no_markup(report):
    assert "<b>bold" not in as_page(replace(report, model="<b>bold</b>"))


@pytest.mark.parametrize(("chance", "told"), [(0.001, "worse"), (0.02, "may be chance")])
def test_a_slice_is_told_worse_only_where_it_is_judged_so(report, chance, told):
    by = report.by
    whole = Estimate(by, ALL, N, 0.01, -0.01, 0.03, 0.2)
    slices = [Estimate(by, f"size: {name}", 40, -0.1, -0.2, -0.01, chance) for name in ("small", "large")]
    page = as_page(replace(report, differences=(whole, *slices)))
    table = page.partition('id="differences"')[2].partition("</table>")[0]
    assert table.count(f'<td class="n">{told}</td>') == 2 + (told == "may be chance")
