"""Drops: folders in which reports arrive, each taken in once.

A drop is `receipt.json` (what the receiving side noted), `report.xml` (the report as submitted), and for each file
`<file id>.xml` (its details) and `<file id>.bin` (its bytes). Names of files as their owners called them stand in
the details alone. Any other file in the folder is kept with the report. An inbox of simulated drops is marked by an
empty file `.simulated`.
"""

import json
import re
from collections.abc import Mapping

from domain.errors import InvalidSettings, Rejected
from domain.intake import HeldFile, SightedFile, Taken
from domain.media import Kind
from domain.ports import BlobStore
from domain.report import FileFault, NamedFile, Receipt, Rejection, Report, Source
from infra.inboxes import Place, files_under, mark
from infra.world import world
from tasks.reports import json_documents
from tasks.reports.cybertip import parse_file_details, parse_report
from tasks.reports.moments import checked_receipt
from tasks.reports.names import plain
from tasks.reports.taking import assemble, hold

RECEIPT, REPORT, SIMULATED = "receipt.json", "report.xml", ".simulated"
_OF_A_FILE = re.compile(r"([0-9A-Za-z_-]{1,64})\.(?:bin|xml)")


def drops_in(inbox: Place, authority: str) -> list[Place]:
    """List the drops in an inbox, in order of their names.

    Raises:
        InvalidSettings: it is no folder; or nobody attested the authority to take in what is not simulated.
    """
    if not inbox.is_dir():
        raise InvalidSettings(f"{inbox} is not a folder that this process can read; name another as the inbox")
    check_authority(inbox, authority)
    return sorted((each for each in inbox.iterdir() if each.is_dir() and not each.is_symlink()), key=str)


def check_authority(folder: Place, authority: str) -> None:
    """See that what lies in a folder may be taken in.

    Raises:
        InvalidSettings: nobody attested the authority to take in what is not simulated.
    """
    if not authority and not (folder / SIMULATED).exists():
        raise InvalidSettings(
            f"{folder} is not marked as simulated ({SIMULATED}), and BREAKWATER_AUTHORITY is empty: "
            "say there who authorises this installation to receive real reports"
        )


def drop_key(drop: Place) -> str:
    """Name a drop by its place and its files' names, sizes and times, to tell without reading if it was taken."""
    files = [(name, *mark(file)) for name, file in files_under(drop)]
    return world().surrogate("drop", str(drop.resolve()), json.dumps(files))


def parse_receipt(content: bytes) -> Receipt:
    """Read `receipt.json`.

    Raises:
        Rejected: with `Rejection.NO_RECEIPT`.
    """
    try:
        noted = json_documents.read(content)
        return Receipt(
            plain(noted["external_id"].required()),
            plain(noted["reporter"].required()),
            Source(noted["source"].text()),
            checked_receipt(noted["received_at"].moment()),
        )
    except (Rejected, ValueError) as error:
        raise Rejected(Rejection.NO_RECEIPT) from error


def take(drop: Place, blobs: BlobStore, max_xml_bytes: int, rejection: Rejection | None = None) -> Taken:
    """Take one drop in: its bytes into the store, everything else into one small outcome.

    A drop that does not validate is an outcome too: rejected for one reason, all its bytes kept all the same. Where
    the `rejection` is known before, nothing is read.
    """
    key = drop_key(drop)  # first: what comes while we read makes the drop another one
    held = {name: hold_file(file, blobs) for name, file in files_under(drop)}
    file_ids = sorted({found[1] for name in held if (found := _OF_A_FILE.fullmatch(name)) and name != REPORT})
    of_files = {f"{file_id}{ending}" for file_id in file_ids for ending in (".bin", ".xml")}
    receipt: Receipt | None = None
    report: Report | Rejection
    named = tuple(NamedFile(file_id) for file_id in file_ids)
    try:
        if rejection:
            raise Rejected(rejection)  # noqa: TRY301 (as what the parsers raise)
        receipt = parse_receipt(_read(drop / RECEIPT, max_xml_bytes, Rejection.NO_RECEIPT))
        named = tuple(_named(drop, file_id, max_xml_bytes) for file_id in file_ids)
        report = parse_report(_read(drop / REPORT, max_xml_bytes, Rejection.NO_REPORT), receipt, named)
    except Rejected as rejected:
        report = Rejection(rejected.args[0])
    return assemble(
        key,
        receipt.external_id if receipt else plain(drop.name),
        receipt,
        report,
        documents=[held[name] for name in held if name not in of_files],
        files=[sighted(each, held, rejected=isinstance(report, Rejection)) for each in named],
        content=[part for name, file in held.items() if name != RECEIPT for part in (name, file.digests.sha256)],
    )


def _read(file: Place, limit: int, absent: Rejection) -> bytes:
    """Read a small document; an absent one and one over the bound are reasons to reject."""
    if not file.is_file() or file.is_symlink():
        raise Rejected(absent)
    if file.stat().st_size > limit:
        raise Rejected(Rejection.TOO_LARGE)
    return file.read_bytes()


def _named(drop: Place, file_id: str, limit: int) -> NamedFile:
    """Read what a report says of a file; a file without details is named by its bytes alone."""
    details = drop / f"{file_id}.xml"
    return (
        parse_file_details(_read(details, limit, Rejection.SCHEMA), file_id) if details.exists() else NamedFile(file_id)
    )


def hold_file(file: Place, blobs: BlobStore) -> HeldFile:
    """Put a file's bytes into the store."""
    with file.open("rb") as content:
        return hold(blobs.store(content))


def sighted(named: NamedFile, held: Mapping[str, HeldFile], *, rejected: bool) -> SightedFile:
    """Tell whether a file is among the stored ones, and the first reason why not."""
    content, details = held.get(f"{named.file_id}.bin"), held.get(f"{named.file_id}.xml")
    if content is None:
        return SightedFile(named, None, details, FileFault.MISSING)
    return SightedFile(named, content, details, FileFault.REPORT_REJECTED if rejected else fault_of(named, content))


def fault_of(named: NamedFile, content: HeldFile) -> FileFault | None:
    """Give the first reason why bytes that came are not among the stored files, if there is one."""
    if content.digests.size == 0:
        return FileFault.EMPTY
    if named.claimed_md5 not in (None, content.digests.md5):
        return FileFault.DIGEST_MISMATCH
    return FileFault.NOT_MEDIA if named.claims_media and content.kind is Kind.OTHER else None
