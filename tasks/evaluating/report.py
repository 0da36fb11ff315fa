"""The report of an evaluation: a page with drawings, and every number as a table."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.evaluation.judging import LEAST, Judgement, Verdict, below, enough
from models.evaluation.resampling import ALL, Estimate, Name
from models.evaluation.verdicts import Bin
from tasks.evaluating.drawings import (
    BETTER,
    CANDIDATE,
    CHAMPION,
    OPEN,
    WORSE,
    draw_differences,
    draw_reliability,
    draw_slices,
)
from tasks.evaluating.grouping import Grouping
from tasks.evaluating.page import Page, Part, Table, Tile, render_page
from tasks.evaluating.wording import METRICS, cell, interval, number, place, title

PANELS = 4
"""Labels whose calibration is drawn: those with the most items that have them."""
LINES = 60
"""Lines of the page's longest table; the CSV has them all."""

_TONES = {Verdict.BETTER: "good", Verdict.NO_WORSE: "good", Verdict.NOT_SHOWN: "open", Verdict.WORSE: "bad"}


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured of a model.

    Attributes:
        model, champion: their names and versions; `champion` is empty where there is none to compare with.
        of: the evaluation set and its version.
        items, unread: files that were looked at, and that could not be decoded.
        by: the number by which the role's models are judged.
        estimates: of the model; `champions` of the champion, where they were made; `differences` of the two.
        bins, champions_bins: of the probabilities, for models that give some.
        grouping: of an embedder, what groups come of its vectors.
        unit: what the items are.
    """

    model: str
    of: str
    items: int
    by: Name
    estimates: Sequence[Estimate]
    champion: str = ""
    unread: int = 0
    champions: Sequence[Estimate] = ()
    differences: Sequence[Estimate] = ()
    judgement: Judgement | None = None
    bins: Sequence[Bin] = ()
    champions_bins: Sequence[Bin] = ()
    grouping: Grouping | None = None
    unit: str = "files"


def as_page(report: Report) -> str:
    """Render the report as one HTML file that needs nothing else."""
    beside = f", beside {report.champion}" if report.champion else ""
    judged = report.judgement
    grouping = report.grouping.part() if report.grouping else None
    every = (_slices(report), _differences(report), _calibration(report), grouping, _numbers(report))
    metrics = dict.fromkeys(each.name.metric for each in report.estimates)
    return render_page(
        Page(
            title=f"Evaluation of {report.model}",
            lead=f"On {report.items:,} {report.unit} of {report.of}{beside}. Intervals hold the truth 95 times in 100.",
            tiles=tuple(_tiles(report)),
            parts=tuple(part for part in every if part),
            tone=_TONES[judged.verdict] if judged else "open",
            verdict=f"{judged.verdict.capitalize()} {_than(judged)} {report.champion}" if judged else "",
            reasons=judged.reasons if judged else (),
            meanings=[(METRICS[each].title, _meaning(each)) for each in metrics],
        )
    )


def as_csv(report: Report) -> str:
    """Write every number of the model, its interval, and its difference to the champion, a line each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["metric", "label", "slice", "n", "groups", "value", "low", "high", "difference", "least", "most"])
    differences = {(each.name, each.slice): each for each in report.differences}
    for each in report.estimates:
        apart = differences.get((each.name, each.slice))
        beside = (apart.value, apart.low, apart.high) if apart else (math.nan, math.nan, math.nan)
        numbers = [cell(value) for value in (each.value, each.low, each.high, *beside)]
        writer.writerow([each.name.metric, each.name.label, each.slice, each.n, each.groups, *numbers])
    return text.getvalue()


def _than(judgement: Judgement) -> str:
    return "as" if judgement.verdict is Verdict.NOT_SHOWN else "than"


def _meaning(metric: str) -> str:
    told = METRICS[metric]
    return f"{told.meaning[0].upper()}{told.meaning[1:]}. {'More' if told.more else 'Less'} is better."


def _tiles(report: Report) -> Iterator[Tile]:
    metric = METRICS[report.by.metric]
    whole = next(each for each in report.estimates if each.name == report.by and each.slice == ALL)
    yield Tile(metric.title, number(whole.value, report.by.metric), f"{interval(whole)}; {metric.meaning}.")
    apart = [each for each in report.differences if each.name == report.by and each.slice == ALL]
    for each in apart:
        yield Tile(
            "Difference", number(each.value, report.by.metric, signed=True),
            f"{interval(each, signed=True)}; to {report.champion}, over the same files.",
        )  # fmt: skip
    unread = f"{report.unread:,} more cannot be decoded." if report.unread else "All can be decoded."
    yield Tile("Files", f"{report.items:,}", f"{unread} Nothing else looks at them.")


def _of(estimates: Sequence[Estimate], by: Name) -> list[Estimate]:
    return [each for each in estimates if each.name == by and not math.isnan(each.value)]


