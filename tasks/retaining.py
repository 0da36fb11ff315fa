"""Retaining: what is past the time for which it is kept, counted from metadata alone; and holds that stop the time."""

from collections.abc import Mapping
from datetime import UTC, datetime

from domain.audit import Act
from domain.errors import InvalidSettings
from domain.retention import SOON_DAYS, Held, Standing
from infra.ledger import retention
from infra.ledger.engine import reading
from infra.world import world
from tasks.staging import step

BASIS_LENGTH = 512
"""Characters of the reason for a hold."""

UNITS: Mapping[Held, str] = {
    Held.MEDIA: "files of reports",
    Held.DOCUMENT: "documents of reports",
    Held.REJECTED: "files and documents of rejected reports",
    Held.PERSON: "reports' particulars of people",
    Held.DRAFT: "parts of drafts",
    Held.ARCHIVE: "reports' rows in the archive",
    Held.EVALUATION: "files of evaluation sets",
}
"""What is counted of each class."""


def told(standing: Mapping[Held, Standing]) -> str:
    """Say what is past its retention and what falls due, in counts; deleting is left to people."""
    lines = [_line(UNITS[held], one) for held, one in standing.items() if one.past or one.soon]
    return "\n\n".join(lines) or f"Nothing is past its retention, or falls due within {SOON_DAYS} days."


def _line(unit: str, one: Standing) -> str:
    parts = [f"{one.past:,} {unit}, the oldest from {one.oldest:%Y-%m-%d}"] if one.oldest else []
    text = f"Past their retention: {parts[0]}." if parts else ""
    return f"{text} Due within {SOON_DAYS} days: {one.soon:,} {unit}.".strip() if one.soon else text


def standing() -> dict[Held, Standing]:
    """Count what is held by class, as of now, by the policy in force."""
    with reading(world().ledger) as connection:
        return retention.standing(connection, world().retention, datetime.now(UTC))


@step
def check_retention() -> dict[Held, Standing]:
    """Count what is past its retention and what falls due. Nothing is deleted."""
    return standing()


def hold(report_id: str, basis: str) -> None:
    """Keep everything of a report, whatever its clocks say.

    Raises:
        InvalidSettings: there is no such report, or the basis says nothing.
    """
    if not basis.strip() or len(basis) > BASIS_LENGTH:
        raise InvalidSettings(f"say who asks for the hold and by what right, in at most {BASIS_LENGTH} characters")
    with world().ledger.begin() as connection:
        retention.place_hold(connection, report_id, basis, datetime.now(UTC))
        world().audit.append(connection, Act.HOLD_PLACED, report_id)


def lift(report_id: str) -> int:
    """Lift every hold on a report, and count them.

    Raises:
        InvalidSettings: there is none.
    """
    with world().ledger.begin() as connection:
        lifted = retention.lift_holds(connection, report_id, datetime.now(UTC))
        world().audit.append(connection, Act.HOLD_LIFTED, report_id, holds=lifted)
    return lifted
