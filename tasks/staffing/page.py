"""The page on staffing: how long reports wait for the first look, as one HTML file that needs nothing else."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from infra.durable import write
from tasks.evaluating.page import Page, Part, Table, Tile, render_page
from tasks.measuring.charts import Axes, Row, steps
from tasks.staffing.arrivals import load
from tasks.staffing.desk import DAY, Order, Shift
from tasks.staffing.outlook import Outlook, Wait

POINTS = 120
"""Points of a curve."""

PAST = 1.5
"""The hours of a band, and half as many, are drawn."""

WAITS = ("order", "band", "reports", "half within", "nine of ten within", "in time", "still waiting")
STAFFED = ("analysts on each shift", "load", "band", "half within", "nine of ten within", "in time")

MEANINGS = (
    ("policy", "analysts take the highest score first; of equals the one that came first"),
    ("flat", "as policy, but every factor counts the same, and there are no floors and no caps"),
    ("first come", "the one that waits longest first"),
    ("newest first", "the one that came last first"),
    (
        "half within",
        "the time within which half of the reports had their first look; never: it did not come in the time",
    ),
    ("in time", "share looked at within the hours of the band, of reports whose hours were over before the end"),
    ("load", "share of the analysts' hours that the reports take; from 100 % on the queue grows for ever"),
)


def hours(wait: float) -> str:
    """Put a wait into words: minutes, hours or days."""
    if math.isinf(wait):
        return "never"
    if wait < 1:
        return f"{60 * wait:.0f} min"
    return f"{wait:.1f} h" if wait < 48 else f"{wait / 24:.1f} d"


def share(of: float) -> str:
    """Put a share, 0-1, into per cent; a dash where there is none."""
    return "–" if math.isnan(of) else f"{of:.1%}"


def wait_rows(waits: Sequence[Wait]) -> tuple[tuple[str, ...], ...]:
    """Give the rows of the table of waits."""
    return tuple(
        (one.order, one.band, f"{one.reports:,}", hours(one.median), hours(one.nine_of_ten), share(one.in_time),
         f"{one.waiting:,}")
        for one in waits
    )  # fmt: skip


def staffed_rows(found: Outlook) -> tuple[tuple[str, ...], ...]:
    """Give the rows of the table of people."""
    return tuple(
        (
            ", ".join(str(shift.analysts) for shift in shifts), share(load(found.demand, person_hours(shifts))),
            one.band, hours(one.median), hours(one.nine_of_ten), share(one.in_time),
        )
        for shifts, waits in found.staffed for one in waits
    )  # fmt: skip


def person_hours(shifts: Sequence[Shift]) -> float:
    """Give the hours a day that all analysts together are there."""
    return sum(shift.hours * shift.analysts for shift in shifts)


def page_of(found: Outlook) -> Page:
    """Put the page together."""
    at_work = person_hours(found.shifts)
    days = f"{found.days:g} days are simulated, with seed {found.seed}"
    return Page(
        title="Time to the first look",
        lead=f"Policy “{found.policy.name}”, {found.policy.version[:12]}. {days}: made-up reports, in counts alone.",
        tiles=(
            Tile("Reports a day", f"{found.demand.per_day:,.0f}", "that come, in the mean, at random"),
            Tile(
                "Minutes a look", f"{found.demand.minutes:g}", f"in the mean; they vary by {found.demand.variation:g}"
            ),
            Tile("Analysts' hours a day", f"{at_work:,.0f}", _staff(found.shifts)),
            Tile(
                "Load", share(load(found.demand, at_work)), "of these hours are needed; at 100 % the queue never ends"
            ),
        ),
        parts=tuple(_parts(found)),
        meanings=MEANINGS,
    )


def _staff(shifts: Sequence[Shift]) -> str:
    return "; ".join(f"{one.analysts} from {one.begins:g} to {one.ends:g}" for one in shifts)


def _parts(found: Outlook) -> Iterator[Part]:
    first = found.policy.bands[0]
    by_band = Axes("x", "share", "band", "time waited, as a share of the band's hours", "share of reports looked at")
    names = [band.name for band in found.policy.bands if any(one.band == band.name for one in found.arrivals)]
    yield Part(
        "bands",
        "Who is looked at in time, under the policy",
        "At 1 the hours of the band are over. A curve that has not reached the top there tells who waits too long.",
        steps(_curves(found, names), names, by_band),
    )
    urgent = next((band for band in found.policy.bands if band.name == names[0]), first)
    by_order = Axes("x", "share", "order", f"hours waited by reports that are {urgent.name}", "share looked at")
    orders = [str(order) for order in found.waited]
    yield Part(
        "orders",
        f"How long what is {urgent.name} waits, by the order in which analysts work",
        f"The drawing ends where somebody should have looked: hours, {urgent.respond_within_hours:g}.",
        steps(_by_order(found, urgent.name, urgent.respond_within_hours), orders, by_order),
    )
    yield Part("waits", "Time to the first look", "By order and band.", table=Table(WAITS, wait_rows(found.waits)))
    yield Part(
        "people",
        "With fewer people, and with more",
        "The same reports, under the policy, with other numbers of analysts on every shift.",
        table=Table(STAFFED, staffed_rows(found)),
    )


def _curves(found: Outlook, names: Sequence[str]) -> list[Row]:
    limit = {band.name: band.respond_within_hours for band in found.policy.bands}
    at = np.linspace(0, PAST, POINTS)
    looked = {name: _waited(found, Order.POLICY, name, PAST * limit[name]) / limit[name] for name in names}
    return [
        {"x": float(x), "share": float(np.mean(waited <= x)), "band": name}
        for name, waited in looked.items()
        for x in at
    ]


def _by_order(found: Outlook, band: str, limit: float) -> list[Row]:
    at = np.linspace(0, limit, POINTS)
    return [
        {"x": float(x), "share": float(np.mean(_waited(found, order, band, limit) <= x)), "order": str(order)}
        for order in found.waited
        for x in at
    ]


def _waited(found: Outlook, order: Order, band: str, least: float) -> NDArray[np.float64]:
    """Give the waits of a band's reports that had so many hours before the end; of all, if none had."""
    of_band = np.array([one.band == band for one in found.arrivals])
    early = np.array([one.at + least <= found.days * DAY for one in found.arrivals]) & of_band
    waited: NDArray[np.float64] = found.waited[order][early if np.any(early) else of_band]
    return waited


def write_page(found: Outlook, file: Path) -> Path:
    """Write the page, whole or not at all."""
    write(file, render_page(page_of(found)).encode())
    return file
