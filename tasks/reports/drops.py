"""Drops: folders in which reports arrive, each taken in once.

A drop is `receipt.json` (what the receiving side noted), `report.xml` (the report as submitted), and for each file
`<file id>.xml` (its details) and `<file id>.bin` (its bytes). Names of files as their owners called them stand in
the details alone. Any other file in the folder is kept with the report. An inbox of simulated drops is marked by an
empty file `.simulated`.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.errors import InvalidSettings, Rejected
from domain.intake import HeldFile, SightedFile, Taken
from domain.media import Kind
from domain.ports import BlobStore
from domain.report import FileFault, NamedFile, Receipt, Rejection, Report, Source
from infra.world import world
from tasks.reports.cybertip import parse_file_details, parse_report
from tasks.reports.taking import assemble, hold

RECEIPT, REPORT, SIMULATED = "receipt.json", "report.xml", ".simulated"
EARLIEST = datetime(1998, 1, 1, tzinfo=UTC)
"""No report was received before: the paper's history begins in March 1998."""
CLOCKS_DIFFER = timedelta(days=1)
"""How far ahead of ours the receiving side's clock may be."""
NAME_LENGTH = 128
"""Characters of a report's number or a reporter's name that are kept."""
_OF_A_FILE = re.compile(r"([0-9A-Za-z_-]{1,64})\.(?:bin|xml)")


def drops_in(inbox: Path, authority: str) -> list[Path]:
    """List the drops in a folder, in order of their names.

    Raises:
        InvalidSettings: it is no folder; or nobody attested the authority to take in what is not simulated.
    """
    if not inbox.is_dir():
        raise InvalidSettings(f"{inbox} is not a folder that this process can read; name another as the inbox")
    if not authority and not (inbox / SIMULATED).exists():
        raise InvalidSettings(
            f"{inbox} is not marked as simulated ({SIMULATED}), and BREAKWATER_AUTHORITY is empty: "
            "say there who authorises this installation to receive real reports"
        )
    return sorted(folder for folder in inbox.iterdir() if folder.is_dir() and not folder.is_symlink())


def _plain(name: str) -> str:
    """Cut a foreign name to what a database keeps: printable characters, bounded."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:NAME_LENGTH]


def drop_key(drop: Path) -> str:
    """Name a drop by its own name and its files' names, sizes and times, to tell without reading if it was taken."""
    files = [(str(file.relative_to(drop)), *_size_and_time(file)) for file in _files(drop)]
    return world().surrogate("drop", drop.name, json.dumps(files))


def _size_and_time(file: Path) -> tuple[int, int]:
    status = file.lstat()
    return status.st_size, status.st_mtime_ns


def parse_receipt(content: bytes) -> Receipt:
    """Read `receipt.json`.

    Raises:
        Rejected: with `Rejection.NO_RECEIPT`.
    """
    try:
        noted = json.loads(content)
        if not all(isinstance(noted[name], str) and noted[name].strip() for name in ("external_id", "reporter")):
            raise Rejected(Rejection.NO_RECEIPT)
        moment = datetime.fromisoformat(noted["received_at"])
        received_at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        names = [_plain(noted[name]) for name in ("external_id", "reporter")]
        if not EARLIEST <= received_at <= datetime.now(UTC) + CLOCKS_DIFFER:
            raise Rejected(Rejection.NO_RECEIPT)
        return Receipt(names[0], names[1], Source(noted["source"]), received_at)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise Rejected(Rejection.NO_RECEIPT) from error


def take(drop: Path, blobs: BlobStore, max_xml_bytes: int) -> Taken:
    """Take one drop in: its bytes into the store, everything else into one small outcome.

    A drop that does not validate is an outcome too: rejected for one reason, all its bytes kept all the same.
    """
    key = drop_key(drop)  # first: what comes while we read makes the drop another one
    held = {str(file.relative_to(drop)): _hold(file, blobs) for file in _files(drop)}
    file_ids = sorted({found[1] for name in held if (found := _OF_A_FILE.fullmatch(name)) and name != REPORT})
    of_files = {f"{file_id}{ending}" for file_id in file_ids for ending in (".bin", ".xml")}
    receipt: Receipt | None = None
    report: Report | Rejection
    named = tuple(NamedFile(file_id) for file_id in file_ids)
    try:
        receipt = parse_receipt(_read(drop / RECEIPT, max_xml_bytes, Rejection.NO_RECEIPT))
        named = tuple(_named(drop, file_id, max_xml_bytes) for file_id in file_ids)
        report = parse_report(_read(drop / REPORT, max_xml_bytes, Rejection.NO_REPORT), receipt, named)
    except Rejected as rejected:
        report = Rejection(rejected.args[0])
    return assemble(
        key,
        receipt.external_id if receipt else _plain(drop.name),
        receipt,
        report,
        documents=[held[name] for name in held if name not in of_files],
        files=[sighted(each, held, rejected=isinstance(report, Rejection)) for each in named],
        content=[part for name, file in held.items() if name != RECEIPT for part in (name, file.digests.sha256)],
    )


def _files(drop: Path) -> list[Path]:
    """List the files of a drop and of the folders in it; a link is none, since it may lead anywhere."""
    return sorted(file for file in drop.rglob("*") if file.is_file() and not file.is_symlink())


def _read(file: Path, limit: int, absent: Rejection) -> bytes:
    """Read a small document; an absent one and one over the bound are reasons to reject."""
    if not file.is_file() or file.is_symlink():
        raise Rejected(absent)
    if file.stat().st_size > limit:
        raise Rejected(Rejection.TOO_LARGE)
    return file.read_bytes()


def _named(drop: Path, file_id: str, limit: int) -> NamedFile:
    """Read what a report says of a file; a file without details is named by its bytes alone."""
    details = drop / f"{file_id}.xml"
    return (
        parse_file_details(_read(details, limit, Rejection.SCHEMA), file_id) if details.exists() else NamedFile(file_id)
    )


def _hold(file: Path, blobs: BlobStore) -> HeldFile:
    """Put a file's bytes into the store."""
    with file.open("rb") as content:
        return hold(blobs.store(content))


def sighted(named: NamedFile, held: Mapping[str, HeldFile], *, rejected: bool) -> SightedFile:
    """Tell whether a file is among the stored ones, and the first reason why not."""
    content, details = held.get(f"{named.file_id}.bin"), held.get(f"{named.file_id}.xml")
    fault = None
    if content is None:
        fault = FileFault.MISSING
    elif rejected:
        fault = FileFault.REPORT_REJECTED
    elif content.digests.size == 0:
        fault = FileFault.EMPTY
    elif named.claimed_md5 not in (None, content.digests.md5):
        fault = FileFault.DIGEST_MISMATCH
    elif named.claims_media and content.kind is Kind.OTHER:
        fault = FileFault.NOT_MEDIA
    return SightedFile(named, content, details, fault)


def take_batch(drops: Sequence[Path]) -> list[Taken]:
    """Take the drops in, one small outcome each; durable when it returns. A Dask worker runs this."""
    blobs, settings = world().blobs, world().settings
    try:
        taken = [take(drop, blobs, settings.max_xml_bytes) for drop in drops]
    except OSError as error:
        if error.filename is None:
            raise
        why = os.strerror(error.errno or 0)  # the system's own words name the file
        raise OSError(
            error.errno, f"a file cannot be taken in ({why}); see that this process can read the inbox"
        ) from None
    blobs.flush()
    return taken
