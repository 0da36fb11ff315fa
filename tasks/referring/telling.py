"""Telling: where each referral stands, in codes and moments."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from domain.routing import MANUAL
from infra.ledger.cases import Outgoing


def state(one: Outgoing, reachable: Collection[str]) -> str:
    """Say how far a referral is."""
    for what, moment in (("recalled", one.recalled_at), ("acknowledged", one.acknowledged_at), ("sent", one.sent_at)):
        if moment:
            return f"{what} {_day(moment)}"
    if one.desk == MANUAL.code:
        return "waits for a person"
    if one.superseded:
        return "superseded by a revision"
    return "waits for `refer send`" if one.desk in reachable else "has no address"


def lines(going: Sequence[Outgoing], reachable: Collection[str]) -> Iterator[str]:
    """Give a line for each referral: report, desk, package, how far it is, and why that desk."""
    for one in going:
        told = (one.case.report, one.desk, one.number or "-", one.case.detail, state(one, reachable))
        yield f"{'  '.join(told)}  ({', '.join(one.reasons)})"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
