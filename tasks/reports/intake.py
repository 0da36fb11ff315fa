"""Intake of reports: every drop of an inbox that was not taken yet, into store, ledger and archive."""

from collections.abc import Sequence
from functools import partial

from domain.counts import Counts
from domain.errors import InvalidSettings, Rejected
from domain.intake import Taken
from domain.report import Rejection
from infra.archive import Dataset
from infra.cluster import fan_out
from infra.inboxes import Place, nameless
from infra.ledger import history, reports
from infra.ledger.engine import reading
from infra.world import world
from tasks.media import claims_media
from tasks.reports.bulk import load_table
from tasks.reports.drops import RECEIPT, REPORT, SIMULATED, check_authority, drop_key, drops_in, take
from tasks.reports.formats import TABLES, Format, detect
from tasks.reports.packages import crashed_package, media_of, package_key, take_cases, take_package
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
    """Take drops and files of one report in, an outcome each, but for files that were taken in just as they lie.

    Durable when it returns. A Dask worker runs this.
    """
    blobs, settings = world().blobs, world().settings
    with nameless():
        taken = [
            take(each, blobs, settings.max_xml_bytes)
            if each.is_dir()
            else take_package(each, blobs, settings.max_json_bytes, form, _known)
            for each in entries
        ]
    blobs.flush()
    return [one for one in taken if one]


def _known(key: str) -> bool:
    with reading(world().ledger) as connection:
        return bool(reports.taken_drops(connection, [key]))


def crashed(entry: Place) -> Taken:
    """Make the outcome of an entry that killed the worker that read it, with its bytes kept; durable."""
    blobs, settings = world().blobs, world().settings
    with nameless():
        taken = (
            take(entry, blobs, settings.max_xml_bytes, Rejection.READER_CRASHED)
            if entry.is_dir()
            else crashed_package(entry, blobs)
        )
    blobs.flush()
    return taken


def record_cases(file: Place) -> Counts:
    """Take a VICS file in, its media as they are read, under reports that are unfinished until all of it is there.

    Each transaction is short, since others wait for it. What is stopped is begun anew by the next intake.
    """
    blobs, ledger = world().blobs, world().ledger
    counts = Counts()
    with nameless():
        taken = take_cases(file, blobs)
        blobs.flush()
        with ledger.begin() as connection:
            fresh = reports.unknown(connection, taken)
            reports.begin(connection, fresh)
        ids = {one.report_id for one in fresh if one.report}
        for some, told in media_of(file, taken, blobs) if ids else ():
            with ledger.begin() as connection:
                counts += told + reports.add_files(connection, [each for each in some if each[0] in ids])
    return counts + _record(taken)


def entries_of(inbox: Place, authority: str) -> list[Place]:
    """List what may be taken in: the drops, JSON files and tables of a folder or a bucket's prefix, or a file alone.

    Raises:
        InvalidSettings: there is no such folder or file, nobody attested the authority, or it is a report without a
            receipt.
    """
    if inbox.is_file():
        check_authority(inbox.parent, authority)
        if inbox.suffix.lower() == ".xml":
            raise InvalidSettings(
                "an XML file alone tells neither who reported nor when it was received: put it into a folder of its "
                f"own as {REPORT}, with a {RECEIPT} beside it, and take in the folder around that"
            )
        return [inbox]
    return drops_in(inbox, authority) + sorted(filter(_is_report, inbox.iterdir()), key=str)


def _is_report(file: Place) -> bool:
    return file.suffix.lower() in ENDINGS and file.is_file() and not file.is_symlink()


def _ignored(inbox: Place) -> int:
    """Count what lies in an inbox and is never taken in: other files but media, and links."""
    return 0 if inbox.is_file() else sum(map(_is_ignored, inbox.iterdir()))


def _is_ignored(entry: Place) -> bool:
    if entry.is_symlink():
        return True
    return entry.name != SIMULATED and not (_is_report(entry) or claims_media(entry.name)) and entry.is_file()


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


def _new(entries: Sequence[Place]) -> list[Place]:
    """Leave out what was taken in already, as far as that is told without reading."""
    keys = {entry: _key(entry) for entry in entries}
    with reading(world().ledger) as connection:
        taken = reports.taken_drops(connection, list(keys.values()))
    return [entry for entry, key in keys.items() if key not in taken]


@step
def intake_reports(inbox: Place, form: Format = Format.AUTO) -> Counts:
    """Take in every drop and file of `inbox` that was not taken yet, whatever its format."""
    with nameless():
        formats = _formats(entries_of(inbox, world().settings.authority), form)
        tables = [entry for entry, told in formats.items() if told in TABLES]
        entries = [entry for entry in formats if entry not in tables]
        new = _new(entries)
        counts = Counts(drops=len(entries), new_drops=0, entries_ignored=_ignored(inbox))
    streamed = [entry for entry in new if formats[entry] is Format.VICS]
    whole = [entry for entry in new if formats[entry] is not Format.VICS]
    with shown_progress("intake"):
        step = partial(take_batch, form=form)
        for outcomes in fan_out(step, whole, batch=16, name="intake", crashed=crashed):
            counts += _record(outcomes) + Counts(new_drops=len(outcomes))
        for entry in streamed:
            counts += record_cases(entry) + Counts(new_drops=1)
        for entry in tables:
            counts += load_table(entry, formats[entry])
    return counts
