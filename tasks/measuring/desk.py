"""The desk: how soon reports are looked at, to whom they are referred, and what comes back.

What became of a report is in the ledger as Breakwater, or the systems before it, have noted it; a report of which
nothing was noted counts as not looked at, not referred, and without feedback. All series are by the calendar year in
which the report was received (UTC), not by that of the look. A report that a revision took the place of is in none of
them, and what became of it does not count for the revision.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from domain.referral import Recipient
from infra.ledger.desk import FedBack, Looks, Made, Ranked, Referred
from tasks.measuring.frames import of_rows
from tasks.measuring.reference import published_recipients

if TYPE_CHECKING:
    import pandas as pd

ALL, NOT_RANKED = "all", "not ranked"
"""What stands for a band: all reports of a year, and those that the queue does not have."""

_SHARES = (0.5, 0.9)


class _Recipients(NamedTuple):
    year: int
    recipient: str
    actionable: int
    informational: int


class _Waits(NamedTuple):
    year: int
    band: str
    reports: int
    looked_at: int
    median_hours: float
    p90_hours: float


def outcomes(
    yearly: "pd.DataFrame", looks: Sequence[Looks], referred: Sequence[Referred], made: Sequence[Made],
    fed_back: Sequence[FedBack],
) -> "pd.DataFrame":  # fmt: skip
    """Give what became of the reports of each year.

    Columns: year; reports (accepted, as `yearly` has them); looked_at; referred, which is actionable (to a recipient as
    such) and informational (to none); recipients (distinct pairs of report and recipient, so that it can exceed
    referred); feedback (reports with any); useful (of these, found so by anybody); feedback_of_referred (referred
    reports with feedback, of all referred ones) and feedback_of_all (feedback of reports; the paper has less than 3 %,
    section 2.2). Excluded: nothing; a share of nothing is missing.
    """
    table = yearly[["year", "reports"]].set_index("year")
    table["looked_at"] = _sum(table, looks)
    table["referred"] = _sum(table, referred)
    table["actionable"] = _sum(table, [each for each in referred if each.actionable])
    table["informational"] = table["referred"] - table["actionable"]
    table["recipients"] = _sum(table, made)
    table["feedback"] = _sum(table, fed_back)
    table["useful"] = _sum(table, [each for each in fed_back if each.useful])
    answered = _sum(table, [each for each in referred if each.fed_back])
    table["feedback_of_referred"] = answered / table["referred"]
    table["feedback_of_all"] = table["feedback"] / table["reports"]
    return table.reset_index()


def recipients(made: Sequence[Made]) -> "pd.DataFrame":
    """Give the reports that were made available to each group of recipients, beside NCMEC's.

    Columns: year, recipient (a role), actionable, informational (distinct reports; one that a recipient got as both is
    actionable), published_actionable, published_informational. A report counts at each of its recipients, as NCMEC's
    do. Every recipient has a row in every year with referrals; what NCMEC did not publish is missing. Source of the
    published: `published_recipients.csv`.
    """
    counts = Counter[tuple[int, str, bool]]()
    for each in made:
        counts[each.year, each.recipient, each.actionable] += each.reports
    pairs = product(sorted({each.year for each in made}), sorted(Recipient))
    rows = [(year, to, counts[year, to, True], counts[year, to, False]) for year, to in pairs]
    table = of_rows(_Recipients, rows)
    published = published_recipients().set_index(["year", "recipient"]).add_prefix("published_")
    return table.join(published.astype("float64"), on=["year", "recipient"])


def first_look(yearly: "pd.DataFrame", looks: Sequence[Looks], ranked: Sequence[Ranked]) -> "pd.DataFrame":
    """Give the hours from the receipt of reports to the first look of a person at them, by year and by priority band.

    Columns: year; band (of the priority in force, `not ranked` without one, `all` for the whole year); reports
    (accepted, in that band); looked_at; median_hours, p90_hours. A percentile is the fewest tenths of an hour within
    which at least that share of the reports that were looked at had been. Excluded from the hours: reports that nobody
    looked at yet, so that the hours of the last year are underestimates where many wait; looked_at of reports tells.
    Bands without a report have no row.
    """
    waits = defaultdict[tuple[int, str], Counter[int]](Counter)
    for each in looks:
        for band in (each.band or NOT_RANKED, ALL):
            waits[each.year, band][each.tenths] += each.reports
    rows = [
        (year, band, reports, waits[year, band].total(), *(_hours(waits[year, band], part) for part in _SHARES))
        for (year, band), reports in sorted(_in_bands(yearly, ranked).items()) if reports
    ]  # fmt: skip
    return of_rows(_Waits, rows)


def _in_bands(yearly: "pd.DataFrame", ranked: Sequence[Ranked]) -> Counter[tuple[int, str]]:
    """Count the reports of each year in each band, those that are not ranked, and all of them."""
    counts = Counter[tuple[int, str]]()
    for year, reports in zip(yearly["year"].tolist(), yearly["reports"].tolist(), strict=True):
        counts[year, ALL] = counts[year, NOT_RANKED] = reports
    for each in ranked:
        counts[each.year, each.band] += each.reports
        counts[each.year, NOT_RANKED] -= each.reports
    return counts


def _hours(waits: Counter[int], share: float) -> float:
    """Give the fewest hours within which that share of what waited so many tenths of an hour had its turn."""
    done, all_of_them = 0, waits.total()
    for tenths, reports in sorted(waits.items()):
        done += reports
        if done >= share * all_of_them:
            return tenths / 10
    return math.nan


def _sum(table: "pd.DataFrame", rows: Sequence[Looks | Referred | Made | FedBack]) -> "pd.Series[int]":
    """Add reports up by the years of a table."""
    import pandas as pd  # noqa: PLC0415 (a flow's start need not pay for it)

    counts = pd.DataFrame([(each.year, each.reports) for each in rows], columns=["year", "reports"], dtype="int64")
    return counts.groupby("year")["reports"].sum().reindex(table.index, fill_value=0)
