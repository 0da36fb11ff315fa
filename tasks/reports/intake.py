"""Intake of reports: every drop of an inbox that was not taken yet, into store, ledger and archive."""

import os
from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from domain.counts import Counts
from domain.errors import Rejected
from domain.intake import Taken
from domain.report import Rejection
from infra.archive import Dataset
from infra.cluster import fan_out
from infra.inboxes import Place
from infra.ledger import history, reports
from infra.ledger.engine import reading
from infra.world import world
from tasks.reports.bulk import load_table
from tasks.reports.drops import check_authority, drop_key, drops_in, take
from tasks.reports.formats import TABLES, Format, detect
from tasks.reports.packages import package_key, refused_cases, take_cases, take_package
from tasks.staging import shown_progress, step

ENDINGS = frozenset({".json", ".csv", ".jsonl", ".parquet"})
"""How files of an inbox end that are reports; what lies beside them may be their media."""

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


def take_batch(entries: Sequence[Place], form: Format = Format.AUTO) -> list[Taken]:
    """Take drops and files of one report in, an outcome each; durable when it returns. A Dask worker runs this."""
    blobs, settings = world().blobs, world().settings
    try:
        taken = [
            take(each, blobs, settings.max_xml_bytes)
            if each.is_dir()
            else take_package(each, blobs, settings.max_json_bytes, form)
            for each in entries
        ]
    except OSError as error:
        if error.filename is None:
            raise
        why = os.strerror(error.errno or 0)  # the system's own words name the file
        raise OSError(
            error.errno, f"a file cannot be taken in ({why}); see that this process can read the inbox"
        ) from None
    blobs.flush()
    return taken


def record_cases(file: Place) -> Counts:
    """Take a VICS file in, its media as they are read: all of it in one transaction, or nothing."""
    blobs = world().blobs
    taken, media = take_cases(file, blobs)
    blobs.flush()
    try:
        with world().ledger.begin() as connection:
            fresh = reports.unknown(connection, taken)
            counts, ids = reports.record(connection, taken, fresh), {one.report_id for one in fresh}
            ordinals: defaultdict[str, int] = defaultdict(int)
            for some in media if fresh else ():
                numbered = []
                for report_id, each in some:
                    numbered.append((report_id, ordinals[report_id], each))
                    ordinals[report_id] += 1
                counts += reports.add_files(connection, [each for each in numbered if each[0] in ids])
            return counts
    except Rejected as rejected:
        refused = refused_cases(file, Rejection(rejected.args[0]), blobs)
        blobs.flush()
        return _record([refused])


def entries_of(inbox: Place, authority: str) -> list[Place]:
    """List what may be taken in: the drops, JSON files and tables of a folder or a bucket's prefix, or a file alone.

    Raises:
        InvalidSettings: there is no such folder or file, or nobody attested the authority.
    """
    if inbox.is_file():
        check_authority(inbox.parent, authority)
        return [inbox]
    files = (file for file in inbox.iterdir() if file.suffix in ENDINGS and file.is_file() and not file.is_symlink())
    return drops_in(inbox, authority) + sorted(files, key=str)


def _key(entry: Place) -> str:
    return drop_key(entry) if entry.is_dir() else package_key(entry)


def _formats(entries: Sequence[Place], form: Format) -> dict[Place, Format]:
    """Tell the format of each file; what nobody knows is a package, and is rejected as one."""
    told = {}
    for entry in entries:
        try:
            told[entry] = form if form is not Format.AUTO and not entry.is_dir() else detect(entry)
        except Rejected:
            told[entry] = Format.AUTO
    return told


@step
def intake_reports(inbox: Place, form: Format = Format.AUTO) -> Counts:
    """Take in every drop and file of `inbox` that was not taken yet, whatever its format."""
    formats = _formats(entries_of(inbox, world().settings.authority), form)
    tables = [entry for entry, told in formats.items() if told in TABLES]
    entries = [entry for entry in formats if entry not in tables]
    with reading(world().ledger) as connection:
        taken = reports.taken_drops(connection)
    new = [entry for entry in entries if _key(entry) not in taken]
    streamed = [entry for entry in new if formats[entry] is Format.VICS]
    counts = Counts(drops=len(entries), new_drops=len(new))
    with shown_progress("intake"):
        whole = [entry for entry in new if entry not in streamed]
        for outcomes in fan_out(partial(take_batch, form=form), whole, batch=16, name="intake"):
            counts += _record(outcomes)
        for entry in streamed:
            counts += record_cases(entry)
        for entry in tables:
            counts += load_table(entry, formats[entry])
    return counts
