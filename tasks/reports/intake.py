"""Intake of reports: every drop of an inbox that was not taken yet, into store, ledger and archive."""

from collections.abc import Sequence
from pathlib import Path

from domain.counts import Counts
from domain.intake import Taken
from infra.archive import Dataset
from infra.cluster import fan_out
from infra.ledger import history, reports
from infra.ledger.engine import reading
from infra.world import world
from tasks.reports.drops import drop_key, drops_in, take_batch
from tasks.staging import shown_progress, step

ARCHIVED_TOGETHER = 10_000
"""Reports of one batch of the archive, at most."""


def _record(taken: Sequence[Taken]) -> Counts:
    """Write one batch: one transaction, or nothing."""
    with world().ledger.begin() as connection:
        return reports.record(connection, taken, reports.unknown(connection, taken))


@step
def archive_reports() -> Counts:
    """Write every accepted report that no batch holds yet into the archive, which the measures read."""
    archived = 0
    while True:
        with world().ledger.begin() as connection:
            ids = history.unarchived(connection, ARCHIVED_TOGETHER)
            if not ids:
                return Counts(reports_archived=archived)
            stage = world().archive.stage
            batches = [stage(Dataset.REPORTS, history.report_rows(connection, ids))]
            sightings = history.sighting_rows(connection, ids, lambda md5: world().surrogate("md5", md5))
            batches += [stage(Dataset.SIGHTINGS, sightings)] if sightings else []
            history.register(connection, batches, ids)
            archived += len(ids)


@step
def intake_reports(inbox: Path) -> Counts:
    """Take in every drop of `inbox` that was not taken yet."""
    with reading(world().ledger) as connection:
        taken = reports.taken_drops(connection)
    drops = drops_in(inbox, world().settings.authority)
    new = [drop for drop in drops if drop_key(drop) not in taken]
    counts = Counts(drops=len(drops), new_drops=len(new))
    with shown_progress("intake"):
        for outcomes in fan_out(take_batch, new, batch=16, name="intake"):
            counts += _record(outcomes)
    return counts
