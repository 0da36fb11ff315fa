"""The ranking on a simulated inbox with planted urgent reports, beside first come, newest first and a flat score.

NDCG@100 (scikit-learn's) asks how near the urgent reports stand to the head of a queue that holds all at once. The
first hour asks the desk: reports come at random, three analysts take ten minutes for each in the mean, and counted is
the share of the urgent ones that somebody looked at within an hour; at a load of 95 %, and of 130 %, where the queue
grows. The flat score has every factor of the policy count the same, without floors and caps. No model is at work.

The simulator draws what is urgent from what reporters say: an escalation, or an incident of a child at risk with a
flag. The policy weighs the same words, so that it does well by construction. Hence the last row: the policy without any
factor, floor or cap on the reporter's escalation, flags and classes, which leaves the type of incident, victims,
novelty and what can be followed.
"""

import csv
import logging
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from domain.priority import Policy, flat, prioritize
from infra.ledger.engine import migrate, reading
from infra.world import world

REPORTS = 600
TOP = 100
ANALYSTS, MINUTES = 3, 10.0
LOADS = (0.95, 1.3)
ROUNDS = 12
"""Times that the desk sees every report, at other moments each."""

SAID = ("escalated", "report.", "file.", "class.")
"""How evidence begins that is the reporter's word."""

Scores = dict[str, float]


def run(reports: int = REPORTS, folder: str = "") -> None:
    """Print the table; without a folder everything is made in one that goes away."""
    with ExitStack() as stack:
        root = Path(folder or stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["BREAKWATER_DATA"] = str(root)
        logging.getLogger("distributed").setLevel(logging.WARNING)
        world.cache_clear()
        migrate(world().ledger)
        began = time.process_time()
        urgent = _take_in(root, reports)
        _print(_scores(), urgent)
        print(f"  {time.process_time() - began:.0f} s of CPU in this process, the inbox and its fingerprints included")
        world().ledger.dispose()
        world.cache_clear()


def _take_in(root: Path, reports: int) -> set[str]:
    """Simulate an inbox, take it in, fingerprint it and cluster copies; give the urgent reports by their numbers."""
    from infra.cluster import running  # noqa: PLC0415 (the settings must stand first)
    from infra.inboxes import place_at  # noqa: PLC0415 (as above)
    from tasks.clustering.copies import cluster_copies  # noqa: PLC0415 (as above)
    from tasks.hashing.files import fingerprint_files  # noqa: PLC0415 (as above)
    from tasks.lists.importing import intake_lists  # noqa: PLC0415 (as above)
    from tasks.matching import match_entries, match_files  # noqa: PLC0415 (as above)
    from tasks.reports.intake import intake_reports  # noqa: PLC0415 (as above)
    from tasks.simulating.inbox import simulate_inbox  # noqa: PLC0415 (as above)

    simulate_inbox(root, reports, seed=1)
    with running():
        intake_lists.fn(root / "lists")
        intake_reports.fn(place_at(str(root / "inbox")))
        for step in (fingerprint_files, match_entries, match_files, cluster_copies):
            step.fn()
    with (root / "truth" / "reports.csv").open(newline="", encoding="utf-8") as told:
        return {row["external_id"] for row in csv.DictReader(told) if row["urgent"] == "true" and not row["rejection"]}


def _scores() -> tuple[list[str], dict[str, Scores]]:
    """Score every report in every way: their numbers in the order in which they came, and the scores by report."""
    from sqlalchemy import select  # noqa: PLC0415 (as above)

    from infra.ledger import facts, schema  # noqa: PLC0415 (as above)
    from tasks.clustering.alike import LEAST_QUALITY  # noqa: PLC0415 (as above)
    from tasks.ranking import weighed  # noqa: PLC0415 (as above)

    with reading(world().ledger) as connection:
        reports, files = facts.report_facts(connection), facts.file_facts(connection, {}, LEAST_QUALITY)
        numbers = dict(connection.execute(select(schema.report.c.id, schema.report.c.external_id)).tuples().all())
    reports.sort(key=lambda one: (one.received_at, one.id))
    policy, today = world().policy, reports[-1].received_at.date()
    told = {numbers[one.id]: evidence for one, evidence, _ in weighed(reports, files, policy, today)}
    order = [numbers[one.id] for one in reports]
    return order, {
        "policy": {name: prioritize(evidence, policy).score for name, evidence in told.items()},
        "flat score": {name: float(flat(evidence, policy)) for name, evidence in told.items()},
        "first come": {name: -float(place) for place, name in enumerate(order)},
        "newest first": {name: float(place) for place, name in enumerate(order)},
        "policy, words hidden": {name: prioritize(evidence, _blind(policy)).score for name, evidence in told.items()},
    }


def _blind(policy: Policy) -> Policy:
    return replace(
        policy,
        factors=tuple(each for each in policy.factors if not each.evidence.startswith(SAID)),
        floors=tuple(each for each in policy.floors if not each.evidence.startswith(SAID)),
        caps=(),
    )


def _print(scored: tuple[list[str], dict[str, Scores]], urgent: set[str]) -> None:
    from sklearn.metrics import ndcg_score  # noqa: PLC0415 (as above)

    order, ways = scored
    true = np.array([[float(name in urgent) for name in order]])
    print(f"ranking of {len(order):,} reports, of which {int(true.sum())} are urgent")
    hours = "".join(f"  urgent in the first hour at {load:.0%}" for load in LOADS)
    print(f"  {'order':<21} NDCG@{TOP}{hours}")
    for way, scores in ways.items():
        places = np.arange(len(order)) * 1e-9  # of equals the one that came first
        told = np.array([[scores[name] for name in order]]) - places
        shares = "".join(f"{_first_hour(order, urgent, scores, way, load):>34.1%}" for load in LOADS)
        print(f"  {way:<21} {ndcg_score(true, told, k=TOP):>8.3f}{shares}")


def _first_hour(order: Sequence[str], urgent: set[str], scores: Scores, way: str, load: float) -> float:
    """Give the share of the urgent reports that somebody looked at within an hour of their coming."""
    from tasks.staffing.desk import Arrival, Order, Shift, waits  # noqa: PLC0415 (as above)

    rng = np.random.default_rng(1)
    names = [order[n] for _ in range(ROUNDS) for n in rng.permutation(len(order))]
    moments = np.cumsum(rng.exponential(MINUTES / 60 / ANALYSTS / load, len(names)))
    took = rng.exponential(MINUTES / 60, len(names))
    some = [
        Arrival(float(at), float(hours), scores[name]) for at, hours, name in zip(moments, took, names, strict=True)
    ]
    by = {"first come": Order.FIRST, "newest first": Order.NEWEST}.get(way, Order.POLICY)
    waited = waits(some, [Shift(0, 24, ANALYSTS)], by, float(moments[-1]))
    return float(np.mean([wait <= 1 for wait, name in zip(waited, names, strict=True) if name in urgent]))
