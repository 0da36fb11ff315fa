"""Reporters in the ledger's restricted table: who may report over the gateway, and under which password."""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from domain.report import Source
from infra.ledger import schema
from infra.ledger.engine import upsert


@dataclass(frozen=True, slots=True)
class Account:
    """A reporter who may report over the gateway. `secret` is a keyed digest of the password."""

    id: str
    name: str
    source: Source
    secret: str
    simulated: bool


def save(connection: Connection, account: Account) -> None:
    """Add an account, or give it another password."""
    row = {name: getattr(account, name) for name in ("id", "name", "source", "secret", "simulated")}
    upsert(connection, schema.reporter, [row])


def find(connection: Connection, reporter: str) -> Account | None:
    """Give the account of a reporter, if there is one."""
    table = schema.reporter.c
    row = connection.execute(select(schema.reporter).where(table.id == reporter, table.secret.is_not(None))).first()
    return Account(row.id, row.name, Source(row.source), row.secret, row.simulated) if row else None


def accounts(connection: Connection) -> list[Account]:
    """List everyone who may report over the gateway, by name."""
    table = schema.reporter.c
    query = select(schema.reporter).where(table.secret.is_not(None)).order_by(table.name)
    return [
        Account(row.id, row.name, Source(row.source), row.secret, row.simulated) for row in connection.execute(query)
    ]


def close(connection: Connection, reporter: str) -> bool:
    """Take a reporter's password away; what they reported stays."""
    table = schema.reporter
    found = (table.c.id == reporter) & table.c.secret.is_not(None)
    return bool(connection.execute(update(table).where(found).values(secret=None)).rowcount)
