"""Telling: what outcomes say of a policy by its name, the page written and shown."""

from domain.counts import Counts
from infra.world import world
from tasks.learning.calibration import report_on
from tasks.learning.page import publish_report, write_page
from tasks.switching import named

PAGE = "policy-report.html"
"""The page, in the data folder."""


def tell_outcomes(policy: str) -> Counts:
    """Report on a policy, and show what comes of it.

    Raises:
        InvalidSettings: the policy cannot be used, or the ledger has no report.
    """
    found = report_on(named(policy))
    write_page(found, world().settings.root / PAGE)
    publish_report(found)
    return Counts(reports_referred=found.referred, reports_answered=found.answered)
