"""Policies in the ledger: their texts, who proposed to switch to which, who approved it, and which is in force."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, Select, select, update

from infra.ledger import schema
from infra.ledger.engine import add_missing
from infra.ledger.moments import utc


@dataclass(frozen=True, slots=True)
class Switch:
    """A proposal to rank by a policy, approved or not yet.

    Attributes:
        version: digest of the policy's text.
        proposed_by: a pseudonym, as `approved_by`, which is empty until somebody did.
    """

    version: str
    name: str
    proposed_at: datetime
    proposed_by: str
    reason: str
    approved_at: datetime | None
    approved_by: str


def keep(connection: Connection, version: str, name: str, content: bytes, at: datetime) -> None:
    """Keep the text of a policy; one that is there stays."""
    row = {"version": version, "name": name, "content": content, "added_at": at}
    add_missing(connection, schema.policy, [row])


def find(connection: Connection, start: str) -> list[tuple[str, bytes]]:
    """Find policies whose versions begin so, two at most: the version and the text."""
    table = schema.policy.c
    query = select(table.version, table.content).where(table.version.startswith(start, autoescape=True))
    return [
        (version, bytes(content)) for version, content in connection.execute(query.order_by(table.version).limit(2))
    ]


def propose(connection: Connection, version: str, at: datetime, by: str, reason: str) -> None:
    """Put on record that somebody proposes to rank by a policy that is kept."""
    row = {"proposed_at": at, "version": version, "proposed_by": by, "reason": reason}
    add_missing(connection, schema.policy_switch, [row])


def approve(connection: Connection, proposed: Switch, at: datetime, by: str) -> None:
    """Have a policy in force from now on."""
    table = schema.policy_switch
    this = (table.c.version == proposed.version) & (table.c.proposed_at == proposed.proposed_at)
    connection.execute(update(table).where(this).values(approved_at=at, approved_by=by))


def switches(connection: Connection) -> list[Switch]:
    """List every proposal, the newest first."""
    return [_switch(row) for row in connection.execute(_switches())]


def in_force(connection: Connection) -> bytes | None:
    """Give the text of the policy that was approved last; None where none ever was."""
    table = schema.policy_switch.c
    query = select(schema.policy.c.content).join(schema.policy_switch, table.version == schema.policy.c.version)
    content = connection.scalar(query.where(table.approved_at.is_not(None)).order_by(table.approved_at.desc()).limit(1))
    return None if content is None else bytes(content)


def _switches() -> Select[tuple[str, str, datetime, str, str, datetime | None, str | None]]:
    table = schema.policy_switch.c
    return (
        select(
            table.version, schema.policy.c.name, table.proposed_at, table.proposed_by, table.reason, table.approved_at,
            table.approved_by,
        )
        .join_from(schema.policy_switch, schema.policy, table.version == schema.policy.c.version)
        .order_by(table.proposed_at.desc(), table.version)
    )  # fmt: skip


def _switch(row: Row[tuple[str, str, datetime, str, str, datetime | None, str | None]]) -> Switch:
    version, name, proposed_at, proposed_by, reason, approved_at, approved_by = row
    approved = utc(approved_at) if approved_at else None
    return Switch(version, name, utc(proposed_at), proposed_by, reason, approved, approved_by or "")
