"""The page of a policy's report: what outcomes say of it, as one HTML file that needs nothing else, and in short."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from prefect.artifacts import create_markdown_artifact

from infra.durable import write
from models.weights import Weight
from tasks.evaluating.drawings import CANDIDATE, draw_slices
from tasks.evaluating.page import Page, Part, Table, Tile, render_page
from tasks.learning.calibration import FEW, Calibrated, Factored, Report, Shadowed, Share
from tasks.staging import under_prefect

SHARES = ("", "reports", "had it", "share", "95 % interval", "")
FACTORS = ("factor", "evidence", "reports with it", "share with", "share without", "points", "outcomes say",
           "95 % interval", "")  # fmt: skip
SELECTED = """
Only what was referred can be answered, and few answer: these are shares of those reports, not of all. What decided
whether a report was referred may look useless here, since the reports without it were never tried."""
SMALL = f"""
Small numbers say nothing: below {FEW} reports a share is marked as few, and no weight is told. An interval that is wide
says that it is not known."""
OF_TODAY = """
Every report is weighed as of today: lists and models may know by now what they did not when it was looked at, through
the very case that came of it. What expires and what grows is of today as well."""
NO_CAUSE = """
Weights tell what goes with an outcome, not what causes it. A policy also ranks by harm, and a report that is hard to
act on may be the most urgent. Nothing here changes a policy."""

SHADOWED = ("ranker", "reports", "right pairs", "right pairs of the policy")
SHADOWS = """
What each said of a report first, before most of it was known: of two reports, one of which helped, how often that one
stands higher; beside it the policy's scores of today on the same reports."""

HELPED = """
found useful, an arrest or a conviction, or a child identified, as any recipient says; not so where it was of no use, or
closed without any of these"""
WORTH = """
what a unit is worth by a logistic regression of all factors together, pulled towards 0 (L2), its sums spread as much as
those of the policy's points"""


def page_of(found: Report) -> Page:
    """Put the page together: codes and counts alone."""
    policy = found.policy
    return Page(
        title="What became of reports, beside what the policy said",
        lead=f"The policy “{policy.name}” {policy.version[:12]}. {_line(SELECTED, SMALL, OF_TODAY, NO_CAUSE)}",
        tiles=(
            Tile("Reports", f"{found.reports:,}", "in the ledger, accepted and not superseded"),
            Tile("Referred", f"{found.referred:,}", "to anybody, as actionable or as informational"),
            Tile("Answered", f"{found.answered:,}", f"by feedback; of {found.undecided:,} it decides nothing"),
            *(Tile(f"{one.of.capitalize()}", _percent(one.every), f"{one.every.good:,} of {one.every.reports:,}")
              for one in found.outcomes),
        ),
        parts=(*(part for one in found.outcomes for part in _parts(one)), *_shadows(found)),
        meanings=(
            ("helped", _line(HELPED)),
            ("points", "what the policy gives for one unit of the evidence"),
            ("outcomes say", _line(WORTH)),
            ("95 % interval", "of shares Wilson's, of weights that of 200 resamples of the reports"),
        ),
    )  # fmt: skip


def _line(*texts: str) -> str:
    return " ".join(" ".join(texts).split())


def _parts(one: Calibrated) -> Iterator[Part]:
    name, title = one.of.partition(",")[0], one.of.capitalize()
    rows = [
        {"place": each.what, "who": CANDIDATE, "value": each.good / each.reports, "low": each.low, "high": each.high}
        for each in (*one.bands, *one.scores)
        if each.reports
    ]
    drawn = [str(row["place"]) for row in rows]
    yield Part(
        f"{name}-scores",
        f"{title}: by band and by score",
        f"A policy that is right has shares that fall from top to bottom. {_told_area(one.area)}",
        draw_slices(rows, drawn, "share that had it", share=True) if rows else "",
        Table(SHARES, tuple(map(_share, (one.every, *one.bands, *one.scores)))),
    )
    yield Part(
        f"{name}-factors",
        f"{title}: by factor",
        "What the policy gives for each factor, and what outcomes say that it is worth.",
        table=Table(FACTORS, tuple(map(_factor, one.factors))),
    )


