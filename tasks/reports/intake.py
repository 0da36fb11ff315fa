"""Intake of reports: every drop of an inbox that was not taken yet, into store, ledger and archive."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from domain.counts import Counts
from domain.intake import SightedFile, Taken
from domain.media import Kind
from infra.archive import Batch, Dataset
from infra.cluster import fan_out
from infra.ledger import reports
from infra.world import world
from tasks.reports.drops import drop_key, drops_in, take_batch
from tasks.staging import shown_progress, step

Row = Mapping[str, object]


def report_row(one: Taken) -> Row:
    """Give the archive's row of an accepted report."""
    receipt, report = one.receipt, one.report
    assert receipt is not None
    assert report is not None
    return {
        "report_id": one.report_id,
        "received_at": receipt.received_at,
        "source": receipt.source,
        "incidents": report.incidents,
        "files": len(one.files),
        "vectors": report.vectors,
        "countries": {place.country for place in report.locations},
    }


def sighting_row(one: Taken, ordinal: int, file: SightedFile, unseen: str | None) -> Row:
    """Give the archive's row of one file entry; `unseen` names a file that never came, by its claimed digest."""
    assert one.receipt is not None
    return {
        "report_id": one.report_id,
        "ordinal": ordinal,
        "received_at": one.receipt.received_at,
        "kind": file.content.kind if file.content else Kind.OTHER,
        "file": file.content.blob if file.content else unseen,
        "source": one.receipt.source,
    }


def _staged(fresh: Sequence[Taken]) -> list[Batch]:
    """Stage the archive's rows of what is new and accepted."""
    accepted = [one for one in fresh if one.report]
    if not accepted:
        return []
    sightings = [
        sighting_row(one, ordinal, file, _claimed(file)) for one in accepted for ordinal, file in enumerate(one.files)
    ]
    stage = world().archive.stage
    batches = [stage(Dataset.REPORTS, [report_row(one) for one in accepted])]
    return [*batches, stage(Dataset.SIGHTINGS, sightings)] if sightings else batches


def _claimed(file: SightedFile) -> str | None:
    """Name a file that we do not hold by the MD5 that its reporter claims, keyed."""
    return world().surrogate("md5", file.named.claimed_md5) if file.named.claimed_md5 else None


def _record(taken: Sequence[Taken]) -> Counts:
    """Write one batch, its archive files first: one transaction, or nothing."""
    with world().ledger.begin() as connection:
        fresh = reports.unknown(connection, taken)
        return reports.record(connection, taken, fresh, _staged(fresh))


@step
def intake_reports(inbox: Path) -> Counts:
    """Take in every drop of `inbox` that was not taken yet."""
    with world().ledger.begin() as connection:
        taken = reports.taken_drops(connection)
    drops = drops_in(inbox, world().settings.authority)
    new = [drop for drop in drops if drop_key(drop) not in taken]
    counts = Counts(drops=len(drops), new_drops=len(new))
    with shown_progress("intake"):
        for outcomes in fan_out(take_batch, new, batch=16, name="intake"):
            counts += _record(outcomes)
    return counts
