"""What is done at every turn of the gateway costs by what is open, not by what ever came."""

from datetime import UTC, datetime

from sqlalchemy import event

from infra.ledger import drafts
from infra.ledger.engine import migrate
from infra.world import world


def test_collecting_reads_the_index_of_open_drafts_alone(data):
    ledger, plans = world().ledger, []
    migrate(ledger)

    def explain(connection, cursor, statement, parameters, context, many):
        if statement.startswith("SELECT draft"):
            plans.extend(row[3] for row in connection.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    event.listen(ledger, "before_cursor_execute", explain)
    try:
        with ledger.begin() as connection:
            assert drafts.collect(connection, datetime.now(UTC))["drafts_expired"] == 0
    finally:
        event.remove(ledger, "before_cursor_execute", explain)
    assert plans
    assert all("ix_draft_open" in plan for plan in plans)