def _shadows(found: Report) -> Iterator[Part]:
    if found.shadows:
        rows = tuple(_shadow(each) for each in found.shadows)
        yield Part("shadows", "Rankers in shadow", _line(SHADOWS), table=Table(SHADOWED, rows))


def _shadow(one: Shadowed) -> tuple[str, ...]:
    return one.model, f"{one.reports:,}", *(_told_pairs(each) for each in (one.area, one.policy))


def _told_pairs(area: Weight) -> str:
    return "too few" if math.isnan(area.points) else f"{area.points:.1%} [{area.low:.1%}, {area.high:.1%}]"


def _told_area(area: Weight) -> str:
    if math.isnan(area.points):
        return f"With fewer than {FEW} reports of either outcome nothing tells how well scores tell them apart."
    return (
        f"Of two reports the one that had it has the higher score in {area.points:.0%} of all pairs "
        f"[{area.low:.0%}, {area.high:.0%}]; a coin has 50 %."
    )


def _share(one: Share) -> tuple[str, ...]:
    return (
        one.what, f"{one.reports:,}", f"{one.good:,}", _percent(one), _within(one), "few" if one.few else "",
    )  # fmt: skip


def _percent(one: Share) -> str:
    return f"{one.good / one.reports:.1%}" if one.reports else "–"


def _within(one: Share) -> str:
    return f"{one.low:.1%} to {one.high:.1%}" if one.reports else "–"


def _factor(one: Factored) -> tuple[str, ...]:
    weight, points = one.weight, ("–", "–")
    if weight and not math.isnan(weight.low):
        points = f"{weight.points:+.1f}", f"{weight.low:+.1f} to {weight.high:+.1f}"
    return (
        one.name, one.evidence, f"{one.having.reports:,}", _percent(one.having), _percent(one.without),
        f"{one.points:+g}", *points, one.told,
    )  # fmt: skip


def lines(found: Report) -> list[str]:
    """Say in short what outcomes say of a policy, in counts."""
    came = f"{found.reports:,} reports, {found.referred:,} of them referred and {found.answered:,} answered"
    told = [line for one in found.outcomes for line in _lines(one)]
    shadows = [
        f"in shadow {each.model}: right of {_told_pairs(each.area)} pairs, the policy of {_told_pairs(each.policy)}, "
        f"on {each.reports:,} reports"
        for each in found.shadows
    ]
    start = f"{came}; feedback on {found.undecided:,} decides nothing"
    return [start, *told, *shadows, _line(SELECTED), _line(SMALL)]


def _lines(one: Calibrated) -> Iterator[str]:
    yield f"{one.of}: {one.every.good:,} of {one.every.reports:,}. {_told_area(one.area)}"
    for band in one.bands:
        marked = ", few" if band.few else ""
        yield f"  {band.what}: {band.good:,} of {band.reports:,}, {_percent(band)} [{_within(band)}]{marked}"
    for each in one.factors:
        if each.weight and each.told.startswith("the policy has"):
            weight = each.weight
            yield (f"  {each.evidence} {each.points:+g}: {each.told}; outcomes say {weight.points:+.1f} "
                   f"[{weight.low:+.1f} to {weight.high:+.1f}]")  # fmt: skip
    if one.factors:
        unknown = sum(each.told == "too few" for each in one.factors)
        yield f"  {unknown} of {len(one.factors)} factors: too few reports to say"


def write_page(found: Report, file: Path) -> Path:
    """Write the page, whole or not at all."""
    write(file, render_page(page_of(found)).encode())
    return file


def publish_report(found: Report) -> None:
    """Show it in Prefect's UI: counts and codes."""
    if under_prefect():
        title = f"**{found.policy.name}** {found.policy.version[:12]}"
        tables = [text for one in found.outcomes for text in ("", f"**{one.of}**", "", *_markdown(one.factors))]
        text = "\n".join([title, "", *(f"- {line.strip()}" for line in lines(found)), *tables])
        create_markdown_artifact(text, key="policy-report", description="What outcomes say of the policy")


def _markdown(factors: Sequence[Factored]) -> list[str]:
    rows = [FACTORS, tuple("---" for _ in FACTORS), *map(_factor, factors)]
    return [f"| {' | '.join(cell.replace('|', '¦') for cell in row)} |" for row in rows]
