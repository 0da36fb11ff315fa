"""Trying: a policy by its name beside another, the page written and shown."""

from domain.counts import Counts
from infra.world import world
from tasks.backtesting.page import publish_backtest, write_page
from tasks.backtesting.replay import Staffing, backtest
from tasks.staffing.desk import Shift
from tasks.switching import named

PAGE = "backtest.html"
"""The page, in the data folder."""


def try_policy(old: str, new: str, analysts: int) -> Counts:
    """Replay the ledger's reports by two policies, with so many analysts around the clock, and show what comes of it.

    Raises:
        InvalidSettings: a policy cannot be used, or the ledger has no report.
    """
    found = backtest(named(old), named(new), Staffing(0, 10.0, (Shift(0, 24, analysts),)))
    write_page(found, world().settings.root / PAGE)
    publish_backtest(found)
    changed = sum(number for (before, after), number in found.bands.items() if before != after)
    return Counts(reports_replayed=found.reports, bands_changed=changed)
