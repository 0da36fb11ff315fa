"""Reports: who told us what, when; the words of the CyberTipline protocol and of the paper."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Source(StrEnum):
    """Who reports, as coarse as the paper keeps it (section 3.1)."""

    PUBLIC = "public"
    ESP = "esp"


class Vector(StrEnum):
    """How material was distributed: the rows of the paper's Figure 6."""

    FTP = "ftp"
    EMAIL = "email"
    P2P = "p2p"
    CHAT = "chat"
    MESSENGER = "messenger"
    FORUM = "forum"
    GAMING = "gaming"
    SMS = "sms"
    CELL_PHONE = "cell_phone"
    TOR = "tor"
    URL = "url"


class IncidentType(StrEnum):
    """What happened, in the protocol's own closed list, handled as codes."""

    POSSESSION = "Child Pornography (possession, manufacture, and distribution)"
    TRAFFICKING = "Child Sex Trafficking"
    TOURISM = "Child Sex Tourism"
    MOLESTATION = "Child Sexual Molestation"
    MISLEADING_DOMAIN = "Misleading Domain Name"
    MISLEADING_WORDS = "Misleading Words or Digital Images on the Internet"
    ENTICEMENT = "Online Enticement of Children for Sexual Acts"
    UNSOLICITED = "Unsolicited Obscene Material Sent to a Child"


class ReportAnnotation(StrEnum):
    """The reporter's flags on a report (`reportAnnotations`)."""

    SEXTORTION = "sextortion"
    SOLICITATION = "csamSolicitation"
    MINOR_TO_MINOR = "minorToMinorInteraction"
    SPAM = "spam"
    SADISTIC_EXPLOITATION = "sadisticOnlineExploitation"


class FileAnnotation(StrEnum):
    """The reporter's flags on a file (`fileAnnotations`), handled as codes."""

    DRAWING = "animeDrawingVirtualHentai"
    MEME = "potentialMeme"
    VIRAL = "viral"
    SELF_PRODUCTION = "possibleSelfProduction"
    PHYSICAL_HARM = "physicalHarm"
    VIOLENCE = "violenceGore"
    BESTIALITY = "bestiality"
    LIVE_STREAMING = "liveStreaming"
    INFANT = "infant"
    GENERATIVE_AI = "generativeAi"


class Classification(StrEnum):
    """The industry's classification codes; what they stand for is not this program's business."""

    A1 = "A1"
    A2 = "A2"
    B1 = "B1"
    B2 = "B2"


class LocationRole(StrEnum):
    """Whom a country belongs to; the paper overloads one field with all of them (section 3.1)."""

    SUSPECT = "suspect"
    VICTIM = "victim"


class Identifier(StrEnum):
    """Kinds of identifiers that a report holds; only that they are there, never their values."""

    IP_ADDRESS = "ip_address"
    EMAIL = "email"
    PHONE = "phone"
    ACCOUNT = "account"
    DEVICE = "device"


class Rejection(StrEnum):
    """Why a whole report was not accepted: the closed list."""

    NO_RECEIPT = "no_receipt"
    NO_REPORT = "no_report"
    NOT_WELL_FORMED = "not_well_formed"
    FORBIDDEN_XML = "forbidden_xml"
    SCHEMA = "schema"
    TOO_LARGE = "too_large"


class FileFault(StrEnum):
    """Why a named file is not among the stored ones: the closed list."""

    MISSING = "missing"
    EMPTY = "empty"
    DIGEST_MISMATCH = "digest_mismatch"
    NOT_MEDIA = "not_media"
    UNDECODABLE = "undecodable"
    TOO_MANY_PIXELS = "too_many_pixels"
    DECODER_CRASHED = "decoder_crashed"
    REPORT_REJECTED = "report_rejected"


@dataclass(frozen=True, slots=True)
class Location:
    """A country (ISO 3166 alpha-2, upper case) and whom it belongs to."""

    country: str
    role: LocationRole


@dataclass(frozen=True, slots=True)
class NamedFile:
    """One file entry of a report, as its reporter describes it (`fileDetails`)."""

    file_id: str
    claimed_md5: str | None = None
    viewed_by_reporter: bool | None = None
    publicly_available: bool | None = None
    annotations: frozenset[FileAnnotation] = frozenset()
    classification: Classification | None = None
    claims_media: bool = False
    """The reporter's file name ends as an image's or a video's does."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the receiving side noted when a report came in; the time axis of every measure (section 3.1)."""

    external_id: str
    reporter: str
    source: Source
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """A report that validates. `users` counts the persons or users reported."""

    receipt: Receipt
    incident_type: IncidentType
    incident_at: datetime
    escalated: bool = False
    batched: bool = False
    users: int = 0
    annotations: frozenset[ReportAnnotation] = frozenset()
    vectors: frozenset[Vector] = frozenset()
    locations: frozenset[Location] = frozenset()
    identifiers: frozenset[Identifier] = frozenset()
    files: tuple[NamedFile, ...] = field(default=())

    @property
    def incidents(self) -> int:
        """Incidents that the report stands for: one, or the users of a batched (bundled) report."""
        return max(1, self.users) if self.batched else 1
