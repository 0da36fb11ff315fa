"""The page of a backtest: what another policy would do, as one HTML file that needs nothing else, and in short."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from prefect.artifacts import create_markdown_artifact

from infra.durable import write
from tasks.backtesting.replay import LEAST_GROUP, MOVERS, WORKDAY, Backtest, Group, Moved
from tasks.evaluating.page import Page, Part, Table, Tile, render_page
from tasks.measuring.charts import Axes, bars
from tasks.staffing.outlook import Wait
from tasks.staffing.page import hours, share
from tasks.staging import under_prefect

SHOWN = 8
"""Groups that gain, and that lose, in short."""

DRAWN = 14
"""Groups in the drawing."""

GROUPS = ("reports with", "reports", "score", "earlier by", "half wait, old", "half wait, new", "at the head, old, new")
WAITS = ("policy", "band", "reports", "half within", "nine of ten within", "in time", "still waiting")
MOVED = ("report", "place, old", "place, new", "score, old", "score, new", "mostly by")


def page_of(found: Backtest) -> Page:
    """Put the page together: codes, counts and surrogate ids alone."""
    moved = sum(number for (old, new), number in found.bands.items() if old != new)
    head, both = found.overlap[0] if found.overlap else (found.reports, found.reports)
    return Page(
        title="Another policy, tried on the past",
        lead=f"From “{found.old.name}” {found.old.version[:12]} to “{found.new.name}” {found.new.version[:12]}. "
        "Every report in the ledger is ranked by both, with what lists and models say today.",
        tiles=(
            Tile("Reports", f"{found.reports:,}", "in the ledger, accepted and not superseded"),
            Tile("Agreement", f"{found.agreement:.2f}", "of the two orders: Kendall's tau, 1 where they are the same"),
            Tile(f"Of the first {head}", f"{both:,}", "stay among them"),
            Tile("Other band", f"{moved:,}", "reports that change their band"),
        ),
        parts=tuple(_parts(found)),
        meanings=(
            ("earlier by", "mean difference of the place, as a share of the queue; below 0 they come later"),
            ("half wait", "time within which half of them have their first look, simulated"),
            ("at the head", f"how many are among the first that one analyst looks at in {WORKDAY} hours"),
        ),
    )


def _parts(found: Backtest) -> Iterator[Part]:
    gains = [group for group in found.groups if group.places]
    if gains:
        drawn = gains if len(gains) <= DRAWN else [*gains[: DRAWN // 2], *gains[-DRAWN // 2 :]]
        rows = [{"what": one.what, "places": 100 * one.places, "label": f"{one.places:+.1%}"} for one in drawn]
        yield Part(
            "gains",
            "Who gains, and who loses",
            "Reports with this evidence, or of which this came, come earlier by so large a share of the queue.",
            bars(rows, Axes("places", "what", "label", across_title="earlier by so many hundredths of the queue")),
        )
    yield Part("groups", "Group by group", _of_groups(), table=Table(GROUPS, tuple(map(_group, found.groups))))
    overlap = tuple((f"first {top:,}", f"{both:,}", f"{both / top:.1%}") for top, both in found.overlap)
    yield Part("overlap", "Heads of the queue", "Reports in both.", table=Table(("head", "in both", "share"), overlap))
    yield Part("bands", "Bands", "Reports by their old band and their new one.", table=_bands(found))
    staffing = found.staffing
    people = ", ".join(f"{one.analysts} from {one.begins:g} to {one.ends:g}" for one in staffing.shifts)
    yield Part(
        "waits",
        "Time to the first look",
        f"Simulated: {people}, {staffing.minutes:g} minutes a look, {staffing.days:g} days, seed {staffing.seed}.",
        table=Table(WAITS, (*_waits("old", found.waits[0]), *_waits("new", found.waits[1]))),
    )
    for name, title, some in (("risen", "Risen the most", found.risen), ("fallen", "Fallen the most", found.fallen)):
        yield Part(name, title, f"At most {MOVERS} reports.", table=Table(MOVED, tuple(map(_moved, some))))


def _of_groups() -> str:
    return f"Groups of {LEAST_GROUP} reports and more, those that gain the most first. Waits are simulated."


def _group(group: Group) -> tuple[str, ...]:
    old, new = group.in_first
    return (
        group.what, f"{group.reports:,}", f"{group.score:+.1f}", f"{group.places:+.1%}", hours(group.wait[0]),
        hours(group.wait[1]), f"{old:,}, {new:,}",
    )  # fmt: skip


def _bands(found: Backtest) -> Table:
    names = [band.name for band in found.new.bands]
    rows = tuple(
        (band.name, *(f"{found.bands.get((band.name, name), 0):,}" for name in names)) for band in found.old.bands
    )
    return Table(("old \\ new", *names), rows)


def _waits(policy: str, waits: Sequence[Wait]) -> list[tuple[str, ...]]:
    return [
        (policy, one.band, f"{one.reports:,}", hours(one.median), hours(one.nine_of_ten), share(one.in_time),
         f"{one.waiting:,}")
        for one in waits
    ]  # fmt: skip


def _moved(one: Moved) -> tuple[str, ...]:
    return one.report[:12], *(f"{place:,}" for place in one.places), *(f"{score:g}" for score in one.scores), one.why


def lines(found: Backtest) -> list[str]:
    """Say in short what comes of a policy, in counts."""
    gains = [group for group in found.groups if group.places > 0][:SHOWN]
    losses = [group for group in found.groups[::-1] if group.places < 0][:SHOWN]
    moved = sum(number for (old, new), number in found.bands.items() if old != new)
    return [
        f"{found.reports:,} reports; agreement of the orders {found.agreement:.2f}; {moved:,} change their band",
        *(f"of the first {top:,} {both:,} stay" for top, both in found.overlap),
        *(_fares("earlier", each) for each in gains),
        *(_fares("later", each) for each in losses),
    ]


def _fares(way: str, group: Group) -> str:
    half = f"half wait {hours(group.wait[0])} before and {hours(group.wait[1])} after"
    return f"{way} by {abs(group.places):.1%} of the queue: {group.reports:,} reports with {group.what}; {half}"


def write_page(found: Backtest, file: Path) -> Path:
    """Write the page, whole or not at all."""
    write(file, render_page(page_of(found)).encode())
    return file


def publish_backtest(found: Backtest) -> None:
    """Show it in Prefect's UI: counts and codes, and ids of reports."""
    if not under_prefect():
        return
    head = [f"| {' | '.join(MOVED)} |", "|" + "---|" * len(MOVED)]
    rows = [f"| {' | '.join(_moved(one))} |" for one in (*found.risen, *found.fallen)]
    title = f"**{found.old.name}** {found.old.version[:12]} to **{found.new.name}** {found.new.version[:12]}"
    text = "\n".join([title, "", *(f"- {line}" for line in lines(found)), "", *head, *rows])
    create_markdown_artifact(text, key="policy-backtest", description="What another policy would do to the queue")
