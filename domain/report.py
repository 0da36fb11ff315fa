"""Reports: who told us what, when; the words of the CyberTipline protocol and of the paper."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.media import Kind


class Source(StrEnum):
    """Who reports, as coarse as the paper keeps it (section 3.1)."""

    PUBLIC = "public"
    ESP = "esp"
    POLICE = "police"  # cases and hash sets that police hand over; the paper has none


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


NO_COUNTRY = frozenset({"A1", "A2", "O1", "AP", "EU"})
"""MaxMind's pseudo-codes (anonymous proxy, satellite, other, two regions): nobody lives there."""


class LocationRole(StrEnum):
    """Whom a country belongs to; the paper overloads one field with all of them (section 3.1)."""

    SUSPECT = "suspect"
    VICTIM = "victim"
    RECIPIENT = "recipient"
    UNSTATED = "unstated"
    """The report names the country alone, as the paper's data do."""
    ADDRESS = "address"
    """Inferred from an IP address by the operator's dated table, never stated by anyone."""


class PersonRole(StrEnum):
    """Whom a particular is of."""

    SUSPECT = "suspect"
    VICTIM = "victim"
    RECIPIENT = "recipient"
    REPORTER = "reporter"


class Identifier(StrEnum):
    """Kinds of particulars that tell who or where someone is; outside restricted tables never their values."""

    IP_ADDRESS = "ip_address"
    EMAIL = "email"
    PHONE = "phone"
    ACCOUNT = "account"
    DEVICE = "device"
    NAME = "name"
    POSTAL_ADDRESS = "postal_address"
    BIRTH_DATE = "birth_date"


class Rejection(StrEnum):
    """Why a whole report was not accepted: the closed list."""

    NO_RECEIPT = "no_receipt"
    NO_REPORT = "no_report"
    NOT_WELL_FORMED = "not_well_formed"
    FORBIDDEN_XML = "forbidden_xml"
    SCHEMA = "schema"
    TOO_LARGE = "too_large"
    WRONG_ENCODING = "wrong_encoding"
    TOO_DEEP = "too_deep"
    DUPLICATE_ID = "duplicate_id"
    UNKNOWN_FORMAT = "unknown_format"
    TOO_MANY = "too_many"
    IMPOSSIBLE_DATE = "impossible_date"
    READER_CRASHED = "reader_crashed"
    UNFINISHED = "unfinished"
    """Its files are being taken in, or that was stopped; it is rejected until they all are."""


class FileFault(StrEnum):
    """Why a named file is not among the stored ones: the closed list."""

    MISSING = "missing"
    NOT_SENT = "not_sent"
    """The report carries metadata of the file alone; nobody said that its bytes would come."""
    UNSAFE_NAME = "unsafe_name"
    """The report names a path that leads out of its own folder; nothing was read there."""
    EMPTY = "empty"
    DIGEST_MISMATCH = "digest_mismatch"
    NOT_MEDIA = "not_media"
    UNDECODABLE = "undecodable"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_LARGE = "too_large"
    DECODER_CRASHED = "decoder_crashed"
    REPORT_REJECTED = "report_rejected"


@dataclass(frozen=True, slots=True)
class Location:
    """A country (ISO 3166 alpha-2, upper case) and whom it belongs to."""

    country: str
    role: LocationRole


@dataclass(frozen=True, slots=True)
class Particular:
    """Personal data: one value that tells who or where someone is. Stored sealed, in a restricted table alone."""

    role: PersonRole
    kind: Identifier
    value: str = field(repr=False)


HASH_LENGTH = 1024
"""Characters of a claimed hash that are kept; PhotoDNA takes 288."""

KIND_LENGTH = 96
"""Characters of a claimed hash's kind that are kept."""


@dataclass(frozen=True, slots=True)
class ClaimedHash:
    """A hash that a reporter supplies: carried and matched exactly, never computed. `kind` as its sender calls it."""

    kind: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NamedFile:
    """One file entry of a report, as its reporter describes it (`fileDetails`).

    Attributes:
        claimed_kind: what its reporter says it is; None where only the bytes can tell.
        hashes: further hashes claimed, of any kind but MD5.
        category: the sender's own category, a code of a scheme that its format names; nobody here knows its meaning.
        particulars: who or where someone is, as told with the file; they are the report's too.
    """

    file_id: str
    claimed_md5: str | None = None
    viewed_by_reporter: bool | None = None
    publicly_available: bool | None = None
    annotations: frozenset[FileAnnotation] = frozenset()
    classification: Classification | None = None
    claims_media: bool = False
    """The reporter's file name ends as an image's or a video's does."""
    claimed_kind: Kind | None = None
    hashes: frozenset[ClaimedHash] = frozenset()
    category: str | None = None
    particulars: frozenset[Particular] = frozenset()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the receiving side noted when a report came in; the time axis of every measure (section 3.1)."""

    external_id: str
    reporter: str
    source: Source
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """A report that validates. `users` counts the persons or users reported, `victims` the victims named.

    Metadata of old reports may lack the incident's type and time.
    """

    receipt: Receipt
    incident_type: IncidentType | None
    incident_at: datetime | None
    escalated: bool = False
    batched: bool = False
    users: int = 0
    victims: int = 0
    annotations: frozenset[ReportAnnotation] = frozenset()
    vectors: frozenset[Vector] = frozenset()
    locations: frozenset[Location] = frozenset()
    particulars: frozenset[Particular] = frozenset()
    files: tuple[NamedFile, ...] = field(default=())

    @property
    def incidents(self) -> int:
        """Incidents that the report stands for: one, or the users of a batched (bundled) report."""
        return max(1, self.users) if self.batched else 1

    @property
    def identifiers(self) -> frozenset[Identifier]:
        """Kinds of identifiers known of those reported."""
        return frozenset(each.kind for each in self.particulars if each.role is PersonRole.SUSPECT)
