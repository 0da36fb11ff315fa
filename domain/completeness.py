"""Completeness: how much of what it takes to locate someone a report holds. It is no part of urgency.

The points are ours, not measured: an address with its time leads to a subscriber, an account to its provider, and
the rest narrows the search (what the OJJDP text calls informational lacks them).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from domain.report import Identifier, LocationRole, Report


@dataclass(frozen=True, slots=True)
class Leads:
    """What there is of a report to locate someone by.

    Attributes:
        identifiers: kinds known of those reported.
        located: the suspect's country is known.
        timed: the incident's time is known.
    """

    identifiers: frozenset[str]
    located: bool
    timed: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that helps: its points, what it is in words, and whether it is there."""

    points: int
    words: str
    present: Callable[[Leads], bool]


def _has(*kinds: Identifier) -> Callable[[Leads], bool]:
    return lambda leads: not leads.identifiers.isdisjoint(kinds)


PARTS: Mapping[str, Part] = MappingProxyType({
    "ip_address": Part(30, "an IP address of those reported", _has(Identifier.IP_ADDRESS)),
    "account": Part(15, "an account", _has(Identifier.ACCOUNT)),
    "email": Part(15, "an email address", _has(Identifier.EMAIL)),
    "phone": Part(10, "a phone number", _has(Identifier.PHONE)),
    "name_or_address": Part(10, "a name or a postal address", _has(Identifier.NAME, Identifier.POSTAL_ADDRESS)),
    "country_of_suspect": Part(10, "the suspect's country", lambda leads: leads.located),
    "device": Part(5, "a device's number", _has(Identifier.DEVICE)),
    "incident_time": Part(5, "when it happened", lambda leads: leads.timed),
})  # fmt: skip
"""What counts, in order of its points; they sum to 100."""


def leads(report: Report) -> Leads:
    """Give what there is of a report to locate someone by."""
    located = any(one.role is LocationRole.SUSPECT for one in report.locations)
    return Leads(frozenset(report.identifiers), located, report.incident_at is not None)


def missing(leads: Leads) -> tuple[str, ...]:
    """Name what would help to locate someone and is not there, the most helpful first."""
    return tuple(name for name, part in PARTS.items() if not part.present(leads))


def completeness(leads: Leads) -> int:
    """Sum the points of what is there, 0–100."""
    return sum(part.points for part in PARTS.values() if part.present(leads))


def would_raise(lacking: tuple[str, ...]) -> str:
    """Say in a line what would raise a completeness, and by how much; empty where nothing would."""
    told = ", ".join(f"{PARTS[name].words} +{PARTS[name].points}" for name in lacking)
    return f"what would raise this: {told}" if told else ""
