"""Intake: an inbox of reports, and lists of known hashes, into the ledger, the blob store and the archive."""

from pathlib import Path

from prefect import flow

from domain.counts import Counts
from infra.cluster import running
from infra.inboxes import place_at
from infra.world import world
from tasks.lists.importing import intake_lists
from tasks.reports.bundling import bundle_floods
from tasks.reports.formats import Format
from tasks.reports.intake import archive_reports, intake_reports
from tasks.reports.outcomes import intake_outcomes
from tasks.staging import stage


@flow
def intake(inbox: str | None = None, lists: Path | None = None, form: Format = Format.AUTO) -> Counts:
    """Take in every report of an inbox that was not taken yet, and every list of known hashes.

    Where the data folder has a table `outcomes.csv` of what became of reports, that too.

    Args:
        inbox: Folder, or prefix of a bucket (s3+http://HOST:PORT/BUCKET/PREFIX), with reports; or one file. Empty:
            `inbox` in the data folder.
        lists: Folder with lists of known hashes, a file or a folder of pages each. Empty: `lists` in the data folder.
        form: What the files are; `auto` tells by each file itself.
    """
    root = world().settings.root
    with running(), stage("intake") as publish:
        counts = intake_lists(lists or root / "lists") + intake_reports(place_at(inbox or root / "inbox"), form)
        counts += archive_reports() + bundle_floods()
        return publish(counts + intake_outcomes(root / "outcomes.csv"))
