"""Incidents: who reports, of what type, how urgent, from where and by which channel, as shares of all reports."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from domain.report import FileAnnotation, IncidentType, ReportAnnotation, Source
from tasks.simulating.chance import chance, happens, one_of, weighted
from tasks.simulating.reserved import host, ip_address, mail_address, onion_host, telephone, url, word

AT_RISK = frozenset({IncidentType.ENTICEMENT, IncidentType.TRAFFICKING, IncidentType.MOLESTATION})
AT_RISK_REPORT = (ReportAnnotation.SEXTORTION, ReportAnnotation.SOLICITATION, ReportAnnotation.SADISTIC_EXPLOITATION)
AT_RISK_FILE = (FileAnnotation.LIVE_STREAMING, FileAnnotation.PHYSICAL_HARM)
"""A report of one of these types with one of these annotations is urgent, escalated or not."""

COUNTRIES = {
    "IN": 24.1, "ID": 10.8, "TH": 10.6, "MX": 7.7, "BD": 6.1, "US": 4.9, "BR": 4.5, "VN": 4.3, "DZ": 3.9, "PK": 3.5,
    "PH": 2.0, "IQ": 2.0, "EG": 1.6, "TR": 1.5, "CO": 1.4, "SA": 1.3, "MA": 1.2, "AR": 1.0, "GB": 0.9, "NG": 0.8,
    "DE": 0.7, "FR": 0.7, "RU": 0.6, "IT": 0.5, "ES": 0.5, "ZA": 0.4, "KE": 0.4, "SO": 0.3, "AU": 0.3, "JP": 0.3,
    "A1": 1.0, "A2": 0.4,
}  # fmt: skip
"""Percent of the located reports: the paper's Table 1, a made-up tail, and the pseudo-codes for proxies."""

_LOCATED = 0.686
"""Share of reports with a country (from the paper's Table 1)."""

_TYPES = {
    IncidentType.POSSESSION: 90.0,
    IncidentType.ENTICEMENT: 4.0,
    IncidentType.UNSOLICITED: 1.5,
    IncidentType.MOLESTATION: 1.5,
    IncidentType.TRAFFICKING: 1.0,
    IncidentType.MISLEADING_WORDS: 0.8,
    IncidentType.MISLEADING_DOMAIN: 0.7,
    IncidentType.TOURISM: 0.5,
}
_CHANNELS = {
    "web": 78.0, "tor": 2.5, "ftp": 1.5, "emailIncident": 4.0, "chatImIncident": 4.0, "onlineGamingIncident": 2.0,
    "cellPhoneIncident": 2.5, "peer2peerIncident": 2.0, "newsgroupIncident": 0.5, "nonInternetIncident": 0.5, "": 2.5,
}  # fmt: skip
_PLATFORMS = {f"esp-{number:02d}": 1 / number for number in range(1, 13)}


@dataclass(frozen=True, slots=True)
class Channel:
    """One `internetDetails`: the name of the incident's element, and its children in order."""

    incident: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Incident:
    """What a report says apart from its files and users."""

    source: Source
    reporter: str
    type: IncidentType
    escalated: bool
    annotations: tuple[ReportAnnotation, ...]
    at_risk_file: FileAnnotation | None
    batched: bool
    channels: tuple[Channel, ...]
    country: str
    hours_before: float

    @property
    def urgent(self) -> bool:
        """Whether a person must look at it first, as the simulation means it."""
        flagged = self.at_risk_file is not None or any(each in AT_RISK_REPORT for each in self.annotations)
        return self.escalated or (self.type in AT_RISK and flagged)


def plan_incidents(seed: int, received: Collection[float], rejected: Collection[int]) -> list[Incident]:
    """Plan the incident of each report: all eight types occur, and about 6 % of the accepted are urgent."""
    order = [int(n) for n in chance(seed, "types").permutation(len(received)) if n not in rejected]
    rare = dict(zip(order, [kind for kind in IncidentType if kind is not IncidentType.POSSESSION], strict=False))
    urgent = {n: number for number, n in enumerate(order[::-1][: round(0.06 * len(received))])}
    return [
        _incident(chance(seed, "incident", number), day, rare.get(number), urgent.get(number))
        for number, day in enumerate(received)
    ]


def _incident(rng: np.random.Generator, day: float, rare: IncidentType | None, urgent: int | None) -> Incident:
    """Draw one incident; `urgent` counts the urgent ones: escalated, annotated, or both in turn."""
    public = happens(rng, 0.35 * np.exp(-0.6 * day / 365.25))
    manner = None if urgent is None else urgent % 3
    escalated, annotated = manner in (0, 2), manner in (1, 2)
    kind = rare or weighted(rng, _TYPES)
    if annotated:
        kind = one_of(rng, sorted(AT_RISK))
    by_file = annotated and happens(rng, 0.3)
    flags = (one_of(rng, AT_RISK_REPORT),) if annotated and not by_file else _harmless_flags(rng)
    return Incident(
        source=Source.PUBLIC if public else Source.ESP,
        reporter="public" if public else weighted(rng, _PLATFORMS),
        type=kind,
        escalated=escalated,
        annotations=flags,
        at_risk_file=one_of(rng, AT_RISK_FILE) if by_file else None,
        batched=urgent is None and not public and happens(rng, 0.04),
        channels=tuple(_channel(rng) for _ in range(2 if happens(rng, 0.04) else 1)),
        country=weighted(rng, COUNTRIES) if happens(rng, _LOCATED) else "",
        hours_before=float(rng.exponential(30.0)),
    )


def _harmless_flags(rng: np.random.Generator) -> tuple[ReportAnnotation, ...]:
    if happens(rng, 0.04):
        return (one_of(rng, (ReportAnnotation.SPAM, ReportAnnotation.MINOR_TO_MINOR)),)
    return ()


def _channel(rng: np.random.Generator) -> Channel:
    """Draw a channel with made-up particulars, all of them reserved ones; an empty one where none is known."""
    chosen = weighted(rng, _CHANNELS)
    if chosen in ("web", "tor", "ftp"):
        address = (
            url(rng, onion_host(rng), "http")
            if chosen == "tor"
            else url(rng, host(rng), "ftp" if chosen == "ftp" else "https")
        )
        return Channel("webPageIncident", (("url", address),))
    fields: dict[str, tuple[tuple[str, str], ...]] = {
        "emailIncident": (("emailAddress", mail_address(rng)),),
        "chatImIncident": (
            ("chatClient", "Example Chat"),
            *((("chatRoomName", word(rng)),) if happens(rng, 0.5) else ()),
        ),
        "onlineGamingIncident": (("gameName", "Tile Quest"), ("console", "Example Box")),
        "cellPhoneIncident": (("phoneNumber", telephone(rng)),),
        "peer2peerIncident": (
            ("client", "ExampleShare"),
            ("ipAddress", ip_address(rng)),
            ("fileNames", f"{word(rng)}.zip"),
        ),
        "newsgroupIncident": (("name", f"alt.example.{word(rng)}"),),
        "nonInternetIncident": (("locationName", "a railway station"),),
    }
    return Channel(chosen, fields.get(chosen, ()))
