"""Intake: what became of one drop, the folder in which a report arrives."""

from dataclasses import dataclass

from domain.media import BlobKey, Digests, Kind
from domain.report import FileFault, NamedFile, Receipt, Rejection, Report


@dataclass(frozen=True, slots=True)
class HeldFile:
    """Bytes that the blob store holds."""

    blob: BlobKey
    digests: Digests
    media_type: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class SightedFile:
    """One file entry of a report and what came of it; `fault` says why it is not among the stored ones."""

    named: NamedFile
    content: HeldFile | None
    details: HeldFile | None
    fault: FileFault | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """One drop, taken in: an accepted report, or a rejection with its raw bytes kept."""

    drop: str
    report_id: str
    external_id: str
    receipt: Receipt | None
    report: Report | None
    rejection: Rejection | None
    documents: tuple[HeldFile, ...]
    files: tuple[SightedFile, ...]

    @property
    def held(self) -> tuple[HeldFile, ...]:
        """Everything that the store now holds of this drop."""
        parts = [part for file in self.files for part in (file.content, file.details)]
        return self.documents + tuple(part for part in parts if part)
