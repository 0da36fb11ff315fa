"""Case: a report that a person decided, and what became of it at each desk. What is not decided cannot be referred.

    Open ── decide ──► Decided ── refer ──► Referred ── acknowledge ──► Acknowledged
                          ▲                    │ recall                     │ recall
                          └──── decide again ──┴───────► Recalled ◄─────────┘

A case is one report. Its states are types, so that a call that a state does not allow does not type-check.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.referral import Detail, Recipient
from domain.routing import Desk


@dataclass(frozen=True, slots=True)
class Decided:
    """A person decided that a report is to be referred.

    Attributes:
        report: its surrogate id.
        by: who decided, as a surrogate.
        detail: how much it lets its recipients do.
    """

    report: str
    at: datetime
    by: str
    detail: Detail

    def refer(self, desk: Desk, number: str, at: datetime) -> "Referred":
        """Note that the package of this number was delivered to a desk."""
        return Referred(self, desk.code, desk.recipient, number, at)


@dataclass(frozen=True, slots=True)
class Open:
    """A report on which nobody decided, or whose referrals were all recalled."""

    report: str
    before: Sequence["Recalled"] = ()

    def decide(self, detail: Detail, by: str, at: datetime) -> Decided:
        """Decide that it is to be referred."""
        return Decided(self.report, at, by, detail)


@dataclass(frozen=True, slots=True)
class Recalled:
    """The clearinghouse took a referral back."""

    referred: "Referred"
    at: datetime


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The desk says that it has the package."""

    referred: "Referred"
    at: datetime

    def recall(self, at: datetime) -> Recalled:
        """Take it back all the same; the desk is told."""
        return Recalled(self.referred, at)


@dataclass(frozen=True, slots=True)
class Referred:
    """A package was delivered to a desk, which has not answered."""

    case: Decided
    desk: str
    recipient: Recipient
    number: str
    at: datetime

    def acknowledge(self, at: datetime) -> Acknowledged:
        """Note that the desk has it."""
        return Acknowledged(self, at)

    def recall(self, at: datetime) -> Recalled:
        """Take it back; the desk is told."""
        return Recalled(self, at)


Sent = Referred | Acknowledged | Recalled
"""What became of a package that was delivered."""
