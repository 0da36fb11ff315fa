"""Intake: what became of one drop, the folder in which a report arrives."""

from dataclasses import dataclass

from domain.media import BlobKey, Digests, Kind, Sealed
from domain.report import (
    FileFault,
    Identifier,
    Location,
    NamedFile,
    PersonRole,
    Receipt,
    Rejection,
    Report,
)


@dataclass(frozen=True, slots=True)
class HeldFile:
    """Bytes that the blob store holds; `sealed` where they are new to it, with the key to record."""

    blob: BlobKey
    digests: Digests
    media_type: str
    kind: Kind
    sealed: Sealed | None = None


@dataclass(frozen=True, slots=True)
class SightedFile:
    """One file entry of a report and what came of it; `fault` says why it is not among the stored ones."""

    named: NamedFile
    content: HeldFile | None
    details: HeldFile | None
    fault: FileFault | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """A particular reduced to its keyed digest: it links reports, and tells nothing."""

    role: PersonRole
    kind: Identifier
    value: str


@dataclass(frozen=True, slots=True)
class SealedPerson:
    """A report's particulars, sealed, with the wrapped key that opens them."""

    kek: str
    wrapped: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """One report, taken in: accepted, or a rejection with its raw bytes kept.

    Attributes:
        drop: what this intake is known by, to take it once.
        report: its particulars have no values any more; those are in `person`, sealed, and in `traces`.
        pseudonym: the reporter's, empty where nobody is named.
        content: keyed digest of the content alone, the same from several reporters.
        completeness: points of `domain.completeness`; None for a rejected one.
        inferred: countries that the operator's table gives for addresses.
    """

    drop: str
    report_id: str
    external_id: str
    receipt: Receipt | None
    report: Report | None
    rejection: Rejection | None
    documents: tuple[HeldFile, ...]
    files: tuple[SightedFile, ...]
    pseudonym: str = ""
    content: str | None = None
    completeness: int | None = None
    traces: frozenset[Trace] = frozenset()
    inferred: frozenset[Location] = frozenset()
    person: SealedPerson | None = None

    @property
    def held(self) -> tuple[HeldFile, ...]:
        """Everything that the store now holds of this drop."""
        parts = [part for file in self.files for part in (file.content, file.details)]
        return self.documents + tuple(part for part in parts if part)
