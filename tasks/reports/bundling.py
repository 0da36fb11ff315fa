"""Bundling: a viral flood of reports of the same files stands as one, with a count."""

from datetime import UTC, datetime

from domain.audit import Act
from domain.counts import Counts
from infra.ledger import bundles
from infra.world import world
from tasks.staging import step


@step
def bundle_floods() -> Counts:
    """Bundle the reports that brought exactly the same files, where there are many of them."""
    with world().ledger.begin() as connection:
        found = bundles.floods(connection, world().settings.bundle_reports)
        return bundles.bundle(
            connection, found, lambda files: world().surrogate("bundle", *sorted(files)), datetime.now(UTC)
        )


def undo(bundle_id: str) -> int:
    """Take a bundle apart, for good, and count its reports."""
    with world().ledger.begin() as connection:
        reports = bundles.undo(connection, bundle_id, datetime.now(UTC))
        world().audit.append(connection, Act.BUNDLE_UNDONE, bundle_id, reports=reports)
    return reports
