"""Fingerprint the stored files, on the run's workers."""

from collections.abc import Sequence

from domain.counts import Counts
from domain.errors import Unreadable
from domain.media import Algorithm, BlobKey, Fingerprints, Kind
from domain.report import FileFault
from domain.viewing import Action
from infra.cluster import fan_out
from infra.ledger import media
from infra.ledger.engine import reading
from infra.world import world
from tasks.decoding import bounds, opened, record_opening
from tasks.hashing.fingerprints import fingerprint
from tasks.media import crashed
from tasks.staging import shown_progress, step


def fingerprint_batch(files: Sequence[tuple[BlobKey, Kind]]) -> list[Fingerprints | tuple[BlobKey, FileFault]]:
    """Fingerprint the files named, one small outcome each. A Dask worker runs this."""
    outcomes: list[Fingerprints | tuple[BlobKey, FileFault]] = []
    for blob, kind in files:
        try:
            with opened(blob) as content:
                outcomes.append(fingerprint(blob, kind, content, bounds()))
        except Unreadable as unreadable:
            outcomes.append((blob, FileFault(unreadable.args[0])))
    return outcomes


@step
def fingerprint_files() -> Counts:
    """Fingerprint every stored picture and video that has no fingerprint yet."""
    flags = world().gate.flags(Action.OPEN)
    with reading(world().ledger) as connection:
        files = media.without_fingerprint(connection, Algorithm.PDQ, flags)
        counts = Counts(files_not_to_open=media.closed(connection, flags))
    record_opening("fingerprint", len(files))
    with shown_progress("fingerprint"):
        for outcomes in fan_out(fingerprint_batch, files, batch=16, name="fingerprint", crashed=crashed):
            with world().ledger.begin() as connection:
                counts += media.record_fingerprints(connection, outcomes)
    return counts
