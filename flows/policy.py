"""Policy: outcomes are held against it; another is tried on the past, proposed, and in force by a second person."""

from pathlib import Path

from prefect import flow

from domain.counts import Counts
from flows.prioritize import prioritize
from tasks import switching
from tasks.backtesting.trying import try_policy
from tasks.learning.telling import tell_outcomes
from tasks.staging import stage, step


@flow
def propose_policy(file: Path, by: str, reason: str, analysts: int = 4) -> Counts:
    """Try a policy on the past beside the one in force, show what comes of it, and propose to rank by it.

    Args:
        file: The policy (TOML), on the worker's machine.
        by: Who proposes it: a number, no name; a pseudonym is kept.
        reason: Why, in words of 10 characters or more.
        analysts: Around the clock, for the simulated waits.
    """
    with stage("propose-policy") as publish:
        counts = step(try_policy)("in-force", str(file), analysts)
        step(switching.propose)(file, by, reason)
        return publish(counts)


@flow
def approve_policy(version: str, by: str) -> Counts:
    """Have a policy in force that somebody else proposed, and rank every report by it.

    Args:
        version: How its version begins, as `breakwater policy list` gives it.
        by: Who approves it: a number, no name; not who proposed it.
    """
    with stage("approve-policy") as publish:
        step(switching.approve)(version, by)
        return publish(prioritize())


@flow
def report_policy(policy: str = "in-force") -> Counts:
    """Hold what became of reports against what a policy says of them, as the artifact `policy-report` and a page.

    Args:
        policy: A file on the worker's machine, how a version begins, or `in-force`.
    """
    with stage("report-policy") as publish:
        return publish(step(tell_outcomes)(policy))
