"""What rankers in shadow say of reports, in the ledger: what each said first, apart from all that anybody is shown."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from domain.model import ModelVersion
from infra.ledger import schema
from infra.ledger.engine import add_missing


def record(connection: Connection, model: ModelVersion, said: Sequence[tuple[str, float]], said_at: datetime) -> int:
    """Write what a ranker says of reports of which it said nothing before, and count them."""
    rows = [
        {"report_id": report, "model": model.name, "version": model.version, "score": score, "said_at": said_at}
        for report, score in said
    ]
    return add_missing(connection, schema.shadow_rank, rows)


def scores(connection: Connection) -> dict[tuple[str, int], dict[str, float]]:
    """Give what every ranker in shadow said, by its name and version, then by report."""
    table = schema.shadow_rank.c
    found: dict[tuple[str, int], dict[str, float]] = {}
    query = select(table.model, table.version, table.report_id, table.score)
    for model, version, report, score in connection.execute(query.order_by(table.model, table.version)):
        found.setdefault((model, version), {})[report] = score
    return found
