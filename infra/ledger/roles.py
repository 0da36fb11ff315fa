"""Roles of the ledger on PostgreSQL: who reads personal data, and who works on metadata without it.

`breakwater_analyst` reads and writes every table. `breakwater_metadata` reads every table but the restricted ones, and
writes what the stages but intake write, and the archive's batches: it can change no report and delete no file. Both add
to the audit chain, and change nothing of it. Give the accounts of people and workers one of the two (`GRANT
breakwater_metadata TO nightly`). SQLite has no roles; there the sealing key alone guards what is personal.
"""

from sqlalchemy import Connection, text

from domain.errors import InvalidSettings
from infra.ledger import schema

ANALYST, METADATA = "breakwater_analyst", "breakwater_metadata"
RESTRICTED = tuple(sorted(table.name for table in schema.metadata.tables.values() if table.info.get("restricted")))
"""Tables of personal data and of reporters' names."""

COUNTED = {"person": "report_id", "hold": "report_id, placed_at, lifted_at"}
"""What the role for metadata reads of them: whose particulars are held, and what is on hold, to count retention."""

WRITTEN = {
    "report": "UPDATE (archived, tested)",
    "batch": "INSERT, UPDATE",
    "blob": "UPDATE (fault, width, height, duration, tested)",
    "fingerprint": "INSERT, UPDATE",
    "hash_writing": "INSERT",
    "film": "INSERT, UPDATE",
    "film_pair": "INSERT, UPDATE, DELETE",
    "list_entry": "UPDATE (state, tested)",
    "match": "INSERT, UPDATE, DELETE",
    "claim_match": "INSERT, UPDATE, DELETE",
    "recall": "INSERT, UPDATE",
    "inference": "INSERT, UPDATE",
    **dict.fromkeys(("score", "face", "attribute", "embedding", "drift"), "INSERT, UPDATE"),
    "shadow": "INSERT, UPDATE, DELETE",
    "shadow_rank": "INSERT",
    "cluster": "INSERT, UPDATE",
    "cluster_change": "INSERT, UPDATE",
    "cluster_member": "INSERT, UPDATE, DELETE",
    "report_link": "INSERT, UPDATE, DELETE",
    "policy": "INSERT",
    "priority": "INSERT, UPDATE",
    "measured": "INSERT",
    "run": "INSERT",
    "audit": "INSERT",
}
"""What the stages but intake do to tables, and with it the role for metadata."""


def make_roles(connection: Connection) -> None:
    """Make both roles, if they are not there, and grant them what they may; harmless when done again.

    Raises:
        InvalidSettings: the ledger is no PostgreSQL database, which alone has roles.
    """
    if connection.dialect.name != "postgresql":
        raise InvalidSettings("the ledger is an SQLite file, which has no roles; BREAKWATER_LEDGER names another")
    for role in (ANALYST, METADATA):
        there = connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
        if not there:
            connection.execute(text(f"CREATE ROLE {role} NOLOGIN"))
        connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {role}"))
        connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"))
    everything = "ALL TABLES IN SCHEMA public"
    connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {everything} TO {ANALYST}"))
    connection.execute(text(f"REVOKE UPDATE, DELETE ON audit FROM {ANALYST}"))
    connection.execute(text(f"REVOKE ALL ON {everything} FROM {METADATA}"))  # what an older version granted
    connection.execute(text(f"GRANT SELECT ON {everything} TO {METADATA}"))
    for name in RESTRICTED:
        connection.execute(text(f"REVOKE ALL ON {name} FROM {METADATA}"))
    for name, columns in COUNTED.items():
        connection.execute(text(f"GRANT SELECT ({columns}) ON {name} TO {METADATA}"))
    for name, rights in WRITTEN.items():
        connection.execute(text(f"GRANT {rights} ON {name} TO {METADATA}"))


def let_in(connection: Connection, account: str, password: str) -> None:
    """Give an account of this name and password (hex) the role for metadata; made if it is not there."""
    assert account.isidentifier()
    assert password.isalnum()
    if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": account}):
        connection.execute(text(f"CREATE ROLE {account}"))
    connection.execute(text(f"ALTER ROLE {account} LOGIN PASSWORD '{password}'"))
    connection.execute(text(f"GRANT {METADATA} TO {account}"))
