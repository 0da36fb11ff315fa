"""What is in a package: the dossier opened for one desk, and the documents that are written from it."""

import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from domain.dossier import Dossier, Withheld, withheld
from domain.intake import HeldFile, SightedFile
from domain.report import Particular
from domain.routing import Desk
from infra.desks import Address
from infra.world import world
from tasks.reports.taking import particulars_of


@dataclass(frozen=True, slots=True)
class Entry:
    """A file entry as the package tells it.

    Attributes:
        path: of its bytes within the package; empty where they are withheld.
        withheld: why they are.
    """

    ordinal: int
    file: SightedFile
    path: str
    withheld: Withheld | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A dossier opened for one desk: what every document of the package is written from.

    Attributes:
        particulars: who and where those involved are, in the open.
        categories: the desk's own number for each class of the industry's; mostly none.
        simulated: this installation takes made-up reports alone.
        case_id: the case's identifier for its recipients, the same for all of them.
    """

    dossier: Dossier
    desk: Desk
    particulars: tuple[Particular, ...]
    entries: tuple[Entry, ...]
    categories: Mapping[str, int]
    simulated: bool
    case_id: UUID


def open_for(dossier: Dossier, desk: Desk, address: Address) -> Opened:
    """Open a dossier for a desk: its particulars, and of its files what the desk may have.

    Raises:
        InvalidSettings: this process holds no sealing key.
    """
    report_id, gate = dossier.case.report, world().gate
    reasons = [withheld(file, gate, media=address.media) for file in dossier.files]
    found = zip(dossier.files, reasons, strict=True)
    return Opened(
        dossier=dossier,
        desk=desk,
        particulars=tuple(particulars_of(report_id, dossier.person)) if dossier.person else (),
        entries=tuple(
            Entry(ordinal, file, "" if why or not file.content else f"media/{ordinal:04}{_ending(file.content)}", why)
            for ordinal, (file, why) in enumerate(found)
        ),
        categories=address.categories,
        simulated=not world().settings.authority,
        case_id=identifier("case", report_id),
    )


def identifier(*parts: str) -> UUID:
    """Make an identifier for recipients: a keyed digest in the form of a UUID, of which nothing can be told."""
    return UUID(hex=world().surrogate("referral", *parts), version=5)


def enclosed(opened: Opened) -> Iterator[tuple[str, HeldFile]]:
    """Give the stored files of a package, with their paths: the report as it came, and media."""
    for number, document in enumerate(opened.dossier.documents):
        yield f"documents/{number:02}{_ending(document)}", document
    for entry in opened.entries:
        if entry.path and entry.file.content:
            yield entry.path, entry.file.content


def _ending(held: HeldFile) -> str:
    """Give an ending that a reader's programs know; the type is what the bytes say."""
    return mimetypes.guess_extension(held.media_type) or ".bin"
