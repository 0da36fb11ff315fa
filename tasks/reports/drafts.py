"""Finished drafts: what came call by call over the gateway, taken in as a drop of the same documents would be."""

import json
from datetime import datetime
from io import BytesIO

from domain.draft import Draft, Parts
from domain.errors import Rejected
from domain.intake import HeldFile, Taken
from domain.ports import BlobStore
from domain.report import NamedFile, Receipt, Rejection, Report, Source
from infra.world import world
from tasks.reports.cybertip import parse_file_details, parse_report
from tasks.reports.drops import REPORT, sighted
from tasks.reports.taking import assemble, hold


def finished(draft: Draft, parts: Parts, reporter: str, source: Source, received_at: datetime) -> Taken:
    """Take in a draft that its reporter finished; its documents were validated when they came."""
    blobs = world().blobs
    receipt = Receipt(str(draft.number), reporter, source, received_at)
    file_ids = sorted(name.removesuffix(".bin") for name in parts if name.endswith(".bin"))
    named = tuple(_named(file_id, parts, blobs) for file_id in file_ids)
    report: Report | Rejection
    try:
        report = parse_report(opened(parts[REPORT], blobs), receipt, named)
    except Rejected as rejected:
        report = Rejection(rejected.args[0])
    return assemble(
        world().surrogate("draft", str(draft.number), *(f"{name} {part.blob}" for name, part in parts.items())),
        receipt.external_id,
        receipt,
        report,
        documents=[_receipt(receipt, blobs), parts[REPORT]],
        files=[sighted(each, parts, rejected=isinstance(report, Rejection)) for each in named],
        content=[part for name, held in parts.items() for part in (name, held.digests.sha256)],
    )


def refused(document: HeldFile, rejection: Rejection, reporter: str, source: Source, received_at: datetime) -> Taken:
    """Keep a document that did not validate as a rejected report, with its raw bytes."""
    number = f"refused {document.blob[:16]}"
    receipt = Receipt(number, reporter, source, received_at)
    key = world().surrogate("refused", reporter, document.digests.sha256)
    return assemble(
        key, number, receipt, rejection, documents=[document], files=[], content=["refused", document.digests.sha256]
    )


def opened(part: HeldFile, blobs: BlobStore) -> bytes:
    """Open a part, whose key the ledger may not hold yet."""
    return blobs.unseal(part.blob, part.sealed) if part.sealed else blobs.read(part.blob)


def _named(file_id: str, parts: Parts, blobs: BlobStore) -> NamedFile:
    details = parts.get(f"{file_id}.xml")
    return parse_file_details(opened(details, blobs), file_id) if details else NamedFile(file_id)


def _receipt(receipt: Receipt, blobs: BlobStore) -> HeldFile:
    """Keep what the gateway noted, as a drop's receipt says it."""
    noted = {
        "external_id": receipt.external_id, "reporter": receipt.reporter, "source": receipt.source,
        "received_at": receipt.received_at.isoformat(),
    }  # fmt: skip
    return hold(blobs.store(BytesIO(json.dumps(noted).encode()), unique=True))
