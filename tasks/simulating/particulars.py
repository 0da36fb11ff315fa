"""Particulars: the users that a report names, and what its reporter says of each file."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from domain.media import Kind
from domain.report import Classification, FileAnnotation, LocationRole, Source
from tasks.simulating.cases import Offender, part, stranger
from tasks.simulating.chance import happens, one_of
from tasks.simulating.incidents import Incident
from tasks.simulating.population import PlannedFile
from tasks.simulating.reserved import host, ip_address, url

_STEMS = {
    Kind.IMAGE: ("IMG_", "DSC", "photo-", "Screenshot_"),
    Kind.VIDEO: ("VID_", "clip-", "MOV_"),
    Kind.OTHER: ("notes-", "page-"),
}


@dataclass(frozen=True, slots=True)
class Party:
    """A person or user whom a report names; in the role of a victim it holds no more than a country."""

    role: LocationRole
    country: str = ""
    screen_name: str = ""
    email: str = ""
    phone: str = ""
    addresses: tuple[str, ...] = ()
    device: str = ""


@dataclass(frozen=True, slots=True)
class FileParticulars:
    """What a reporter says of one file. `claims` are digests by the name of their algorithm."""

    name: str
    uploaded_at: datetime
    location: str
    viewed: bool | None
    public: bool | None
    supplemental: bool
    meme: bool
    annotations: tuple[FileAnnotation, ...]
    classification: Classification | None
    claims: tuple[str, ...]
    address: str


def draw_parties(rng: np.random.Generator, incident: Incident, sought: Offender | None = None) -> tuple[Party, ...]:
    """Draw the users reported and, rarely, a victim; the located reports always name somebody with a country.

    Where the report is of a case, the first user is mostly the one `sought`.
    """
    if incident.batched:
        number = int(rng.integers(3, 13))
    elif incident.source is Source.PUBLIC:
        number = int(happens(rng, 0.3))
    else:
        number = int(rng.choice([0, 1, 1, 1, 1, 1, 1, 1, 1, 2]))
    victim = happens(rng, 0.4 if incident.urgent else 0.04)
    if incident.country and not victim:
        number = max(1, number)
    told = sought is not None and happens(rng, 0.9)
    whom = [sought if told and place == 0 else None for place in range(max(1, number) if told else number)]
    users = tuple(_user(rng, incident, one) for one in whom)
    return (*users, Party(LocationRole.VICTIM, incident.country)) if victim else users


def _user(rng: np.random.Generator, incident: Incident, sought: Offender | None) -> Party:
    """Draw what is told of somebody; the public knows a name alone."""
    known = part(rng, sought or stranger(rng), often=sought is not None)
    (name,) = known.accounts
    if incident.source is Source.PUBLIC:
        return Party(LocationRole.SUSPECT, incident.country, screen_name=name)
    told = (known.email, known.phone, known.addresses, known.device)
    return Party(LocationRole.SUSPECT, incident.country, name, *told)


def draw_file_particulars(
    rng: np.random.Generator, file: PlannedFile, suffix: str, incident: Incident, received_at: datetime
) -> FileParticulars:
    """Draw what the reporter of `incident` says of `file`."""
    platform = incident.source is Source.ESP
    supplemental = happens(rng, 0.04)
    classified = platform and not supplemental and happens(rng, 0.25)
    digests = ("MD5",) if happens(rng, 0.85) else ()
    return FileParticulars(
        name=f"{one_of(rng, _STEMS[file.kind])}{rng.integers(1, 10_000):04d}.{suffix}",
        uploaded_at=received_at - timedelta(hours=round(incident.hours_before)),
        location=url(rng, host(rng)) if happens(rng, 0.4) else "",
        viewed=one_of(rng, (True, True, True, False, None)) if platform else None,
        public=one_of(rng, (True, False, None)),
        supplemental=supplemental,
        meme=incident.batched and happens(rng, 0.6),
        annotations=_annotations(rng, file),
        classification=file.origin.category if classified else None,
        claims=(*digests, "SHA1") if digests and happens(rng, 0.1) else digests,
        address=ip_address(rng) if platform and happens(rng, 0.5) else "",
    )


def _annotations(rng: np.random.Generator, file: PlannedFile) -> tuple[FileAnnotation, ...]:
    """Flag what is seen often as viral, and a little by chance."""
    flags = [FileAnnotation.VIRAL] if len(file.reports) >= 5 and happens(rng, 0.5) else []
    flags += [flag for flag in (FileAnnotation.GENERATIVE_AI, FileAnnotation.SELF_PRODUCTION) if happens(rng, 0.03)]
    return tuple(flags)