def _row(each: Estimate, **more: object) -> dict[str, object]:
    low, high = (None if math.isnan(end) else end for end in (each.low, each.high))
    return {"place": place(each), "value": each.value, "low": low, "high": high, **more}


def _slices(report: Report) -> Part | None:
    """Draw the number that is judged, on the whole set and on each slice."""
    ours, theirs = _of(report.estimates, report.by), _of(report.champions, report.by)
    if not ours:
        return None
    metric = METRICS[report.by.metric]
    rows = [_row(each, who=CANDIDATE) for each in ours] + [_row(each, who=CHAMPION) for each in theirs]
    champions = {each.slice: each for each in theirs}
    columns = ("Slice (files)", metric.title, "95 % interval", *(("Champion", "95 % interval") if theirs else ()))
    lines = []
    for each in ours:
        other = champions.get(each.slice)
        beside = (number(other.value, report.by.metric), interval(other)) if other else ("–", "–")
        lines.append((place(each), number(each.value, report.by.metric), interval(each), *(beside if theirs else ())))
    return Part(
        "slices", f"{metric.title} by slice",
        "A mean hides where a model fails. In brackets: how many files; few files, wide intervals.",
        draw_slices(rows, [place(each) for each in ours], metric.title.lower(), share=metric.share),
        Table(columns, tuple(lines)),
    )  # fmt: skip


def _differences(report: Report) -> Part | None:
    """Draw how far the model is from the champion, on the whole set and on each slice."""
    apart = _of(report.differences, report.by)
    if not apart:
        return None
    metric = METRICS[report.by.metric]
    worse = {each.slice for each in below(report.differences, report.by)}
    tells = [WORSE if each.slice in worse else BETTER if each.low > 0 else OPEN for each in apart]
    rows = [_row(each, tells=told, judged=enough(each)) for each, told in zip(apart, tells, strict=True)]
    lines = tuple(
        (place(each), number(each.value, report.by.metric, signed=True), interval(each, signed=True), told)
        for each, told in zip(apart, tells, strict=True)
    )
    return Part(
        "differences", "Difference to the champion",
        f"{metric.title} of {report.model} less that of {report.champion}, each resample over the same files. An "
        "interval that does not reach 0 is more than chance on the whole set; of many slices one is below 0 by chance, "
        f"so that a slice is worse only where it is surer. Slices of fewer than {LEAST} files are not judged; "
        "files that are drawn together count as one.",
        draw_differences(
            rows, [place(each) for each in apart], f"difference in {metric.title.lower()}", share=metric.share
        ),
        Table(("Slice (files)", "Difference", "95 % interval", "Tells"), lines),
    )  # fmt: skip


def _calibration(report: Report) -> Part | None:
    """Draw what probabilities are worth."""
    if not report.bins:
        return None
    true: dict[str, float] = {}
    for each in report.bins:
        true[each.label] = true.get(each.label, 0.0) + each.n * each.share
    drawn = sorted(sorted(true, key=lambda label: -true[label])[:PANELS], key=list(true).index)
    every = [(CANDIDATE, each) for each in report.bins] + [(CHAMPION, each) for each in report.champions_bins]
    rows = [
        {"label": each.label, "who": who, "n": each.n, "probability": each.probability, "share": each.share,
         "low": each.low, "high": each.high}
        for who, each in every if each.label in drawn
    ]  # fmt: skip
    lines = tuple(
        (f"{row['label']}, {row['who']}", f"{row['n']:,}", f"{row['probability']:.1%}", f"{row['share']:.1%}",
         f"{row['low']:.1%} to {row['high']:.1%}")
        for row in rows
    )  # fmt: skip
    some = f" Drawn are the {PANELS} labels that most files have." if len(true) > PANELS else ""
    return Part(
        "calibration", "What a probability is worth",
        "Of files of which a probability of 80 % is said, 80 % should have the label: the dashed line. Dots are as "
        f"large as their bin, with Wilson's interval.{some}",
        draw_reliability(rows),
        Table(("Label and model", "Files", "Probability", "Share that is so", "95 % interval"), lines),
    )  # fmt: skip


def _numbers(report: Report) -> Part:
    """List every number of the whole set."""
    apart = {each.name: each for each in report.differences if each.slice == ALL}
    whole = [each for each in report.estimates if each.slice == ALL]
    whole.sort(key=lambda each: bool(each.name.label))
    lines = []
    for each in whole[:LINES]:
        other, metric = apart.get(each.name), each.name.metric
        beside = (number(other.value, metric, signed=True), interval(other, signed=True)) if other else ("–", "–")
        lines.append((title(each.name), number(each.value, metric), interval(each), *(beside if apart else ())))
    columns = ("Number", "Value", "95 % interval", *(("Difference", "95 % interval") if apart else ()))
    rest = f" The CSV beside this page has {len(whole) - LINES:,} more." if len(whole) > LINES else ""
    caption = f"The whole set. Numbers without a label are the mean over labels.{rest}"
    return Part("numbers", "Every number", caption, table=Table(columns, tuple(lines)))
