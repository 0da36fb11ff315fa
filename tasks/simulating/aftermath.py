"""Aftermath: what became of simulated reports: when somebody looked, to whom they went, and what came back.

Every report draws from a generator of its own, so that the rest of the simulation is the same without it.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from domain.referral import COLUMNS, CaseStatus, Detail, Outcome, Recipient, Usefulness
from tasks.simulating.chance import chance, happens, weighted
from tasks.simulating.cybertip import Letterhead, timestamp
from tasks.simulating.incidents import Incident

_LOOKED_AT = 0.7
"""Share of the reports that are not urgent that anybody looks at; urgent ones all are."""

_HOURS = {True: 3.0, False: 90.0}
"""Mean hours to the first look, of urgent reports and others, exponential."""

_ACTIONABLE = 0.5
_DOMESTIC = {Recipient.ICAC: 70.0, Recipient.FEDERAL: 25.0, Recipient.LOCAL: 5.0}
_NOWHERE = {Recipient.FEDERAL: 60.0, Recipient.INTERNATIONAL: 30.0, Recipient.OTHER: 10.0}
_SECOND, _FEDERAL_DAYS = 0.05, 2.0
"""Share of referrals that a federal agency gets as well, and after how many days at most."""

_ANSWERED, _ANSWER_DAYS = 0.06, 120.0
"""Share of actionable referrals that are answered, and after how many days in the mean."""

_STATUS = {CaseStatus.ONGOING: 45.0, CaseStatus.CLOSED: 30.0, CaseStatus.ARREST: 15.0, CaseStatus.REFERRED: 7.0,
           CaseStatus.CONVICTION: 3.0}  # fmt: skip
_USEFUL = {Usefulness.USEFUL: 55.0, Usefulness.UNSAID: 20.0, Usefulness.LIMITED: 12.0, Usefulness.STALE: 10.0,
           Usefulness.OTHER: 3.0}  # fmt: skip

Row = dict[str, str]


def write_outcomes(file: Path, seed: int, reports: Iterable[tuple[int, Letterhead, Incident]]) -> None:
    """Write what became of reports, each with its number in the simulation."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for number, letterhead, incident in reports:
            whose = {"reporter": incident.reporter, "external_id": letterhead.external_id}
            rng = chance(seed, "aftermath", number)
            writer.writerows({**whose, **row} for row in _aftermath(rng, letterhead.received_at, incident))


def _aftermath(rng: np.random.Generator, received_at: datetime, incident: Incident) -> Iterator[Row]:
    """Draw what became of one report; nothing, where nobody looked yet."""
    if not (incident.urgent or happens(rng, _LOOKED_AT)):
        return
    looked = received_at + timedelta(hours=float(rng.exponential(_HOURS[incident.urgent])))
    yield _row(Outcome.LOOK, looked)
    actionable = not incident.batched and (incident.urgent or happens(rng, _ACTIONABLE))
    detail = Detail.ACTIONABLE if actionable else Detail.INFORMATIONAL
    recipients = [_recipient(rng, incident.country)]
    if recipients[0] is not Recipient.FEDERAL and happens(rng, _SECOND):
        recipients.append(Recipient.FEDERAL)
    for recipient in recipients:
        referred = looked + timedelta(days=float(rng.uniform(0, _FEDERAL_DAYS)))
        yield _row(Outcome.REFERRAL, referred, recipient=recipient, detail=detail)
        if actionable and happens(rng, _ANSWERED):
            answered = referred + timedelta(days=float(rng.exponential(_ANSWER_DAYS)))
            said = {"status": weighted(rng, _STATUS), "useful": weighted(rng, _USEFUL)}
            yield _row(Outcome.FEEDBACK, answered, recipient=recipient, **said)


def _recipient(rng: np.random.Generator, country: str) -> Recipient:
    if country == "US":
        return weighted(rng, _DOMESTIC)
    return Recipient.INTERNATIONAL if country else weighted(rng, _NOWHERE)


def _row(outcome: Outcome, at: datetime, **codes: str) -> Row:
    return {"outcome": outcome, "at": timestamp(at), **codes}
