"""Alembic runs this: migrate the ledger over the connection that `infra.ledger.engine` hands in."""

from alembic import context

from infra.ledger.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
