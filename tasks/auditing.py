"""Auditing: is the record of who did what as it was written, and does it end where it ended at the last check."""

from datetime import UTC, datetime
from pathlib import Path

from domain.audit import Verdict
from domain.errors import AuditBroken
from infra import heads
from infra.ledger.audit import FIRST
from infra.ledger.engine import reading
from infra.telemetry import Progress, report_progress
from infra.world import world
from tasks.staging import shown_progress, step

_TO_DO = (
    "Keep the ledger, its backups and audit.heads as they are, and follow “If the audit chain is broken” in "
    "docs/operator.md"
)


def verify() -> Verdict:
    """Verify the whole chain, and that it still has every last row that was noted."""
    with reading(world().ledger) as connection:
        return world().audit.verify(connection, heads.read(_heads()), _tell)


@step
def check_audit() -> Verdict:
    """Verify the chain, and note its last row beside the ledger where it is whole."""
    with shown_progress("audit"):
        verdict = verify()
    if not verdict.breach:
        heads.note(_heads(), heads.read(_heads()), verdict.rows, verdict.head, datetime.now(UTC))
    return verdict


def last_noted() -> Verdict:
    """Give the last row of the chain as the last check found it, whole."""
    return Verdict(*max(heads.read(_heads()).items(), default=(0, FIRST)))


def insist(verdict: Verdict) -> None:
    """Fail where the chain is broken.

    Raises:
        AuditBroken: it is.
    """
    if verdict.breach:
        raise AuditBroken(f"{verdict} {_TO_DO}")


def _heads() -> Path:
    return world().settings.root / "audit.heads"


def _tell(done: int, total: int) -> None:
    report_progress(Progress("audit", done, total))
