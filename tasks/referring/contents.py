"""What is in a package: the dossier opened for one desk, and the documents that are written from it."""

import codecs
import mimetypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from domain.dossier import Dossier, Withheld, withheld
from domain.intake import HeldFile, SightedFile
from domain.media import Kind
from domain.report import Particular
from domain.routing import Desk
from infra.desks import Address
from infra.world import world
from tasks.reports.taking import particulars_of

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


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
        documents: the report as it came and what it says of each file, as far as that is text, with their paths.
        sealed_to: the desk's public key (64 hex digits).
        simulated: this installation takes made-up reports alone.
        case_id: the case's identifier for its recipients, the same for all of them.
    """

    dossier: Dossier
    desk: Desk
    particulars: tuple[Particular, ...]
    entries: tuple[Entry, ...]
    documents: tuple[tuple[str, HeldFile], ...]
    categories: Mapping[str, int]
    sealed_to: str
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
        documents=tuple(_documents(dossier)),
        categories=address.categories,
        sealed_to=address.key.hex(),
        simulated=not world().settings.authority,
        case_id=identifier("case", report_id),
    )


def identifier(*parts: str) -> UUID:
    """Make an identifier for recipients: a keyed digest in the form of a UUID, of which nothing can be told."""
    return UUID(hex=world().surrogate("referral", *parts), version=5)


def enclosed(opened: Opened) -> Iterator[tuple[str, HeldFile]]:
    """Give the stored files of a package, with their paths: the report as it came, and media."""
    yield from opened.documents
    for entry in opened.entries:
        if entry.path and entry.file.content:
            yield entry.path, entry.file.content


def _documents(dossier: Dossier) -> Iterator[tuple[str, HeldFile]]:
    """Give what came as text, with its path."""
    named = [(f"{number:02}", document) for number, document in enumerate(dossier.documents)]
    named += [(f"file-{ordinal:04}", file.details) for ordinal, file in enumerate(dossier.files) if file.details]
    for name, document in named:
        if ending := _text_ending(document):
            yield f"documents/{name}{ending}", document


def _text_ending(document: HeldFile) -> str:
    """Give the ending of a document that is text; nothing for what may be a picture: other rules hold for those."""
    if document.kind is not Kind.OTHER:
        return ""
    decoder, first = codecs.getincrementaldecoder("utf-8-sig")(), ""
    try:
        for piece in world().blobs.pieces(document.blob):
            text = decoder.decode(piece)
            first = first or text.lstrip()[:1]
            if _CONTROL.search(text):
                return ""
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return ""
    return {"<": ".xml", "{": ".json", "[": ".json"}.get(first, ".txt")


def _ending(held: HeldFile) -> str:
    """Give an ending that a reader's programs know; the type is what the bytes say."""
    return mimetypes.guess_extension(held.media_type) or ".bin"
