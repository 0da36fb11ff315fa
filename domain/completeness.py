"""Completeness: how much of what it takes to locate someone a report holds. It is no part of urgency.

The points are ours, not measured: an address with its time leads to a subscriber, an account to its provider, and
the rest narrows the search (what the OJJDP text calls informational lacks them).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from domain.report import Identifier, LocationRole, Report

Present = Callable[[Report], bool]


def _has(*kinds: Identifier) -> Present:
    return lambda report: not report.identifiers.isdisjoint(kinds)


PARTS: Mapping[str, tuple[int, Present]] = MappingProxyType({
    "ip_address": (30, _has(Identifier.IP_ADDRESS)),
    "account": (15, _has(Identifier.ACCOUNT)),
    "email": (15, _has(Identifier.EMAIL)),
    "phone": (10, _has(Identifier.PHONE)),
    "name_or_address": (10, _has(Identifier.NAME, Identifier.POSTAL_ADDRESS)),
    "country_of_suspect": (10, lambda report: any(one.role is LocationRole.SUSPECT for one in report.locations)),
    "device": (5, _has(Identifier.DEVICE)),
    "incident_time": (5, lambda report: report.incident_at is not None),
})  # fmt: skip
"""What counts, in order of its points; they sum to 100."""


def missing(report: Report) -> tuple[str, ...]:
    """Name what would help to locate someone and is not there, the most helpful first."""
    return tuple(name for name, (_, present) in PARTS.items() if not present(report))


def completeness(report: Report) -> int:
    """Sum the points of what is there, 0–100."""
    return sum(points for points, present in PARTS.values() if present(report))
